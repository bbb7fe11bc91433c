"""The keys of the prompt: searching the history, function keys, vi, pasting, and the menu."""

import asyncio
import io
import signal
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import pytest
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from cmdm_tui.catalog import Account
from cmdm_tui.repl.history import open_history
from cmdm_tui.repl.history_search import search_history
from cmdm_tui.repl.keys import EditingState, describe_keys
from cmdm_tui.repl.line_editor import LineEditor
from cmdm_tui.repl.prompt import StatementPrompt
from cmdm_tui.repl.prompt_settings import PromptSettings, load_settings, save_settings
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.toolbar import build_toolbar

ENTER, ESCAPE, CTRL_C, CTRL_D, CTRL_R, RIGHT = "\r", "\x1b", "\x03", "\x04", "\x12", "\x1b[C"
F1, F2, F3, F4 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS"


class Person:
    """Someone at a prompt: keys go in, and what is to be seen is waited for."""

    def __init__(
        self, account: Account, keyboard: PipeInput, history: History, settings: Path | None = None
    ) -> None:
        self.errors, self.output = io.StringIO(), io.StringIO()
        self.session = ReplSession(account, ReplStreams(self.output, self.errors))
        editor = LineEditor("acme", history, keyboard, DummyOutput(), settings)
        self.prompt = StatementPrompt(self.session, editor)
        self._keyboard = keyboard
        self._running = asyncio.ensure_future(self.prompt.run())

    @property
    def text(self) -> str:
        return self.prompt.prompts.default_buffer.text

    @property
    def notes(self) -> str:
        """What was said below the first line."""
        return self.errors.getvalue().partition("to leave.\n")[2]

    @property
    def menu(self) -> list[str]:
        state = self.prompt.prompts.default_buffer.complete_state
        return [] if state is None else [one.text for one in state.completions]

    def press(self, *keys: str) -> None:
        self._keyboard.send_text("".join(keys))

    async def see(self, is_there: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not is_there():  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.005)

    async def leave(self) -> None:
        self.press(CTRL_D)
        async with asyncio.timeout(20):
            await self._running
        await self.prompt.completion.fields.close()


@pytest.fixture
async def keyboard() -> AsyncGenerator[PipeInput]:
    with create_pipe_input() as keyboard:
        yield keyboard


async def test_the_history_is_searched_and_what_is_found_is_edited_not_run(
    account: Account, keyboard: PipeInput, calls: list[str]
) -> None:
    history = InMemoryHistory(["GET lead/fields", "\\quota", "GET task/NOSUCH"])
    person = Person(account, keyboard, history)
    person.press("GET x")
    await person.see(lambda: person.text == "GET x")
    person.press(CTRL_R, "\x7f" * 5, "fields lead", ENTER)
    await person.see(lambda: person.text == "GET lead/fields")
    person.press(CTRL_R, "\x7f" * 40, "zzz", ESCAPE)
    await person.see(lambda: not person.prompt.prompts.app.is_done and person.text != "")
    await person.see(lambda: person.text == "GET lead/fields")
    assert [one for one in calls if one != "POST authenticate"] == []
    person.press("\x15", "\\q", ENTER)
    await person.leave()


def test_a_search_finds_words_in_any_order_then_letters() -> None:
    statements = ["SELECT * FROM lead", "GET lead/fields", "\\quota"]
    assert search_history(statements, "lead select") == ["SELECT * FROM lead"]
    assert search_history(statements, "LEAD") == ["SELECT * FROM lead", "GET lead/fields"]
    assert search_history(statements, "gtfds") == ["GET lead/fields"]
    assert search_history(statements, "") == statements
    assert search_history(statements, "zz") == []


async def test_function_keys_run_commands_and_keep_what_is_typed(
    account: Account, keyboard: PipeInput, calls: list[str]
) -> None:
    person = Person(account, keyboard, InMemoryHistory())
    person.press("GET le", F2)
    await person.see(lambda: "Expanded display is on" in person.errors.getvalue())
    await person.see(lambda: person.text == "GET le")
    person.press(F1)
    await person.see(lambda: "Commands:" in person.output.getvalue())
    await person.see(lambda: person.text == "GET le")
    assert [one for one in calls if one != "POST authenticate"] == []
    person.press("\x15")
    await person.leave()


async def test_with_multi_line_on_enter_begins_a_line_and_escape_enter_runs(
    account: Account, keyboard: PipeInput
) -> None:
    person = Person(account, keyboard, InMemoryHistory())
    person.press(F3, "\\quota", ENTER)
    await person.see(lambda: person.text == "\\quota\n")
    assert person.notes == ""
    person.press(ESCAPE, ENTER)
    await person.see(lambda: "No answer has given the quota yet" in person.errors.getvalue())
    person.press(F3, "\\timing off", ENTER)
    await person.see(lambda: "Timing is off" in person.errors.getvalue())
    await person.leave()


