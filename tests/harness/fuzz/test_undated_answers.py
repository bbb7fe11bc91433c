"""Answers without `Date` are judged by our clock, as well as it knows the service's."""

import time
from dataclasses import replace

import pytest

from cmdm_tui.harness.oracle import judge_log
from cmdm_tui.harness.saved_state import CASE_TIME
from tests.harness.fuzz.conftest import Fuzz
from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, PlantedFault, SendOn
from tests.harness.mutants.hunt import sandbox

AHEAD = 7_200


def undated(*, but: int = 0, ahead: int = 0) -> PlantedFault:
    """A service whose answers have no date, `but` for the first few, by a clock that is ahead."""
    given_dates: list[str] = []

    async def fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        if len(given_dates) < but:
            given_dates.append(given.header("date"))
            moment = time.time() + ahead
            text = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment))
            return given.set_header("date", text)
        return given.set_header("date", None)

    return fault


def test_a_stopped_clock_is_known_to_the_second(fuzz: Fuzz) -> None:
    with sandbox(undated()) as target:
        told = fuzz(target, seed=1, requests=60, only=frozenset({"stateless"}))
    assert {one.moment for one in told.exchanges} == {CASE_TIME}
    assert {one.moment_error for one in told.exchanges} == {0.0}


def test_a_clock_of_which_nothing_is_known_may_be_minutes_off(fuzz: Fuzz) -> None:
    with sandbox(undated()) as target:
        live = replace(target, control=None, control_token=None)
        told = fuzz(live, seed=1, requests=40)
    for one in told.exchanges:
        assert one.moment == pytest.approx(time.time(), abs=60)
        assert one.moment_error >= 60


def test_a_clock_is_known_by_the_answers_that_were_dated(fuzz: Fuzz) -> None:
    with sandbox(undated(but=10, ahead=AHEAD)) as target:
        live = replace(target, control=None, control_token=None, is_strict=False)
        told = fuzz(live, seed=1, requests=40)
    for one in told.exchanges[12:]:
        assert one.moment == pytest.approx(time.time() + AHEAD, abs=60)
        assert one.moment_error == pytest.approx(1.0)


def test_our_clock_proves_nothing_against_what_is_documented(fuzz: Fuzz) -> None:
    with sandbox(undated()) as target:
        live = replace(target, control=None, control_token=None)
        told = fuzz(live, seed=1, requests=40)
    early = [
        replace(one, status=401, headers=(), body=b"{}") if number == 20 else one
        for number, one in enumerate(told.exchanges)
    ]
    found = [one for one in judge_log(early) if one.check == "token-good-until-reset"]
    assert {one.certainty for one in found} == {"ours"}
