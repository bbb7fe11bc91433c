"""The calls left of an hour are told to the next run until the hour ends; then none are known."""

from pathlib import Path

import pytest

from cmdm_tui.api import Quota
from cmdm_tui.catalog.quota_cache import KnownQuota, QuotaCache

NOW = 1_800_000_000.0
RESET = NOW + 1_200
SERVER = "http://localhost/api/v1"


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def cache(folder: Path, clock: Clock, *, user: str = "u", server: str = SERVER) -> QuotaCache:
    return QuotaCache(folder / "a.quota.json", server, user, now=clock)


def test_the_next_run_knows_what_the_last_was_told(tmp_path: Path, clock: Clock) -> None:
    cache(tmp_path, clock).store(Quota(limit=100, remaining=40, reset=RESET), 0.0)
    clock.time += 600
    found = cache(tmp_path, clock).load()
    assert found.quota == Quota(limit=100, remaining=40, reset=RESET)
    assert found.seen is not None
    assert found.seen.timestamp() == NOW


@pytest.mark.parametrize(
    ("quota", "offset", "later"),
    [
        (Quota(remaining=40, reset=RESET), 0.0, 1_200),  # the hour has ended
        (Quota(remaining=40, reset=RESET), 900.0, 300),  # by the server's clock, which is ahead
        (Quota(remaining=40), 0.0, 3_600),
        (Quota(remaining=40, reset=NOW + 10**9), 0.0, 3_600),  # no hour is that long
        (Quota(remaining=40, reset=NOW - 1), 0.0, 0),
        (Quota(remaining=40, reset=RESET), 0.0, -1),  # the clock was set back
        (Quota(limit=100, reset=RESET), 0.0, 1),  # it never was told
        (Quota(), 0.0, 1),
    ],
)
def test_what_may_not_be_true_any_more_is_not_known(
    tmp_path: Path, clock: Clock, quota: Quota, offset: float, later: float
) -> None:
    cache(tmp_path, clock).store(quota, offset)
    clock.time += later
    assert cache(tmp_path, clock).load() == KnownQuota()


def test_a_clock_that_differs_is_reckoned_with(tmp_path: Path, clock: Clock) -> None:
    cache(tmp_path, clock).store(Quota(remaining=40, reset=RESET), 900.0)
    clock.time += 299
    found = cache(tmp_path, clock).load()
    assert (found.remaining, found.quota.reset, found.clock_offset) == (40, RESET, 900.0)


def test_each_user_and_server_has_its_own(tmp_path: Path, clock: Clock) -> None:
    cache(tmp_path, clock, user="u").store(Quota(remaining=1, reset=RESET), 0.0)
    cache(tmp_path, clock, user="v").store(Quota(remaining=2, reset=RESET), 0.0)
    assert cache(tmp_path, clock, user="u").load().remaining == 1
    assert cache(tmp_path, clock, user="v").load().remaining == 2
    assert cache(tmp_path, clock, server="http://other").load() == KnownQuota()
    assert "u" not in (tmp_path / "a.quota.json").read_text().split('"')


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"server": 1}', b'{"users": {"u": {"remaining": -1}}}']
)
def test_a_broken_file_says_nothing(tmp_path: Path, clock: Clock, content: bytes) -> None:
    (tmp_path / "a.quota.json").write_bytes(content)
    assert cache(tmp_path, clock).load() == KnownQuota()


def test_a_file_that_cannot_be_written_fails_nothing(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").write_text("")
    kept = QuotaCache(tmp_path / "file" / "a.quota.json", SERVER, "u", now=clock)
    kept.store(Quota(remaining=40, reset=RESET), 0.0)
    assert kept.load() == KnownQuota()
    QuotaCache(None, SERVER, "u").store(Quota(remaining=40), 0.0)


def always(*_: object) -> bool:
    return True


def test_a_quota_that_outlives_its_hour_would_be_noticed(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuotaCache, "_is_current", always)
    cache(tmp_path, clock).store(Quota(remaining=40, reset=RESET), 0.0)
    clock.time += 1_200
    assert cache(tmp_path, clock).load() != KnownQuota()
