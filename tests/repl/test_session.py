import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from cmdm_tui.api import ApiError, NotFound
from cmdm_tui.catalog import Account
from cmdm_tui.repl import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from tests.repl.statement_run import execute


@dataclass
class Run:
    """A session whose streams are text; what one statement wrote is `results` and `notes`."""

    session: ReplSession
    output: io.StringIO
    errors: io.StringIO

    async def __call__(self, text: str) -> str:
        for stream in (self.output, self.errors):
            stream.seek(0)
            stream.truncate()
        await execute(self.session, text)
        return self.results

    @property
    def results(self) -> str:
        return self.output.getvalue()

    @property
    def notes(self) -> str:
        return self.errors.getvalue()


def session_on(account: Account, output: io.StringIO | None = None) -> Run:
    output, errors = output or io.StringIO(), io.StringIO()
    return Run(ReplSession(account, ReplStreams(output, errors)), output, errors)


@pytest.fixture
async def run(account: Account, calls: list[str]) -> Run:
    await account.client.sign_in()
    calls.clear()
    return session_on(account)


async def created(run: Run, entity: str, body: dict[str, str]) -> str:
    return json.loads(await run(f"POST {entity} {json.dumps(body)}"))["ExternalID"]


async def test_every_documented_call_is_one_call(run: Run, calls: list[str]) -> None:
    await run("\\confirm off")
    lead = await created(run, "lead", {"LastName": "Jones", "Company": "Acme"})
    task = json.loads(await run(f'POST lead/{lead}/task {{"Subject": "Ring"}}'))["ExternalID"]
    await run(f'post lead/{lead}/opportunity {{"Name": "Big"}}')
    await run(f"GET lead/{lead}")
    await run("GET lead?per_page=5&page=1&fields=LastName&sort_by=City&sort_order=desc")
    await run("get lead/fields")
    await run(f'put lead/{lead} {{"Status": "Contacted"}}')
    await run(f"PUT lead/convert/{lead}")
    await run(f"PUT task/close/{task}")
    await run(f"delete lead/{lead}")
    assert calls == [
        "POST lead",
        f"POST lead/{lead}/task",
        f"POST lead/{lead}/opportunity",
        f"GET lead/{lead}",
        "GET lead?per_page=5&page=1&fields=LastName&sort_by=City&sort_order=desc",
        "GET lead/fields",
        f"PUT lead/{lead}",
        f"PUT lead/convert/{lead}",
        f"PUT task/close/{task}",
        f"DELETE lead/{lead}",
    ]


async def test_results_are_json_as_it_came_and_the_rest_goes_to_the_errors(run: Run) -> None:
    answer = await run("GET lead?per_page=2")
    assert len(json.loads(answer)["Entity"]) == 2
    assert answer.count("\n") == 1
    added, summary = run.notes.splitlines()
    assert added == "Added page=1: the API requires it with per_page."
    assert summary.startswith("2 of ")
    assert "page 1 of " in summary
    assert summary.endswith(" calls left")


async def test_a_body_as_it_came_keeps_every_byte(
    answering: Callable[[Callable[[httpx.Request], httpx.Response]], Account],
) -> None:
    body = '{"a":\x20\x201.10,"b":"\u202e\x7f"}'.encode()
    async with answering(lambda _: httpx.Response(200, content=body)) as account:
        output = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
        session = ReplSession(account, ReplStreams(output, io.StringIO()))
        await execute(session, "GET lead")
        assert output.buffer.getvalue() == body + b"\n"  # pyright: ignore[reportAttributeAccessIssue]


async def test_entities_are_listed_without_a_call_and_counted_for_one_each(
    run: Run, calls: list[str]
) -> None:
    await run("GET lead?per_page=1&page=1")
    calls.clear()
    listed = {row["Entity"]: row["Records"] for row in json.loads(await run("\\d"))}
    assert list(listed) == ["account", "lead", "contact", "task", "opportunity"]
    assert [entity for entity, count in listed.items() if count is not None] == ["lead"]
    assert calls == []
    counted = {row["Entity"]: row["Records"] for row in json.loads(await run("\\d+"))}
    assert all(count is not None for count in counted.values())
    assert len(calls) == 5


