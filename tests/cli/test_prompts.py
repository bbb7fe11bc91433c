"""Prompts in a real terminal: secrets are asked for, and show up nowhere."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pexpect
import pytest

from cmdm_tui.sandbox import RunningInfo
from tests.claims.program import fork_child
from tests.claims.terminal import ForkedTerminal
from tests.conftest import KeyringFactory
from tests.terminals import restore_interrupts

Spawn = Callable[..., "pexpect.spawn[str]"]


@pytest.fixture
def spawn(home: Path) -> Spawn:
    def start(*words: str) -> "pexpect.spawn[str]":
        # A path of Python's own is read at the start alone.
        if "PYTHONPATH" not in os.environ:
            fork = partial(
                fork_child, words=words, home=Path.cwd(), extra=os.environ, has_terminal=True
            )
            return ForkedTerminal(fork, (40, 200), encoding="utf-8", timeout=30)
        arguments = ["-m", "cmdm_tui", *words]
        return pexpect.spawn(
            sys.executable, arguments, encoding="utf-8", timeout=30, env=dict(os.environ),
            dimensions=(40, 200), preexec_fn=restore_interrupts,
        )  # fmt: skip

    return start


def seen_in(terminal: "pexpect.spawn[str]") -> list[str]:
    """Keep all that the terminal shows from here on."""
    shown: list[str] = []

    class Screen:
        def write(self, text: str) -> None:
            shown.append(text)

        def flush(self) -> None: ...

    terminal.logfile_read = Screen()
    return shown


def ended(terminal: "pexpect.spawn[str]") -> int | None:
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus


def interrupt(terminal: "pexpect.spawn[str]") -> None:
    """Press Ctrl-C until the program ends: Python loses one that comes as it begins to wait."""
    for _ in range(10):
        terminal.sendintr()
        if terminal.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=2) == 0:
            return


def answer(terminal: "pexpect.spawn[str]", prompt: str, text: str) -> None:
    terminal.expect_exact(prompt)
    terminal.sendline(text)


def test_login_asks_for_what_is_missing_and_echoes_no_secret(
    spawn: Spawn, sandbox: RunningInfo, home: Path
) -> None:
    terminal = spawn("login", "acme", "--secrets", "file")
    shown = seen_in(terminal)
    answer(terminal, "Address (https://…): ", sandbox.url)
    answer(terminal, "Client id: ", sandbox.client_id)
    answer(terminal, "User name: ", sandbox.username)
    answer(terminal, "Client secret of acme: ", sandbox.client_secret)
    answer(terminal, "Password of acme: ", sandbox.password)
    assert ended(terminal) == 0
    text = "".join(shown)
    assert sandbox.username in text
    assert sandbox.password not in text
    assert sandbox.client_secret not in text


def test_an_echoed_prompt_would_be_seen(home: Path) -> None:
    code = "import click; click.prompt('Password', hide_input=False)"
    terminal: pexpect.spawn[str] = pexpect.spawn(
        sys.executable, ["-c", code], encoding="utf-8", timeout=30
    )
    shown = seen_in(terminal)
    answer(terminal, "Password: ", "hunter2")
    ended(terminal)
    assert "hunter2" in "".join(shown)


def test_enter_keeps_what_is_kept(spawn: Spawn, sandbox: RunningInfo, home: Path) -> None:
    terminal = spawn("login", "acme", "--secrets", "file", "--url", sandbox.url, "--client-id",
                     sandbox.client_id, "--username", sandbox.username)  # fmt: skip
    answer(terminal, "Client secret of acme: ", sandbox.client_secret)
    answer(terminal, "Password of acme: ", sandbox.password)
    assert ended(terminal) == 0
    again = spawn("login", "acme")
    answer(again, "Client secret of acme (Enter: the one that is kept): ", "")
    answer(again, "Password of acme (Enter: the one that is kept): ", "wrong")
    assert ended(again) == 3
    third = spawn("login", "acme")
    answer(third, "Client secret of acme (Enter: the one that is kept): ", "")
    answer(third, "Password of acme (Enter: the one that is kept): ", "")
    assert ended(third) == 0


def test_login_asks_for_commands(spawn: Spawn, sandbox: RunningInfo, home: Path) -> None:
    terminal = spawn("login", "acme", "--secrets", "command", "--url", sandbox.url, "--client-id",
                     sandbox.client_id, "--username", sandbox.username)  # fmt: skip
    answer(terminal, "Command that prints the password: ", f"echo {sandbox.password}")
    answer(terminal, "it is asked for): ", "")
    answer(terminal, "Client secret of acme: ", sandbox.client_secret)
    assert ended(terminal) == 0


def test_removing_asks_first(spawn: Spawn, home: Path) -> None:
    made = spawn("login", "acme", "--url", "https://x.example.com", "--client-id", "a",
                 "--username", "b", "--no-check")  # fmt: skip
    assert ended(made) == 0
    refused = spawn("profile", "remove", "acme")
    answer(refused, "Remove the profile acme, its secrets and its token? [y/N]: ", "")
    refused.expect_exact("cmdm: Nothing was removed.")
    assert ended(refused) == 1
    done = spawn("profile", "remove", "acme")
    answer(done, "[y/N]: ", "y")
    done.expect_exact("Removed the profile acme.")
    assert ended(done) == 0


def test_an_interrupted_prompt_keeps_nothing(spawn: Spawn, home: Path) -> None:
    terminal = spawn("login", "acme")
    terminal.expect_exact("Address (https://…): ")
    interrupt(terminal)
    assert ended(terminal) == 130
    assert not (home / "config").exists()


def test_a_password_on_a_terminals_stdin_is_refused(spawn: Spawn, home: Path) -> None:
    terminal = spawn("login", "acme", "--password-stdin", "--url", "https://x", "--client-id",
                     "a", "--username", "b")  # fmt: skip
    terminal.expect_exact("--password-stdin reads a pipe or a file")
    assert ended(terminal) == 2


def test_a_keyring_that_fails_is_told_before_asking(
    spawn: Spawn,
    sandbox: RunningInfo,
    home: Path,
    keyring: KeyringFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{keyring('working').folder}:{Path.cwd()}")
    made = spawn("login", "acme", "--secrets", "keyring", "--url", sandbox.url, "--client-id",
                 sandbox.client_id, "--username", sandbox.username)  # fmt: skip
    answer(made, "Client secret of acme: ", sandbox.client_secret)
    answer(made, "Password of acme: ", sandbox.password)
    assert ended(made) == 0
    keyring("failing")
    for path in (home / "cache").rglob("tokens/acme.*.json"):
        path.unlink()  # a token that is kept would do
    terminal = spawn("get", "lead", "NOPE")
    terminal.expect_exact("cmdm: The keyring refused (RuntimeError).")
    answer(terminal, "Client secret of acme: ", sandbox.client_secret)
    answer(terminal, "Password of acme: ", sandbox.password)
    assert ended(terminal) == 4


def test_what_is_asked_for_is_not_in_the_history(
    spawn: Spawn, sandbox: RunningInfo, home: Path
) -> None:
    made = spawn("login", "acme", "--url", sandbox.url, "--client-id", sandbox.client_id,
                 "--username", sandbox.username, "--no-check")  # fmt: skip
    assert ended(made) == 0
    terminal = spawn("repl")
    shown = seen_in(terminal)
    answer(terminal, "Client secret of acme: ", sandbox.client_secret)
    answer(terminal, "Password of acme: ", sandbox.password)
    terminal.expect_exact("acme>")
    terminal.sendline("GET lead?per_page=1&page=1")
    terminal.expect_exact("ExternalID")
    terminal.sendline("\\q")
    ended(terminal)
    history = (home / "data" / "cmdm" / "history").read_text()
    assert "GET lead" in history
    for secret in (sandbox.password, sandbox.client_secret):
        assert secret not in history
        assert secret not in "".join(shown)


@pytest.mark.usefixtures("signed_in")
def test_an_answer_is_typed_a_wrong_one_asked_again_and_the_end_is_none(
    spawn: Spawn, tmp_path: Path
) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("LastName,LastContacted\nAble,03/04/2026\n")
    words = ("import", "lead", str(file), "--dry-run")
    terminal = spawn(*words)
    answer(terminal, "dd/mm/yyyy, mm/dd/yyyy, or another]: ", "dd/mm/yy")
    terminal.expect_exact("A year needs four digits")
    answer(terminal, "or another]: ", "%d/%m/%Y")
    terminal.expect_exact("2026-04-03")
    assert ended(terminal) == 0
    left = spawn(*words)
    left.expect_exact("or another]: ")
    left.sendeof()
    assert ended(left) != 0


@pytest.mark.usefixtures("signed_in")
def test_a_terminal_is_told_how_a_change_is_taken_back(spawn: Spawn) -> None:
    terminal = spawn("create", "lead", "LastName=Jones")
    terminal.expect_exact("The journal has it as run 1; cmdm journal undo 1 takes it back.")
    assert ended(terminal) == 0
    terminal = spawn("journal", "undo", "1")
    answer(terminal, "[y/N]: ", "y")
    terminal.expect_exact("1 done")
    assert ended(terminal) == 0
    closed = spawn("update", "lead", "NOPE", "City=Bath")
    closed.expect_exact("cmdm journal show 3 says what became of it.")
    assert ended(closed) == 4
