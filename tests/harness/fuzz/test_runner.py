"""A run of the fuzzer: its bounds, what it does to a target, and what becomes of a failure."""

import asyncio
import contextlib
import re
import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis.errors import FlakyStrategyDefinition

from cmdm_tui.config import SecretStr
from cmdm_tui.harness.cases.files import read_case
from cmdm_tui.harness.cases.player import play_case
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.harness.fuzz.events import (
    CheckFailed,
    FailureFound,
    FailureSaved,
    FailureShrunk,
    FuzzEvent,
)
from cmdm_tui.harness.fuzz.execute import reconnecting_sender
from cmdm_tui.harness.fuzz.generate.user_session import UserSession
from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.harness.fuzz.workers import fuzz_in_process
from cmdm_tui.harness.oracle import CHECKS, ServiceModel, judge_exchange
from cmdm_tui.harness.service import Service, ServiceFailed
from cmdm_tui.redaction.secret_variables import SecretVariables
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from tests.harness.fuzz.conftest import Fuzz, RecordedRun, fault
from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn
from tests.harness.mutants.hunt import FuzzedSandbox, sandbox, target_of

BROKEN_UPDATE = "an update stores its first field alone"


def sent(told: RecordedRun) -> list[tuple[str, str, str, int]]:
    return [
        (one.method, one.intent.call, one.intent.input_class, one.status) for one in told.exchanges
    ]


class Counting:
    """No fault, but a count of the requests that arrive."""

    def __init__(self) -> None:
        self.arrived = 0

    async def __call__(self, asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        self.arrived += 1
        return await inner(asked)


@contextlib.contextmanager
def service(target: FuzzedSandbox) -> Generator[Service]:
    with target.service() as prepared, prepared as opened:
        yield opened


@pytest.mark.parametrize("requests", [1, 7, 60, 333])
def test_no_request_more_is_made_than_allowed(fuzz: Fuzz, requests: int) -> None:
    count = Counting()
    with sandbox(count) as target:
        told = fuzz(target, seed=3, requests=requests)
    elsewhere = sum(not one.path.startswith("/api/") for one in told.exchanges)
    assert count.arrived + elsewhere == told.ended.requests == requests
    assert told.ended.reason == f"{requests} requests made"


def test_a_run_ends_when_its_time_is_over(fuzz: Fuzz) -> None:
    with sandbox() as target:
        told = fuzz(target, seed=3, seconds=0.3)
    assert told.ended.reason == "0.3 seconds passed"


def test_an_answer_that_never_comes_ends_with_the_time_of_the_run(fuzz: Fuzz) -> None:
    is_released = threading.Event()

    async def hang(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        if asked.call == "list":
            await asyncio.to_thread(is_released.wait, 20)
        return await inner(asked)

    with sandbox(hang) as target:
        told = fuzz(target, seed=3, seconds=0.3)
        is_released.set()
    assert told.ended.reason == "0.3 seconds passed"
    assert told.ended.failures == ()
    assert "list" not in {one.intent.call for one in told.exchanges}


def test_the_same_seed_asks_the_same(fuzz: Fuzz) -> None:
    runs: list[RecordedRun] = []
    for seed in (8, 8, 9):
        with sandbox() as target:
            runs.append(fuzz(target, seed=seed, requests=300))
    first, again, other = (sent(told) for told in runs)
    assert first == again
    assert first != other


@pytest.mark.parametrize("moment", [1_795_748_399.5, 1_795_748_430.0])
def test_the_time_of_day_makes_no_difference(fuzz: Fuzz, moment: float) -> None:
    with sandbox(fault("pages hold three records at most")) as target:
        with contextlib.closing(
            ControlClient(target.control or "", target.control_token or "")
        ) as clock:
            clock.set_clock(moment)
        told = fuzz(target, seed=1, requests=400, only=frozenset({"totals-add-up"}))
    assert told.ended.failures == ("totals-add-up list",)


def test_a_target_is_left_as_it_was_found(fuzz: Fuzz) -> None:
    with sandbox() as target, contextlib.ExitStack() as closing:
        control = ControlClient(target.control or "", target.control_token or "")
        closing.enter_context(contextlib.closing(control))
        control.advance_clock(86_400)
        before = (control.settings(), round(control.read_clock(), -3))
        lists = fuzz(target, seed=1, requests=20, only=frozenset({"list"}))
        told = fuzz(target, seed=1, requests=600)
        after = fuzz(target, seed=1, requests=20, only=frozenset({"list"}))
        assert (control.settings(), round(control.read_clock(), -3)) == before
    assert {one.status for one in told.exchanges} >= {200, 201, 429}
    bodies = [[one.body for one in run.exchanges if one.intent.call == "list"][:10]
              for run in (lists, after)]  # fmt: skip
    assert bodies[0] == bodies[1]


def test_a_failure_is_made_short_run_again_and_kept_as_a_case(fuzz: Fuzz) -> None:
    with sandbox(fault(BROKEN_UPDATE)) as target:
        told = fuzz(target, seed=1, requests=4_000, fails_fast=True)
        (shrunk,) = told.of(FailureShrunk)
        (saved,) = told.of(FailureSaved)
        with service(target) as broken:
            played = play_case(read_case(saved.case), broken)
    with sandbox() as target, service(target) as sound:
        assert not any(one.problems for one in play_case(read_case(saved.case), sound))
    assert shrunk.is_confirmed
    assert shrunk.failure == told.of(FailureFound)[0].failure
    assert len(shrunk.exchanges) <= 3
    assert saved.cassette is not None
    assert saved.cassette.is_file()
    # The case fails where it was found, at its last step, and nowhere else.
    assert [bool(one.problems) for one in played] == [False] * (len(played) - 1) + [True]


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("totals are numbers", "documented-shape"),
        ("a token ends five minutes early", "token-good-until-reset"),
        ("ids are updated whatever their case", "id-case"),
    ],
)
def test_a_case_of_a_failure_that_no_status_shows_fails_by_its_check(
    fuzz: Fuzz, name: str, check: str
) -> None:
    with sandbox(fault(name)) as target:
        told = fuzz(target, seed=1, requests=4_000, fails_fast=True, only=frozenset({check}))
        (saved,) = told.of(FailureSaved)
        assert told.of(FailureShrunk)[0].is_confirmed
        case = read_case(saved.case)
        with service(target) as broken:
            found = [one.problems for one in play_case(case, broken)]
    with sandbox() as target, service(target) as sound:
        assert [list(one.problems) for one in play_case(case, sound)] == [[]] * len(case.steps)
    assert case.check == check
    assert found[-1]
    assert not any(found[:-1])


