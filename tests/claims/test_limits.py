"""Exit code 5 wherever the hour's or the month's limit of calls has ended a command."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.claims.odd_service import Answer, Call, Rows, serve
from tests.claims.program import Ended, run_cmdm

Limited = Callable[[], Answer]


def of_the_hour() -> Answer:
    return refused("0")


def of_the_month() -> Answer:
    return refused("50")


def refused(left: str) -> Answer:
    """Return an answer to a call for which there is none left; `left` are those of this hour."""
    headers = {
        "x-rate-limit-limit": "100",
        "x-rate-limit-remaining": left,
        "x-rate-limit-reset": str(int(time.time()) + 1_800),
    }
    return Answer.of({"Message": "Limit reached."}, 429, **headers)


KINDS: list[Limited] = [of_the_hour, of_the_month]

COMMANDS: dict[str, tuple[list[str], bytes]] = {
    "list": (["list", "lead", "--per-page", "10", "--page", "1"], b""),
    "get": (["get", "lead", "ID000000"], b""),
    "create": (["create", "lead", "LastName=Jones"], b""),
    "update": (["update", "lead", "ID000000", "LastName=Jones"], b""),
    "delete": (["delete", "lead", "ID000000", "--yes"], b""),
    "api": (["api", "GET", "lead?per_page=1&page=1"], b""),
    "query": (["query", "--yes", "SELECT * FROM lead"], b""),
    "explain": (["query", "--explain", "SELECT * FROM lead WHERE LastName = 'Jones'"], b""),
    "prompt": (["repl"], b"SELECT LastName FROM lead;\n"),
    "call at the prompt": (["repl"], b"GET lead?per_page=1&page=1\n"),
    "probe": (["probe"], b""),
    "verify": (["verify", "--live", "list-*"], b""),
    "cases": (["cases", "run", "--live", "list-*"], b""),
    "record": (["record", "--live", "--into", "here", "list-*"], b""),
    "fuzz": (["fuzz", "--live", "--plain", "--max-requests", "40"], b""),
}
SAMPLE = {"get", "query", "prompt", "verify", "fuzz", "probe"}
"""The others are run with `--all`."""


def run_limited(
    name: str, home: Path, limited: Limited, calls: int, *, of_sign_in: bool = False
) -> tuple[Ended, int]:
    """Run a command on a service that answers so many calls; return its end and the calls made."""
    words, stdin = COMMANDS[name]
    with serve(rows=list(Rows(2_500))) as service:

        def answering(call: Call) -> Answer | None:
            return limited() if len(service.calls) > calls else None

        service.answering = answering
        if of_sign_in:
            service.sign_in = lambda _: limited()
        ended = run_cmdm(*words, home=home, extra=service.environment, stdin=stdin)
        return ended, len(service.calls)


def assert_limit_is_told(ended: Ended) -> None:
    assert ended.code == 5, ended.all
    assert "limit" in ended.err.casefold() or "calls are left" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("limited", KINDS)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_the_limit_ends_at_once(
    tmp_path: Path, name: str, limited: Limited, *, runs_whole: bool
) -> None:
    if runs_whole or name in SAMPLE:
        ended, calls = run_limited(name, tmp_path, limited, 0)
        assert_limit_is_told(ended)
        assert calls <= 3


@pytest.mark.parametrize("name", ["list", "query", "verify", "fuzz"])
def test_a_sign_in_that_the_limit_refuses(tmp_path: Path, name: str) -> None:
    ended, calls = run_limited(name, tmp_path, of_the_month, 0, of_sign_in=True)
    assert_limit_is_told(ended)
    assert calls == 0


@pytest.mark.parametrize("limited", KINDS)
@pytest.mark.parametrize("name", ["query", "prompt", "verify", "fuzz"])
def test_a_command_that_the_limit_ends_on_its_way(
    tmp_path: Path, name: str, limited: Limited
) -> None:
    ended, _ = run_limited(name, tmp_path, limited, 2)
    if name == "verify":  # the service differs from what was recorded, which is a finding: 1
        assert ended.code == 1
        assert "The limit of calls is reached" in ended.err or "calls are left" in ended.err
        return
    assert_limit_is_told(ended)
    if name in {"query", "prompt"}:
        assert "Name 1" in ended.out
        assert "partial" in ended.err


def test_a_limit_of_ones_own_is_another_code(tmp_path: Path) -> None:
    """`--max-calls` is no limit of the service's: 8."""
    with serve(rows=list(Rows(2_500))) as service:
        words = ["query", "--max-calls", "2", "SELECT * FROM lead"]
        ended = run_cmdm(*words, home=tmp_path, extra=service.environment)
    with pytest.raises(AssertionError):
        assert_limit_is_told(ended)
    assert ended.code == 8
