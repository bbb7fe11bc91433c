"""SQL in a session: run over lines, shown as set, and kept in hand."""

import asyncio
import csv
import io
import json
import signal
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import Input, create_pipe_input
from prompt_toolkit.output import DummyOutput

from cmdm_tui.catalog import Account
from cmdm_tui.query.errors import QueryError, TooManyCalls, UnknownName
from cmdm_tui.repl import ReplError
from cmdm_tui.repl.line_editor import LineEditor
from cmdm_tui.repl.prompt import StatementPrompt
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.sandbox import FaultPlan, Sandbox, SandboxConfig
from cmdm_tui.sandbox.clock import SystemClock, VirtualClock
from cmdm_tui.sandbox.faults.plan import Fault, FaultKind
from tests.repl.statement_run import execute, run_script
from tests.services import CountedNetwork, copy_records, profile_of

Run = Callable[..., str]
RECORDS = 30
"""Leads that the service began with; other tests may have added some."""

COUNT = "SELECT City, count(*) AS n FROM lead GROUP BY City ORDER BY City;\n"


def editor_at(keyboard: Input) -> LineEditor:
    """Return an editor of lines that keeps nothing and shows nothing."""
    return LineEditor("acme", InMemoryHistory(), keyboard, DummyOutput())


class Script:
    """A session that statements are fed to; what it wrote is at hand."""

    def __init__(self, account: Account, output: io.StringIO) -> None:
        self.output = output
        self.errors = io.StringIO()
        self.session = ReplSession(account, ReplStreams(output, self.errors))

    async def ran(self, text: str) -> str:
        """Run statements and return what they wrote."""
        self.output.seek(0)
        self.output.truncate()
        await run_script(self.session, io.StringIO(text))
        return self.output.getvalue()


@pytest.fixture
async def script(account: Account) -> AsyncGenerator[Script]:
    made = Script(account, io.StringIO())
    yield made
    made.session.close()


@pytest.fixture
async def on_terminal(
    account: Account, terminal: Callable[[], io.StringIO]
) -> AsyncGenerator[Script]:
    made = Script(account, terminal())
    yield made
    made.session.close()


async def test_a_query_goes_over_lines_and_writes_json(script: Script) -> None:
    rows = json.loads(await script.ran("SELECT count(*)\n\n  AS n -- how many;\nFROM lead;\n"))
    assert rows[0]["n"] >= RECORDS


async def test_a_terminal_gets_a_table_and_the_cost(on_terminal: Script) -> None:
    text = await on_terminal.ran("SELECT count(*) AS n FROM lead;")
    assert text.splitlines()[0].endswith(" n\x1b[0m") or text.splitlines()[0].strip() == "n"
    assert int(text.splitlines()[-1]) >= RECORDS
    assert "1 row · 1 call (count)" in on_terminal.errors.getvalue()
    assert "calls left" in on_terminal.errors.getvalue()


async def test_a_result_is_sorted_shown_and_exported_without_a_call(
    script: Script, calls: list[str], tmp_path: Path
) -> None:
    await script.ran(COUNT)
    made = len(calls)
    by_count = json.loads(await script.ran("\\sort n desc\n"))
    assert [one["n"] for one in by_count] == sorted((one["n"] for one in by_count), reverse=True)
    by_city = json.loads(await script.ran("\\sort City\n"))
    cities = [one["City"] for one in by_city]
    assert cities == sorted(cities, key=lambda city: (city is not None, (city or "").casefold()))
    file = tmp_path / "out.csv"
    await script.ran(f"\\export '{file}'\n")
    assert len(list(csv.reader(file.read_text().splitlines()))) == len(by_city) + 1
    assert (await script.ran("\\o csv\n\\last\n")).splitlines()[0] == "City,n"
    assert len(calls) == made
    assert "no call was made" in script.errors.getvalue()


async def test_last_is_a_query_or_a_call_whichever_came_last(script: Script) -> None:
    await script.ran("SELECT count(*) AS n FROM lead;\nGET lead?per_page=1&page=1\n")
    assert "Total Records" in await script.ran("\\last\n")
    await script.ran("SELECT count(*) AS n FROM lead;\n")
    assert list(json.loads(await script.ran("\\last\n"))[0]) == ["n"]


@pytest.mark.parametrize("command", ["\\sort City", "\\export x.csv", "\\more"])
async def test_without_a_result_there_is_nothing_to_sort_or_export(
    script: Script, command: str
) -> None:
    with pytest.raises(ReplError, match="There is no result of a query yet"):
        await script.ran(command)


