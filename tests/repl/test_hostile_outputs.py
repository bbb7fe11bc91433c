"""Five hundred hostile values through every output of the prompt: nothing that a terminal obeys."""

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from msgspec import structs
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from cmdm_tui import text
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.config import Credentials, Paths, Profile, SecretStr
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.query.completion.offers import CompletionFacts
from cmdm_tui.repl.completion.completer import StatementCompleter
from cmdm_tui.repl.completion.facts import PromptFacts
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_runner import StatementRunner, show_position
from cmdm_tui.repl.statement_splitter import split_statements
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.toolbar import build_toolbar
from tests.hostile_values import ACTED_ON, COUNT, VALUES
from tests.repl.conftest import Terminal
from tests.repl.test_completion_names import Named
from tests.repl.test_pager import Paged

NAMES = [value for value in dict.fromkeys(VALUES) if value.strip()]


def _respond(status: int, content: object) -> httpx.Response:
    """Return an answer whose JSON has no escapes but those that it needs."""
    return httpx.Response(status, content=json.dumps(content, ensure_ascii=False).encode())


def answer(request: httpx.Request) -> httpx.Response:
    """Answer with hostile values of leads, names of contacts, words of accounts, keys of tasks."""
    if request.url.path.endswith("/authenticate"):
        return _respond(200, {"token": "t"})
    entity, *rest = request.url.path.removeprefix("/api/v1/").split("/")
    if entity == "account":
        return _respond(400, {"Message": VALUES[int(rest[0])]})
    if entity == "opportunity":
        lines = [(f"x-{n}".encode(), value.encode()) for n, value in enumerate(VALUES)]
        return httpx.Response(200, headers=lines, content=b"{}")
    if entity == "task":
        return _respond(200, {value: value for value in VALUES})
    if request.method != "GET":
        return _respond(200, {"Message": "".join(VALUES)})
    if rest == ["fields"]:
        names = NAMES if entity == "contact" else ["Notes"]
        rows = [
            {"ExternalID": name, "Properties": {"Name": name, "Type": name, "Options": name}}
            for name in names
        ]
        totals = {"Total Records": str(len(rows)), "Total Page": "1"}
        return _respond(200, {**totals, "Field": rows})
    if rest:
        properties = {value: value for value in VALUES}
        return _respond(200, {"ExternalID": rest[0], "Properties": properties})
    rows = [
        {"ExternalID": f"R{number:04}{value}", "Properties": {"Notes": value}}
        for number, value in enumerate(VALUES)
    ]
    totals = {"Total Records": str(COUNT), "Total Pages": "1"}
    page = int(request.url.params.get("page", 1))
    return _respond(200, {**totals, "Entity": rows if page == 1 else []})


def keep_runs(session: ReplSession) -> None:
    """Keep a run for every five values in the journal, which are its title."""
    with Journal.open(session.paths.journal) as journal:
        for first in range(0, COUNT, 5):
            title = " ".join(VALUES[first : first + 5])
            journal.begin(_make_changes(session, [], title), profile="odd")


def keep_run(session: ReplSession) -> None:
    """Keep a run with a change for each value: where it was sent, and how it ended, is hostile."""
    changes = [
        Change(ChangeKind.DELETE, f"E{value}", f"R{number:04}{value}", origin=value)
        for number, value in enumerate(VALUES)
    ]
    with Journal.open(session.paths.journal) as journal:
        run = journal.begin(_make_changes(session, changes, "".join(VALUES)), profile="odd")
        for number, value in enumerate(VALUES[::10]):
            run.set_state(10 * number + 1, EntryState.CONFLICT, reason=value)


def _make_changes(session: ReplSession, changes: list[Change], title: str) -> ChangeSet:
    account = session.account
    return ChangeSet(tuple(changes), title, account.client.address, "user", 0.0)


def keep_queries(session: ReplSession) -> None:
    """Keep a file for each value among the saved queries; the names of some are hostile as well."""
    folder = session.paths.saved_queries
    folder.mkdir(parents=True)
    for number, value in enumerate(VALUES):
        (folder / f"R0{number}.sql").write_text(f"SELECT '{value}', $city")
        name = value.replace("/", "").replace("\0", "")
        (folder / f"Q{number}{name}"[:60]).with_suffix(".sql").write_text("SELECT 1")


