"""The engine gives the rows of the plain evaluation, for the calls that its plan said.

A sample is tried in every run; `--all` tries more than two thousand queries.
"""

from collections.abc import Callable, Generator
from contextlib import ExitStack

import pytest

from tests.query.differential.data_service import DataService, serve_data_set
from tests.query.differential.data_set import make_data_set
from tests.query.differential.trials import BEHAVIOURS, page_caps, run_trials

SETS = (11, 0, 7, 5, 13, 3, 10, 4)
"""Data sets: of 400 leads and of none, with few values and many, clean and not."""

A_SAMPLE = (1, 3)
THE_WHOLE = (6, 12)
"""How many data sets are tried with each behaviour, and how many queries on each."""

Served = Callable[[int], DataService]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """Serve a data set by its number; each is served once for all tests."""
    folder = tmp_path_factory.mktemp("differential")
    services: dict[int, DataService] = {}
    with ExitStack() as running:

        def serve(number: int) -> DataService:
            if number not in services:
                data = make_data_set(number)
                services[number] = running.enter_context(serve_data_set(data, folder / str(number)))
            return services[number]

        yield serve


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize(
    "place",
    range(len(BEHAVIOURS)),
    ids=[
        " ".join(f"{name}={choice}" for name, choice in one.items()) or "own" for one in BEHAVIOURS
    ],
)
async def test_rows_and_calls_are_right(place: int, served: Served, *, runs_whole: bool) -> None:
    behaviours = BEHAVIOURS[place]
    sets, queries = THE_WHOLE if runs_whole else A_SAMPLE
    for turn in range(sets):
        number = SETS[(place + turn) % len(SETS)]
        service = served(number)
        first = (place * sets + turn) * 1_000
        turned = {**behaviours, **page_caps(service, first)}
        found = await run_trials(service, turned, range(first, first + queries))
        assert not found, "\n".join(map(str, found))