async def test_a_change_ends_what_is_known_of_counts(run: Run) -> None:
    await run("GET lead?per_page=1&page=1")
    await created(run, "lead", {"LastName": "Jones"})
    assert all(row["Records"] is None for row in json.loads(await run("\\d")))


async def test_fields_are_asked_for_once_and_anew_on_demand(run: Run, calls: list[str]) -> None:
    fields = {row["Field"]: row for row in json.loads(await run("\\d LEAD"))}
    assert fields["LastName"]["Required"] is True
    assert fields["CreatedDate"]["ReadOnly"] is True
    assert "New" in fields["Status"]["Options"]
    assert fields["AccountExternalID"]["Type"] == "Lookup account"
    assert "Inferred" not in fields["LastName"]
    assert len(calls) == 1
    await run("\\d lead")
    assert len(calls) == 1
    assert "no call was made" in run.notes
    await run("\\d+ lead")
    assert len(calls) == 2


async def test_inferred_fields_are_marked(run: Run, calls: list[str]) -> None:
    rows = json.loads(await run("\\d task"))
    assert all(row["Inferred"] for row in rows)
    assert "Inferred from the first records" in run.notes
    assert len(calls) == 2


async def test_a_custom_entity_is_added_and_forgotten(run: Run, calls: list[str]) -> None:
    await run("\\add event")
    assert len(calls) == 1
    await run("\\add Event")
    assert len(calls) == 1
    assert json.loads(await run("\\d"))[-1]["Kind"] == "custom"
    await run("\\forget EVENT")
    assert json.loads(await run("\\d"))[-1]["Entity"] == "opportunity"
    assert len(calls) == 1


async def test_pages_are_turned_for_a_call_each(run: Run, calls: list[str]) -> None:
    await run("GET lead?per_page=20&page=1&sort_by=City")
    first = json.loads(run.results)["Entity"][0]["ExternalID"]
    await run("\\next")
    assert calls[-1] == "GET lead?per_page=20&page=2&sort_by=City"
    await run(f"GET lead/{first}")
    await run("\\prev")
    assert calls[-1] == "GET lead?per_page=20&page=1&sort_by=City"
    assert len(calls) == 4
    with pytest.raises(ReplError, match="none before it"):
        await run("\\prev")
    await run("GET task?per_page=1000&page=1")
    with pytest.raises(ReplError, match="was the last"):
        await run("\\next")


async def test_the_last_result_is_shown_again_without_a_call(run: Run, calls: list[str]) -> None:
    with pytest.raises(ReplError, match="no result yet"):
        await run("\\last")
    first = await run("GET lead?per_page=2&page=1")
    assert await run("\\last") == first
    await run("\\o table")
    assert "ExternalID  " in await run("\\last")
    await run("\\x on")
    assert "── 2 of 2 ──" in await run("\\last")
    await run("\\headers")
    assert "x-rate-limit-remaining" in run.results
    assert len(calls) == 1


async def test_quota_and_connection_cost_no_call(run: Run, calls: list[str]) -> None:
    await run("GET lead?per_page=1&page=1")
    row: dict[str, Any] = json.loads(await run("\\quota"))[0]
    assert row["Left"] < row["Limit"]
    assert row["Reset"]
    assert json.loads(await run("\\conninfo"))[0]["Profile"] == "acme"
    assert len(calls) == 1


async def test_nothing_is_made_up_about_an_unknown_quota(account: Account) -> None:
    run = session_on(account)
    assert not await run("\\quota")
    assert "No answer has given the quota yet" in run.notes


