"""The last result of a query, narrowed, ordered, drawn and written again: for no call."""

import csv
import io
import json
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.query.errors import QueryError, UnknownName
from cmdm_tui.repl import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from cmdm_tui.text import visible
from tests.repl.statement_run import execute
from tests.services import copy_records, profile_of

CITIES = """
SELECT * FROM (VALUES
  ('York', 5, 1.5), ('bath', 10, NULL), ('Ely', 7, 2.25), (NULL, NULL, 4.0), ('', 1, 3.0)
) AS t(City, Score, Amount);
"""
HOSTILE = "\x1b[31m\x07\u202e[b]x"


class Hand:
    """A session with a result in hand."""

    def __init__(self, account: Account, output: io.StringIO, errors: io.StringIO) -> None:
        self.output, self.errors = output, errors
        self.session = ReplSession(account, ReplStreams(output, errors))

    async def __call__(self, text: str) -> str:
        for stream in (self.output, self.errors):
            stream.seek(0)
            stream.truncate()
        await execute(self.session, text)
        return self.output.getvalue()

    async def rows(self, text: str) -> list[list[object]]:
        return [list(row.values()) for row in json.loads(await self(text))]


@pytest.fixture
async def hand(account: Account, calls: list[str]) -> AsyncGenerator[Hand]:
    made = Hand(account, io.StringIO(), io.StringIO())
    await made(CITIES)
    yield made
    made.session.close()
    assert not calls


@pytest.fixture
async def on_terminal(
    account: Account, terminal: Callable[[], io.StringIO]
) -> AsyncGenerator[Hand]:
    made = Hand(account, terminal(), terminal())
    yield made
    made.session.close()


async def test_rows_order_and_columns_are_chosen_one_by_one_and_put_back(
    hand: Hand, tmp_path: Path
) -> None:
    assert [row[0] for row in await hand.rows("\\where Score >= 5")] == ["York", "bath", "Ely"]
    assert "3 of 5 rows · no call was made" in hand.errors.getvalue()
    assert [row[0] for row in await hand.rows("\\sort City")] == ["bath", "Ely", "York"]
    assert await hand.rows("\\columns amount city") == [
        [None, "bath"],
        [2.25, "Ely"],
        [1.5, "York"],
    ]
    assert await hand.rows("\\columns -Amount") == [["bath"], ["Ely"], ["York"]]
    file = tmp_path / "out.csv"
    await hand(f"\\export '{file}'")
    assert list(csv.reader(file.read_text().splitlines())) == [
        ["City"],
        ["bath"],
        ["Ely"],
        ["York"],
    ]
    assert "Wrote 3 rows" in hand.errors.getvalue()
    assert await hand.rows("\\where City = 'York' OR City IS NULL") == [[None], ["York"]]
    assert await hand.rows("\\sort Score desc") == [["York"], [None]]
    assert await hand.rows("\\sort") == [["York"], [None]]
    assert len(await hand.rows("\\where")) == 5
    assert len((await hand.rows("\\columns"))[0]) == 3
    assert "5 rows · no call was made" in hand.errors.getvalue()


async def test_a_new_result_is_shown_as_its_query_gives_it(hand: Hand) -> None:
    await hand("\\where Score > 5")
    assert len(await hand.rows(CITIES)) == 5
    assert len(await hand.rows("\\last")) == 5


async def test_a_condition_takes_values_and_variables(hand: Hand) -> None:
    await hand('\\set city "x\' OR true --"')
    assert await hand.rows("\\where City = $city") == []
    assert await hand.rows("\\where City = :'city'") == []
    await hand("\\set city York")
    assert len(await hand.rows("\\where City = $city -- that one; no other")) == 1
    with pytest.raises(ReplError, match="nosuch has no value"):
        await hand("\\where City = $nosuch")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\\where Ctiy = 'x'", "Did you mean City?"),
        ("\\where 1=1 ORDER BY 1", "Only a condition"),
        ("\\where 1=1; SELECT 1", "no semicolon"),
        ("\\where City IN (SELECT City FROM lead)", "holds no query"),
        ("\\where getenv('HOME') = 'x'", "not allowed"),
        ("\\columns Ctiy", "City"),
        ("\\columns City -Score", "Name the columns to show"),
        ("\\columns -City -Score -Amount", "No column would be left"),
        ("\\sort Ctiy", "City"),
        ("\\chart bar Ctiy", "City"),
        ("\\chart hist City", "a histogram needs numbers or times"),
    ],
)
async def test_what_cannot_be_chosen_is_told_and_changes_nothing(
    hand: Hand, text: str, words: str
) -> None:
    before = await hand("\\where Score > 1")
    with pytest.raises((ReplError, QueryError)) as refusal:
        await hand(text)
    assert words in str(refusal.value)
    assert await hand("\\last") == before


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("\\where Score > 1 AND Ctiy = 5", "Ctiy"),
        ("\\where   City = 'x' AND AND", "AND"),
        ("\\where 1 = 1 AND nosuch(City)", "nosuch"),
    ],
)
async def test_a_fault_in_a_condition_has_its_place_in_the_line(
    hand: Hand, text: str, word: str
) -> None:
    with pytest.raises(QueryError) as refusal:
        await hand(text)
    place = getattr(refusal.value, "column", None)
    assert place is None or text[place - 1 :].startswith(word)
    assert place is not None or word == "nosuch"


