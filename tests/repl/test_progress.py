"""The line that says how far a statement has come: drawn on a terminal, and removed."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from msgspec import structs

from cmdm_tui.catalog import Account
from cmdm_tui.repl import progress
from cmdm_tui.repl.progress import StatementProgress
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.repl.terminal_prompter import ReplPrompter
from cmdm_tui.repl.toolbar import build_toolbar
from tests.repl.statement_run import execute


class Watched(io.StringIO):
    """A terminal that says when something is drawn on it."""

    def __init__(self) -> None:
        super().__init__()
        self._has_more = asyncio.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        self._has_more.set()
        return super().write(text)

    async def wait_for(self, words: str) -> None:
        async with asyncio.timeout(10):
            while words not in self.getvalue():
                self._has_more.clear()
                await self._has_more.wait()


@pytest.fixture(autouse=True)
def draws_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_LINE", 0)


async def test_calls_are_counted_of_how_many_and_the_line_goes() -> None:
    errors, made = Watched(), [7]
    streams = ReplStreams(io.StringIO(), errors)
    with StatementProgress(streams, lambda: made[0]).show(most_calls=4):
        await errors.wait_for("Fetching [----------------] 0 of at most 4 calls")
    assert errors.getvalue().endswith("\r\x1b[K")
    assert "Ctrl-C stops" in errors.getvalue()


async def test_nothing_is_drawn_where_no_terminal_shows_it() -> None:
    errors = io.StringIO()
    with StatementProgress(ReplStreams(io.StringIO(), errors), lambda: 0).show("GET lead"):
        for _ in range(5):
            await asyncio.sleep(0)
    assert not errors.getvalue()


async def test_a_question_and_a_result_are_on_lines_of_their_own() -> None:
    screen = Watched()
    streams = ReplStreams(screen, screen)

    async def ask(question: str) -> str:
        screen.write(question)
        for _ in range(5):
            await asyncio.sleep(0)
        return "y"

    line = StatementProgress(streams, lambda: 0)
    prompter = ReplPrompter(streams, ask, line)
    with prompter.progress(10):
        await screen.wait_for("Fetching")
        assert await prompter.confirm("Go on?")
        assert screen.getvalue().endswith("\r\x1b[KGo on? [y/N] ")
        prompter.show_progress("3 of 9 changes")
        streams.write_result("a row")
    assert screen.getvalue().endswith("\r\x1b[K3 of 9 changes\r\x1b[Ka row\n")


async def test_a_raw_call_that_waits_says_so(
    answering: Callable[[Callable[[httpx.Request], httpx.Response]], Account],
) -> None:
    errors = Watched()
    async with answering(lambda _: httpx.Response(200, content=b"{}")) as account:
        request, client = account.client.request, account.client

        async def wait(*words: str, content: bytes | None = None) -> object:
            await errors.wait_for("GET lead · 0 s · Ctrl-C stops")
            return await request(words[0], words[1], content=content)

        client.request = wait  # pyright: ignore[reportAttributeAccessIssue]
        await execute(ReplSession(account, ReplStreams(io.StringIO(), errors)), "GET lead")
    assert "\r\x1b[K" in errors.getvalue().rpartition("GET lead")[2]


async def test_a_line_is_never_wider_than_the_terminal() -> None:
    errors = Watched()
    ReplStreams(io.StringIO(), errors).write_progress("東" * 100)
    assert errors.getvalue().count("東") == 39


@pytest.mark.parametrize(
    ("url", "is_read_only", "is_live"),
    [
        ("https://crm.example", False, True),
        ("https://crm.example", True, False),
        ("http://127.0.0.1:8080", False, False),
        ("http://localhost:8080", False, False),
    ],
)
async def test_a_live_profile_that_may_change_records_is_red_and_said(
    account: Account, url: str, is_read_only: bool, is_live: bool
) -> None:
    from prompt_toolkit.history import InMemoryHistory
    from prompt_toolkit.input import DummyInput
    from prompt_toolkit.output import DummyOutput

    from cmdm_tui.repl.line_editor import LineEditor
    from cmdm_tui.repl.prompt import StatementPrompt

    profile = replace(account.profile, url=url, read_only=is_read_only)
    session = ReplSession(
        structs.replace(account, profile=profile), ReplStreams(io.StringIO(), io.StringIO())
    )
    styles = [part[0] for part in build_toolbar(session)]
    assert ("class:bottom-toolbar.alert" in styles) is is_live
    assert ("live" in build_toolbar(session)[0][1]) is is_live
    editor = LineEditor("acme", InMemoryHistory(), DummyInput(), DummyOutput())
    StatementPrompt(session, editor)
    assert (editor.draw_prompt() == [("class:live-prompt", "acme> ")]) is is_live
