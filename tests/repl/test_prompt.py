import asyncio
import io
import json
import os
import signal
import stat
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from msgspec import structs
from prompt_toolkit.formatted_text import fragment_list_to_text, to_formatted_text
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.input import DummyInput, PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from cmdm_tui.api.errors import ReadOnly
from cmdm_tui.catalog import Account
from cmdm_tui.repl.history import open_history
from cmdm_tui.repl.line_editor import LineEditor
from cmdm_tui.repl.prompt import StatementPrompt
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.toolbar import build_toolbar
from cmdm_tui.sandbox import RunningInfo
from tests.repl.statement_run import execute
from tests.services import profile_of

START = (
    "This service is on this machine: changes other than deletes and conversions are sent without "
    "a question. \\confirm always asks.\n"
)
CTRL_C, CTRL_D, ENTER = "\x03", "\x04", "\r"


@dataclass
class Typing:
    """A person at the prompt; `typed` sends keys, runs it to its end and returns what was told."""

    account: Account
    keyboard: PipeInput
    history: History = field(default_factory=InMemoryHistory)
    output: io.StringIO = field(default_factory=io.StringIO)
    errors: io.StringIO = field(default_factory=io.StringIO)

    async def typed(self, keys: str) -> str:
        self.keyboard.send_text(keys)
        session = ReplSession(self.account, ReplStreams(self.output, self.errors))
        await StatementPrompt(
            session, LineEditor("acme", self.history, self.keyboard, DummyOutput())
        ).run()
        return self.errors.getvalue()


@pytest.fixture
async def person(account: Account) -> AsyncGenerator[Typing]:
    with create_pipe_input() as keyboard:
        yield Typing(account, keyboard)


@pytest.mark.parametrize("leaving", [CTRL_D, "\\q\r", "exit\r", "quit\r"])
async def test_leaving(person: Typing, leaving: str) -> None:
    assert await person.typed(leaving) == START


async def test_enter_runs_what_is_whole_and_goes_on_with_what_is_not(
    person: Typing, calls: list[str]
) -> None:
    await person.typed(f'POST lead {{{ENTER}"LastName": "Jones"{ENTER}}}{ENTER}{CTRL_D}')
    assert calls[-1] == "POST lead"
    assert person.output.getvalue().startswith('{"ExternalID"')
    assert person.history.get_strings() == ['POST lead {\n"LastName": "Jones"\n}']


async def test_an_error_is_told_and_the_prompt_goes_on(person: Typing, calls: list[str]) -> None:
    told = await person.typed(
        f"nonsense{ENTER}GET lead/NOSUCHID{ENTER}GET lead/fields{ENTER}{CTRL_D}"
    )
    assert "nonsense is not a statement" in told
    assert "status 404" in told
    assert calls[-1] == "GET lead/fields"


async def test_invalid_json_is_told_and_kept_in_the_history(
    person: Typing, calls: list[str]
) -> None:
    told = await person.typed(f'POST lead {{"a": x}}{ENTER}{CTRL_D}')
    assert "line 1, column 17" in told
    assert person.history.get_strings() == ['POST lead {"a": x}']
    assert calls == []


@pytest.mark.parametrize("abandoning", [CTRL_C, f"{ENTER}{ENTER}"], ids=["Ctrl-C", "blank line"])
async def test_a_statement_is_abandoned_in_words_and_kept(
    person: Typing, calls: list[str], abandoning: str
) -> None:
    told = await person.typed(f'POST lead {{"a": 1{abandoning}{CTRL_D}')
    assert "Abandoned, and nothing was sent" in told
    assert [entry.strip() for entry in person.history.get_strings()] == ['POST lead {"a": 1']
    # What completion reads in the background is no part of it.
    assert "POST lead" not in calls


async def test_ctrl_c_on_an_empty_line_says_how_to_leave(person: Typing) -> None:
    assert "Ctrl-D or \\q leaves" in await person.typed(f"{CTRL_C}{CTRL_D}")


