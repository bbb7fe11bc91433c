"""Processes of one profile that start together sign in once, and so do those whose token ended."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.claims.odd_service import Answer, Call, OddService, Rows, serve
from tests.claims.program import run_cmdm, start_cmdm

TOGETHER = 12
WORDS = ("get", "lead", "ID000001")


def start_together(service: OddService, home: Path, count: int = TOGETHER) -> Sequence[str]:
    """Run `count` processes at once, which must all succeed; return what each wrote to stderr."""
    processes = [start_cmdm(WORDS, home, service.environment) for _ in range(count)]
    ended = [process.communicate(timeout=60) for process in processes]
    errors = [err.decode() for _, err in ended]
    assert [process.returncode for process in processes] == [0] * count, errors
    return errors


def slow_sign_in(call: Call) -> None:
    time.sleep(1.0)  # as long as it takes for others to start meanwhile


def test_processes_that_start_together_sign_in_once(tmp_path: Path) -> None:
    with serve(rows=list(Rows())) as service:
        service.sign_in = slow_sign_in
        errors = start_together(service, tmp_path)
    assert len(service.sign_ins) == 1
    assert errors == [""] * TOGETHER


def test_without_the_lock_they_sign_in_more_often_and_say_so(tmp_path: Path) -> None:
    with serve(rows=list(Rows())) as service:
        run_cmdm(*WORDS, home=tmp_path, extra=service.environment)
        (lock,) = tmp_path.rglob("*.lock")
        (token,) = tmp_path.rglob("tokens/*.json")
        token.unlink()
        lock.unlink()
        lock.mkdir()
        service.sign_ins.clear()
        service.sign_in = slow_sign_in
        errors = start_together(service, tmp_path, 4)
    assert len(service.sign_ins) > 1
    assert any("cannot be used" in error for error in errors)


def test_processes_that_meet_the_same_ended_token_sign_in_once(tmp_path: Path) -> None:
    arrived = threading.Barrier(TOGETHER)

    def answer(call: Call) -> Answer | None:
        if call.headers.get("authorization") == "Bearer token-1-abcdef" and is_over.is_set():
            arrived.wait(60)
            return Answer.of({"Message": "The token has ended."}, 401)
        return None

    is_over = threading.Event()
    with serve(answer, rows=list(Rows())) as service:
        run_cmdm(*WORDS, home=tmp_path, extra=service.environment)
        is_over.set()
        start_together(service, tmp_path)
    assert len(service.sign_ins) == 2
