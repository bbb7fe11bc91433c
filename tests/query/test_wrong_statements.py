"""Wrong SQL is told in plain words, at its place, with the right word."""

import random
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot

from cmdm_tui.changes.errors import ChangeError
from cmdm_tui.changes.from_sql import make_change_set
from cmdm_tui.query.database import duckdb_session
from cmdm_tui.query.errors import QueryError, SqlError, UnknownName
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.statement import parse
from cmdm_tui.query.parsing.write_statement import ReadStatement, read_statements
from cmdm_tui.query.sql_excerpt import excerpt
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.query.conftest import OpenedEngine, open_account
from tests.services import copy_records

LEAKS = re.compile(
    r"\b(Binder|Conversion|Parser|Catalog|Input|Range|implemented|Type|Internal|Constraint|Syntax"
    r"|Sequence|Memory) Error\b|Exception|<class|sqlglot|duckdb(?!_functions)|[Cc]andidate"
    r"|_LITERAL|SENTINEL"
    r"|Unexpected token|Invalid expression|is not complete|Expecting|\x01|\x02|text_as_|DECIMAL\(38"
    r"|explicit type cast|\bINT\d\d\b|\btemp\.|LINE \d|[.!]\.(?!\.)|\n"
)
GOOD = (
    "SELECT City, count(*) AS n FROM lead WHERE Score > 50 GROUP BY City ORDER BY n DESC LIMIT 5",
    "SELECT l.LastName, Name FROM lead l LEFT JOIN account a ON l.AccountExternalID = a.ExternalID",
    "WITH best AS (SELECT * FROM lead WHERE Status = 'Qualified') SELECT max(Score) FROM best",
    "SELECT CASE WHEN Score > 50 THEN 'hot' ELSE 'cold' END AS k FROM lead WHERE City IS NOT NULL",
    "SELECT upper(LastName), round(Score, 1) FROM lead WHERE LastName LIKE 'J%' OR City IN (3)",
    "SELECT year(CreatedDate), sum(Amount) OVER (PARTITION BY Stage) FROM opportunity",
    "UPDATE lead SET City = 'York', Score = 5 WHERE ExternalID = 'X' AND Score BETWEEN 1 AND 9",
    "INSERT INTO lead (LastName, Score) VALUES ('Ng', 5), ('Low', NULL)",
    "DELETE FROM task WHERE Status = 'Closed' AND DueDate < '2024-01-01'",
)


def wrong_statements() -> list[str]:
    lines = Path(__file__).with_name("wrong_statements.txt").read_text("utf-8").splitlines()
    return [one for one in lines if not one.startswith("#")]


def spoilt_statements(count: int) -> Iterator[str]:
    """Yield good statements with a word left out, doubled, exchanged or misspelt."""
    dice = random.Random(16)
    for number in range(count):
        sql = GOOD[number % len(GOOD)]
        tokens = sqlglot.tokenize(sql, dialect=DIALECT)
        words = [sql[one.start : one.end + 1] for one in tokens]
        for _ in range(dice.choice((1, 1, 2))):
            place = dice.randrange(len(words))
            word = words[place]
            at = dice.randrange(len(word))
            match dice.randrange(4):
                case 0:
                    words[place] = word[:at] + word[at + 1 :]
                case 1:
                    words[place] = f"{word} {word}"
                case 2:
                    words[place] = dice.choice(words)
                case _:
                    words[place] = word[:at] + dice.choice("aeiou'\"()*;$") + word[at:]
        yield " ".join(words)


@pytest.fixture(scope="module")
def small_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInfo]:
    folder = tmp_path_factory.mktemp("wrong") / "data"
    config = SandboxConfig(folder, port=0, records=60, rate_limit=10**9, month_limit=10**9)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield info


@pytest.fixture
async def known(small_sandbox: RunningInfo) -> AsyncIterator[OpenedEngine]:
    """An account whose fields and totals are known."""
    async with open_account(small_sandbox) as opened:
        await opened.know("lead", "account", "opportunity", "contact", "task")
        opened.network.calls.clear()
        yield opened


