"""Five legal makes: each differs from the sandbox in many points on which `api.md` is silent."""

import json
import math
import random
from datetime import date
from typing import Any

from tests.harness.legal.service import FIELDS, Crm, Make, Values

_RANDOM = random.Random(7)


def _trimmed(kind: str, value: Any) -> Any:
    return value.strip() if isinstance(value, str) and kind == "Text" else value


def _typed(kind: str, value: Any) -> Any:
    """Show numbers and booleans as JSON has them, and dates as moments."""
    if value is None:
        return None
    match kind:
        case "Number" | "Currency":
            return _number(value)
        case "Boolean":
            return value == "true"
        case "Date":
            return f"{value}T00:00:00+00:00"
        case _:
            return value


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    # JSON has no NaN and no infinity.
    return number if math.isfinite(number) else text


def _lowered(kind: str, value: Any) -> Any:
    return value.lower() if kind == "Email" and value else _trimmed(kind, value)


def _respelt(kind: str, value: Any) -> Any:
    """Show values as an office in Europe would."""
    if value is None:
        return ""
    match kind:
        case "Currency" | "Number":
            number = _number(value)
            return f"{number:,.2f}" if isinstance(number, float) else number
        case "Boolean":
            return "Yes" if value == "true" else "No"
        case "Date":
            try:
                return date.fromisoformat(value).strftime("%d/%m/%Y")
            except ValueError:
                return value
        case "Phone":
            return "".join(filter(str.isdigit, value))
        case _:
            return value


def _cut(kind: str, value: Any) -> Any:
    return value[:8].strip() if isinstance(value, str) and kind == "Text" else value


def _html(status: int, words: str) -> tuple[str, bytes]:
    return "text/html", f"<html><h1>{status}</h1><p>{words}</p></html>".encode()


def _text(_status: int, words: str) -> tuple[str, bytes]:
    return "text/plain", words.encode()


def _nothing(_status: int, _words: str) -> tuple[str, bytes]:
    return "application/octet-stream", b""


def _computed(_entity: str, stored: Values, number: int) -> Values:
    """Fields that change by themselves, and with others."""
    words = " ".join(str(value) for value in stored.values() if value)
    return {"Views": str(number), "Words": str(len(words)), "Fresh": str(number % 2 == 0).lower()}


def _others(crm: Crm) -> None:
    """Other users of the account: they change, create and delete what is theirs."""
    entity = _RANDOM.choice(crm.make.entities)
    theirs = [one for one in crm.records[entity] if (entity, one) not in crm.own]
    if not theirs:
        return
    crm.requests += _RANDOM.randrange(3)
    chosen = _RANDOM.choice(theirs)
    match _RANDOM.randrange(8):
        case 0:
            name = _RANDOM.choice(list(FIELDS[entity]))
            # In the same second as before: its date does not move.
            crm.records[entity][chosen][name] = _RANDOM.choice(["Kiel", "Bonn", "Ulm"])
        case 1 if len(theirs) > 5:
            del crm.records[entity][chosen]
        case 2 if len(theirs) < 40:
            crm.add(entity, dict(crm.records[entity][chosen]))
        case _:
            pass


CAPPED = Make(
    "caps pages, names lists as their entity, counts ids for each entity, and errs in HTML",
    list_key=lambda entity: entity.capitalize(),
    page_cap=7,
    default_page=20,
    past_the_end=404,
    new_id=lambda entity, number: f"{number - 1_000}",
    store=_trimmed,
    error=_html,
)
SLIDING = Make(
    "slides tokens, rolls its window, types its values, and looks for a path first",
    slides_token=True,
    rolls_window=True,
    show=_typed,
    store=_lowered,
    computed=_computed,
    finds_before_signing_in=True,
    malformed_token=400,
    takes_equal_headers=True,
    content_type="application/json; charset=utf-8",
    sort_key=lambda value: str(value).casefold(),
)
SHARED = Make(
    "is a shared account, whose dates are in seconds, and whose deletions cascade",
    list_key=lambda entity: f"{entity}s",
    meddle=_others,
    cascades=True,
    limit_headers=False,
    content_type="text/plain",
    new_id=lambda entity, number: f"{entity[0]}/{number} é",
    clock_offset=30.0,
    error=_nothing,
)
MERGING = Make(
    "converts into accounts that there are, leaves nulls out, and drops what it does not know",
    entities=("account", "lead", "contact", "task"),
    converts_into_existing=True,
    deletes_converted_lead=True,
    close_again=400,
    update_again=400,
    leaves_out_nulls=True,
    drops_unknown=True,
    has_field_list=False,
    new_id=lambda entity, number: f"{number:08x}-4000-8000-{entity}",
    error=_text,
)
RESPELLING = Make(
    "shows values as an office would, cuts text, and describes fields in its own words",
    show=_respelt,
    store=_cut,
    describes_fields=False,
    drops_unknown=True,
    converts_again=True,
    computed=_computed,
    shows_always=("CreatedDate", "Views"),
    nulls_last=True,
    clock_offset=-20.0,
    token_seconds=40_000,
    error=lambda status, words: ("application/problem+json", json.dumps([status, words]).encode()),
)
MAKES = (CAPPED, SLIDING, SHARED, MERGING, RESPELLING)
