"""Hunts every mutant with several processes, and prints what became of each as a table."""

import argparse
import functools
import hashlib
import logging
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from cmdm_tui.harness.fuzz.settings import FuzzSettings
from tests.harness.mutants.hunt import (
    MUTANTS,
    SOUND_SEEDS,
    HuntResult,
    fuzz_target,
    hunt_mutant,
    sandbox,
)


def _prepare() -> None:
    """Let a password's hash be computed once, as the tests do, and log nothing."""
    hashlib.scrypt = functools.cache(hashlib.scrypt)
    logging.disable(logging.CRITICAL)


def _hunt(number: int, *, seeds: Sequence[int], requests: int) -> tuple[list[HuntResult], float]:
    started = time.process_time()
    found = [hunt_mutant(MUTANTS[number], seed, requests) for seed in seeds]
    return found, time.process_time() - started


def _fuzz_sound(seed: int, requests: int) -> tuple[list[str], float]:
    started = time.process_time()
    with sandbox() as target:
        failures, _ = fuzz_target(target, FuzzSettings(seed=seed, requests=requests))
    return failures, time.process_time() - started


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> None:
    """Print which mutants are found, by what, after how many requests, and what it cost."""
    parser = argparse.ArgumentParser(prog="python -m tests.harness.mutants", description=__doc__)
    parser.add_argument("--seeds", default="1,2,3", help="numbers, by commas")
    parser.add_argument("--requests", type=int, default=5_000, help="at most so many for each")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="mutants whose name or check holds this")
    parser.add_argument("--no-sound", action="store_true", help="leave the sound sandbox out")
    options = parser.parse_args(arguments)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    numbers = [
        number
        for number, mutant in enumerate(MUTANTS)
        if options.only in f"{mutant.name} {mutant.aims}"
    ]
    cost, found = 0.0, list[list[HuntResult]]()
    with ProcessPoolExecutor(
        options.processes, mp_context=get_context("spawn"), initializer=_prepare
    ) as pool:
        _say(f"| mutant | aims at | {' | '.join(f'seed {seed}' for seed in seeds)} |")
        _say(f"| --- | --- |{' --- |' * len(seeds)}")
        for results, seconds in pool.map(
            partial(_hunt, seeds=seeds, requests=options.requests), numbers
        ):
            found.append(results)
            cost += seconds
            _say(_table_row(results))
        _say_sums(found, seeds)
        _say(f"CPU of the hunts: {cost:,.0f} s")
        if not options.no_sound:
            requests = [options.requests] * len(SOUND_SEEDS)
            alarms, seconds = zip(*pool.map(_fuzz_sound, SOUND_SEEDS, requests), strict=True)
            false = [alarm for failures in alarms for alarm in failures]
            _say(f"Sound sandbox, {len(SOUND_SEEDS)} seeds: {len(false)} findings {false or ''}")
            _say(f"CPU of the sound runs: {sum(seconds):,.0f} s")


def _table_row(results: list[HuntResult]) -> str:
    cells = [
        f"{one.requests:,} {one.failures[0]}" if one.is_found else "**not found**"
        for one in results
    ]
    return f"| {results[0].mutant} | {results[0].aims} | {' | '.join(cells)} |"


def _say_sums(found: list[list[HuntResult]], seeds: Sequence[int]) -> None:
    for place, seed in enumerate(seeds):
        ones = [results[place] for results in found]
        hits, own = sum(one.is_found for one in ones), sum(one.is_by_its_check for one in ones)
        _say(f"Seed {seed}: {hits} of {len(ones)} found ({hits / len(ones):.1%}), "
             f"{own} first by the check aimed at them.")  # fmt: skip
    _say(f"Checks aimed at: {len({results[0].aims for results in found})}.")