async def test_vi_keys_last_from_one_run_to_the_next(
    account: Account, keyboard: PipeInput, tmp_path: Path
) -> None:
    settings = tmp_path / "prompt.json"
    person = Person(account, keyboard, InMemoryHistory(), settings)
    person.press("\\set keys vi", ENTER)
    await person.see(lambda: person.prompt.prompts.editing_mode is EditingMode.VI)
    person.press("\\quotax", ESCAPE, "x", ENTER)
    await person.see(lambda: "No answer has given the quota yet" in person.errors.getvalue())
    await person.leave()
    person = Person(account, keyboard, InMemoryHistory(), settings)
    assert person.prompt.prompts.editing_mode is EditingMode.VI
    person.press(F4)
    await person.see(lambda: person.prompt.prompts.editing_mode is EditingMode.EMACS)
    person.press("\\set keys nano", ENTER)
    await person.see(lambda: "The keys are emacs or vi" in person.errors.getvalue())
    assert person.session.variables.get("keys") == "emacs"
    await person.leave()
    assert load_settings(settings) == PromptSettings("emacs")


def test_settings_that_cannot_be_kept_or_read_are_told_or_the_usual(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in save_settings(tmp_path / "file" / "x", PromptSettings("vi"))
    for content in ("", "{", '{"keys": "nano"}', "[1]"):
        (tmp_path / "odd").write_text(content)
        assert load_settings(tmp_path / "odd") == PromptSettings()


async def test_what_is_pasted_runs_nothing_until_enter(
    account: Account, keyboard: PipeInput, calls: list[str]
) -> None:
    person = Person(account, keyboard, InMemoryHistory())
    person.press("\x1b[200~\\quota\nDELETE lead/A\n\x1b[201~")
    await person.see(lambda: person.text.endswith("DELETE lead/A\n"))
    assert person.notes == ""
    person.press(CTRL_C)
    await person.see(lambda: "Abandoned, and nothing was sent" in person.errors.getvalue())
    await person.leave()
    assert calls == []


async def test_a_suggestion_is_taken_with_the_right_arrow_and_no_change_is_suggested(
    account: Account, keyboard: PipeInput
) -> None:
    history = InMemoryHistory(["\\quota", "\\conninfo", "\\undo 3"])
    person = Person(account, keyboard, history)
    buffer = person.prompt.prompts.default_buffer
    person.press("\\quo")
    await person.see(lambda: buffer.suggestion is not None)
    person.press(RIGHT)
    await person.see(lambda: person.text == "\\quota")
    person.press("\x15\\co")
    await person.see(lambda: buffer.suggestion is not None and buffer.suggestion.text == "nninfo")
    person.press("\x15\\un")
    await person.see(lambda: person.text == "\\un" and person.menu != [])
    assert buffer.suggestion is None
    person.press("\x15")
    await person.leave()


async def test_the_menu_has_the_fields_when_they_have_come(
    account: Account, keyboard: PipeInput, calls: list[str]
) -> None:
    person = Person(account, keyboard, InMemoryHistory())
    person.press("SELECT * FROM lead WHERE ")
    await person.see(lambda: "FirstName" in person.menu)
    assert "count(" not in person.menu, "as if it was typed, not asked for"
    person.press("Status = '")
    await person.see(lambda: person.menu[:1] == ["'New'"])
    assert [one.partition("?")[0] for one in calls] == ["POST authenticate", "GET lead/fields"]
    person.press("\x15")
    await person.leave()


async def test_ids_that_a_query_has_shown_are_offered(
    account: Account, keyboard: PipeInput
) -> None:
    person = Person(account, keyboard, InMemoryHistory())
    person.press("SELECT ExternalID FROM lead LIMIT 2;", ENTER)
    await person.see(lambda: len(person.session.catalog.ids("lead")) == 2)
    first = person.session.catalog.ids("lead")[0]
    person.press("GET lead/", first[:2])
    await person.see(lambda: first in person.menu)
    assert f'"{first}"' in person.output.getvalue()
    person.press("\x15")
    await person.leave()


async def test_a_secret_is_said_not_to_be_kept(
    account: Account, keyboard: PipeInput, tmp_path: Path
) -> None:
    history = open_history(tmp_path / "history", lambda _: None, account.client.redact)
    person = Person(account, keyboard, history)
    person.press("\\set password hunter2", ENTER)
    await person.see(lambda: "Not kept in the history" in person.errors.getvalue())
    await person.see(lambda: person.session.variables.get("password") == "hunter2")
    await person.leave()
    assert "hunter2" not in (tmp_path / "history").read_text()


def test_the_toolbar_names_the_keys_that_fit_and_what_is_read(account: Account) -> None:
    state = EditingState()
    assert describe_keys(state, EditingMode.EMACS, 80) == "F1 help F2 \\x F3 multi off F4 emacs"
    assert describe_keys(state, EditingMode.VI, 22) == "F1 help F2 \\x"
    assert describe_keys(state, EditingMode.VI, 3) == ""
    session = ReplSession(account, ReplStreams(io.StringIO(), io.StringIO()))
    words = build_toolbar(session, None, "le\x1bad")[0][1]
    assert "reading fields of le␛ad…" in words


async def test_ctrl_c_that_comes_before_a_search_ends_nothing(
    account: Account, keyboard: PipeInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def search(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("cmdm_tui.repl.prompt.ask_statement", search)
    person = Person(account, keyboard, InMemoryHistory())
    person.press(CTRL_R, "\\timing off", ENTER)
    await person.see(lambda: "Timing is off" in person.errors.getvalue())
    await person.leave()
