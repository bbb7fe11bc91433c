"""Describes what a create or a conversion is to make, for whoever has to look for it later."""

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace

from cmdm_tui.api.errors import InvalidCall
from cmdm_tui.api.models import PendingWrite, Properties, WriteMark
from cmdm_tui.api.quota import ServerClock

MARK = re.compile(r"cmdm-[a-z2-7]{20}")
"""A mark: seven characters of the time, so that later marks sort later, and thirteen by chance."""

_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
"""32 characters, in the order in which every service sorts them."""

_MAX_KNOWN = 10_000
"""External ids that are remembered of those made."""

_MAX_SEEN = 1_000
"""External ids that are remembered for an entity."""


class WriteTracker:
    """Knows which records a client's writes cannot have made: those that it saw before."""

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._created: OrderedDict[str, None] = OrderedDict()
        self._seen: dict[str, OrderedDict[str, int]] = {}
        self._writes = 0

    def add_created(self, external_id: str) -> None:
        """Note that a create has made this record, so that no other can have."""
        self._created[external_id] = None
        if len(self._created) > _MAX_KNOWN:
            self._created.popitem(last=False)

    def add_seen(self, entity: str, external_ids: Iterable[str]) -> None:
        """Note that these records exist, so that no write that begins later makes them."""
        seen = self._seen.setdefault(entity.casefold(), OrderedDict())
        for external_id in external_ids:
            seen.setdefault(external_id, self._writes)
        while len(seen) > _MAX_SEEN:
            seen.popitem(last=False)

    def track(self, write: PendingWrite) -> Callable[[], PendingWrite]:
        """Return what describes a write that begins now, should its answer be lost."""
        started = time.monotonic()
        self._writes += 1
        number = self._writes

        def describe() -> PendingWrite:
            since = None
            if self._clock.is_known:
                since = self._clock.now() - (time.monotonic() - started)
            seen = self._seen.get(write.entity.casefold(), OrderedDict[str, int]())
            before = [external_id for external_id, first in seen.items() if first < number]
            return replace(write, since=since, excluded_ids=frozenset([*self._created, *before]))

        return describe


def add_mark(properties: Properties, field: str | None) -> tuple[Properties, WriteMark | None]:
    """Return a create's properties with a new mark at the start of the field's value.

    Without a `field`, they are as they were. Raises InvalidCall where its value is not text.
    """
    if field is None:
        return properties, None
    name = next((key for key in properties if key.casefold() == field.casefold()), field)
    value = properties.get(name)
    if value is not None and not isinstance(value, str):
        message = f"The value of {name} is not text, and the profile puts a mark before it"
        raise InvalidCall(message, hint="Give text, or name another mark_field")
    mark = WriteMark(name, _make_mark())
    return {**properties, name: f"{mark.text} {value}" if value else mark.text}, mark


def _make_mark() -> str:
    moment = int(time.time())
    digits = [_LETTERS[(moment >> shift) % 32] for shift in range(30, -1, -5)]
    return "cmdm-" + "".join(digits) + "".join(secrets.choice(_LETTERS) for _ in range(13))
