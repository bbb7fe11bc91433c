"""Processes of one profile that start together sign in once, and so do those whose token ended."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.claims.odd_service import Answer, Answering, Call, OddService, Rows, serve
from tests.claims.program import Ended, run_cmdm, run_together, start_cmdm

TOGETHER = 12
WORDS = ("get", "lead", "ID000001")


def start_together(service: OddService, home: Path, count: int = TOGETHER) -> Sequence[str]:
    """Run `count` processes at once, which must all succeed; return what each wrote to stderr."""
    ended = run_together(WORDS, home, [service.environment] * count)
    errors = [one.err for one in ended]
    assert [one.code for one in ended] == [0] * count, errors
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


REFUSED = Answer.of({"Message": "Wrong user name or password."}, 401)


ALL_STARTED = threading.Event()
"""Set once every process of a test exists, however long a loaded machine takes for that."""


def slow_at_first(answer: Answer) -> Answering:
    """Return an answering that takes its time until every other process was started."""

    def sign_in(call: Call) -> Answer:
        if call.nth == 1:
            assert ALL_STARTED.wait(60)
            time.sleep(1.0)
        return answer

    return sign_in


def start_refused(service: OddService, home: Path, count: int = TOGETHER) -> Sequence[Ended]:
    """Run `count` processes at once and return how each ended."""
    ALL_STARTED.clear()
    return run_together(WORDS, home, [service.environment] * count, ALL_STARTED.set)


def test_processes_that_start_together_are_refused_once(tmp_path: Path) -> None:
    with serve(rows=list(Rows())) as service:
        service.sign_in = slow_at_first(REFUSED)
        ended = start_refused(service, tmp_path)
        assert [one.code for one in ended] == [3] * TOGETHER
        assert all("Wrong user name or password" in one.err for one in ended)
        assert len(service.sign_ins) == 1
        assert (
            sum("Another cmdm got this answer just now" in one.err for one in ended) == TOGETHER - 1
        )
        stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*.failed"))
        assert b"Wrong user name" in stored
        for name, secret in service.environment.items():
            assert name == "CMDM_URL" or secret.encode() not in stored
        # A person who tries again, and one with another password, is not answered from memory.
        run_cmdm(*WORDS, home=tmp_path, extra=service.environment)
        assert len(service.sign_ins) == 2
        service.sign_in = lambda _: None
        assert run_cmdm(*WORDS, home=tmp_path, extra=service.environment).code == 0
        assert not list(tmp_path.rglob("*.failed"))


def test_another_password_is_tried_though_the_first_was_refused_meanwhile(tmp_path: Path) -> None:
    def refuse(call: Call) -> Answer | None:
        time.sleep(1.0)
        return REFUSED if call.headers["password"] == "password-12345" else None

    with serve(rows=list(Rows())) as service:
        service.sign_in = refuse
        other = {**service.environment, "CMDM_PASSWORD": "password-67890"}
        ended = run_together(WORDS, tmp_path, (service.environment, other) * 2)
    assert [one.code for one in ended] == [3, 0, 3, 0]
    assert len(service.sign_ins) <= 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer.of({"Message": "Out of order."}, 500), 1),
        (Answer.of({"Message": "Slow down."}, 429, **{"Retry-After": "1"}), 5),
        (Answer.of({"welcome": "no token"}), 1),
    ],
    ids=["500", "429", "no token"],
)
def test_processes_that_start_together_share_the_bound_on_sign_ins(
    tmp_path: Path, answer: Answer, code: int
) -> None:
    with serve(rows=list(Rows())) as service:
        service.sign_in = slow_at_first(answer)
        ended = start_refused(service, tmp_path)
    assert [one.code for one in ended] == [code] * TOGETHER, ended
    assert 1 <= len(service.sign_ins) <= 4


FORGETS_FAILURES = """
from cmdm_tui.catalog import CachedTokens
from cmdm_tui.cli import main
CachedTokens.load_failures = lambda self: ()
main()
"""


def test_processes_that_do_not_share_a_refusal_would_be_noticed(tmp_path: Path) -> None:
    with serve(rows=list(Rows())) as service:
        service.sign_in = lambda _: REFUSED
        processes = [
            start_cmdm(WORDS, tmp_path, service.environment, code=FORGETS_FAILURES)
            for _ in range(4)
        ]
        for process in processes:
            process.communicate(timeout=60)
    assert len(service.sign_ins) == 4
