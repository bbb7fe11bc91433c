"""Starting is quick because nothing is imported before it is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from cmdm_tui import __version__
from tests.cli.conftest import Command

HEAVY = {
    "duckdb", "httpx", "hypothesis", "keyring", "mimesis", "prompt_toolkit", "rich", "sqlglot",
    "starlette",
    "textual", "tomlkit", "uvicorn", "vcr",
}  # fmt: skip


def imported_by(*words: str) -> tuple[set[str], str]:
    """Return the top-level modules that `cmdm WORDS` imports, and what it prints."""
    code = (
        "import sys; from cmdm_tui.cli.main import run; code = run(sys.argv[1:]);"
        "names = {name.partition('.')[0] for name, module in sys.modules.items() if module};"
        "print('\\n@', *names); sys.exit(code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    )
    printed, _, modules = ended.stdout.rpartition("\n@ ")
    return set(modules.split()), printed


@pytest.mark.parametrize(
    "words",
    [
        ["--version"],
        ["--help"],
        ["list", "--help"],
        ["login", "--help"],
        ["profile", "--help"],
        ["verify", "--help"],
        ["cases", "list", "--help"],
        ["record", "--help"],
        ["fuzz", "--help"],
        ["query", "--help"],
        ["doctor", "--help"],
    ],
)
def test_help_and_version_import_nothing_heavy(words: list[str]) -> None:
    modules, _ = imported_by(*words)
    assert "cmdm_tui" in modules
    assert modules & HEAVY == set()


def test_the_check_of_imports_can_fail() -> None:
    code = "import sys, httpx; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(ended.stdout.split()) & HEAVY


def test_the_version_is_said() -> None:
    assert imported_by("--version")[1].strip() == f"cmdm {__version__}"


def test_help_names_every_command_and_exit_code(cmdm: Command) -> None:
    ended = cmdm("--help")
    assert ended.code == 0
    text = ended.out.decode()
    for word in ("demo", "repl", "list", "get", "fields", "create", "update", "delete", "convert",
                 "close", "api", "sandbox", "login", "logout", "whoami", "profile",
                 "7 outcome unknown"):  # fmt: skip
        assert word in text


@pytest.mark.parametrize("words", [[], ["demo"]])
def test_the_explorer_without_a_terminal_says_so(cmdm: Command, words: list[str]) -> None:
    ended = cmdm(*words)
    assert ended.code == 2
    assert "needs a terminal" in ended.err


def test_a_call_without_a_profile_says_what_to_do(cmdm: Command) -> None:
    ended = cmdm("list", "lead")
    assert ended.code == 2
    assert "No profile is set up yet. Run cmdm to sign in or to see the demo" in ended.err


def test_a_broken_profile_file_is_named(cmdm: Command, home: Path) -> None:
    folder = home / "config" / "cmdm"
    folder.mkdir(parents=True)
    (folder / "profiles.toml").write_text("[profiles")
    ended = cmdm("list", "lead")
    assert ended.code == 1
    assert "profiles.toml is not valid TOML" in ended.err


def test_a_reader_that_has_gone_is_no_error_to_shout_about() -> None:
    code = f"{sys.executable} -m cmdm_tui --help | true"
    ended = subprocess.run(code, shell=True, capture_output=True, text=True, check=False)
    assert ended.stderr == ""
