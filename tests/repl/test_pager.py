"""What does not fit the terminal goes to a pager, and comes back from it: left, killed, missing."""

import asyncio
import os
import termios
import threading
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.operations.interrupts import run_interruptible
from cmdm_tui.repl.pager import PagedOutput, choose_pager
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.repl.streams import ReplStreams
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from cmdm_tui.text import visible
from tests.repl.statement_run import execute
from tests.services import CountedNetwork, copy_records, profile_of

MANY = "SELECT range AS n, 'x' AS t FROM range(1, 101);"
FEW = "SELECT range AS n FROM range(1, 4);"


class Screen:
    """A terminal of 80 by 24, and what was written on it."""

    def __init__(self) -> None:
        self._read_end, slave = os.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._came = bytearray()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        # The read fails once the last program has closed the terminal.
        try:
            while part := os.read(self._read_end, 65_536):
                self._came += part
        except OSError:
            pass

    def close(self) -> str:
        """Close it; return all that was written."""
        self.stream.close()
        self._reader.join()
        os.close(self._read_end)
        return self._came.decode().replace("\r\n", "\n")


class Paged:
    """A session at a prompt on a terminal, whose messages are in a file."""

    def __init__(self, account: Account, folder: Path) -> None:
        self.screen = Screen()
        self.notes = folder / "notes"
        self.seen = folder / "seen"
        """What the pager has read."""
        self._errors = self.notes.open("w", encoding="utf-8")
        self.session = ReplSession(account, ReplStreams(self.screen.stream, self._errors))
        self.session.prompter.ask = self._ask
        self.page(f"cat > '{self.seen}'")

    async def _ask(self, _: str) -> str:
        return "y"

    def page(self, script: str) -> None:
        """Use a script of the shell as the pager."""
        file = self.seen.with_name("pager")
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o700)
        self.session.settings.pager_command = str(file)

    async def __call__(self, text: str) -> str:
        """Run a statement; return what the pager has read."""
        self.seen.unlink(missing_ok=True)
        await execute(self.session, text)
        return self.seen.read_text() if self.seen.exists() else ""

    def close(self) -> str:
        self.session.close()
        self._errors.close()
        return self.screen.close()


@pytest.fixture(autouse=True)
def has_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")


@pytest.fixture
def paged(account: Account, tmp_path: Path) -> Generator[Paged]:
    made = Paged(account, tmp_path)
    yield made
    if not made.screen.stream.closed:
        made.close()


async def test_what_fits_is_written_and_what_does_not_is_paged_whole(paged: Paged) -> None:
    assert not await paged(FEW)
    read = await paged(MANY)
    assert [line.split()[0] for line in read.splitlines()[2:]] == [str(n) for n in range(1, 101)]
    assert "100 rows" in paged.notes.read_text()
    assert paged.session.queries.last.count == 100
    read = await paged("\\help")
    assert read.startswith("SQL, over lines to its semicolon")
    assert await paged("\\last")
    assert not await paged("\\pager off")
    assert not await paged("\\last")
    shown = paged.close()
    assert "\n3\n" in shown.replace(" ", "")
    assert shown.count("100  x") == 1


async def test_columns_that_do_not_fit_are_paged_whole_where_rows_are_not_turned(
    paged: Paged,
) -> None:
    wide = ", ".join(f"'{'value' * 4}' AS column_{n}" for n in range(12))
    assert not await paged(f"SELECT {wide};")
    read = await paged("\\x off") + await paged("\\last")
    assert max(map(len, read.splitlines())) > 200
    assert "column_11" in read
    assert "fit" not in paged.notes.read_text()
    assert "── 1 ──" in paged.close()


async def test_lines_that_are_wrapped_fit_unless_they_take_too_many_rows(paged: Paged) -> None:
    assert not await paged(f"\\o jsonl; SELECT '{'v' * 300}' AS a;")
    assert await paged(f"SELECT '{'v' * 3_000}' AS a;")
    assert await paged(f"\\o table; \\x off; SELECT '{'v' * 300}' AS a;")


async def test_a_pager_that_is_missing_is_told_once_and_the_result_is_written(
    paged: Paged,
) -> None:
    paged.session.settings.pager_command = "nosuch-pager -R"
    await paged(MANY)
    await paged(MANY)
    told = paged.notes.read_text()
    assert told.count("'nosuch-pager -R' cannot be run: No such file or directory") == 1
    assert paged.close().count("100  x") == 2


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("kill -KILL $$", "ended with signal 9"),
        ("exit 3", "ended with exit code 3"),
        ("head -n 2 >/dev/null; exit 1", "ended with exit code 1"),
    ],
)
@pytest.mark.parametrize("statement", [MANY, "\\help"])
async def test_a_pager_that_fails_is_told_and_the_result_is_written_whole(
    paged: Paged, script: str, words: str, statement: str
) -> None:
    paged.page(script)
    await paged(statement)
    assert words in paged.notes.read_text()
    assert ("100  x" if statement == MANY else "counts for nothing.") in paged.close()


@pytest.mark.parametrize("script", ["head -n 5 >/dev/null", "kill -INT $$", "kill -PIPE $$"])
async def test_leaving_the_pager_is_no_failure(paged: Paged, script: str) -> None:
    paged.page(script)
    await paged(MANY)
    assert "pager" not in paged.notes.read_text()
    assert paged.session.settings.uses_pager
    assert paged.session.queries.last.count == 100
    assert "100  x" not in paged.close()