async def test_an_unknown_column_to_sort_by_is_told(script: Script) -> None:
    await script.ran(COUNT)
    with pytest.raises(UnknownName, match="City"):
        await script.ran("\\sort Cty\n")


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "markdown", "vertical"])
async def test_calls_are_shown_in_the_formats_of_queries_too(script: Script, form: str) -> None:
    text = await script.ran(f"\\o {form}\nGET lead?per_page=2&page=1&fields=LastName\n")
    assert "LastName" in text
    assert "Total Records" not in text


async def test_explain_tells_the_calls_and_fetches_no_record(
    script: Script, calls: list[str]
) -> None:
    text = await script.ran("\\o table\nEXPLAIN SELECT max(Score) FROM lead;\n")
    assert "calls" in text
    assert len([call for call in calls if call.startswith("GET lead?")]) <= 1


async def test_entities_and_columns_are_told(script: Script) -> None:
    assert "opportunity" in await script.ran("show entities\n")
    assert "EstimatedValue" in await script.ran("desc lead\n")


async def test_a_script_is_not_given_many_calls_unasked(script: Script) -> None:
    script.session.settings.calls_without_asking = 0
    with pytest.raises(TooManyCalls, match="confirm off"):
        await script.ran(COUNT)
    assert json.loads(await script.ran("\\confirm off\n" + COUNT))


@pytest.mark.parametrize("says_yes", [True, False])
async def test_a_person_is_asked_before_many_calls(script: Script, says_yes: bool) -> None:
    asked: list[str] = []

    async def ask(question: str) -> str:
        asked.append(question)
        return "y" if says_yes else "n"

    script.session.settings.calls_without_asking = 0
    script.session.prompter.ask = ask
    text = await script.ran(COUNT)
    assert len(asked) == 1
    assert "call" in asked[0]
    assert bool(text) == says_yes


async def test_an_error_ends_a_script_and_is_told_at_the_prompt_with_its_place(
    account: Account, script: Script
) -> None:
    with pytest.raises(QueryError):
        await script.ran("SELECT 1 FROM lead WHER City = 1;\n")
    with create_pipe_input() as keyboard:
        keyboard.send_text("SELECT 1\nFROM lead WHER City = 1;\r\x04")
        errors = io.StringIO()
        session = ReplSession(account, ReplStreams(io.StringIO(), errors))
        await StatementPrompt(
            session, LineEditor("acme", InMemoryHistory(), keyboard, DummyOutput())
        ).run()
    lines = errors.getvalue().splitlines()
    assert any(line.startswith("  2: FROM lead WHER") for line in lines)
    assert any(line.strip() == "^" for line in lines)


async def test_enter_goes_on_until_the_semicolon(account: Account) -> None:
    output = io.StringIO()
    with create_pipe_input() as keyboard:
        keyboard.send_text("SELECT count(*) AS n\rFROM lead\r;\r\x04")
        session = ReplSession(account, ReplStreams(output, io.StringIO()))
        await StatementPrompt(
            session, LineEditor("acme", InMemoryHistory(), keyboard, DummyOutput())
        ).run()
        session.close()
    assert json.loads(output.getvalue())[0]["n"] >= RECORDS


class Watched(ReplStreams):
    """Streams that tell when rows have been written."""

    def __init__(self, output: io.StringIO, errors: io.StringIO) -> None:
        super().__init__(output, errors)
        self.has_rows = asyncio.Event()

    def flush(self) -> None:
        super().flush()
        self.has_rows.set()


async def test_ctrl_c_keeps_what_came_and_the_session_goes_on(tmp_path: Path) -> None:
    waiting = Fault(FaultKind.LATENCY, path="/lead", nth=list(range(8, 60)), seconds=60)
    config = SandboxConfig(
        tmp_path / "data", 0, RECORDS, behaviours={"page_cap": "2"}, faults=FaultPlan(0, [waiting])
    )
    output, errors = io.StringIO(), io.StringIO()
    copy_records(config)
    with Sandbox.embedded(config) as info, create_pipe_input() as keyboard:
        async with Account.open(profile_of(info), catalogs=None) as account:
            session = ReplSession(account, Watched(output, errors))
            keyboard.send_text("\\o jsonl\rSELECT LastName FROM lead;\r")

            async def interrupt() -> None:
                streams = session.streams
                assert isinstance(streams, Watched)
                await streams.has_rows.wait()
                signal.raise_signal(signal.SIGINT)
                keyboard.send_text("\\last\r\x04")

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(interrupt())
                tasks.create_task(
                    StatementPrompt(
                        session, LineEditor("acme", InMemoryHistory(), keyboard, DummyOutput())
                    ).run()
                )
            session.close()
    rows = [json.loads(line) for line in output.getvalue().splitlines()]
    shown_twice = len(rows) // 2
    assert 0 < shown_twice < RECORDS
    assert rows[:shown_twice] == rows[shown_twice:]
    assert "\\more continues it." in errors.getvalue()


