"""The commands on saved queries, costs, the history and the calls of a session."""

import io
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfigurationError, Paths
from cmdm_tui.harness.cassettes import read_cassette
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.query.errors import QueryError
from cmdm_tui.repl import ReplError
from cmdm_tui.repl.commands.command_table import COMMANDS
from cmdm_tui.repl.outcome import StatementOutcome
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.sandbox import RunningInfo
from tests.repl.statement_run import execute
from tests.services import CountedNetwork, profile_of


class Screen:
    """A session whose calls are kept, and what it wrote."""

    def __init__(self, account: Account, calls: CallLog, home: Path) -> None:
        self.output, self.errors = io.StringIO(), io.StringIO()
        self.session = ReplSession(
            account,
            ReplStreams(self.output, self.errors),
            journal=home / "journal",
            call_log=calls,
            paths=Paths(home / "config", home / "data", home / "cache"),
        )

    async def run(self, text: str) -> StatementOutcome:
        for stream in (self.output, self.errors):
            stream.seek(0)
            stream.truncate()
        return await execute(self.session, text)

    async def __call__(self, text: str) -> str:
        await self.run(text)
        return self.output.getvalue()

    @property
    def notes(self) -> str:
        return self.errors.getvalue()


@pytest.fixture
async def screen(
    sandbox: RunningInfo, transport: CountedNetwork, tmp_path: Path
) -> AsyncGenerator[Screen]:
    calls = CallLog()
    profile = profile_of(sandbox, "acme", ())
    async with Account.open(
        profile, catalogs=None, transport=transport, listener=calls.add_event
    ) as account:
        made = Screen(account, calls, tmp_path)
        yield made
        made.session.close()


async def test_a_query_is_saved_listed_run_with_values_and_deleted(screen: Screen) -> None:
    assert not await screen("\\n")
    assert "No query is saved yet" in screen.notes
    await screen("\\ns two SELECT $a AS a, $b AS b;")
    assert json.loads(await screen("\\n")) == [
        {"Name": "two", "Parameters": "$a $b", "SQL": "SELECT $a AS a, $b AS b;"}
    ]
    hostile = "x'; DELETE FROM lead; --"
    rows = json.loads(await screen(f'\\n two "a={hostile}" b=2'))
    assert rows == [{"a": hostile, "b": "2"}]
    assert "SELECT $a AS a, $b AS b" in screen.notes
    await screen("\\set b 7")
    assert json.loads(await screen("\\n two a=1")) == [{"a": "1", "b": "7"}]
    assert "a" not in screen.session.variables.values
    await screen("\\ns by_place SELECT $1 AS first, $2 AS second;")
    rows = json.loads(await screen("\\n by_place 'New York' Hull"))
    assert rows == [{"first": "New York", "second": "Hull"}]
    await screen("SELECT 5 AS five; \\ns last")
    assert json.loads(await screen("\\n LAST")) == [{"five": 5}]
    await screen("\\nd two")
    assert "two" not in await screen("\\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\\n nosuch", "There is no saved query 'nosuch'. \\n lists those there are."),
        ("\\nd nosuch", "There is no saved query 'nosuch'. \\n lists those there are."),
        ("\\n tow", "There is no saved query 'tow'. Did you mean two?"),
        ("\\nd TW", "There is no saved query 'TW'. Did you mean two?"),
        ("\\n two a=1", "two needs $b. Give b=VALUE behind its name"),
        ("\\n two a=1 b=2 c=3", "two has no parameter $c; it has $a, $b"),
        ("\\n two a=1 a=2", "a is given twice"),
        ("\\ns ../x SELECT 1", "A name has up to 64 letters"),
        ("\\ns", "Write it as \\ns NAME [SQL]"),
    ],
)
async def test_a_saved_query_that_cannot_be_run_says_why(
    screen: Screen, text: str, words: str
) -> None:
    await screen("\\ns two SELECT $a AS a, $b AS b;")
    with pytest.raises((ReplError, ConfigurationError)) as error:
        await screen(text)
    assert words in str(error.value)


