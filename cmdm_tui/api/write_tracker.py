"""Describes what a create or a conversion is to make, for whoever has to look for it later."""

import re
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from cmdm_tui.api.errors import InvalidCall
from cmdm_tui.api.models import PendingWrite, Properties, WriteMark
from cmdm_tui.api.quota import ServerClock

MARK = re.compile(r"cmdm-[a-z2-7]{20}")
"""A mark: seven characters of the time, so that later marks sort later, and thirteen by chance."""

_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
"""32 characters, in the order in which every service sorts them."""

_MAX_KNOWN = 10_000
"""External ids that are remembered of those made."""

_MIN_SEEN = 1_000
"""The last external ids of an entity that are remembered, at least."""


class _SeenRecords(Struct):
    """External ids of an entity, an answer at a time, each with how many writes began before it.

    Reading a whole account adds to it at every page: nothing is done for each id until it is asked.
    """

    answers: deque[tuple[int, Sequence[str]]] = field(default_factory=deque)
    count: int = 0

    def add(self, external_ids: Sequence[str], writes: int) -> None:
        """Add an answer's ids; the oldest answers go while the others have enough."""
        if not external_ids:
            return
        self.answers.append((writes, external_ids))
        self.count += len(external_ids)
        while self.count - len(self.answers[0][1]) >= _MIN_SEEN:
            self.count -= len(self.answers.popleft()[1])

    def find_before(self, write: int) -> set[str]:
        """Return the ids that came before the write of this number began."""
        return {one for writes, ids in self.answers if writes < write for one in ids}


class WriteTracker:
    """Knows which records a client's writes cannot have made: those that it saw before."""

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._created: OrderedDict[str, None] = OrderedDict()
        self._seen: dict[str, _SeenRecords] = {}
        self._writes = 0

    def add_created(self, external_id: str) -> None:
        """Note that a create has made this record, so that no other can have."""
        self._created[external_id] = None
        if len(self._created) > _MAX_KNOWN:
            self._created.popitem(last=False)

    def add_seen(self, entity: str, external_ids: Sequence[str]) -> None:
        """Note that these records exist, so that no write that begins later makes them."""
        seen = self._seen.setdefault(entity.casefold(), _SeenRecords())
        seen.add(external_ids, self._writes)

    def track(self, write: PendingWrite) -> Callable[[], PendingWrite]:
        """Return what describes a write that begins now, should its answer be lost."""
        started = time.monotonic()
        self._writes += 1
        number = self._writes

        def describe() -> PendingWrite:
            since = None
            if self._clock.is_known:
                since = self._clock.now() - (time.monotonic() - started)
            seen = self._seen.get(write.entity.casefold(), _SeenRecords())
            before = seen.find_before(number)
            return replace(write, since=since, excluded_ids=frozenset(before.union(self._created)))

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