def test_a_failure_found_by_the_last_request_is_kept_too(fuzz: Fuzz) -> None:
    with sandbox(fault(BROKEN_UPDATE)) as target:
        first = fuzz(target, seed=1, requests=4_000, fails_fast=True, shrinks=False)
        number = first.of(FailureFound)[0].finding.exchange
        told = fuzz(target, seed=1, requests=number)
    (shrunk,) = told.of(FailureShrunk)
    assert shrunk.is_confirmed is None
    assert told.ended.requests == number
    assert told.of(FailureSaved)[0].case.is_file()


def test_a_known_failure_is_no_failure(fuzz: Fuzz) -> None:
    known = frozenset({"allow-names-methods other"})
    with sandbox(fault("405 without Allow")) as target:
        told = fuzz(target, seed=1, requests=500, only=frozenset({"list", "stateless"}))
        again = fuzz(
            target, seed=1, requests=500, only=frozenset({"list", "stateless"}), known=known
        )
    assert set(told.ended.failures) == known
    assert again.ended.failures == ()
    assert set(again.ended.known) == known
    assert all(one.is_known for one in again.of(CheckFailed))


def test_only_some_checks_may_fail_a_run(fuzz: Fuzz) -> None:
    with sandbox(fault("pages hold three records at most")) as target:
        told = fuzz(target, seed=1, requests=400, only=frozenset({"totals-add-up"}))
    assert told.ended.failures == ("totals-add-up list",)


