import io
import json
from pathlib import Path

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.repl import ReplError
from cmdm_tui.repl.outcome import StatementStatus
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from tests.repl.statement_run import execute

FIRST_TWO = "SELECT ExternalID, City FROM lead ORDER BY ExternalID LIMIT 2;"


class Screen:
    """A session, and what it wrote."""

    def __init__(self, account: Account) -> None:
        self.output, self.errors = io.StringIO(), io.StringIO()
        self.session = ReplSession(account, ReplStreams(self.output, self.errors))

    async def __call__(self, text: str) -> str:
        await execute(self.session, text)
        return self.output.getvalue()


@pytest.fixture
async def screen(account: Account) -> Screen:
    return Screen(account)


async def test_a_result_goes_to_a_file_in_the_format_of_its_ending(
    screen: Screen, tmp_path: Path
) -> None:
    file = tmp_path / "leads.csv"
    assert not await screen(f"{FIRST_TWO} > '{file}'")
    lines = file.read_text().splitlines()
    assert lines[0] == "ExternalID,City"
    assert len(lines) == 3
    assert "Wrote 2 rows to" in screen.errors.getvalue()
    await screen(f"{FIRST_TWO} > '{tmp_path / 'leads.jsonl'}'")
    rows = [json.loads(line) for line in (tmp_path / "leads.jsonl").read_text().splitlines()]
    assert [row["ExternalID"] for row in rows] == [line.split(",")[0] for line in lines[1:]]
    for ending in ("xlsx", "parquet", "md", "txt", "json"):
        await screen(f"{FIRST_TWO} > '{tmp_path / f'leads.{ending}'}'")
        assert (tmp_path / f"leads.{ending}").stat().st_size
    assert screen.session.settings.format == "auto"


async def test_a_file_that_is_there_is_replaced_and_that_is_said(
    screen: Screen, tmp_path: Path
) -> None:
    file = tmp_path / "one.csv"
    file.write_text("what it held\n")
    await screen(f"SELECT 1 AS a; > '{file}'")
    assert file.read_text() == "a\n1\n"
    assert "in place of what it held" in screen.errors.getvalue()


async def test_rows_are_added_below_the_same_columns_alone(screen: Screen, tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    await screen(f"SELECT 1 AS a, 2 AS b; >> '{file}'; SELECT 3 AS a, 4 AS b; >> '{file}'")
    assert file.read_text() == "a,b\n1,2\n3,4\n"
    with pytest.raises(ReplError, match="has other columns, so nothing was added"):
        await screen(f"SELECT 3 AS a; >> '{file}'")
    assert file.read_text() == "a,b\n1,2\n3,4\n"
    with pytest.raises(ReplError, match="cannot be added to"):
        await screen(f"SELECT 3 AS a; >> '{tmp_path / 'one.json'}'")
    assert not (tmp_path / "one.json").exists()


async def test_a_line_without_its_end_is_ended_before_rows_are_added(
    screen: Screen, tmp_path: Path
) -> None:
    file = tmp_path / "one.csv"
    file.write_text("a\n1")
    await screen(f"SELECT 2 AS a; >> '{file}'")
    assert file.read_text() == "a\n1\n2\n"


async def test_a_statement_that_fails_leaves_the_file_as_it_was(
    screen: Screen, tmp_path: Path
) -> None:
    file = tmp_path / "kept.csv"
    file.write_text("kept\n")
    with pytest.raises(Exception, match="nosuch"):
        await screen(f"SELECT * FROM nosuch; > '{file}'")
    assert file.read_text() == "kept\n"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.csv"]  # noqa: ASYNC240 - a folder of this test


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ("> /no/such/folder/x.csv", "cannot be written"),
        ("> x.nosuch", "names no format"),
        ("> x", "has no ending"),
        (">", "> needs a file behind it"),
        (">>", ">> needs a file behind it"),
        ("|", "needs a command of the shell"),
    ],
)
async def test_what_cannot_be_written_is_said_before_a_call(
    screen: Screen, calls: list[str], ending: str, words: str
) -> None:
    with pytest.raises(ReplError) as error:
        await screen(f"SELECT * FROM lead; {ending}")
    assert words in str(error.value)
    assert calls == []


async def test_a_command_of_the_shell_reads_the_result_as_data(screen: Screen) -> None:
    await screen("\\o csv")
    assert await screen(f"{FIRST_TWO} | tail -2 | wc -l") == "2\n"
    screen.output.truncate(0)
    screen.output.seek(0)
    written = await screen("SELECT '\x1b[31m' AS a; | cat -v")
    assert written == "a\n^[[31m\n"


async def test_a_command_that_fails_is_an_error_with_its_exit_code(screen: Screen) -> None:
    with pytest.raises(ReplError, match="'exit 3' ended with exit code 3"):
        await screen("SELECT 1; | exit 3")
    with pytest.raises(ReplError, match="ended with exit code 127"):
        await screen("\\! no-such-command-of-the-shell 2>/dev/null")
    assert await screen("\\! echo one; echo two") == "one\ntwo\n"


async def test_the_answer_of_a_call_goes_to_a_file_and_a_command(
    screen: Screen, tmp_path: Path
) -> None:
    file = tmp_path / "page.json"
    await screen(f"GET lead?per_page=2&page=1 > '{file}'")
    assert len(json.loads(file.read_bytes())["Entity"]) == 2
    await screen(f"GET lead?per_page=2&page=1 > '{tmp_path / 'page.xlsx'}'")
    assert (tmp_path / "page.xlsx").read_bytes()[:2] == b"PK"
    assert json.loads(await screen("GET lead?per_page=2&page=1 | cat"))["Entity"]


async def test_one_statement_is_expanded_alone(screen: Screen) -> None:
    await screen("\\o table")
    assert "── 1 ──" in await screen("SELECT 1 AS a \\gx")
    assert screen.session.settings.expanded == "auto"
    screen.output.truncate(0)
    screen.output.seek(0)
    assert "── 1 ──" not in await screen("SELECT 1 AS a;")
    assert "── 1 ──" in await screen("SELECT 1 AS a \\G")


async def test_an_outcome_has_rows_calls_and_time(screen: Screen, calls: list[str]) -> None:
    outcome = await execute(screen.session, FIRST_TWO)
    sent = [call for call in calls if "authenticate" not in call]
    assert (outcome.status, outcome.rows) == (StatementStatus.DONE, 2)
    assert outcome.calls == len(sent) > 0
    assert outcome.seconds > 0
    outcome = await execute(screen.session, "GET lead?per_page=2&page=1")
    assert (outcome.rows, outcome.calls) == (2, 1)
    outcome = await execute(screen.session, "\\d; \\x on")
    assert (outcome.rows, outcome.calls) == (None, 0)