async def test_where_no_query_is_saved_its_name_is_not_looked_for_in_a_list(
    screen: Screen,
) -> None:
    with pytest.raises(ReplError) as error:
        await screen("\\n two")
    assert str(error.value) == (
        "There is no saved query 'two'. No query is saved yet. \\ns NAME saves the last statement."
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT '$1' AS a;", "Within quotes, $1 is text: leave them out"),
        ("SELECT 1 WHERE 1 IN ($*);", "$*, which can have no value"),
    ],
)
async def test_a_value_that_a_saved_query_cannot_take_says_why(
    screen: Screen, sql: str, words: str
) -> None:
    await screen(f"\\ns odd {sql}")
    with pytest.raises(ReplError) as error:
        await screen("\\n odd 42")
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [("SELECT $*", "Only a name or a number"), ("SELECT $1", r"\n gives values by number")],
)
async def test_a_parameter_that_set_cannot_give_is_told_otherwise(
    screen: Screen, text: str, words: str
) -> None:
    with pytest.raises(ReplError) as error:
        await screen(text)
    assert words in str(error.value)
    assert r"\set" not in str(error.value)


async def test_what_a_command_shows_is_expanded_behind_it(screen: Screen) -> None:
    await screen("\\ns two SELECT 1 AS a, 2 AS b;")
    await screen("\\o table")
    assert "── 1 ──" in await screen("\\n two \\G")
    assert "── 1 ──" in await screen("\\last \\gx;")
    assert "── 1 ──" not in await screen("\\last")


@pytest.mark.parametrize("word", ["\\e", "\\edit", "\\e;"])
async def test_sql_goes_to_the_editor_and_what_is_saved_is_run(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/one/two/ "$1"\n')
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(editor))
    assert json.loads(await screen(f"SELECT 'one'\nAS a {word}")) == [{"a": "two"}]


