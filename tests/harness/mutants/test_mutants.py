"""The mutation suite: faults planted in a sound sandbox are found, and none is found without."""

import logging
from collections import Counter
from dataclasses import replace

import pytest

from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.harness.oracle import CHECKS
from tests.harness.mutants.hunt import (
    MUTANTS,
    SOUND_SEEDS,
    HuntResult,
    Mutant,
    fuzz_target,
    hunt_mutant,
    sandbox,
)

logger = logging.getLogger(__name__)

REQUESTS, FEW_REQUESTS, SOUND_REQUESTS = 5_000, 1_500, 700
SEED, OTHER_SEEDS = 1, (2, 3)
LEAST_FOUND, LEAST_FOUND_OF_OTHERS, LEAST_FOUND_ALONE = 0.98, 0.95, 0.95

# One of each family of checks, each found within a few hundred requests.
SAMPLE = (
    "NaN makes the server fail",
    "totals are numbers",
    "any scheme will do",
    "requests without a token are counted",
    "an update stores its first field alone",
    "a deletion is told and not done",
    "pages overlap by one",
    "desc is not looked at",
    "the field list tells a wrong type",
    "the account of a conversion does not exist",
    "any password is accepted",
    "text is stored in NFC",
    "numbers are stored as doubles",
    "an update is made to the oldest record too",
    "an update stores what stands before the fault",
    "answers have no date, and the reset is past",
)
# Found by their own check, though others would find them too.
AIMED_SAMPLE = ("fields is not looked at", "a lead can be converted again", "a task closes once")
# What takes several calls to see, and the checks that see it: three faults for each at least.
LAWS: dict[str, frozenset[str]] = {
    "credentials": frozenset({"credentials-looked-at"}),
    "capitals of credentials": frozenset({"credentials-match-exactly"}),
    "refused sign-ins": frozenset({"sign-in-status"}),
    "words of a refused sign-in": frozenset({"sign-in-refusals-alike"}),
    "other records": frozenset({"others-untouched"}),
    "closed tasks": frozenset({"closed-after-update"}),
    "text to the letter": frozenset({"text-kept-exactly"}),
    "numbers to the digit": frozenset({"numbers-kept-exactly"}),
    "the order of numbers": frozenset({"numbers-in-order"}),
    "what was refused": frozenset({"refused-changes-nothing"}),
}
UNDATED = "answers have no date"
BY_NAME = {mutant.name: mutant for mutant in MUTANTS}


def by_its_check_alone(mutant: Mutant) -> HuntResult:
    settings = FuzzSettings(
        seed=SEED,
        requests=3 * REQUESTS,
        only=frozenset({mutant.aims}),
        fails_fast=True,
        shrinks=False,
    )
    with sandbox(mutant.fault) as target:
        failures, first = fuzz_target(target, settings)
    return HuntResult(mutant.name, mutant.aims, tuple(failures), first)


def told(found: list[HuntResult]) -> list[str]:
    """Log what became of each mutant, and return those that were not found."""
    for one in found:
        result = f"after {one.requests:,}: {one.failures[0]}" if one.is_found else "NOT FOUND"
        logger.info("%-55s %-28s %s", one.mutant, one.aims, result)
    return [one.mutant for one in found if not one.is_found]


def test_there_are_enough_mutants_and_every_check_is_aimed_at_twice() -> None:
    aimed = Counter(mutant.aims for mutant in MUTANTS)
    assert len(BY_NAME) == len(MUTANTS) >= 200
    assert {check.name: aimed[check.name] for check in CHECKS if aimed[check.name] < 2} == {}
    assert aimed.keys() <= {check.name for check in CHECKS}


@pytest.mark.parametrize("law", LAWS)
def test_three_faults_at_least_are_planted_for_each_law(law: str) -> None:
    assert sum(mutant.aims in LAWS[law] for mutant in MUTANTS) >= 3


def test_three_faults_at_least_are_of_answers_without_a_date() -> None:
    assert sum(mutant.name.startswith(UNDATED) for mutant in MUTANTS) >= 3


@pytest.mark.timeout(3_600)
def test_planted_faults_are_found(runs_whole: bool) -> None:
    if runs_whole:
        missed = told([hunt_mutant(mutant, SEED, REQUESTS) for mutant in MUTANTS])
        assert len(missed) <= (1 - LEAST_FOUND) * len(MUTANTS), missed
    else:
        assert told([hunt_mutant(BY_NAME[name], SEED, FEW_REQUESTS) for name in SAMPLE]) == []


@pytest.mark.timeout(3_600)
def test_planted_faults_are_found_with_other_seeds(runs_whole: bool) -> None:
    found = [
        hunt_mutant(mutant, seed, REQUESTS)
        for seed in OTHER_SEEDS
        for mutant in (MUTANTS if runs_whole else [BY_NAME[SAMPLE[0]]])
    ]
    missed = told(found)
    assert len(missed) <= (1 - LEAST_FOUND_OF_OTHERS) * len(found), missed


@pytest.mark.timeout(3_600)
def test_a_check_finds_alone_what_is_aimed_at_it(runs_whole: bool) -> None:
    aimed = MUTANTS if runs_whole else [BY_NAME[name] for name in AIMED_SAMPLE]
    missed = told([by_its_check_alone(mutant) for mutant in aimed])
    assert len(missed) <= (1 - LEAST_FOUND_ALONE) * len(aimed), missed


@pytest.mark.timeout(3_600)
def test_nothing_is_found_in_a_sound_sandbox(runs_whole: bool) -> None:
    seeds, requests = (SOUND_SEEDS, REQUESTS) if runs_whole else (SOUND_SEEDS[:1], SOUND_REQUESTS)
    found: dict[int, list[str]] = {}
    for seed in seeds:
        with sandbox() as target:
            found[seed], _ = fuzz_target(target, FuzzSettings(seed=seed, requests=requests))
    assert {seed: failures for seed, failures in found.items() if failures} == {}


def test_nothing_is_found_where_nothing_can_be_restored(runs_whole: bool) -> None:
    requests = REQUESTS if runs_whole else SOUND_REQUESTS
    with sandbox() as target:
        bare = replace(target, control=None, control_token=None)
        failures, _ = fuzz_target(bare, FuzzSettings(seed=SEED, requests=requests))
    assert failures == []