@pytest.mark.parametrize("text", ["\\where true", "\\columns City", "\\chart", "\\sort City"])
async def test_without_a_result_there_is_nothing_to_choose(account: Account, text: str) -> None:
    empty = Hand(account, io.StringIO(), io.StringIO())
    with pytest.raises(ReplError, match="There is no result of a query yet"):
        await empty(text)
    empty.session.close()


async def test_a_column_that_begins_with_a_dash_is_chosen_by_its_name(hand: Hand) -> None:
    await hand('SELECT 1 AS "-a", 2 AS b;')
    assert await hand.rows("\\columns -a") == [[1]]
    with pytest.raises(UnknownName):
        await hand("\\columns -c")


async def test_charts_are_drawn_of_what_is_shown(hand: Hand) -> None:
    bars = await hand("\\where Score IS NOT NULL") and await hand("\\chart bar City Score")
    assert bars.splitlines()[0] == "Score of each row · 4 rows"
    assert [line.split()[-1] for line in bars.splitlines()[1:]] == ["5", "10", "7", "1"]
    assert "4 of 5 rows · no call was made" in hand.errors.getvalue()
    drawn = await hand("\\chart")
    assert drawn.startswith("Score of each row")
    several = await hand("\\chart City Score Amount")
    assert several.index("Score of each row") < several.index("Amount of each row")
    assert "1 left out" in several
    assert "in each part of the range" in await hand("\\chart hist Score")
    assert "over the rows in order" in await hand("\\chart line Score")
    assert max(map(len, (await hand("\\chart line Score")).splitlines())) <= 80


async def test_a_chart_is_safe_and_obeys_no_color(
    on_terminal: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    await on_terminal(f"SELECT '{HOSTILE}' AS \"a{HOSTILE}\", 2 AS n;")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[36m" in await on_terminal("\\chart bar")
    monkeypatch.setenv("NO_COLOR", "1")
    drawn = await on_terminal("\\chart bar")
    assert "2" in drawn
    assert all(visible(line) == line for line in drawn.splitlines())


async def test_wide_rows_are_turned_where_columns_would_be_left_out(
    on_terminal: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    fits = ", ".join(f"'{'v' * 30}' AS c{n}" for n in range(4))
    text = await on_terminal(f"SELECT {fits};")
    assert "…" in text
    assert "──  ──" in text
    wide = ", ".join(f"'{'v' * 30}' AS c{n}" for n in range(9))
    text = await on_terminal(f"SELECT {wide};")
    assert text.startswith("── 1 ──\nc0  vvv")
    assert text.count("v" * 30) == 9
    text = await on_terminal("\\x off; \\last")
    assert "── 1 ──" not in text
    assert "columns fit" in on_terminal.errors.getvalue()
    long_numbers = ", ".join(f"{'9' * 20}{n} AS n{n}" for n in range(4))
    assert "── 1 ──" in await on_terminal(f"\\x auto; SELECT {long_numbers};")
    assert "── 1 ──" not in await on_terminal("SELECT * FROM lead WHERE City = 'nosuch' LIMIT 1;")


async def test_null_is_told_from_empty_text_and_numbers_are_to_the_right(
    on_terminal: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    lines = (await on_terminal(CITIES)).splitlines()
    assert lines[0] == "City  Score  Amount"
    assert lines[2] == "York      5    1.50"
    assert lines[5] == "null   null    4.00"
    assert lines[6] == "          1    3.00"
    vertical = await on_terminal("\\x on; \\last")
    assert "City    null" in vertical
    assert "City\n" in vertical


async def test_a_doubtful_result_is_marked_in_colour_in_the_footer(
    tmp_path: Path, terminal: Callable[[], io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SandboxConfig(tmp_path / "data", 0, 30, behaviours={"page_cap": "2"})
    copy_records(config)
    monkeypatch.setenv("TERM", "xterm")
    with Sandbox.embedded(config) as info:
        async with Account.open(profile_of(info), catalogs=None) as account:
            hand = Hand(account, terminal(), terminal())
            monkeypatch.delenv("NO_COLOR", raising=False)
            await hand("\\calls 17; SELECT City FROM lead ORDER BY Score, City;")
            assert (
                hand.errors.getvalue()
                .splitlines()[-1]
                .endswith(" · \x1b[0m\x1b[1;33mpartial\x1b[0m")
            )
            monkeypatch.setenv("NO_COLOR", "1")
            await hand("\\where City IS NOT NULL")
            footer = hand.errors.getvalue().splitlines()[-1]
            assert footer.endswith(" rows · no call was made · partial")
            hand.session.close()
