"""Keeps the calls left of an hour between runs, for each user of a server.

What the last answer said holds until the hour's count starts again: others may use calls meanwhile,
so it is the most that can be left. After that, or where the clock was set back, nothing is known.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct, field

from cmdm_tui.api import Quota
from cmdm_tui.config.bounded_files import read_bounded
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.private_files import replace_file

_LARGEST_FILE = 1024 * 1024
_MOST_USERS = 100
_LONGEST_HOUR = 3600.0
"""Seconds after which a quota without a reset says nothing any more, or with one that is odd."""


class KnownQuota(Struct, frozen=True):
    """The quota, and since when it is known: `seen` is None for an answer of this run.

    `clock_offset` is the seconds that the server's clock is ahead of this machine's.
    """

    quota: Quota = field(default_factory=Quota)
    seen: datetime | None = None
    clock_offset: float = 0.0

    @property
    def remaining(self) -> int | None:
        """The calls left this hour, at most; None where that is not known."""
        return self.quota.remaining


class _StoredQuota(msgspec.Struct, frozen=True):
    """What an answer said, with its Unix time; `reset` is by this machine's clock."""

    remaining: int
    limit: int | None = None
    reset: float | None = None
    seen: float = 0.0
    clock_offset: float = 0.0


class _QuotaFile(msgspec.Struct):
    """The content of the file: a quota for each user, by a hash of the name."""

    server: str = ""
    users: dict[str, _StoredQuota] = {}


class QuotaCache:
    """The quota of one user of the server at the address `server`; `file` None keeps none."""

    def __init__(
        self, file: Path | None, server: str, user: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self._file = file
        self._server = server
        self._user = hashlib.sha256(user.encode()).hexdigest()[:16]
        self._now = now
        self._found: _QuotaFile | None = None

    def load(self) -> KnownQuota:
        """Return what is still true of what was kept; a quota of nothing where nothing is."""
        if self._found is None:
            self._found = self._read_file()
        stored = self._found.users.get(self._user)
        if stored is None or not self._is_current(stored):
            return KnownQuota()
        reset = None if stored.reset is None else stored.reset + stored.clock_offset
        quota = Quota(limit=stored.limit, remaining=stored.remaining, reset=reset)
        seen = datetime.fromtimestamp(stored.seen, UTC)
        return KnownQuota(quota, seen, stored.clock_offset)

    def store(self, quota: Quota, clock_offset: float) -> None:
        """Keep a quota that an answer has just given. What cannot be kept is not known later."""
        if self._file is None or quota.remaining is None:
            return
        content = self._read_file()
        reset = None if quota.reset is None else quota.reset - clock_offset
        content.users.pop(self._user, None)
        newest = list(content.users.items())[1 - _MOST_USERS :]
        content.users = {
            **dict(newest),
            self._user: _StoredQuota(
                quota.remaining, quota.limit, reset, self._now(), clock_offset
            ),
        }
        try:
            replace_file(self._file, msgspec.json.encode(content))
        except ConfigurationError:
            # It fails nothing: the next run says that the quota is not known.
            return

    def _is_current(self, stored: _StoredQuota) -> bool:
        now = self._now()
        end = stored.seen + _LONGEST_HOUR
        if stored.reset is not None:
            end = min(end, stored.reset)
        return stored.seen <= now < end and stored.remaining >= 0

    def _read_file(self) -> _QuotaFile:
        nothing = _QuotaFile(self._server)
        if self._file is None:
            return nothing
        try:
            kept = msgspec.json.decode(read_bounded(self._file, _LARGEST_FILE), type=_QuotaFile)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return nothing
        return kept if kept.server == self._server else nothing


def quota_file(catalog: Path) -> Path:
    """Return the quota's file, next to the catalog's."""
    return catalog.with_name(f"{catalog.name.removesuffix('.json')}.quota.json")
