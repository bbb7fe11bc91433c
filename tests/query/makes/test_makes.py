"""The engine is right on services of more than forty makes, or says that it may not be.

A sample is tried in every run; `--all` tries more than ten thousand queries, and tells the figures
at the end of the run.
"""

from collections.abc import Callable

import pytest

from cmdm_tui.query.database.duckdb_session import QueryDatabase
from tests.query.makes.icu_keys import IcuKey
from tests.query.makes.make_trials import run_trials
from tests.query.makes.makes import ALPHABETS, MAKES, Make
from tests.query.makes.tally import Tally

A_SAMPLE = (1, 2)
THE_WHOLE = (4, 41)
"""How many data sets are tried on each make, and how many queries on each."""


@pytest.mark.parametrize("place", range(len(MAKES)), ids=[make.name for make in MAKES])
async def test_no_answer_is_wrong_and_untold(
    place: int,
    database: QueryDatabase,
    record_property: Callable[[str, object], None],
    *,
    runs_whole: bool,
) -> None:
    make, tally = MAKES[place], Tally()
    sets, queries = THE_WHOLE if runs_whole else A_SAMPLE
    for turn in range(sets):
        data = place + turn * len(MAKES)
        first = data * 1_000
        found = await run_trials(make, data, range(first, first + queries), tally, database)
        assert not found, "\n".join(map(str, found))
    record_property("makes", tally.to_plain())


def test_there_are_enough_makes() -> None:
    assert len(MAKES) >= 40
    assert len({make.name for make in MAKES}) == len(MAKES)
    assert THE_WHOLE[0] * THE_WHOLE[1] * len(MAKES) >= 10_000


def by(key: IcuKey, words: str) -> str:
    return " ".join(sorted(words.split(), key=key))


def test_the_keys_are_those_of_the_real_icu() -> None:
    assert by(IcuKey(), "Z a-b B ab _x Ä b a ä") == "_x a ä Ä a-b ab b B Z"
    assert by(IcuKey("cs"), "d ch h c č") == "c č d h ch"
    assert by(IcuKey("sv"), "ä z å a ö") == "a z å ä ö"
    assert by(IcuKey(reads_numbers=True), "a10 a9 b") == "a9 a10 b"
    assert by(IcuKey(skips_signs=True), "a-c ab") == "ab a-c"


def test_the_levels_of_a_key_are_letters_accents_and_case() -> None:
    letters, accents = IcuKey(levels=1), IcuKey(levels=2)
    assert letters("Ä") == letters("a") != letters("b")
    assert accents("a") == accents("A") != accents("ä")


def test_alphabets_of_their_own_are_among_the_makes() -> None:
    assert {make.text for make in MAKES} >= ALPHABETS.keys()
    assert Make("ICU cs").name == "ICU cs"
