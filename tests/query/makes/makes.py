"""The makes of service: how each sorts, where its nulls stand, how it pages, counts and changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.query.makes.icu_keys import IcuKey
from tests.query.seek.service_orders import ORDERS as PLAIN_ORDERS

TextKey = Callable[[str], Any]
Nulls = Literal["first", "last", "always-first", "always-last", "middle"]
Totals = Literal["told", "missing", "too high", "too low"]


def _sql_latin1(text: str) -> Any:
    """Sort as SQL Server's SQL_Latin1_General_CP1_CI_AS does: byte by byte of its own table.

    Every sign counts, and stands before digits and letters; a letter with an accent follows the
    letter, and case does not count.
    """
    return [_sql_weight(one) for one in text]


def _sql_weight(one: str) -> tuple[int, str, str]:
    folded = one.lower()
    bare = PLAIN_ORDERS["unaccented"](folded)
    if not one.isalnum():
        return 0, one, ""
    return 1 if one.isdigit() else 2, bare, folded


ICU_ORDERS: Mapping[str, TextKey] = {
    "real ICU": IcuKey(),
    "real ICU, then code point": IcuKey(breaks_ties=True),
    "real ICU, numbers": IcuKey(reads_numbers=True),
    "real ICU, signs skipped": IcuKey(skips_signs=True),
    "MySQL 0900_ai_ci": IcuKey(levels=1),
    "MySQL 0900_as_ci": IcuKey(levels=2),
    "MySQL unicode_ci": IcuKey(levels=1, trims_end=True),
    "ICU de": IcuKey("de"),
    "ICU fr": IcuKey("fr"),
}
"""Orders of the real ICU whose alphabet is that of the root."""

ALPHABETS: Mapping[str, TextKey] = {
    "ICU sv": IcuKey("sv"),
    "ICU cs": IcuKey("cs"),
    "ICU da": IcuKey("da"),
}
"""Languages with letters of their own, such as a `ch` after `h`."""

SERVER_ORDERS: Mapping[str, TextKey] = {"SQL Server CP1_CI_AS": _sql_latin1}

TEXT_ORDERS: Mapping[str, TextKey] = {**PLAIN_ORDERS, **ICU_ORDERS, **SERVER_ORDERS, **ALPHABETS}
"""The keys of all orders of text, by name."""


@dataclass(frozen=True)
class Make:
    """One make of service.

    `numbers` are sorted by value or as the text that they are, `picklists` as text or in the
    order of their options. `overlap` is the number of records that a page repeats of the page
    before it. `changes` says whether another user changes records while they are read.
    """

    text: str
    nulls: Nulls = "first"
    ties: Literal["steady", "unstable"] = "steady"
    totals: Totals = "told"
    numbers: Literal["value", "text"] = "value"
    picklists: Literal["text", "options"] = "text"
    past_end: Literal["empty", "404", "last page"] = "empty"
    overlap: int = 0
    changes: bool = False
    unsorted: Literal["creation", "unstable"] = "creation"
    fields: Literal["told", "empty"] = "told"

    @property
    def name(self) -> str:
        """The order, and what differs from the plain make."""
        plain = Make(self.text)
        more = [
            f"{what} {value}"
            for what in plain.__dataclass_fields__
            if (value := getattr(self, what)) != getattr(plain, what)
        ]
        return ", ".join([self.text, *more])

    @property
    def behaviours(self) -> Mapping[str, str]:
        """The make in the words of the sandbox's variants, so far as a data set's values go."""
        return {"field_metadata": "empty"} if self.fields == "empty" else {}


MAKES = (
    # Every order, with steady pages and full totals.
    *(Make(order) for order in TEXT_ORDERS),
    # Nulls anywhere.
    Make("real ICU", nulls="last"),
    Make("real ICU", nulls="middle"),
    Make("binary", nulls="always-first"),
    Make("general_ci", nulls="always-last"),
    Make("Windows", nulls="middle", numbers="text"),
    Make("casefold", nulls="middle"),
    Make("MySQL 0900_ai_ci", nulls="always-last"),
    # Pages that overlap, and do not fit.
    Make("casefold", ties="unstable"),
    Make("MySQL 0900_ai_ci", ties="unstable", nulls="last"),
    Make("general_ci", ties="unstable"),
    Make("real ICU", ties="unstable", unsorted="unstable"),
    Make("casefold", overlap=1),
    Make("Windows CI_AI", overlap=1, nulls="last"),
    # Totals that are missing or wrong.
    Make("real ICU", totals="missing"),
    Make("casefold", totals="missing", past_end="404"),
    Make("Windows", totals="too high"),
    Make("casefold", totals="too low"),
    Make("binary", totals="missing", nulls="always-last", ties="unstable"),
    # Other ways to answer.
    Make("natural ICU", past_end="404"),
    Make("general_ci", past_end="last page"),
    Make("casefold", numbers="text", nulls="last"),
    Make("binary", picklists="options"),
    Make("MySQL 0900_ai_ci", picklists="options", nulls="last"),
    Make("MySQL 0900_as_ci", fields="empty"),
    Make("UTF-16", fields="empty", nulls="last", numbers="text"),
    # Another user writes meanwhile.
    Make("casefold", changes=True),
    Make("real ICU", changes=True, nulls="last"),
    Make("MySQL 0900_ai_ci", changes=True, ties="unstable"),
    Make("binary", changes=True, totals="missing"),
    Make("Windows", changes=True, nulls="always-last", numbers="text"),
)
"""All makes."""