class Shown:
    """A session on a terminal of text, and all that was written on it."""

    def __init__(self, account: Account, log: CallLog, folder: Path) -> None:
        self.screen = Terminal()
        streams = ReplStreams(self.screen, self.screen)
        paths = Paths(folder / "config", folder / "data")
        self.session = ReplSession(
            account, streams, call_log=log, journal=paths.journal, paths=paths
        )
        self.session.settings.confirms = False
        self.session.list_history = lambda: VALUES

    async def __call__(self, statement: str) -> str:
        """Run a statement as the prompt does; return all that is written."""
        self.screen.seek(0)
        self.screen.truncate()
        for unit in split_statements(statement):
            outcome = await StatementRunner(self.session).run(unit)
            if outcome.error is not None:
                self.session.streams.write_error(str(outcome.error))
                show_position(self.session, unit, outcome.error)
        return self.screen.getvalue()


@pytest.fixture
async def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Shown]:
    monkeypatch.setenv("NO_COLOR", "1")
    log, secret = CallLog(), SecretStr("a-secret")
    credentials = Credentials(secret, secret, "user", secret)
    profile = Profile("odd", "http://localhost", credentials, "odd")
    network = httpx.MockTransport(answer)
    async with Account.open(
        profile, catalogs=None, transport=network, listener=log.add_event
    ) as account:
        made = Shown(account, log, tmp_path)
        yield made
        made.session.close()


SQL = "SELECT ExternalID, Notes FROM lead ORDER BY ExternalID"
BODY = json.dumps(dict(enumerate(VALUES[::10])), ensure_ascii=False)
COLUMNS = ", ".join(f'1 AS "{name}"' for name in NAMES[:200] if not {'"', "\0"} & set(name))
OUTPUTS = {
    **{name: (f"\\x off; \\o {name}; {SQL};", COUNT) for name in
       ("table", "vertical", "json", "jsonl", "csv", "tsv", "markdown")},
    "a table turned": (f"\\x on; {SQL};", COUNT),
    "the last result": (f"{SQL}; \\where Notes <> ''; \\last", COUNT),
    "a chart": (f"{SQL}; \\chart bar ExternalID", 0),
    "columns": (f"SELECT {COLUMNS};", 0),
    "records": ("\\x off; GET lead", COUNT),
    "records as CSV": ("\\o csv; GET lead", COUNT),
    "records turned": ("\\x on; GET lead", COUNT),
    "a record": ("GET lead/R1", 0),
    "a record as JSON": ("\\o json; GET lead/R1", 0),
    "a document": ("GET task/T1", 0),
    "the answer to a change": (f"POST lead {BODY}", 0),
    "fields": ("\\d contact", 0),
    "fields again": ("\\refresh contact; \\d contact", 0),
    "the history": ("\\history", 0),
    "calls as code": (
        f"POST lead {BODY}\n" + "; ".join(
            f"\\curl {one}" for one in ("curl", "httpx", "csharp", "php", "guzzle")
        ), 0,
    ),
    "calls": (f"GET lead?fields={'%1B'.join('abc')}; \\log", 0),
    "headers": ("GET opportunity/O1; \\headers", 0),
    "the journal": ("\\journal; \\o json; \\journal", 0),
    "a run": ("\\journal 1", COUNT),
    "saved queries": ("\\n", COUNT),
    "errors of the service": ("; ".join(f"GET account/{n}" for n in range(COUNT)), COUNT),
}  # fmt: skip
"""What is run, and how many records the output then has."""

KEPT = {"the journal": keep_runs, "a run": keep_run, "saved queries": keep_queries}
"""What is there before: in the journal, or among the saved queries."""


def typed(value: str) -> list[str]:
    """Return wrong statements that hold a value."""
    line = " ".join(value.split())
    quoted = value.replace("'", "''")
    return [
        line, f"\\{line}", f"\\d {line}", f"\\calls {line}", f"\\n {line}", f"GET {line} x",
        f"SELECT '{quoted}' FROM;", f'SELECT "{value}" FROM lead;', f"\\pset {line}",
        f"\\set {line} {line}", f"\\i {line}/x", f"SELECT 1; > {line}.nosuch",
    ]  # fmt: skip


