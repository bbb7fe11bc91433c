"""The orders in which databases sort text, in plain Python: what a service may do to a column.

Nothing here is the engine's. Each order is a key to sort by, after what its namesake documents: the
first level of a locale is letters and digits, accents and case come after, and signs are ignored,
or stand before digits.
"""

import re
import string
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdm_tui.api import Record
from tests.query.seek.fake_service import FIELD, FakeService

Key = Callable[[str], Any]

_SIGNS_OF_ICU = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
"""ASCII's signs as the root collation of Unicode puts them, spaces before and digits after."""

_WINDOWS_SIGNS = '!"#$%&()*,./:;?@[\\]^_`{|}~+<=>'


def _apart(text: str) -> list[tuple[str, str]]:
    """Return each letter with the marks upon it."""
    found: list[tuple[str, str]] = []
    for one in unicodedata.normalize("NFD", text):
        if unicodedata.category(one) == "Mn" and found:
            found[-1] = (found[-1][0], found[-1][1] + one)
        else:
            found.append((one, ""))
    return found


def _bare(text: str) -> str:
    return "".join(letter for letter, _ in _apart(text))


def _primary(one: str, signs: str) -> list[tuple[int, Any]]:
    """Return the first level of one letter, as the root collation weighs it."""
    if one == " ":
        return [(1, 0)]
    if one in signs:
        return [(2, signs.index(one))]
    if one.isdigit():
        return [(4, one)]
    special = {"ß": "ss", "ẞ": "ss", "æ": "ae", "ø": "o", "ł": "l", "Ł": "l", "Ø": "o", "Æ": "ae"}
    letters = special.get(one, one.lower())
    if letters[0] in string.ascii_lowercase:
        return [(5, letter) for letter in letters]
    return [(6, letters)] if one.isalpha() else [(3, one)]


def _levels(text: str, ignored: Callable[[str], bool], signs: str = _SIGNS_OF_ICU) -> Any:
    pairs = _apart(text)
    first = [weight for one, _ in pairs if not ignored(one) for weight in _primary(one, signs)]
    second = [marks for one, marks in pairs if not ignored(one)]
    third = [one.isupper() for one, _ in pairs if not ignored(one)]
    return first, second, third


def icu(text: str) -> Any:
    """Sort as the root collation of Unicode does: PostgreSQL with ICU, MySQL's 0900, .NET 5."""
    return *_levels(text, lambda _: False), text


def icu_shifted(text: str) -> Any:
    """Sort as ICU does where it ignores spaces and punctuation, but not symbols."""
    return *_levels(text, lambda one: one in " _-,;:!?.'\"()[]{}@*/\\&#%"), text


def glibc(text: str) -> Any:
    """Sort as older C libraries do: letters and digits alone, then accents, then case."""
    return *_levels(text, lambda one: one.isascii() and not one.isalnum()), text


def windows(text: str) -> Any:
    """Sort as SQL Server and .NET Framework do: a hyphen and an apostrophe count last."""
    return *_levels(text, lambda one: one in "-'", _WINDOWS_SIGNS), text


def windows_without_accents(text: str) -> Any:
    """Sort as SQL Server does under `CI_AI`: what only accents or case tell apart ties."""
    return _levels(text, lambda one: one in "-'", _WINDOWS_SIGNS)[0]


def mysql_general(text: str) -> Any:
    """Sort as MySQL's general_ci does: capitals without accents, spaces at the end ignored."""
    capitals = "".join(one.upper() if len(one.upper()) == 1 else one for one in _bare(text))
    return [*map(ord, capitals.rstrip(" ")), 32]


def upper_without_accents_last(text: str) -> Any:
    """Sort in capitals without accents, which count last."""
    return _bare(text).upper(), text


def natural(key: Key) -> Key:
    """Sort runs of digits as numbers, and what is between them by a key."""

    def of(text: str) -> Any:
        parts = re.split("([0-9]+)", text)
        return [int(part) if at % 2 else key(part) for at, part in enumerate(parts)]

    return of


def natural_icu(text: str) -> Any:
    """Sort as ICU does with `numeric`: runs of digits as numbers, at the first level."""
    return *icu(re.sub("[0-9]+", lambda run: run[0].zfill(20), text)), text


def in_utf_16(text: str) -> bytes:
    """Sort by the units of UTF-16, as Oracle and Java may."""
    return text.encode("utf-16-be", "surrogatepass")


def ascii_folded(text: str) -> Any:
    """Sort as SQLite's NOCASE does: ASCII alone is folded."""
    return "".join(one.lower() if one.isascii() else one for one in text)


ORDERS: Mapping[str, Key] = {
    "casefold": str.casefold,
    "casefold then code point": lambda text: (text.casefold(), text),
    "binary": lambda text: text,
    "UTF-16": in_utf_16,
    "NOCASE": ascii_folded,
    "upper": lambda text: (text.upper(), text),
    "upper alone": lambda text: "".join(o.upper() if len(o.upper()) == 1 else o for o in text),
    "general_ci": mysql_general,
    "accents last": upper_without_accents_last,
    "unaccented": lambda text: _bare(text).lower(),
    "ICU": icu,
    "ICU shifted": icu_shifted,
    "glibc": glibc,
    "Windows": windows,
    "Windows CI_AI": windows_without_accents,
    "dictionary": lambda text: "".join(one for one in text if one.isalnum() or not one.isascii()),
    "natural": natural(str.casefold),
    "natural binary": natural(str),
    "natural ICU": natural_icu,
}
"""The keys of the orders, by name."""

NULLS = ("first", "last", "always-last", "middle")


@dataclass
class OrderedService(FakeService):
    """A service that sorts by a key, with its nulls where a test wants them, also in the middle."""

    name: str = field(default="", kw_only=True)

    def sorted(self, *, descending: bool = False) -> list[Record]:
        records = super().sorted(descending=descending)
        if self.nulls != "middle":
            return records
        empty = [record for record in records if record.properties[FIELD] is None]
        filled = [record for record in records if record.properties[FIELD] is not None]
        # Between two values that differ: some services sort a null as they do some text.
        middle = len(filled) // 2
        while 0 < middle < len(filled) and _field_of(filled, middle - 1) == _field_of(
            filled, middle
        ):
            middle += 1
        return [*filled[:middle], *empty, *filled[middle:]]


def _field_of(records: Sequence[Record], at: int) -> object:
    return records[at].properties[FIELD]