class HeldNetwork(CountedNetwork):
    """A network on which no page of leads from the seventh on is answered until `released`."""

    def __init__(self) -> None:
        super().__init__()
        self.released = False
        self.is_held = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 0))
        if page >= 7 and request.url.path.endswith("/lead") and not self.released:
            self.requests.append(f"held {page}")
            self.is_held.set()
            await asyncio.Event().wait()
        return await super().handle_async_request(request)


async def test_after_ctrl_c_a_statement_goes_on_with_more(tmp_path: Path) -> None:
    config = SandboxConfig(tmp_path / "data", 0, RECORDS, behaviours={"page_cap": "2"})
    output, errors = io.StringIO(), io.StringIO()
    copy_records(config)
    network = HeldNetwork()
    with Sandbox.embedded(config) as info, create_pipe_input() as keyboard:
        async with Account.open(profile_of(info), catalogs=None, transport=network) as account:
            session = ReplSession(account, ReplStreams(output, errors))
            keyboard.send_text("\\o jsonl\rSELECT LastName FROM lead;\r")

            async def interrupt() -> None:
                await network.is_held.wait()
                network.released = True
                signal.raise_signal(signal.SIGINT)
                keyboard.send_text("\\o csv\r\\more\r\x04")

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(interrupt())
                tasks.create_task(
                    StatementPrompt(
                        session, LineEditor("acme", InMemoryHistory(), keyboard, DummyOutput())
                    ).run()
                )
            assert session.queries.last.count == RECORDS
            assert not session.queries.last.partial
            session.close()
    assert len(output.getvalue().partition("LastName\n")[2].splitlines()) == RECORDS
    asked = [call.partition("&page=")[2].partition("&")[0] for call in network.requests]
    first_held = next(n for n, call in enumerate(network.requests) if call.startswith("held"))
    # What was under way when it was stopped is asked for again, and nothing of what had come.
    after = sorted(int(page) for page in asked[first_held:] if page)
    assert after == list(range(after[0], 16))
    assert 4 < after[0] <= 7


