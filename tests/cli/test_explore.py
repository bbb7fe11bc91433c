"""`cmdm explore PATH` says what is wrong with a path, and leaves what it names as it was."""

import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from cmdm_tui.cli.commands.explore import open_offline
from cmdm_tui.cli.exit_codes import CommandFailure
from cmdm_tui.harness.cassettes import read_cassette
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.credentials import AccountCredentials
from cmdm_tui.sandbox.data_folder import DATA_FILE, copy_data
from cmdm_tui.sandbox.storage.sqlite.data_file import connect
from tests.cli.conftest import Command
from tests.services import copy_records
from tests.terminals import restore_signals

CASSETTES = Path(__file__).parents[2] / "cassettes"
CASSETTE = CASSETTES / "contract" / "retrieve-many.yaml"
EDITED = "# edited\n" + CASSETTE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.yaml", None, "none.yaml cannot be read: No such file or directory."),
        ("a.yaml", b"", "a.yaml is not laid out as a cassette: line 1: the file is empty."),
        ("a.yaml", b"interactions: []\nversion: 1\n", "a.yaml holds no calls."),
        ("a.yaml", b"interactions:\n- request: {}\nversion: 1\n", "line 2: response is missing."),
        ("a.yaml", b"\xff", "byte 0 is not UTF-8. Save it as UTF-8, or record it again."),
        ("a.har", b"{}", "a.har cannot be read as a HAR file: "),
        ("a.yaml", b'\n{ "log": {"entries": []}}', "a.yaml holds no calls."),
        ("a.json", b"{}", "a.json is not laid out as a cassette: line 1: version is missing."),
        ("a.yaml", b"[" * 9_999, "line 1: it is nested too deep."),
        ("a\x1b.yaml", b"a: \x1b", "is not laid out as a cassette: line 1:"),
        ("b\x1b[31m.yaml", b"x", "b␛[31m.yaml is not laid out as a cassette"),
        ("folder/readme.txt", b"", "holds no cassettes and no sandbox's data."),
        ("folder/a.yaml", b"a: [", "a.yaml is not laid out as a cassette: line 2:"),
        ("other.sqlite", b"SQLite format 3\x00", "is a database, but not a sandbox.sqlite."),
        ("folder/sandbox.sqlite", b"no database", "sandbox.sqlite cannot be read"),
    ],
)
def test_what_cannot_be_explored_is_said(
    cmdm: Command, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    path = tmp_path / "given" / name
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    ended = cmdm("explore", str(path.parent if name.startswith("folder") else path))
    assert ended.code == 2
    assert words in ended.err
    assert ended.err.count("\n") == 1
    assert ended.out == b""


def test_a_cassette_without_records_says_so(cmdm: Command) -> None:
    ended = cmdm("explore", str(CASSETTES / "contract" / "authenticate.yaml"))
    assert ended.code == 2
    assert "authenticate.yaml shows no record and no field" in ended.err


@pytest.mark.parametrize("words", [[], [str(CASSETTE)]])
def test_it_needs_a_terminal(cmdm: Command, words: list[str]) -> None:
    ended = cmdm("explore", *words)
    assert (ended.code, "needs a terminal" in ended.err) == (2, True)


def test_a_layout_that_needs_the_extra_names_it(
    cmdm: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "edited.yaml"
    path.write_text(EDITED, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "yaml", None)
    ended = cmdm("explore", str(path))
    assert ended.code == 2
    assert "edited.yaml is not laid out as cmdm record does it." in ended.err
    assert "this needs yaml: pipx install 'cmdm-tui[harness]' brings it." in ended.err


def test_a_profile_of_a_path_is_read_only_and_named_as_no_profile_is(tmp_path: Path) -> None:
    plain = tmp_path / "main"
    plain.write_text(EDITED, encoding="utf-8")
    found: list[str] = []
    for path in (CASSETTE, CASSETTES / "contract", plain):
        with open_offline(path) as offline:
            assert offline.profile.read_only
            assert offline.profile.tokens is None
            found.append(f"{offline.profile.name}: {offline.origin.split(':')[0]}")
    assert found[0] == "retrieve-many.yaml: cassette"
    assert found[1].startswith("contract/: ")
    assert found[1].endswith(" cassettes")
    assert found[2] == "./main: cassette"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a sandbox with 250 leads, which does not run."""
    folder = tmp_path / "data"
    copy_records(SandboxConfig(data=folder, records=250))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def read_only_folder(data: Path) -> Iterator[Path]:
    """The same, in a folder into which nothing can be written."""
    data.chmod(0o500)
    yield data
    data.chmod(0o700)


def test_a_data_folder_is_copied_and_stays_as_it_is(read_only_folder: Path) -> None:
    before = contents(read_only_folder)
    with open_offline(read_only_folder) as offline:
        assert offline.profile.name == "data/"
        assert offline.profile.read_only
        assert httpx.get(f"{offline.profile.url}/api/v1/lead").status_code == 401
        assert contents(read_only_folder) == before
    assert contents(read_only_folder) == before


def test_a_running_sandbox_is_copied_with_its_journal_and_without_its_tokens(
    data: Path, tmp_path: Path
) -> None:
    file, journal = data / DATA_FILE, f"{DATA_FILE}-wal"
    running = Sandbox.embedded(SandboxConfig(data=data, port=0, lasting=False))
    with running, closing(connect(file)) as writer:
        # In the journal alone until it is moved into the file.
        writer.execute("UPDATE lead SET external_id = 'CHANGED1' WHERE position = 1")
        writer.execute("INSERT INTO _token VALUES ('digest', 1)")
        before = contents(data)
        assert b"CHANGED1" in before[journal]
        assert b"CHANGED1" not in before[DATA_FILE]
        copy_data(data, tmp_path / "copy")
        after = contents(data)
        assert after.keys() == before.keys()
        assert (after[DATA_FILE], after[journal]) == (before[DATA_FILE], before[journal])
    with closing(connect(tmp_path / "copy" / DATA_FILE)) as copy:
        changed = "SELECT count(*), max(external_id = 'CHANGED1') FROM lead"
        assert copy.execute(changed).fetchone() == (250, 1)
        assert copy.execute("SELECT count(*) FROM _token").fetchone() == (0,)


def test_another_program_s_database_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATA_FILE)) as other:
        other.execute("CREATE TABLE mine (x)")
    before = contents(tmp_path)
    with pytest.raises(CommandFailure, match="another program's database"), open_offline(tmp_path):
        pass
    assert contents(tmp_path) == before


def test_it_ends_without_a_word_after_a_query(tmp_path: Path) -> None:
    """DuckDB prints what is left of it at the exit, on the shell's screen."""
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    running = subprocess.Popen(
        [sys.executable, "-m", "cmdm_tui", "explore", str(CASSETTE)],
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        env=os.environ | {"HOME": str(tmp_path), "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(terminal)
    read_until(controller, b"rows ")
    os.write(controller, b"\x1bOR")  # f3
    read_until(controller, b"New tab")
    os.write(controller, b"\x11")  # ctrl+q
    rest = read_until(controller, None)
    assert running.wait(20) == 0
    os.close(controller)
    assert "leaked" not in rest.decode(errors="replace")


@pytest.mark.parametrize("end", [None, signal.SIGTERM, signal.SIGHUP])
def test_what_it_records_when_it_ends_is_written(
    tmp_path: Path, sandbox: RunningInfo, end: signal.Signals | None
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CMDM_")}
    given = {name: getattr(sandbox, name) for name in AccountCredentials.__struct_fields__}
    signed = {f"CMDM_{name.upper()}": value for name, value in given.items()}
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 100))
    running = subprocess.Popen(
        [sys.executable, "-m", "cmdm_tui"], cwd=tmp_path,
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
        preexec_fn=restore_signals,  # noqa: PLW1509 — no thread runs in it
        env=kept | signed | {"CMDM_URL": sandbox.url, "HOME": str(tmp_path), "TERM": "xterm"},
    )  # fmt: skip
    os.close(terminal)
    read_until(controller, b"rows ")
    os.write(controller, b"\x1b[21~")  # f10
    read_until(controller, b"A new file")
    os.write(controller, b"session.yaml\r")
    read_until(controller, b"recording 0")
    os.write(controller, b"r")
    read_until(controller, b"recording 1")
    if end is None:
        os.write(controller, b"q")
    else:
        running.send_signal(end)
    rest = read_until(controller, None)
    assert running.wait(30) == (0 if end is None else 128 + end)
    os.close(controller)
    recorded = len(read_cassette(tmp_path / "session.yaml"))
    assert recorded >= 1
    words = " ".join(rest.decode(errors="replace").split())
    assert f"recorded in {tmp_path}/session.yaml." in words


def read_until(controller: int, words: bytes | None) -> bytes:
    """Return what a terminal shows until these words, or until its program ends."""
    seen = b""
    while words is None or words not in seen:
        assert select.select([controller], [], [], 30)[0], seen[-2000:]
        try:
            piece = os.read(controller, 65536)
        except OSError:  # the program has ended
            piece = b""
        if not piece:
            assert words is None, seen[-2000:]
            return seen
        seen += piece
    return seen
