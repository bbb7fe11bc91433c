"""Builds the corpus: the same seed, the same cases, in every process and on every machine."""

from collections.abc import Callable, Iterator

import msgspec

from cmdm_tui.harness.cases.format import Case
from cmdm_tui.harness.corpus import (
    authorization_cases,
    body_cases,
    crossed_cases,
    id_cases,
    kept_cases,
    limit_cases,
    parameter_cases,
    route_cases,
    sort_cases,
    valid_cases,
)

SEED = 7
"""The seed of the corpus that comes with this program."""

_CASE_SOURCES: tuple[Callable[[int], Iterator[Case]], ...] = (
    valid_cases.valid_cases,
    authorization_cases.authorization_cases,
    body_cases.body_cases,
    kept_cases.kept_cases,
    id_cases.id_cases,
    parameter_cases.parameter_cases,
    route_cases.route_cases,
    limit_cases.limit_cases,
    sort_cases.sort_cases,
    crossed_cases.crossed_cases,
)


def build_corpus(seed: int = SEED) -> list[Case]:
    """Return the corpus that the seed gives, by name."""
    found = [
        msgspec.structs.replace(case, seed=seed) for cases in _CASE_SOURCES for case in cases(seed)
    ]
    by_name = {case.name: case for case in found}
    if len(by_name) != len(found):
        names = [case.name for case in found]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"two cases of the corpus are named {twice}"
        raise AssertionError(message)
    return [by_name[name] for name in sorted(by_name)]