@pytest.mark.parametrize("name", OUTPUTS)
async def test_a_terminal_gets_nothing_that_it_would_obey(shown: Shown, name: str) -> None:
    statements, count = OUTPUTS[name]
    KEPT.get(name, keep_nothing)(shown.session)
    written = await shown(statements)
    assert ACTED_ON.search(written) is None
    assert "␛" in written or "\\u001b" in written
    assert written.count("R0") + " ".join(written.split()).count("status 400") >= count


@pytest.mark.parametrize("name", OUTPUTS)
async def test_an_output_that_shows_a_value_as_it_came_is_noticed(
    shown: Shown, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    KEPT.get(name, keep_nothing)(shown.session)
    monkeypatch.setattr(text, "_show", _keep)
    assert ACTED_ON.search(await shown(OUTPUTS[name][0])) is not None


async def test_what_is_wrong_with_a_statement_is_safe(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, *, runs_whole: bool
) -> None:
    """Daily, each value is in one wrong statement, and each statement has forty values."""
    monkeypatch.setattr(shown.session, "call", _refuse)
    written: list[str] = []
    for number, value in enumerate(VALUES):
        statements = typed(value)
        chosen = statements if runs_whole else [statements[number % len(statements)]]
        written += [await shown(one) for one in chosen]
    assert "␛" in "".join(written)
    assert [one for one in written if ACTED_ON.search(one)] == []


async def test_an_error_that_shows_what_was_typed_is_noticed(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shown.session, "call", _refuse)
    monkeypatch.setattr(text, "_show", _keep)
    written = [await shown(one) for one in typed("\x1b[2J")]
    noticed = {number for number, one in enumerate(written) if ACTED_ON.search(one)}
    # The others are no error, or do not repeat what was typed.
    assert noticed == set(range(len(written))) - {2, 4, 5, 8}


def keep_nothing(_: ReplSession) -> None:
    """Leave all as it is."""


def _keep(character: str) -> str:
    return character


async def _refuse(_: object) -> None:
    raise ReplError("No call is made.")


async def test_a_pager_gets_nothing_that_a_terminal_would_obey(
    shown: Shown, tmp_path: Path
) -> None:
    paged = Paged(shown.session.account, tmp_path)
    try:
        for statement in (f"{SQL};", "\\last", "\\d contact"):
            read = await paged(statement)
            assert "␛" in read
            assert ACTED_ON.search(read) is None
    finally:
        paged.close()


@pytest.mark.parametrize("place", ["SELECT * FROM ", "GET ", "\\d ", "\\sort ", "GET lead/"])
def test_the_menu_shows_nothing_that_a_terminal_would_obey(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def show() -> str:
        shown: list[str] = []
        for value in VALUES:
            facts = PromptFacts(
                CompletionFacts(ids=lambda _, value=value: (value,)),
                columns=lambda value=value: (value,),
            )
            completer = StatementCompleter(Named(value), lambda facts=facts: facts)
            event = CompleteEvent(completion_requested=True)
            shown += [
                found.display_text + found.display_meta_text + found.text
                for found in completer.get_completions(Document(place), event)
            ]
        return "".join(shown)

    assert show()
    assert ACTED_ON.search(show()) is None
    monkeypatch.setattr(text, "_show", _keep)
    assert place == "GET lead/" or ACTED_ON.search(show()) is not None


def test_the_toolbar_shows_nothing_that_a_terminal_would_obey(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = shown.session.account

    def show() -> str:
        words: list[str] = []
        for value in VALUES:
            profile = replace(account.profile, name=value)
            session = ReplSession(
                structs.replace(account, profile=profile), ReplStreams(Terminal(), Terminal())
            )
            words += [part[1] for part in build_toolbar(session, value.__str__, value)]
        return "".join(words)

    assert ACTED_ON.search(show()) is None
    monkeypatch.setattr(text, "_show", _keep)
    assert ACTED_ON.search(show()) is not None
