"""A stand-in for a service: records in memory, sorted and paged as a test tells it."""

import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cmdm_tui.api import NotFound, Page, Record, Response
from cmdm_tui.query.seek import Direction

NO_RESPONSE = Response(0, "GET", "/lead", 200, {}, b"", 0.0)
FIELD = "Field"


def locale_key(text: str) -> tuple[str, str, str]:
    plain = unicodedata.normalize("NFD", text).casefold()
    letters = "".join(character for character in plain if character.isalnum())
    return letters, plain, text.swapcase()


SERVER_KEYS: dict[str, Callable[[Any], Any]] = {
    "casefold": lambda raw: raw.casefold(),
    "casefold then code point": lambda raw: (raw.casefold(), raw),
    "binary": lambda raw: raw,
    "locale": locale_key,
    "value": lambda raw: Decimal(str(raw)),
    "text": lambda raw: str(raw).casefold(),
    "time": lambda raw: raw,
    "boolean": lambda raw: str(raw).casefold(),
    "length": lambda raw: (len(str(raw)), str(raw)),
    "ignored": lambda _: 0,
}


@dataclass
class FakeService:
    """One entity with one field; `calls` are the pages asked for.

    `order` is one of SERVER_KEYS, or a key of the test's own; `before_call` is called with the
    number of the call before each.
    """

    raws: Sequence[object]
    order: str | Callable[[Any], Any] = "casefold"
    nulls: str = "first"
    cap: int = 1_000
    is_tied_unstably: bool = False
    total: str = "told"
    past_end: str = "empty"
    seed: int = 1
    calls: list[int] = field(default_factory=list[int])
    before_call: Callable[["FakeService", int], None] | None = None

    def __post_init__(self) -> None:
        self.records = [
            Record("lead", f"R{number:05}", {FIELD: raw, "Other": number})
            for number, raw in enumerate(self.raws)
        ]
        self._chance = random.Random(self.seed)
        self._kept: dict[bool, list[Record]] = {}

    def sorted(self, *, descending: bool = False) -> list[Record]:
        key = SERVER_KEYS[self.order] if isinstance(self.order, str) else self.order
        records = list(self.records)
        if self.is_tied_unstably:
            self._chance.shuffle(records)
        filled = [record for record in records if record.properties[FIELD] is not None]
        filled.sort(key=lambda record: key(record.properties[FIELD]), reverse=descending)
        empty = [record for record in records if record.properties[FIELD] is None]
        leads = self.nulls != "always-last" and (self.nulls == "first") != descending
        return empty + filled if leads else filled + empty

    def change(self, records: Sequence[Record]) -> None:
        self.records = list(records)
        self._kept.clear()

    def _sorted(self, *, descending: bool) -> list[Record]:
        if self.is_tied_unstably:
            return self.sorted(descending=descending)
        if descending not in self._kept:
            self._kept[descending] = self.sorted(descending=descending)
        return self._kept[descending]

    async def page(
        self,
        number: int,
        *,
        sort_by: str,
        sort_order: Direction,
        fields: Sequence[str],
        per_page: int,
        fresh: bool = False,
    ) -> Page:
        assert sort_by == FIELD
        assert number >= 1
        self.calls.append(number)
        if self.before_call is not None:
            self.before_call(self, len(self.calls))
        size = min(per_page, self.cap)
        start = (number - 1) * size
        records = self._sorted(descending=sort_order == "desc")[start : start + size]
        if self.past_end == "404" and not records and self.records:
            raise NotFound("There is no such page.")
        return Page(
            entity="lead",
            records=tuple(records),
            total_records=len(self.records) if self.total == "told" else None,
            total_pages=None,
            per_page=per_page,
            page=number,
            response=NO_RESPONSE,
        )