async def test_where_no_call_is_left_a_query_says_so_first_and_more_makes_none(
    tmp_path: Path, terminal: Callable[[], io.StringIO]
) -> None:
    config = SandboxConfig(
        tmp_path / "data", 0, RECORDS, rate_limit=25, behaviours={"page_cap": "2"}
    )
    sql = "SELECT LastName FROM lead ORDER BY Score, LastName;"
    asked: list[str] = []

    async def ask(question: str) -> str:
        asked.append(question)
        return "y"

    copy_records(config)
    network = CountedNetwork()
    # At the end of an hour the rest of it would be waited for.
    clock = VirtualClock(SystemClock())
    clock.set(clock.now() // 3_600 * 3_600 + 60)
    with Sandbox.embedded(config, clock=clock) as info:
        profile = replace(profile_of(info), floor=0, timeout=5.0)
        async with Account.open(profile, catalogs=None, transport=network) as account:
            script = Script(account, terminal())
            script.session.settings.uses_pager = False
            await execute(script.session, "DESCRIBE lead;")
            script.output.truncate(script.output.seek(0))
            script.session.prompter.ask = ask
            await execute(script.session, sql)
            assert "and would stop there with a part of its rows. Run it?" in asked[0]
            written = script.output.getvalue()
            assert written.index("Partial: the calls that may be made end") < written.index(
                "LastName"
            )
            # A page read ahead that was left is counted there, and not known here.
            if account.client.quota.remaining:
                script.session.close()
                return
            sent = len(network.requests)
            with pytest.raises(
                ReplError, match=r"No call is left this hour \(reset .*none was made"
            ):
                await execute(script.session, "\\more")
            explained = await execute(script.session, f"EXPLAIN {sql}")
            assert explained.rows
            assert len(network.requests) == sent
            assert len(asked) == 1
            script.session.close()


async def test_a_result_that_is_whole_has_no_such_first_line(on_terminal: Script) -> None:
    assert "Partial" not in await on_terminal.ran("SELECT LastName FROM lead;")


async def test_a_query_that_its_calls_ended_is_gone_on_with(tmp_path: Path) -> None:
    config = SandboxConfig(tmp_path / "data", 0, RECORDS, behaviours={"page_cap": "2"})
    sql = "SELECT LastName FROM lead ORDER BY Score, LastName;\n"
    copy_records(config)
    with Sandbox.embedded(config) as info:
        async with Account.open(profile_of(info), catalogs=None) as account:
            script = Script(account, io.StringIO())
            await script.ran("DESCRIBE lead;\n")
            some = json.loads(await script.ran(f"\\calls 6\n{sql}"))
            assert 0 < len(some) < RECORDS
            assert "partial" in script.errors.getvalue()
            more = json.loads(await script.ran("\\more\n"))
            assert len(some) < len(more) < RECORDS
            every = json.loads(await script.ran("\\calls 0\n\\more\n"))
            assert every == json.loads(await script.ran(sql))
            assert len(every) == RECORDS
            with pytest.raises(QueryError, match="complete"):
                await script.ran("\\more\n")
            script.session.close()


@pytest.mark.parametrize("says_yes", [True, False, None])
async def test_a_search_is_asked_about_where_it_turns_out_long(
    tmp_path: Path, says_yes: bool | None
) -> None:
    behaviours = {"page_cap": "2", "ties": "unstable"}
    config = SandboxConfig(tmp_path / "data", 0, 210, behaviours=behaviours)
    sql = "SELECT ExternalID FROM lead WHERE City = 'Bath' ORDER BY ExternalID;\n"
    asked: list[str] = []

    async def ask(question: str) -> str:
        asked.append(question)
        return "y" if says_yes else "n"

    copy_records(config)
    with Sandbox.embedded(config) as info:
        async with Account.open(profile_of(info), catalogs=None) as account:
            script = Script(account, io.StringIO())
            script.session.settings.calls_without_asking = 30
            script.session.prompter.ask = None if says_yes is None else ask
            if says_yes is None:
                with pytest.raises(TooManyCalls, match="confirm off"):
                    await script.ran(sql)
                assert not script.output.getvalue()
            else:
                text = await script.ran(sql)
                assert len(asked) == 1
                assert "Go on?" in asked[0]
                assert bool(text) == says_yes
                assert says_yes or r"\more continues" in script.errors.getvalue()
                every = text if says_yes else await script.ran("\\more\n")
                assert json.loads(every) == json.loads(await script.ran(f"\\confirm off\n{sql}"))
            script.session.close()


async def test_a_number_of_calls_that_is_few_is_not_asked_about(script: Script) -> None:
    script.session.settings.calls_without_asking = 1
    with pytest.raises(TooManyCalls):
        await script.ran("SELECT City FROM lead ORDER BY Score, City;\n")
    assert await script.ran("\\calls 1\nSELECT City FROM lead ORDER BY Score, City;\n")


@pytest.mark.parametrize("word", ["x", "-1", "1.5", "٣"])
async def test_what_is_no_number_of_calls_is_told(script: Script, word: str) -> None:
    with pytest.raises(ReplError, match="not a number of calls"):
        await script.ran(f"\\calls {word}\n")


async def test_the_likely_order_is_trusted_on_request_and_the_result_is_marked(
    tmp_path: Path,
) -> None:
    config = SandboxConfig(tmp_path / "data", 0, 210, behaviours={"page_cap": "2"})
    copy_records(config)
    largest = "SELECT max(City) AS largest FROM lead;\n"
    with Sandbox.embedded(config) as info:
        async with Account.open(profile_of(info), catalogs=None) as account:
            script = Script(account, io.StringIO())
            await script.ran("\\confirm off\n")
            certain = json.loads(await script.ran(largest))
            assert not script.session.has_partial
            trusting = json.loads(await script.ran("\\trust on\n" + largest))
            assert trusting == [*certain, "cmdm:result: unsure"]
            assert script.session.has_partial


async def test_a_query_without_a_row_has_a_result_too(script: Script) -> None:
    await script.ran("SELECT LastName FROM lead WHERE City = 'No such city' LIMIT 2;")
    assert script.session.queries.last.count == 0
    await script.ran("\\last\n")
