"""What the pages say is there: every file that they name, every command, every option."""

import re
from pathlib import Path

import click
import pytest

from cmdm_tui.cli.commands import cmdm

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for folder in (".", ".github", "cassettes", "cmdm_tui", "scripts", "tests")
    for page in (ROOT / folder).glob("*.md")
)
CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md"]  # which names what was, too

_LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"\.?[\w][\w./-]*(?:/|\.(?:py|md|txt|toml|yaml|yml|json|tcss))")
_ELSEWHERE = (
    "~", "/", "api/v", "fuzz-report", "regress", "my-cases", "live/", "profiles.toml",
    "secrets.toml", "faults.toml", "openapi.json", "junit.xml", "report.json", "report.html",
    "api.md", "_sandbox/",
)  # fmt: skip


def named_files(text: str) -> list[str]:
    """Return what stands as a link, or in backquotes and looks like a file of the repository."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    found = [*_LINK.findall(plain), *(one for one in _CODE.findall(plain) if _PATH.fullmatch(one))]
    return [one for one in found if not one.startswith(_ELSEWHERE) and "NAME" not in one]


def exists(named: str, page: Path) -> bool:
    return any((root / named).exists() for root in (page.parent, ROOT, ROOT / "cmdm_tui"))


@pytest.mark.parametrize("page", CURRENT, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert [one for one in named_files(text) if not exists(one, page)] == []


def test_the_check_of_files_can_fail() -> None:
    page = ROOT / "README.md"
    text = "See [this](no/such.md), `cmdm_tui/nowhere.py` and `cmdm_tui/text.py`."
    assert [one for one in named_files(text) if not exists(one, page)] == [
        "no/such.md",
        "cmdm_tui/nowhere.py",
    ]


def commands(text: str) -> list[list[str]]:
    """Return the words after each `cmdm` that a page shows as something to type."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    typed = [line for block in blocks for line in block.splitlines()] + _CODE.findall(text)
    found = (re.search(r"(?:^|\| )cmdm ([^|#]+)", line) for line in typed)
    return [one[1].split() for one in found if one]


def unknown_words(words: list[str]) -> list[str]:
    """Return the command and the options in `words` that `cmdm` does not have."""
    command: click.Command = cmdm
    known = {"-h", "--help"}
    known |= {option for one in cmdm.params for option in (*one.opts, *one.secondary_opts)}
    for word in words:
        if word.startswith("-"):
            continue
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        if found is None:
            if word in {"…", "WORD"}:
                break
            return [word]
        command = found
        known |= {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    return [word for word in words if re.match(r"--?[a-z]", word) and word not in known]


@pytest.mark.parametrize("page", CURRENT, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_exists(page: Path) -> None:
    unknown = {" ".join(words): unknown_words(words) for words in commands(page.read_text("utf-8"))}
    assert {words: bad for words, bad in unknown.items() if bad} == {}


def test_the_check_of_commands_can_fail() -> None:
    text = "Run `cmdm lst lead`, or `cmdm list --perpage 5 lead`, or `cmdm list lead`."
    assert [unknown_words(words) for words in commands(text)] == [["lst"], ["--perpage"], []]