async def test_several_statements_pasted_run_in_order_to_the_first_error(
    person: Typing, calls: list[str]
) -> None:
    pasted = "GET lead/fields\nGET lead/NOSUCHID\nGET account/fields"
    await person.typed(f"\x1b[200~{pasted}\x1b[201~{ENTER}{CTRL_D}")
    assert calls[1:] == ["GET lead/fields", "GET lead/NOSUCHID"]


@pytest.mark.parametrize(
    ("answer", "is_sent"),
    [(f"y{ENTER}", True), (f"n{ENTER}", False), (ENTER, False), (CTRL_C, False), (CTRL_D, False)],
    ids=["y", "n", "nothing", "Ctrl-C", "Ctrl-D"],
)
async def test_a_delete_asks_first(
    person: Typing, calls: list[str], answer: str, *, is_sent: bool
) -> None:
    told = await person.typed(f"DELETE lead/NOSUCHID{ENTER}{answer}\\quota{ENTER}{CTRL_D}")
    assert calls[1:] == (["DELETE lead/NOSUCHID"] if is_sent else [])
    assert ("Not deleted; no call was made" in told) is not is_sent
    assert "y" not in person.history.get_strings()


async def test_a_completion_that_is_chosen_is_taken_not_run(
    person: Typing,
) -> None:
    session = ReplSession(person.account, ReplStreams(person.output, person.errors))
    editor = LineEditor("acme", person.history, person.keyboard, DummyOutput())
    prompts = StatementPrompt(session, editor).prompts
    is_offered = asyncio.Event()

    def offered(_: object) -> None:
        is_offered.set()

    prompts.default_buffer.on_completions_changed += offered
    typed = asyncio.ensure_future(prompts.prompt_async())
    person.keyboard.send_text("GET \t")
    await is_offered.wait()
    person.keyboard.send_text(f"\t{ENTER}/fields{ENTER}")
    assert await typed == "GET account/fields"


async def test_the_toolbar_tells_the_calls_left(account: Account) -> None:
    session = ReplSession(account, ReplStreams(io.StringIO(), io.StringIO()))
    assert "calls left unknown" in build_toolbar(session)[0][1]
    await account.client.all_fields("lead")
    words = build_toolbar(session)[0][1]
    assert f"acme · {account.client.host} · " in words
    assert " calls left · reset " in words
    assert " · token until " in words
    narrow = build_toolbar(session, room=len(words) - 1)[0][1]
    assert "token" not in narrow
    assert narrow.startswith(f" acme · {account.client.host} · ")
    narrower = build_toolbar(session, room=len(narrow) - 1)[0][1]
    assert narrower == narrow.replace(f"{account.client.host} · ", "")
    narrowest = build_toolbar(session, room=20)[0][1]
    assert narrowest == narrower.partition(" calls")[0] + " left "


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("typed", ["", "SELECT 1"])
async def test_the_function_keys_fit_next_to_the_calls_left_in_80_columns(
    account: Account, typed: str, *, is_known: bool
) -> None:
    if is_known:
        await account.client.all_fields("lead")
    named = structs.replace(account, profile=replace(account.profile, name="environment"))
    session = ReplSession(named, ReplStreams(io.StringIO(), io.StringIO()))
    editor = LineEditor("acme", InMemoryHistory(), DummyInput(), DummyOutput())

    def draw() -> str:
        line = editor.prompts.bottom_toolbar
        assert callable(line)
        return fragment_list_to_text(to_formatted_text(line()))

    assert editor.screen.get_size().columns == 80
    editor.draw_status = lambda room: build_toolbar(session, lambda: typed, room=room)
    assert (" left " in draw()) is (is_known or not typed)
    assert draw().endswith("F1 help F2 \\x F3 multi off F4 emacs ")
    assert len(draw()) <= 80
    editor.draw_status = lambda _: build_toolbar(session, lambda: typed)
    assert "F4" not in draw(), "a line that takes no heed of the keys would be noticed"