def test_reading_only_sends_nothing_that_could_change_anything(fuzz: Fuzz) -> None:
    methods: set[tuple[str, bool]] = set()

    async def note(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        methods.add((asked.method, asked.call == "authenticate"))
        return await inner(asked)

    with sandbox(note) as target:
        live = replace(target, control=None, control_token=None, may_write=False, is_alone=False)
        fuzz(live, seed=1, requests=700)
    assert methods == {("POST", True), ("GET", False)}


@pytest.mark.parametrize("requests", [150, 151, 400])
def test_what_is_made_on_a_live_service_is_deleted_again(fuzz: Fuzz, requests: int) -> None:
    made: set[str] = set()
    arrived = 0

    async def note(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        nonlocal arrived
        arrived += 1
        given = await inner(asked)
        if asked.call in {"create", "child"} and given.ok:
            made.add(given.json()["ExternalID"])
        elif asked.call == "delete" and given.ok:
            made.discard(asked.external_id)
        assert asked.call != "convert"
        return given

    with sandbox(note) as target:
        live = replace(target, control=None, control_token=None, is_alone=False)
        told = fuzz(live, seed=4, requests=requests)
    assert ("POST", 201) in {(one.method, one.status) for one in told.exchanges}
    assert made == set()
    assert told.ended.left == ()
    assert arrived <= requests


def test_the_floor_of_the_quota_is_kept(fuzz: Fuzz) -> None:
    left: list[int] = []

    async def note(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        number = given.header("x-rate-limit-remaining")
        left.extend([int(number)] if number else [])
        return given

    with sandbox(note) as target:
        bare = replace(target, control=None, control_token=None, floor=4_900)
        told = fuzz(bare, seed=1, requests=700)
    assert min(left) == 4_900
    assert "4,900 are kept" in told.ended.reason


def test_the_floor_is_kept_from_the_first_call_on(fuzz: Fuzz) -> None:
    count = Counting()
    with sandbox(count) as target:
        bare = replace(
            target, control=None, control_token=None, floor=4_999, optional_entities=("product",)
        )
        told = fuzz(bare, seed=1, requests=700)
    assert count.arrived == 1
    assert "4,999 are kept" in told.ended.reason


def test_a_target_that_wavers_is_fuzzed_on(fuzz: Fuzz, monkeypatch: pytest.MonkeyPatch) -> None:
    def waver(*_: object, **__: object) -> None:
        raise FlakyStrategyDefinition("Inconsistent data generation")

    monkeypatch.setattr(UserSession, "run", waver)
    with sandbox() as target:
        told = fuzz(target, seed=1, requests=90)
    assert told.ended.reason == "90 requests made"


def test_the_clock_stands_while_a_run_goes_on(fuzz: Fuzz) -> None:
    with sandbox() as target:
        told = fuzz(target, seed=1, requests=250, only=frozenset({"stateless"}))
        with contextlib.closing(
            ControlClient(target.control or "", target.control_token or "")
        ) as after:
            assert not after.is_clock_frozen()
    assert len({one.moment for one in told.exchanges}) == 1


def test_a_deletion_that_is_refused_is_not_asked_for_again_and_again(fuzz: Fuzz) -> None:
    refused: list[str] = []

    async def refuse(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        if asked.call == "delete" and asked.entity == "lead":
            refused.append(asked.external_id)
            given.status = 403
        return given

    with sandbox(refuse) as target:
        live = replace(target, control=None, control_token=None, is_alone=False, is_strict=False)
        told = fuzz(live, seed=4, requests=400, only=frozenset({"create", "own-entity"}))
    assert told.ended.left
    assert {f"lead/{external_id}" for external_id in refused} >= set(told.ended.left)
    assert len(refused) == len(set(refused))


@pytest.mark.parametrize("has_control", [True, False])
def test_a_service_that_goes_away_ends_the_run_with_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_control: bool
) -> None:
    monkeypatch.setattr(reconnecting_sender, "_PAUSES", (0.0,))
    told = RecordedRun()
    with contextlib.ExitStack() as running:
        target = running.enter_context(sandbox(fault("405 without Allow")))

        def tell(event: FuzzEvent) -> None:
            told.events.append(event)
            if len(told.of(FailureSaved)) == 1:
                running.close()

        bare = target if has_control else replace(target, control=None, control_token=None)
        wanted = bare.settings(FuzzSettings(seed=1, requests=2_000))
        with bare.fuzzed_service() as fuzzed:
            ended = fuzz_in_process(fuzzed, wanted, tell, tmp_path)
    assert ended.is_cut
    assert "does not answer" in ended.reason if has_control else "not reached" in ended.reason
    (failure,) = ended.failures
    assert failure.startswith("allow-names-methods ")
    assert {one.failure for one in told.of(FailureFound)} == set(ended.failures)
    assert 0 not in {one.status for one in told.exchanges}
    assert told.ended == ended


def test_a_service_that_comes_back_is_fuzzed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SandboxConfig(tmp_path / "data", port=0, records=10)
    told = RecordedRun()
    with contextlib.ExitStack() as running:
        info = running.enter_context(Sandbox.embedded(config))
        again = replace(config, port=int(info.url.rpartition(":")[2]))

        def come_back(_: float) -> None:
            running.enter_context(Sandbox.embedded(again))

        def tell(event: FuzzEvent) -> None:
            told.events.append(event)
            if len(told.exchanges) == 20:
                running.close()

        monkeypatch.setattr(reconnecting_sender, "sleep", come_back)
        live = replace(target_of(info), control=None, may_write=False, is_alone=False)
        wanted = live.settings(FuzzSettings(seed=1, requests=60))
        with live.fuzzed_service() as fuzzed:
            ended = fuzz_in_process(fuzzed, wanted, tell, tmp_path / "report")
    assert ended.reason == "60 requests made"
    assert {one.status for one in told.exchanges[20:]} >= {200}
    assert 0 not in {one.status for one in told.exchanges}


def test_no_secret_is_told_or_written(fuzz: Fuzz) -> None:
    """Not even where a service gives every secret back."""
    tokens: set[str] = set()

    async def echo(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        if asked.call == "authenticate" and given.ok:
            tokens.add(given.json()["token"])
        if given.status == 404:
            lines = [value.decode("latin-1") for _, value in asked.headers]
            given.set_json({"Message": " ".join(lines)})
        return given

    with sandbox(echo) as target:
        told = fuzz(target, seed=1, requests=900, fails_fast=True)
    assert {one.split()[0] for one in told.ended.failures} == {"no-secret-told"}
    written = b"".join(path.read_bytes() for path in told.report.rglob("*") if path.is_file())
    curl = "\n".join(line for one in told.of(FailureShrunk) for line in one.curl).encode()
    everything = told.pickled() + written + curl
    assert tokens
    assert written
    with target.service() as signed_in:
        values = signed_in.sign_in_values.values()
    for secret in (*tokens, *values, target.control_token or ""):
        assert secret.encode() not in everything
    assert b"$CMDM_TOKEN" in curl


@pytest.mark.parametrize("password", ["four", "fünf5", "a longer one"])
def test_a_short_secret_is_taken_out_too(password: str) -> None:
    secrets = SecretVariables({"password": password, "username": "abc"})
    assert secrets.replace_secrets(f"<{password}> abc".encode()) == b"<$CMDM_PASSWORD> abc"
    assert password in secrets.values


def test_steps_are_told_as_lines_for_a_shell(fuzz: Fuzz) -> None:
    with sandbox(fault("a create is told and not done")) as target:
        told = fuzz(target, seed=1, requests=2_000, fails_fast=True)
    (shrunk,) = told.of(FailureShrunk)
    sign_in, *steps = shrunk.curl
    assert sign_in.startswith("CMDM_TOKEN=$(curl ")
    assert any(re.match(r"ID1=\$\(curl --request POST .*sed", line) for line in steps)
    assert "'\"$ID1\"'" in steps[-1]


def test_whoever_cannot_sign_in_is_told_so(fuzz: Fuzz, tmp_path: Path) -> None:
    with sandbox() as target:
        wrong = replace(
            target, credentials=replace(target.credentials, password=SecretStr("not-it"))
        )
        with pytest.raises(ServiceFailed, match="sign-in was answered 401"):
            fuzz(wrong, seed=1, requests=10)
    with pytest.raises(ServiceFailed, match="does not answer"):
        fuzz(replace(target, control=None), seed=1, requests=10)


def test_a_check_is_asked_at_every_call_of_a_run_it_has_something_to_say_of(fuzz: Fuzz) -> None:
    """Asked at every call, no check says more: of a run, nor of its answers in a false order."""
    with sandbox() as target:
        exchanges = fuzz(target, seed=5, requests=600).exchanges
    everywhere = [replace(check, calls=None) for check in CHECKS]
    for log in (exchanges, exchanges[::-1]):
        chosen_model, model = ServiceModel(), ServiceModel()
        for exchange in log:
            judged = judge_exchange(chosen_model, exchange)
            assert judged == judge_exchange(model, exchange, everywhere)
