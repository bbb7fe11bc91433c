"""The prompt in a real pseudo-terminal: statements, destinations, questions, another profile."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from cmdm_tui.config import Credentials, Paths, ProfileStore, SecretStr
from cmdm_tui.sandbox import RunningInfo
from tests.terminals import end_program, restore_interrupts


@pytest.fixture
def spawn(
    sandbox: RunningInfo, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., "pexpect.spawn[Any]"]]:
    """Start `cmdm` in a terminal, with two profiles that ask, and one that cannot sign in."""
    assert str(home)
    paths = Paths.of_user()
    for name, password in (
        ("one", sandbox.password),
        ("two", sandbox.password),
        ("bad", "wrong-password"),
    ):
        credentials = Credentials(
            SecretStr(sandbox.client_id), SecretStr(sandbox.client_secret),
            sandbox.username, SecretStr(password),
        )  # fmt: skip
        ProfileStore(paths).save_with_secrets(name, sandbox.url, credentials, place="file")
    text = paths.profiles.read_text()
    paths.profiles.write_text(text.replace("]\n", ']\nconfirm = "always"\n'))
    monkeypatch.setenv("CMDM_PROFILE", "one")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    opened: list[pexpect.spawn[Any]] = []

    def start(*words: str, size: tuple[int, int] = (24, 80)) -> "pexpect.spawn[Any]":
        opened.append(
            pexpect.spawn(
                sys.executable, ["-m", "cmdm_tui", *words], timeout=20, encoding="utf-8",
                cwd=str(tmp_path), dimensions=size, preexec_fn=restore_interrupts,
            )
        )  # fmt: skip
        return opened[-1]

    yield start
    for each in opened:
        end_program(each)


@pytest.mark.skipif(shutil.which("less") is None, reason="there is no less")
@pytest.mark.parametrize("size", [(24, 80), (40, 140)])
def test_a_pager_is_read_and_left(
    spawn: Callable[..., "pexpect.spawn[Any]"],
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
) -> None:
    monkeypatch.delenv("PAGER", raising=False)
    monkeypatch.delenv("LESS", raising=False)
    terminal = spawn("repl", size=size)
    terminal.expect("one>")
    terminal.send("SELECT 'row ' || range AS a FROM range(100);\r")
    terminal.expect("row 5")
    terminal.sendintr()
    for _ in range(10):  # less throws away what is typed while it takes the interrupt
        terminal.send(" ")
        if terminal.expect(["row 40", pexpect.TIMEOUT], timeout=3) == 0:
            break
    else:
        pytest.fail("The pager shows no further page.")
    terminal.send("q")
    terminal.expect("100 rows")
    terminal.send("SELECT 'back' || ' at the prompt' AS a;\r")
    terminal.expect("back at the prompt")
    terminal.send("\\help\r")
    terminal.expect("SQL, over lines")
    terminal.send("q")
    terminal.send("\\pager nosuch-pager\r")
    terminal.expect("to a pager: nosuch-pager")
    terminal.send("\\help\r")
    terminal.expect("cannot be run")
    terminal.expect("counts for nothing")
    wide = ", ".join(f"'{'v' * 30}' AS c{n}" for n in range(18))
    terminal.send(f"SELECT {wide};\r")
    terminal.expect("── 1 ──")
    terminal.send("\\where c1 IS NULL\r")
    terminal.expect("0 of 1 row")
    terminal.send("\\q\r")
    terminal.expect(pexpect.EOF)


@pytest.mark.parametrize("size", [(24, 80), (40, 140)])
def test_a_session_at_the_prompt(
    spawn: Callable[..., "pexpect.spawn[Any]"], tmp_path: Path, size: tuple[int, int]
) -> None:
    terminal = spawn("repl", size=size)
    terminal.expect("one>")
    terminal.send("\\set who 'Dee X'\r")
    terminal.send("SELECT $who || '!' AS a; > who.csv\r")
    terminal.expect("Wrote 1 row to who.csv")
    assert (tmp_path / "who.csv").read_text() == "a\nDee X!\n"
    terminal.send("SELECT 1 AS a \\gx\r")
    terminal.expect("── 1 ──")
    terminal.send("SELECT 'x' AS a; | tr x y\r")
    terminal.expect('"a": "y"')
    terminal.send("\\! exit 4\r")
    terminal.expect("ended with exit code 4")
    terminal.send("INSERT INTO lead (LastName) VALUES ('Nobody');\r")
    terminal.expect(r"Send 1 change to .*\[y/N\]")
    terminal.send("n\r")
    terminal.expect("Nothing was sent")
    terminal.send("SELECT count(*) AS n FROM lead WHERE LastName = 'Nobody'; | cat\r")
    terminal.expect('"n": 0')
    terminal.send("SELECT 1 \\watch 60\r")
    terminal.expect("1 row")
    terminal.sendintr()
    terminal.send("SELECT 'goes ' || 'on' AS a;\r")
    terminal.expect("goes on")
    terminal.send("\\q\r")
    terminal.expect(pexpect.EOF)


def test_another_profile_is_gone_on_with_and_one_that_fails_is_not(
    spawn: Callable[..., "pexpect.spawn[Any]"],
) -> None:
    terminal = spawn("repl")
    terminal.expect("one>")
    terminal.send("\\set kept 'still here'\r")
    terminal.send("\\profile nosuch\r")
    terminal.expect("nosuch")
    terminal.send("\\profile bad\r")
    terminal.expect("Still with one")
    terminal.send("SELECT 'on ' || 'one' AS a;\r")
    terminal.expect("on one")
    terminal.send("\\profile two\r")
    terminal.expect("two>")
    terminal.send("SELECT $kept AS a;\r")
    terminal.expect("still here")
    terminal.send("\\conninfo\r")
    terminal.expect("two ")
    terminal.send("\\q\r")
    terminal.expect(pexpect.EOF)


def test_a_profile_that_keeps_no_secrets_is_asked_for_them_once_and_unseen(
    spawn: Callable[..., "pexpect.spawn[Any]"], sandbox: RunningInfo
) -> None:
    credentials = Credentials(
        SecretStr(sandbox.client_id), SecretStr("s"), sandbox.username, SecretStr("p")
    )
    ProfileStore(Paths.of_user()).save_with_secrets("asks", sandbox.url, credentials, place="ask")
    terminal = spawn("repl")
    shown: list[str] = []
    terminal.expect("one>")
    terminal.send("\\profile asks\r")
    terminal.expect("Client secret of asks:")
    terminal.send("\x1b[200~with a \x07 bell\x1b[201~\r")
    terminal.expect("Password of asks:")
    shown.append(terminal.before or "")
    terminal.send("seen nowhere\r")
    terminal.expect("holds a control character")
    terminal.expect("Client secret of asks:")
    terminal.send(f"{sandbox.client_secret}\r")
    terminal.expect("Password of asks:")
    shown.append(terminal.before or "")
    terminal.send(f"{sandbox.password}\r")
    terminal.expect("asks>")
    shown.append(terminal.before or "")
    for secret in ("bell", "seen nowhere", sandbox.client_secret, sandbox.password):
        assert secret not in "".join(shown)
    terminal.send("\\profile one\r")
    terminal.expect("one>")
    terminal.send("\\c asks\r")  # its token is kept now
    assert terminal.expect(["asks>", "Client secret"]) == 0
    terminal.send("SELECT 'counted ' || (count(*) > 0) AS a FROM lead;\r")
    terminal.expect("counted true")
    terminal.send("\\q\r")
    terminal.expect(pexpect.EOF)


def test_a_script_asks_at_a_terminal_and_ends_with_a_no(
    spawn: Callable[..., "pexpect.spawn[Any]"],
) -> None:
    terminal = spawn("repl", "-c", 'POST lead {"LastName": "Nobody"}', "-c", "SELECT 'after' AS a")
    terminal.expect(r"Send POST lead, which cannot be taken back by \\undo\? \[y/N\]")
    terminal.send("n\r")
    terminal.expect("Nothing was sent, and nothing is run that comes after it")
    terminal.expect(pexpect.EOF)
    terminal.wait()
    assert terminal.exitstatus == 1
    assert terminal.before is not None
    assert "after" not in terminal.before
