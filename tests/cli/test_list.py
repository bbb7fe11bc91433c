"""`cmdm list` keeps its word: all records, or how many of how many, and exit code 8."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.sandbox import RunningInfo
from tests.claims.odd_service import Answer, Call, OddService, serve
from tests.cli.conftest import Command, Ended
from tests.terminals import restore_signals

PAGE = 10


def page_of(
    call: Call, total: int, *, states: int | None = None, cap: int = PAGE, holds: int | None = None
) -> Answer:
    """Answer a page of the records R1 to Rtotal, of which the service may state another number."""
    size, number = int(call.query.get("per_page", 10**6)), int(call.query.get("page", 1))
    size = min(size, cap)
    first = (number - 1) * size
    last = min(first + size, total if holds is None else holds)
    rows = [
        {"ExternalID": f"R{one}", "Properties": {"LastName": f"Name {one}", "Score": 1.50}}
        for one in range(first + 1, last + 1)
    ]
    stated = total if states is None else states
    return Answer.of(
        {"Entity": rows, "Total Records": str(stated), "Total Pages": str(-(-stated // size))}
    )


Service = Callable[[Callable[[Call], Answer]], OddService]


@pytest.fixture
def service(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Make a service that answers calls as a function says the profile."""
    opened: list[Any] = []

    def start(answer: Callable[[Call], Answer]) -> OddService:
        block = serve(lambda call: answer(call) if call.method == "GET" else None)
        running = block.__enter__()
        opened.append(block)
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        return running

    yield start
    for block in opened:
        block.__exit__(None, None, None)


def ids_of(ended: Ended) -> list[str]:
    rows = [json.loads(line) for line in ended.out.splitlines()]
    return [row["ExternalID"] for row in rows if "ExternalID" in row]


def test_every_record_is_a_line_and_their_number_is_said(
    cmdm: Command, signed_in: RunningInfo
) -> None:
    ended = cmdm("list", "lead", "--jsonl", "--sort-by", "LastName")
    whole = cmdm("list", "lead", "--sort-by", "LastName").json["Entity"]
    assert (ended.code, ended.err) == (0, "cmdm: 100 records of lead.\n")
    assert [json.loads(line) for line in ended.out.splitlines()] == whole
    one = cmdm("list", "lead", "--jsonl", "--per-page", "7", "--page", "2", "--fields", "City")
    assert (one.code, one.err) == (0, "cmdm: 7 records of lead.\n")
    assert all(set(json.loads(line)["Properties"]) == {"City"} for line in one.out.splitlines())


def test_pages_that_are_smaller_than_asked_for_are_all_read(
    cmdm: Command, service: Service
) -> None:
    service(lambda call: page_of(call, 35))
    ended = cmdm("list", "lead", "--jsonl")
    assert (ended.code, ended.err) == (0, "cmdm: 35 records of lead.\n")
    assert ids_of(ended) == [f"R{one}" for one in range(1, 36)]
    assert b"1.5" in ended.out


def test_a_service_that_counts_more_than_it_gives_makes_it_partial(
    cmdm: Command, service: Service
) -> None:
    service(lambda call: page_of(call, 35, states=40))
    ended = cmdm("list", "lead", "--jsonl")
    assert ended.code == 8
    assert ended.out.splitlines()[-1] == b'{"cmdm:result": "partial"}'
    assert len(ids_of(ended)) == 35
    assert "The result is partial: 35 of the 40 records of lead have come." in ended.err
    whole = cmdm("list", "lead")
    assert whole.code == 8
    assert "10 of the 40 records counted have come" in whole.err
    assert "cmdm list lead --jsonl reads page after page" in whole.err


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (429, {"x-rate-limit-remaining": "0", "Retry-After": "3000"}, "status 429"),
        (400, {}, "status 400"),
        (404, {}, None),
    ],
)
def test_a_page_that_does_not_come_makes_it_partial(
    cmdm: Command, service: Service, status: int, headers: dict[str, str], words: str | None
) -> None:
    def answer(call: Call) -> Answer:
        if int(call.query.get("page", 1)) > 2:
            return Answer.of({"Message": "no"}, status, **headers)
        return page_of(call, 50)

    service(answer)
    ended = cmdm("list", "lead", "--jsonl")
    assert ended.code == 8
    assert len(ids_of(ended)) == 20
    assert "20 of the 50 records of lead have come." in ended.err
    assert words is None or words in ended.err


def test_a_first_page_that_does_not_come_is_its_own_error(cmdm: Command, service: Service) -> None:
    service(lambda _: Answer.of({"Message": "no"}, 404))
    ended = cmdm("list", "lead", "--jsonl")
    assert (ended.code, ended.out) == (4, b"")


def test_a_count_that_changes_meanwhile_makes_it_partial(cmdm: Command, service: Service) -> None:
    service(lambda call: page_of(call, 30 if int(call.query.get("page", 1)) < 3 else 29))
    ended = cmdm("list", "lead", "--jsonl")
    assert ended.code == 8
    assert "as their count changed meanwhile one may be missing" in ended.err


def start_list(service: OddService, home: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "cmdm_tui", "list", "lead", "--jsonl"],
        env={**os.environ, **service.environment, "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=restore_signals,  # noqa: PLW1509 — it does no more than that
    )


def test_a_line_is_there_before_the_next_page_and_ctrl_c_says_how_many_came(
    service: Service, home: Path
) -> None:
    waits = threading.Event()

    def answer(call: Call) -> Answer:
        if int(call.query.get("page", 1)) > 1:
            waits.wait(60)
        return page_of(call, 50)

    with start_list(service(answer), home) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(PAGE)]
        assert json.loads(lines[-1])["ExternalID"] == f"R{PAGE}"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        waits.set()
    assert process.returncode == 130
    assert out == b'{"cmdm:result": "partial"}\n'
    assert "10 of the 50 records of lead have come." in err.decode()


def test_a_reader_that_leaves_ends_it_quietly_and_no_further_pages_are_read(
    service: Service, home: Path
) -> None:
    running = service(lambda call: page_of(call, 20_000))
    with start_list(running, home) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (141, b"")
    assert len(running.calls) < 1_500


def test_an_entity_that_there_is_not_has_a_similar_one_named(
    cmdm: Command, sandbox: RunningInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("url", "client_id", "client_secret", "username", "password"):
        monkeypatch.setenv(f"CMDM_{name.upper()}", getattr(sandbox, name))
    for words in (["list", "leed"], ["get", "leed", "X"], ["delete", "leed", "X", "--yes"]):
        ended = cmdm(*words)
        assert ended.code == 4
        assert "Did you mean lead? Check the name" in ended.err
