"""Completion measured: the time of each key in statements over 200 entities of 300 fields."""

import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from cmdm_tui.api import Field
from cmdm_tui.catalog import Account
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.query.completion.functions import load_functions
from cmdm_tui.query.completion.offers import CompletionFacts
from cmdm_tui.repl.completion.facts import PromptFacts
from cmdm_tui.repl.completion.rules import suggest
from cmdm_tui.repl.session_catalog import SessionCatalog

ENTITIES, FIELDS = 200, 300
MOST_MILLISECONDS = 50.0
"""The time that 95 of 100 completions stay below."""

STATEMENTS = (
    "SELECT entity 7 field 12, count(*) FROM entity7 WHERE field_12 = 'value 3' GROUP BY field_12",
    "SELECT a.field_1, b.field_2 FROM entity1 a JOIN entity2 b ON a.field_1 = b.ExternalID",
    "WITH x AS (SELECT * FROM entity3), y AS (SELECT * FROM x) SELECT field_5 FROM y ORDER BY 1",
    "SELECT * FROM entity9 WHERE ExternalID IN (SELECT field_4 FROM entity8 WHERE field_6 > 1)",
    "UPDATE entity5 SET field_3 = 'value 2', field_4 = upper(field_5) WHERE field_6 = 'value 1'",
    "INSERT INTO entity6 (field_1, field_2) VALUES ('value 1', 'value 2')",
    "SELECT fld9 + lastn",
    'POST entity4 {"field_7": "value 4", "field_8": "value 5"}',
    "GET entity11?fields=field_1,field_2&sort_by=field_3",
    "\\d entity12",
)


def completion(_: Path) -> None:
    """Complete after each key of each statement; fail where 95 of 100 are not quick enough."""
    known = _know_much()
    functions = load_functions()
    facts = PromptFacts(CompletionFacts(functions=functions))
    seconds: dict[str, list[float]] = {}
    for text, behind in _list_places():
        started = time.perf_counter()
        rule = suggest(text, known, behind, facts=facts).rule
        seconds.setdefault(rule, []).append((time.perf_counter() - started) * 1000)
    every = sorted(one for each in seconds.values() for one in each)
    p95 = every[int(len(every) * 0.95)]
    print(
        f"completion, {ENTITIES} entities of {FIELDS} fields, {len(functions)} functions, "
        f"{len(every):,} keys: median {statistics.median(every):.1f} ms, "
        f"95 of 100 below {p95:.1f} ms, longest {every[-1]:.1f} ms"
    )
    for rule, each in sorted(seconds.items(), key=lambda one: -max(one[1])):
        print(f"  {rule or 'none'}: median {statistics.median(each):.1f}, most {max(each):.1f} ms")
    if p95 > MOST_MILLISECONDS:
        sys.exit(f"Missed: 95 of 100 completions below {MOST_MILLISECONDS:.0f} ms.")


def _list_places() -> Iterator[tuple[str, str]]:
    for statement in STATEMENTS:
        for end in range(1, len(statement) + 1):
            yield statement[:end], ""
            yield statement[:end], statement[end:]


def _know_much() -> SessionCatalog:
    names = tuple(f"entity{number}" for number in range(ENTITIES))
    secret = SecretStr("secret")
    credentials = Credentials(secret, secret, "u", secret)
    profile = Profile("measured", "http://localhost", credentials, "measured", entities=names)
    catalog = Account.open(profile, catalogs=None).catalog
    values = tuple(f"value {number}" for number in range(20))
    for name in names:
        fields = tuple(
            Field(f"field_{number}", label=f"Label {number}", type="Picklist", options=values)
            for number in range(FIELDS)
        )
        catalog.store_fields(name, fields)
    return SessionCatalog(catalog)