async def say(opened: OpenedEngine, sql: str) -> str:
    """Run a statement; return what is said where it is wrong, with the caret, else nothing."""
    try:
        for one in read_statements(sql, allows_files=True):
            if isinstance(one, ReadStatement):
                with await opened.run(one.script.padded):
                    pass
            else:
                await make_change_set(one, opened.account, opened.engine)
    except (QueryError, ChangeError) as error:
        place = (getattr(error, "line", None), getattr(error, "column", None))
        return "\n".join((str(error), *excerpt(sql, *place)))
    return ""


def first_leak(said: dict[str, str]) -> tuple[str, str] | None:
    sentences = {sql: one.partition("\n")[0] for sql, one in said.items()}
    return next(((sql, one) for sql, one in sentences.items() if LEAKS.search(one)), None)


async def test_wrong_statements_are_told_without_a_word_of_the_parser_or_the_engine(
    known: OpenedEngine,
) -> None:
    said = {sql: await say(known, sql) for sql in wrong_statements()}
    assert first_leak(said) is None
    refused = [one for one in said.values() if one]
    assert len(refused) > 350
    with_place = [one for one in refused if "\n" in one]
    assert len(with_place) > 200


async def test_spoilt_statements_are_told_without_a_word_of_the_parser_or_the_engine(
    known: OpenedEngine, *, runs_whole: bool
) -> None:
    count = 450 if runs_whole else 150
    said = {sql: await say(known, sql) for sql in spoilt_statements(count)}
    assert first_leak(said) is None
    assert sum(bool(one) for one in said.values()) > count * 2 // 3