async def test_the_toolbar_keeps_what_an_earlier_process_has_seen(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    profile = profile_of(sandbox, "acme", ())
    async with Account.open(profile, catalogs=tmp_path) as earlier:
        await earlier.client.request("GET", "lead?per_page=1&page=1")
        left = earlier.client.quota.remaining
    async with Account.open(profile, catalogs=tmp_path) as later:
        session = ReplSession(later, ReplStreams(io.StringIO(), io.StringIO()))
        assert f"at most {left:,} calls left · reset " in build_toolbar(session)[0][1]
        await later.client.request("GET", "lead?per_page=1&page=1")
        assert "at most" not in build_toolbar(session)[0][1]


async def test_ctrl_c_between_statements_ends_nothing(
    person: Typing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def note_run(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("cmdm_tui.repl.prompt.SessionCompletion.note_run", note_run)
    told = await person.typed(f"\\timing off{ENTER}\\timing on{ENTER}{CTRL_D}")
    assert "Timing is off" in told
    assert "Timing is on" in told


class Unanswering(httpx.AsyncBaseTransport):
    """Signs in, and answers nothing else but a path that ends in `after`; Ctrl-C comes instead."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/authenticate"):
            return httpx.Response(200, json={"token": "t"})
        if request.url.path.endswith("/after"):
            return httpx.Response(200, json={"came": "after"})
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize(
    ("statement", "words"),
    [("GET lead", "Cancelled GET lead."), ("POST lead {}", "it may have been done, or not")],
)
async def test_ctrl_c_ends_a_call_and_keeps_the_session(
    person: Typing, statement: str, words: str
) -> None:
    before = signal.getsignal(signal.SIGINT)
    profile = person.account.profile
    async with Account.open(profile, catalogs=None, transport=Unanswering()) as account:
        person.account = account
        told = await person.typed(f"{statement}{ENTER}GET after{ENTER}{CTRL_D}")
    assert words in told
    assert person.output.getvalue() == '{"came":"after"}\n'
    assert signal.getsignal(signal.SIGINT) == before


async def test_the_history_is_the_owners_alone_and_survives(
    account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "deep" / "history"
    told: list[str] = []
    for statement in ("\\quota", "\\conninfo"):
        with create_pipe_input() as keyboard:
            person = Typing(account, keyboard, open_history(file, told.append))
            await person.typed(f"{statement}{ENTER}{CTRL_D}")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(open_history(file, told.append).load_history_strings()) == [
        "\\conninfo",
        "\\quota",
    ]
    assert told == []


def test_a_history_that_others_could_read_becomes_the_owners(tmp_path: Path) -> None:
    file = tmp_path / "history"
    file.touch(mode=0o644)
    open_history(file, lambda _: None)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_history_that_cannot_be_kept_is_told_and_goes_on(tmp_path: Path) -> None:
    told: list[str] = []
    history = open_history(tmp_path, told.append)
    history.append_string("GET lead")
    assert history.get_strings() == ["GET lead"]
    assert "cannot be kept" in told[0]


def test_a_history_that_vanishes_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    folder = tmp_path / "folder"
    history = open_history(folder / "history", told.append)
    (folder / "history").unlink()
    folder.rmdir()
    history.append_string("GET lead")
    history.append_string("GET task \udcff")
    assert history.get_strings() == ["GET lead", "GET task \udcff"]
    assert len(told) == 1


UNFINISHED = f"SELECT 'kept'{ENTER}  AS a{ENTER}"


async def test_a_command_is_run_within_an_unfinished_statement_which_stays(
    person: Typing, calls: list[str]
) -> None:
    told = await person.typed(f"{UNFINISHED}\\timing off{ENTER}{ENTER};{ENTER}{CTRL_D}")
    assert "Timing is off" in told
    assert "kept" in person.output.getvalue()
    assert calls == []


@pytest.mark.parametrize("opened", ["SELECT '", 'SELECT "', "SELECT /* ", "SELECT $a$"])
async def test_within_a_text_a_name_or_a_comment_a_command_is_part_of_it(
    person: Typing, opened: str, calls: list[str]
) -> None:
    told = await person.typed(f"{opened}{ENTER}\\timing off{ENTER}{CTRL_C}{CTRL_D}")
    assert "Timing is" not in told
    assert "Abandoned" in told
    assert calls == []


@pytest.mark.parametrize("reset", ["\\r", "\\reset"])
async def test_a_reset_abandons_an_unfinished_statement(person: Typing, reset: str) -> None:
    told = await person.typed(f"{UNFINISHED}{reset}{ENTER}SELECT 'next' AS b;{ENTER}{CTRL_D}")
    assert "Abandoned, and nothing was sent; it is in the history." in told
    assert json.loads(person.output.getvalue()) == [{"b": "next"}]


async def test_leaving_works_within_an_unfinished_statement(person: Typing) -> None:
    await person.typed(f"{UNFINISHED}\\q{ENTER}")
    assert person.output.getvalue() == ""


@pytest.mark.parametrize("fragment", ["se", "\\", "SELECT"])
async def test_a_fragment_that_is_abandoned_is_not_kept(person: Typing, fragment: str) -> None:
    told = await person.typed(f"{fragment}{CTRL_C}{CTRL_D}")
    assert "Abandoned, and nothing was sent." in told
    assert person.history.get_strings() == []


async def test_a_no_ends_its_line(person: Typing, calls: list[str]) -> None:
    deleting = f"DELETE lead/NOSUCHID; SELECT 'after' AS a;{ENTER}n{ENTER}{CTRL_D}"
    told = await person.typed(deleting)
    assert "Not deleted; no call was made." in told
    assert "Nothing behind it was run." in told
    assert person.output.getvalue() == ""
    assert calls == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("SELECT 'a", "' ends the text"),
        ('SELECT "a', '" ends the name'),
        ("SELECT /* a", "*/ ends the comment"),
        ("SELECT $x$ a", "$x$ ends the text"),
        ("SELECT a", "; ends it"),
    ],
)
async def test_the_toolbar_says_what_ends_what_is_open(
    account: Account, typed: str, words: str
) -> None:
    session = ReplSession(account, ReplStreams(io.StringIO(), io.StringIO()))
    line = build_toolbar(session, lambda: typed)[0][1]
    assert words in line
    assert ("; ends it" in line) is (words == "; ends it")


async def test_a_line_within_an_open_text_says_so(account: Account) -> None:
    editor = LineEditor("acme", InMemoryHistory(), DummyInput(), DummyOutput())
    editor.prompts.default_buffer.text = "SELECT 'a\nb'\nFROM lead"
    draw = editor.prompts.prompt_continuation
    assert callable(draw)
    lines = [fragment_list_to_text(to_formatted_text(draw(6, line, 0))) for line in (1, 2)]
    assert lines == ["...'> ", "....> "]


async def test_a_read_only_profile_is_named_so_and_asks_nothing(
    sandbox: RunningInfo, calls: list[str]
) -> None:
    profile = replace(profile_of(sandbox, "acme", ()), read_only=True, confirm="always")
    asked: list[str] = []

    async def ask(question: str) -> str:
        asked.append(question)
        return "n"

    async with Account.open(profile, catalogs=None) as reading:
        session = ReplSession(reading, ReplStreams(io.StringIO(), io.StringIO()))
        session.prompter.ask = ask
        assert "acme read-only" in build_toolbar(session)[0][1]
        for change in ("POST lead {}", "DELETE lead/X", "INSERT INTO lead (City) VALUES ('a');"):
            with pytest.raises(ReadOnly, match="read-only"):
                await execute(session, change)
        session.close()
    assert asked == []
    assert calls == []
    async with Account.open(replace(profile, read_only=False), catalogs=None) as twin:
        session = ReplSession(twin, ReplStreams(io.StringIO(), io.StringIO()))
        session.prompter.ask = ask
        assert "read-only" not in build_toolbar(session)[0][1]
        await execute(session, "POST lead {}")
    assert len(asked) == 1
