"""What resolves a doubt about a create or a conversion: what it was to make, and since when."""

import time
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from cmdm_tui.api.error_mapping import build_outcome_unknown
from cmdm_tui.api.errors import CallInfo, MalformedResponse, OutcomeUnknown
from cmdm_tui.api.quota import ServerClock
from cmdm_tui.api.reconcile import PendingWrite

_MAX_CREATED = 10_000


class WriteTracker:
    """The doubts of one client; the records that it is known to have made are none of them."""

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._made: deque[str] = deque(maxlen=_MAX_CREATED)

    def add_created(self, external_id: str) -> None:
        """Take in that a create has made this record, so that no other can have."""
        self._made.append(external_id)

    @contextmanager
    def track(self, sought: PendingWrite) -> Generator[None]:
        """Let a doubt about what is made here know what was `sought`, and since when."""
        started = time.monotonic()
        try:
            yield
        except OutcomeUnknown as doubt:
            since = None
            if self._clock.is_known:
                since = self._clock.now() - (time.monotonic() - started)
            doubt.pending_write = replace(sought, since=since, excluded_ids=frozenset(self._made))
            raise


@contextmanager
def treat_unreadable_as_unknown(call: CallInfo) -> Generator[None]:
    """Read the answer of a call that must not be sent twice: unreadable is in doubt, not failed."""
    try:
        yield
    except MalformedResponse as error:
        raise build_outcome_unknown(call, error) from None