async def test_the_search_for_such_words_finds_them(
    known: OpenedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_it_came(error: duckdb.Error) -> SqlError:
        return SqlError(str(error).split("\n", maxsplit=1)[0])

    monkeypatch.setattr(duckdb_session, "describe_error", as_it_came)
    said = {sql: await say(known, sql) for sql in wrong_statements()[5:60]}
    assert first_leak(said) is not None


TOLD = (
    ("SELEC * FROM lead", "Did you mean SELECT?", "SELEC"),
    ("SELECT * FORM lead", "Did you mean FROM?", "FORM"),
    ("SELECT * FROM lead WHRE Score > 3", "Did you mean WHERE?", "WHRE"),
    ("SELECT * FROM lead ODER BY Score", "Did you mean ORDER?", "ODER"),
    ("SELECT * FROM lead ORDER Score", "Is BY missing before 'Score'?", "Score"),
    ("SELECT * FROM lead ORDER BY Score DESCENDING", "Did you mean DESC?", "DESCENDING"),
    ("SELECT City FROM lead UNIN SELECT City FROM account", "Did you mean UNION?", "UNIN"),
    ("SELECT * FROM lead LEFT OUTTER JOIN account ON true", "Did you mean OUTER?", "OUTTER"),
    ("SELECT * FROM lead WHERE Score IS NUL", "Did you mean NULL?", "NUL"),
    ("SELECT * FROM lead\nWHERE Score > 3 ADN City = 'x'", "Did you mean AND?", "ADN"),
    ("EXPLIAN SELECT * FROM lead", "Did you mean EXPLAIN?", "EXPLIAN"),
    ("DECSRIBE lead", "Did you mean DESCRIBE?", "DECSRIBE"),
    ("UPDTE lead SET City = 'x'", "Did you mean UPDATE?", "UPDTE"),
    ("UPDATE lead SETT City = 'x'", "Did you mean SET?", "SETT"),
    ("UPDATE lead City = 'x'", "Is SET missing before 'City'?", "City"),
    ("UPDATE lead SET City = 'x' WHERE Score > 'abc'", "Score is a number", "'abc'"),
    ("UPDATE lead SET City = 'x' WHERE Scroe > 1", "Did you mean Score?", "Scroe"),
    ("INSERT INTO lead (City) VALUS ('x')", "Did you mean VALUES?", "VALUS"),
    ("SELECT * FROM lead WHERE (Score > 3", "a ) is missing", "3"),
    ("SELECT * FROM lead WHERE Score >", "a value is missing", ">"),
    ("SELECT Scroe FROM lead", "Did you mean Score?", "Scroe"),
    ("SELECT * FROM leed", "Did you mean lead?", "leed"),
    ("SELECT x.Score FROM lead l", "'x' is not an entity or alias of this query", "x"),
    ("SELECT uper(LastName) FROM lead", "Did you mean upper", "uper"),
    ("SELECT GETDATE()", "Did you mean now?", "GETDATE"),
    ("SELECT Score::INTEGR FROM lead", "Did you mean INTEGER", "INTEGR"),
    ("SELECT * FROM lead WHERE Score > 'abc'", "Score is a number, and 'abc' is not", "'abc'"),
    ("SELECT * FROM lead l WHERE 5 < ALL ([1]) AND 'abc' < l.score", "score is a number", "'abc'"),
    ("SELECT * FROM lead WHERE Score IN (1, 'many')", "Score is a number", "'many'"),
    ("SELECT * FROM opportunity WHERE CloseDate = 'soon'", "CloseDate is a date", "'soon'"),
    ("SELECT '2024-13-45'::DATE", "'2024-13-45' is not a date", "'2024-13-45'"),
    ("SELECT City, count(*) FROM lead", "Add it to GROUP BY", "City"),
    ("SELECT substr('a') FROM lead", "Write it as substring(", None),
    ("SELECT round('abc', 2)", "round() does not take (text, a number)", "round"),
    ("SELECT date_trunc('foo', DATE '2024-01-01')", "'FOO' is not a part of a date", "'foo'"),
    ("SELECT ExternalID FROM lead, account", "Write lead.ExternalID or account.ExternalID",
     "ExternalID"),
)  # fmt: skip


async def test_an_error_has_its_place_and_the_right_word(known: OpenedEngine) -> None:
    for sql, sentence, word in TOLD:
        said, *lines = (await say(known, sql)).split("\n")
        assert sentence in said, sql
        assert bool(lines) == (word is not None), sql
        if word is not None:
            shown, caret = lines
            assert shown[len(caret) - 1 :].startswith(word), sql
    assert known.network.calls == []


async def test_a_text_that_is_no_number_is_told_before_any_call(known: OpenedEngine) -> None:
    with pytest.raises(SqlError, match="Score is a number") as told:
        await known.run("SELECT LastName FROM lead\nWHERE City = 'abc' AND Score > 'abc'")
    assert (told.value.line, told.value.column) == (2, 32)
    assert known.network.calls == []


async def test_a_text_that_can_be_read_as_the_type_is_compared(known: OpenedEngine) -> None:
    assert len(await known.rows("SELECT 1 FROM lead WHERE Score > '5'")) > 0
    assert await known.rows("SELECT 1 FROM lead WHERE CreatedDate > '2999-01-01'") == []
    assert len(await known.rows("SELECT 1 FROM lead WHERE try(Score > 'abc') IS NULL")) == 60
    assert await known.rows("SELECT 1 FROM task WHERE Status > 'abc' AND Status < 'abc'") == []


async def test_the_words_of_the_engine_are_the_cause_of_the_error(known: OpenedEngine) -> None:
    with pytest.raises(UnknownName) as told:
        await known.run("SELECT uper(LastName) FROM lead")
    assert isinstance(told.value.__cause__, duckdb.Error)


def test_a_long_statement_is_told_at_once() -> None:
    with pytest.raises(SqlError, match="cannot be read"):
        parse("SELECT * FORM lead WHERE " + " AND ".join(f"a{n} = {n}" for n in range(20_000)))


@pytest.mark.parametrize(
    ("condition", "advice"),
    [
        ("City = Hull", "'Hull'"), ('City = "Hull"', "'Hull'"), ("City LIKE Hu", "'Hu'"),
        ("Score > 5 AND City IN ('York', Hull)", "'Hull'"), ("City <> \"O'Neill\"", "'O''Neill'"),
        ("Town = 'Hull'", None), ("lead.Town = lead.Hull", None), ("upper(Town) = 'HULL'", None),
    ],
)  # fmt: skip
async def test_a_text_without_its_quotes_is_told_how_it_is_written(
    known: OpenedEngine, condition: str, advice: str | None
) -> None:
    said = await say(known, f"SELECT * FROM lead WHERE {condition}")
    assert said.startswith("There is no column")
    written = re.search(r"Text is written in single quotes: (.*)\.", said)
    assert (written and written[1]) == advice
