"""The first line is typed before the account is open: it runs, is kept, or ends the prompt."""

import asyncio
import io
import re
from collections.abc import Generator
from pathlib import Path

import pytest
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from cmdm_tui.catalog import Account
from cmdm_tui.repl import run
from cmdm_tui.repl.history import open_history
from cmdm_tui.repl.line_editor import LineEditor

ENTER, CTRL_C, CTRL_D, F4 = "\r", "\x03", "\x04", "\x1bOS"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def keyboard() -> Generator[PipeInput]:
    with create_pipe_input() as keyboard:
        yield keyboard


def open_editor(keyboard: PipeInput, history: Path) -> LineEditor:
    kept = open_history(history, lambda _: None)
    kept.hold()
    return LineEditor("acme", kept, keyboard, DummyOutput())


def read(history: Path) -> str:
    return history.read_text() if history.exists() else ""


async def type_first(account: Account, keyboard: PipeInput, history: Path, keys: str) -> str:
    """Type the first line to its end, then open the session; return what it says."""
    editor = open_editor(keyboard, history)
    errors, output = Terminal(), Terminal()
    async with asyncio.timeout(30), editor.begun():
        keyboard.send_text(keys)
        while not editor.has_ended:  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0)
        assert read(history) == ""
        keyboard.send_text(CTRL_D)
        await run(
            account, history=history, input=Terminal(), output=output, errors=errors, editor=editor
        )
    return output.getvalue() + errors.getvalue()


async def test_a_line_typed_before_the_account_is_open_runs_once_it_is(
    account: Account, keyboard: PipeInput, calls: list[str], tmp_path: Path
) -> None:
    history = tmp_path / "history"
    said = await type_first(account, keyboard, history, f"GET lead?per_page=1{ENTER}")
    assert re.search(r"1 of [0-9]+ records, page 1 of ", said)  # other tests create some
    assert calls[1:] == ["GET lead?per_page=1&page=1"]
    assert list(open_history(history, lambda _: None).load_history_strings()) == [
        "GET lead?per_page=1"
    ]


async def test_a_secret_typed_before_the_account_is_open_is_not_kept(
    account: Account, keyboard: PipeInput, tmp_path: Path
) -> None:
    history = tmp_path / "history"
    secret = account.profile.credentials.password.reveal()
    said = await type_first(account, keyboard, history, f"SELECT '{secret}' AS word;{ENTER}")
    assert "Not kept in the history" in said
    assert secret not in read(history)


@pytest.mark.parametrize(("key", "said"), [(CTRL_C, "Ctrl-D or \\q leaves."), (CTRL_D, "")])
async def test_a_first_line_that_is_left_sends_nothing(
    account: Account, keyboard: PipeInput, calls: list[str], tmp_path: Path, key: str, said: str
) -> None:
    assert said in await type_first(account, keyboard, tmp_path / "history", key)
    assert calls == []


async def test_an_account_that_does_not_open_ends_the_line_and_its_terminal(
    keyboard: PipeInput, tmp_path: Path
) -> None:
    editor = open_editor(keyboard, tmp_path / "history")

    async def fail_to_open() -> None:
        async with editor.begun():
            raise OSError("not opened")

    with pytest.raises(OSError, match="not opened"):
        await fail_to_open()
    assert not editor.prompts.app.is_running


async def test_the_keys_chosen_before_the_account_is_open_stay_without_a_start_file(
    account: Account, keyboard: PipeInput, tmp_path: Path
) -> None:
    editor = open_editor(keyboard, tmp_path / "history")
    async with asyncio.timeout(30), editor.begun():
        keyboard.send_text(F4)
        while editor.prompts.editing_mode is not EditingMode.VI:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        keyboard.send_text(f"\\q{ENTER}")
        await run(
            account,
            history=None,
            input=Terminal(),
            output=Terminal(),
            errors=Terminal(),
            editor=editor,
            start_file=tmp_path / "none.sql",
        )
    assert editor.keys == "vi"