async def test_timing_is_switched(run: Run) -> None:
    await run("GET lead?per_page=1&page=1")
    assert " ms " in run.notes
    await run("\\timing")
    await run("GET lead?per_page=1&page=1")
    assert " ms " not in run.notes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\\dd", "There is no command \\dd"),
        ("\\fields", "There is no command \\fields"),
        ("\\x maybe", "Write it as \\x [on|off|auto]"),
        ("\\add", "Write it as \\add ENTITY"),
        ("\\q now", "Write it as \\q"),
        ("\\forget lead", "every server has"),
        ("\\forget nothing", "is not known"),
        ("\\i /no/such/file", "cannot be read: No such file"),
        ("\\next", "No page was asked for last"),
    ],
)
async def test_a_command_that_cannot_be_done_says_why(
    run: Run, calls: list[str], text: str, words: str
) -> None:
    with pytest.raises(ReplError) as error:
        await run(text)
    assert words in str(error.value)
    assert calls == []


async def test_help_names_every_command(run: Run) -> None:
    from cmdm_tui.repl.commands.command_table import COMMANDS

    words = await run("\\?")
    assert all(command.usage in words and command.help in words for command in COMMANDS)
    assert words == await run("\\h") == await run("\\help")
    assert max(map(len, words.splitlines())) <= 80


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("GET nothing?per_page=1&page=1", NotFound),
        ("GET lead/NOSUCHID", NotFound),
        ("\\d nothing", NotFound),
        ("\\add nothing", NotFound),
        ("GET https://elsewhere.example/", ApiError),
        ("GET ../lead", ApiError),
        ('POST lead {"Nope": "1"}', ApiError),
    ],
)
async def test_errors_of_the_api_are_raised(run: Run, text: str, kind: type[ApiError]) -> None:
    with pytest.raises(kind):
        await run(text)
    assert run.results == ""


@pytest.mark.parametrize(("answer", "is_sent"), [(True, True), (False, False)])
async def test_a_delete_is_sent_only_when_it_is_confirmed(
    run: Run, calls: list[str], *, answer: bool, is_sent: bool
) -> None:
    lead = await created(run, "lead", {"LastName": "Jones"})
    asked: list[str] = []

    async def ask(question: str) -> str:
        asked.append(question)
        return "y" if answer else "n"

    run.session.prompter.ask = ask
    await run(f"DELETE lead/{lead}")
    assert asked == [f"Delete lead/{lead}, which cannot be taken back by \\undo? [y/N] "]
    assert (f"DELETE lead/{lead}" in calls) is is_sent


async def test_confirmation_is_switched_off(run: Run, calls: list[str]) -> None:
    lead = await created(run, "lead", {"LastName": "Jones"})

    async def ask(_: str) -> str:
        raise AssertionError

    run.session.prompter.ask = ask
    await run("\\confirm off")
    await run(f"DELETE lead/{lead}")
    assert calls[-1] == f"DELETE lead/{lead}"


async def test_records_seen_complete_without_another_call(run: Run, calls: list[str]) -> None:
    await run("GET lead?per_page=2&page=1")
    assert "LastName" in [field.name for field in run.session.catalog.fields("Lead")]
    assert len(calls) == 1


async def test_a_terminal_gets_a_table_and_a_single_record_expanded(
    run: Run, terminal: Callable[[], io.StringIO]
) -> None:
    on_terminal = session_on(run.session.account, terminal())
    await on_terminal("\\x off; GET lead?per_page=3&page=1")
    lines = on_terminal.results.splitlines()
    assert all(len(line) <= 80 or "\x1b" in line for line in lines)
    assert "columns fit" in on_terminal.notes
    await on_terminal("\\x auto; GET lead?per_page=3&page=1")
    assert "columns fit" not in on_terminal.notes
    assert "── 3 of 3 ──" in on_terminal.results
    await on_terminal("GET lead?per_page=3&page=1&fields=LastName")
    assert "──" not in on_terminal.results.split("\n", 1)[0]
    lead = await created(run, "lead", {"LastName": "Jones"})
    await on_terminal(f"GET lead/{lead}")
    assert any("LastName" in line and "Jones" in line for line in on_terminal.results.splitlines())
    await on_terminal("\\o json")
    assert json.loads(await on_terminal(f"GET lead/{lead}"))["ExternalID"] == lead