async def test_an_editor_that_cannot_be_run_or_fails_is_told(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", "/nosuch/editor --wait")
    monkeypatch.setenv("EDITOR", "true")
    assert json.loads(await screen("\\e SELECT 1 AS a")) == [{"a": 1}]
    assert "The editor /nosuch/editor --wait cannot be run" in screen.notes
    monkeypatch.setenv("VISUAL", "false")
    with pytest.raises(ReplError, match="nothing is run"):
        await screen("\\e SELECT 1 AS a")
    assert "The editor failed" in screen.notes


async def test_nothing_is_said_of_a_file_that_a_failing_editor_may_have_changed(
    screen: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, file = tmp_path / "editor", tmp_path / "draft.sql"
    editor.write_text("#!/bin/sh\necho 'SELECT 2;' > \"$1\"\nexit 1\n")
    editor.chmod(0o700)
    file.write_text("SELECT 1;\n")
    monkeypatch.setenv("VISUAL", str(editor))
    with pytest.raises(ReplError, match="so nothing is run"):
        await screen(f"\\e {file}")
    assert file.read_text() == "SELECT 2;\n"
    assert "The editor failed." in screen.notes
    assert "as it was" not in screen.notes


async def test_a_saved_change_asks_as_any_other(screen: Screen, calls: list[str]) -> None:
    await screen("\\ns clear DELETE FROM lead;")
    with pytest.raises(Exception, match="no one can confirm"):
        await screen("\\n clear")
    assert not [call for call in calls if call.startswith("DELETE")]


async def test_a_watched_statement_runs_to_its_error(
    screen: Screen, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            screen.session.variables.remove("who")

    monkeypatch.setattr("cmdm_tui.repl.repeat.sleep", wait)
    await screen("\\set who Dee")
    with pytest.raises(ReplError, match=r"\$who has no value"):
        await screen("SELECT $who AS who \\watch 0.5")
    assert waits == [0.5, 0.5, 0.5]
    assert screen.output.getvalue().count("Dee") == 3
    await screen("GET lead?per_page=1&page=1")
    calls.clear()
    waits.clear()

    async def end(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            screen.session.last_unit = None
            raise ReplError("over")

    monkeypatch.setattr("cmdm_tui.repl.repeat.sleep", end)
    with pytest.raises(ReplError, match="over"):
        await screen("\\watch")
    assert waits == [2.0, 2.0]
    assert len(calls) == 2


async def test_a_watched_statement_stops_at_the_floor(
    sandbox: RunningInfo, transport: CountedNetwork, tmp_path: Path, calls: list[str]
) -> None:
    from dataclasses import replace

    from msgspec import structs

    log = CallLog()
    async with Account.open(
        profile_of(sandbox, "acme", ()), catalogs=None, transport=transport, listener=log.add_event
    ) as account:
        await account.client.request("GET", "lead?per_page=1&page=1")
        left = account.client.quota.remaining
        assert left is not None
        floored = structs.replace(account, profile=replace(account.profile, floor=left - 3))
        screen = Screen(floored, log, tmp_path)
        calls.clear()
        await screen("GET lead?per_page=1&page=1 \\watch 0.001")
    assert len(calls) == 3
    assert "calls are left this hour" in screen.notes


async def test_a_change_is_not_watched(screen: Screen, calls: list[str]) -> None:
    for text in ("DELETE FROM lead \\watch 1", "POST lead {}; \\watch"):
        with pytest.raises(Exception, match=r"is not watched|400"):
            await screen(text)
    assert sum(call.startswith(("POST lead", "DELETE")) for call in calls) <= 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "UPDATE lead SET City = 'x'\n WHERE City = 'y' \\watch 1",
            "UPDATE lead SET City = 'x' WHERE City = 'y'",
        ),
        (
            "\\watch 5 DELETE FROM lead",
            "\\watch does not take DELETE FROM lead. Write it as \\watch [SECONDS]: run the last",
        ),
    ],
)
async def test_a_statement_that_is_not_watched_is_named(
    screen: Screen, calls: list[str], text: str, words: str
) -> None:
    calls.clear()
    with pytest.raises(ReplError) as error:
        await screen(text)
    assert words in str(error.value)
    assert calls == []


async def test_a_secret_among_words_that_a_command_does_not_take_is_not_repeated(
    screen: Screen, sandbox: RunningInfo
) -> None:
    with pytest.raises(ReplError) as error:
        await screen(f"\\watch 5 {sandbox.password}")
    assert "\\watch does not take" in str(error.value)
    assert sandbox.password not in str(error.value)


async def test_the_plan_of_a_statement_is_explained_without_running_it(
    screen: Screen, calls: list[str]
) -> None:
    explained = await screen("\\explain SELECT count(*) FROM lead")
    assert "count" in explained
    await screen("SELECT max(Score) FROM lead;")
    calls.clear()
    assert await screen("\\explain")
    assert calls == []
    with pytest.raises(QueryError, match="EXPLAIN shows the plan of a query"):
        await screen("\\explain DELETE FROM lead")


async def test_the_budget_costs_nothing_and_says_what_was_made(
    screen: Screen, calls: list[str]
) -> None:
    await screen("GET lead?per_page=1&page=1")
    calls.clear()
    rows = {row["Budget"]: row["Calls"] for row in json.loads(await screen("\\budget"))}
    assert rows["made in this session"] == 1
    assert rows["left"] < rows["calls this hour"]
    assert calls == []


async def test_the_history_is_searched(screen: Screen) -> None:
    screen.session.list_history = lambda: ["SELECT 3", "GET lead", "SELECT 1"]
    shown = json.loads(await screen("\\history select"))
    assert [row["Statement"] for row in shown] == ["SELECT 1", "SELECT 3"]
    await screen("\\history nosuch")
    assert "none of these" in screen.notes


async def test_fields_are_loaded_again_where_they_are_known(
    screen: Screen, calls: list[str]
) -> None:
    await screen("\\refresh")
    assert "No fields are known yet" in screen.notes
    await screen("\\d lead")
    before = len(calls)
    await screen("\\refresh")
    assert "Loaded the fields of lead again" in screen.notes
    assert len(calls) == before + 1


async def test_the_calls_of_the_session_are_listed(screen: Screen) -> None:
    await screen("\\log")
    assert "No call was made" in screen.notes
    await screen("GET lead?per_page=1&page=1")
    rows = json.loads(await screen("\\log"))
    assert rows[-1]["Path"].endswith("lead?per_page=1&page=1")
    assert rows[-1]["Status"] == 200
    assert len(json.loads(await screen("\\log 1"))) == 1
    with pytest.raises(ReplError, match="is not a number from 1"):
        await screen("\\log 0")


@pytest.mark.parametrize(
    ("language", "mark"),
    [("curl", "curl --request POST"), ("httpx", "import httpx"), ("csharp", "RestClient"),
     ("php", "<?php"), ("guzzle", "Guzzle")],
)  # fmt: skip
async def test_the_last_call_is_written_as_source_code(
    screen: Screen, language: str, mark: str
) -> None:
    with pytest.raises(ReplError, match="No call was made"):
        await screen(f"\\curl {language}")
    await screen('POST lead {"LastName": "Jones"}')
    code = await screen(f"\\curl {language}")
    assert mark in code
    assert "Jones" in code
    assert screen.session.account.profile.credentials.password.reveal() not in code


async def test_the_calls_are_recorded_in_a_cassette(screen: Screen, tmp_path: Path) -> None:
    file = tmp_path / "session.yaml"
    with pytest.raises(ReplError, match="No call was answered"):
        await screen(f"\\record '{file}'")
    await screen('GET lead?per_page=2&page=1; POST lead {"LastName": "Jones"}')
    await screen(f"\\record '{file}'")
    recorded = read_cassette(file)
    assert [one.key[0] for one in recorded] == ["POST", "GET", "POST"]
    assert b"Jones" in recorded[-1].key[2]
    text = file.read_text()
    for secret in ("client_id", "client_secret", "password"):
        assert getattr(screen.session.account.profile.credentials, secret).reveal() not in text


async def test_people_are_replaced_in_a_cassette_unless_they_are_known_to_be_a_sandboxs(
    screen: Screen, tmp_path: Path, home: Path
) -> None:
    file = tmp_path / "session.yaml"
    await screen('POST lead {"LastName": "Weatherwax", "Notes": "Met Weatherwax"}')
    await screen(f"\\record '{file}'")
    assert b"Weatherwax" in read_cassette(file)[-1].key[2]  # a sandbox's own
    # What was signed in to on this machine is no sandbox by its address.
    account = screen.session.account
    given = replace(account.profile.credentials, username="ada@acme.example")
    tunnel = replace(account.profile, credentials=given)
    screen.session.account = msgspec.structs.replace(account, profile=tunnel)
    await screen(f"\\record '{file}'")
    assert b"Weatherwax" not in read_cassette(file)[-1].key[2]
    await screen(f"\\record '{file}' keep-people")
    assert b"Weatherwax" in read_cassette(file)[-1].key[2]


async def test_a_secret_in_a_call_keeps_the_cassette_from_being_written(
    screen: Screen, tmp_path: Path
) -> None:
    file = tmp_path / "session.yaml"
    password = screen.session.account.profile.credentials.password.reveal()
    await screen(f'POST lead {{"LastName": "{password}"}}')
    with pytest.raises(ReplError, match="cannot be recorded: a secret was taken out"):
        await screen(f"\\record '{file}'")
    assert not file.exists()


async def test_every_command_has_help_with_an_example(screen: Screen) -> None:
    for command in COMMANDS:
        shown = await screen(f"\\help {command.name}")
        assert shown.startswith(command.usage)
        assert f"Example: \\{command.name}" in shown
        assert max(map(len, shown.splitlines())) <= 80


async def test_what_a_command_runs_goes_where_its_result_is_to_go(
    screen: Screen, tmp_path: Path
) -> None:
    file = tmp_path / "two.csv"
    await screen("\\ns two SELECT $a AS a;")
    assert not await screen(f"\\n two a=1 > '{file}'")
    assert file.read_text() == "a\n1\n"
    assert await screen("\\n two a=1 | wc -l") == "3\n"
    await screen("\\ns wrong SELECT nosuch;")
    with pytest.raises(QueryError):
        await screen(f"\\n wrong > '{file}'")
    assert file.read_text() == "a\n1\n"
    with pytest.raises(ReplError, match="names no format"):
        await screen("\\n two a=1 > x.nosuch")


async def test_what_is_no_sql_is_not_saved(screen: Screen) -> None:
    with pytest.raises(ReplError, match="b c is not SQL, so it was not saved"):
        await screen("\\ns a b c")
    assert await screen("\\n") == ""
    await screen("\\ns a SELECT 1;")
    assert json.loads(await screen("\\n"))[0]["Name"] == "a"


@pytest.mark.parametrize("word", ["insert", "UPDATE", "delete from", "with", "call"])
async def test_the_help_knows_the_statements_of_sql(screen: Screen, word: str) -> None:
    shown = await screen(f"\\h {word.split(maxsplit=1)[0]}")
    assert "Example" in shown or "CALL" in shown
    assert len(shown.splitlines()) < 10


@pytest.mark.parametrize("word", ["begin", "commit", "ROLLBACK"])
async def test_transactions_are_named_as_what_there_is_not(screen: Screen, word: str) -> None:
    with pytest.raises(ReplError, match=r"no transactions.*\\undo"):
        await screen(f"{word};")


async def test_no_row_of_the_budget_is_blank_that_is_known(screen: Screen) -> None:
    await screen("GET lead?per_page=1&page=1")
    rows = {row["Budget"]: row["Calls"] for row in json.loads(await screen("\\budget"))}
    assert rows["a query stops after"] == "no number"
    assert all(value is not None for value in rows.values())
    (quota,) = json.loads(await screen("\\quota"))
    assert rows["reset"] == quota["Reset"]
    await screen("\\calls 7")
    rows = {row["Budget"]: row["Calls"] for row in json.loads(await screen("\\budget"))}
    assert rows["a query stops after"] == 7