async def test_ctrl_c_is_the_pagers_while_it_has_the_terminal(paged: Paged) -> None:
    paged.page("kill -INT $PPID; exec cat >/dev/null")
    came: list[str] = []

    async def work() -> None:
        came.append(await paged(MANY))
        came.append(await paged(FEW))

    assert await run_interruptible(work())
    assert len(came) == 2
    assert "100 rows" in paged.notes.read_text()


async def test_notes_wait_until_the_pager_is_left(paged: Paged, tmp_path: Path) -> None:
    release = tmp_path / "release"
    os.mkfifo(release)
    paged.page(f"read line < '{release}'; cat >/dev/null; wc -c < '{paged.notes}' > '{paged.seen}'")
    paged.session.streams.write_note("before")
    before = paged.notes.stat().st_size
    showing = asyncio.ensure_future(paged(MANY))
    with await asyncio.to_thread(release.open, "w") as pager:  # it has the terminal now
        paged.session.streams.write_note("meanwhile")
        paged.session.streams.write_progress("3 of 9")
        pager.write("go\n")
    await showing
    assert int(paged.seen.read_text()) == before
    assert "before\nmeanwhile\n100 rows" in paged.notes.read_text()


async def test_a_script_and_a_watched_statement_have_no_pager(
    paged: Paged, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams, prompter = paged.session.streams, paged.session.prompter
    settings = paged.session.settings
    assert choose_pager(streams, settings, prompter) is not None
    prompter.runs_script = True
    assert choose_pager(streams, settings, prompter) is None
    prompter.runs_script = False
    with paged.seen.open("wb") as file, streams.redirected(file):
        assert choose_pager(streams, settings, prompter) is None
    settings.pager_command = None
    monkeypatch.setenv("PAGER", "")
    assert choose_pager(streams, settings, prompter) is None
    monkeypatch.setenv("PAGER", "most")
    assert choose_pager(streams, settings, prompter) == "most"
    monkeypatch.delenv("PAGER")
    assert choose_pager(streams, settings, prompter) == "less -SRXF"

    async def end(_: float) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr("cmdm_tui.repl.repeat.sleep", end)
    paged.page(f"cat > '{paged.seen}'")
    with pytest.raises(asyncio.CancelledError):
        await paged(f"{MANY[:-1]} \\watch 1")
    assert not paged.seen.exists() or not paged.seen.read_text()
    assert settings.uses_pager


async def test_nothing_hostile_reaches_a_pager(paged: Paged) -> None:
    hostile = "\x1b]0;owned\x07\u202e\x9b31m\u2028"
    await paged(f"SELECT '{hostile}' AS \"a{hostile}\" FROM range(100);")
    for command in ("\\last", "\\x on", "\\o json"):
        read = await paged(command) or await paged("\\last")
        assert read
        assert all(visible(line) == line for line in read.split("\n"))


async def test_a_pager_takes_no_more_than_is_read(paged: Paged, tmp_path: Path) -> None:
    release = tmp_path / "release"
    os.mkfifo(release)
    paged.page(f"head -n 1 >/dev/null; read line < '{release}'; exec cat > '{paged.seen}'")
    part, taken = b"x" * 70 + b"\n", list[int]()

    async def write() -> None:
        command = paged.session.settings.pager_command
        async with PagedOutput(paged.session.streams, SessionSettings(), command) as output:
            for number in range(200):
                output.write(part * 1_000)
                await output.drain()
                taken.append(number)

    writing = asyncio.ensure_future(write())
    await asyncio.wait([writing], timeout=0.5)
    taken_unread = len(taken)
    with await asyncio.to_thread(release.open, "w") as pager:
        pager.write("go\n")
    await writing
    assert taken_unread < 10
    assert paged.seen.read_bytes().count(b"\n") > 150_000


@pytest.fixture
async def small_pages(tmp_path: Path) -> AsyncGenerator[tuple[Paged, CountedNetwork]]:
    """A session on 210 leads in pages of 5."""
    config = SandboxConfig(tmp_path / "data", 0, 210, behaviours={"page_cap": "5"})
    copy_records(config)
    network = CountedNetwork()
    with Sandbox.embedded(config) as info:
        async with Account.open(profile_of(info), catalogs=None, transport=network) as account:
            made = Paged(account, tmp_path)
            yield made, network
            made.close()


async def test_leaving_the_pager_ends_the_fetching_and_more_goes_on(
    small_pages: tuple[Paged, CountedNetwork],
) -> None:
    paged, network = small_pages
    paged.page("head -n 60 >/dev/null")
    await paged("SELECT * FROM lead;")
    stopped, pages = paged.session.queries.last, len(network.requests)
    assert stopped.partial
    assert stopped.count < 210
    assert pages < 42
    told = paged.notes.read_text()
    assert "· partial" in told
    assert "\\more continues it." in told
    read = await paged("\\x off")
    paged.page(f"cat > '{paged.seen}'")
    read = await paged("\\more")
    assert len(read.splitlines()) == 212
    assert not paged.session.queries.last.partial
    assert len(network.requests) < pages + 42
