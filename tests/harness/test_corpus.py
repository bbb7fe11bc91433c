"""The corpus is the same from the same seed, covers what it says, and every file of it replays."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cmdm_tui.harness.cases import Case, case_bytes
from cmdm_tui.harness.corpus import SEED, build, kind_of
from cmdm_tui.harness.exchange import CALLS
from cmdm_tui.harness.library import Entry, built_in, entries
from cmdm_tui.harness.offline import offline
from cmdm_tui.harness.replaying.playing import replay, replay_by_vcr

ROOT = Path(__file__).parents[2]
ALL = entries(built_in(), ("contract", "stateful"))
DIGEST = (
    "import hashlib; from cmdm_tui.harness.corpus import build; "
    "from cmdm_tui.harness.cases import case_bytes; "
    "print(hashlib.sha256(b''.join(map(case_bytes, build()))).hexdigest())"
)


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295"])
def test_the_same_seed_gives_the_same_bytes_in_every_process(hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    told = subprocess.run(
        [sys.executable, "-c", DIGEST], env=environment, cwd=ROOT, capture_output=True, check=True
    )
    here = hashlib.sha256(b"".join(map(case_bytes, build()))).hexdigest()
    assert told.stdout.decode().strip() == here


def test_another_seed_gives_another_corpus_of_the_same_cases() -> None:
    other = build(SEED + 1)
    assert [case.name for case in other] == [case.name for case in build()]
    assert [case.steps for case in other] != [case.steps for case in build()]


def test_the_files_are_what_the_seed_gives() -> None:
    files = {entry.key: entry.path.read_bytes() for entry in ALL if entry.case.seed is not None}
    assert files == {f"{kind_of(case)}/{case.name}.yaml": case_bytes(case) for case in build()}


SUCCESS = {"create": 201, "create-task": 201, "create-opportunity": 201}
REFUSALS = {
    "authenticate": {400, 401}, "get": {401, 404}, "list": {400, 401}, "fields": {400, 401, 404},
    "create": {400, 401}, "create-task": {400, 401, 404}, "create-opportunity": {400, 401, 404},
    "update": {400, 401, 404}, "convert": {400, 401, 404}, "close": {400, 401, 404},
    "delete": {401, 404}, "other": {401, 404},
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_there_with_every_status_that_it_can_have(call: str) -> None:
    statuses = {
        status
        for case in build()
        if case.endpoint == call
        for status in case.steps[-1].expect.statuses
    }
    success: set[int] = set() if call == "other" else {SUCCESS.get(call, 200)}
    assert statuses >= success | REFUSALS[call] | {429, 500}


def test_every_class_of_input_is_there() -> None:
    classes = {case.input_class.partition(":")[0] for case in build()}
    assert classes == {"valid", "authorization", "body", "id", "parameter", "route", "limit"}
    named = {case.input_class for case in build()}
    kinds = ("none", "empty", "other-scheme", "garbage", "cut", "flipped", "doubled", "ended")
    assert {f"authorization:{kind}" for kind in kinds} <= named


@pytest.mark.parametrize("kind", ["contract", "stateful"])
def test_every_recorded_case_replays_offline(kind: str) -> None:
    with offline():
        wrong = {
            entry.case.name: problems
            for entry in ALL
            if entry.kind == kind and (problems := replay(entry.case, entry.cassette))
        }
    assert wrong == {}


def test_vcrpy_replays_them_alike(runs_whole: bool) -> None:
    with offline():
        for entry in ALL[:: 1 if runs_whole else 25]:
            assert (entry.case.name, replay_by_vcr(entry.case, entry.cassette)) == (
                entry.case.name,
                [],
            )


def of(name: str) -> Entry:
    return next(entry for entry in ALL if entry.case.name == name)


Player = Callable[[Case, Path], list[str]]


@pytest.mark.parametrize("player", [replay, replay_by_vcr])
def test_a_case_on_the_cassette_of_another_is_noticed(player: Player) -> None:
    with offline():
        assert player(of("get-lead").case, of("get-account").cassette)
        assert player(of("get-lead").case, of("list-order-creation").cassette)
