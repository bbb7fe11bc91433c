"""The times that a quota tells, by this machine's clock and in its time zone."""

from datetime import UTC, datetime

from cmdm_tui.api import Quota


def reset_time(quota: Quota, offset: float) -> datetime | None:
    """Return when the hour's count starts anew; `offset` is what the server's clock is ahead."""
    return _local_time(quota.reset, offset)


def token_end(quota: Quota, offset: float) -> datetime | None:
    """Return when the token ends."""
    return _local_time(quota.token_reset, offset)


def _local_time(unix_time: float | None, offset: float) -> datetime | None:
    if unix_time is None:
        return None
    try:
        return datetime.fromtimestamp(unix_time - offset, UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
