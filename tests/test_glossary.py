"""Docstrings, messages, help texts and pages are in plain English: no turn of `glossary.txt`."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "cmdm_tui"
PAGES = sorted(
    page
    for folder in (".", ".github", "cassettes", "cmdm_tui", "scripts", "tests")
    for page in (ROOT / folder).glob("*.md")
)


@dataclass(frozen=True)
class BannedTurn:
    """A turn that no text uses, and the plain words instead."""

    pattern: re.Pattern[str]
    instead: str


RECORDED = {
    # The cassettes hold these words of the sandbox; they are not recorded again for a phrase.
    "is no JSON value.",
    "holds half a surrogate pair, which is no text.",
    "page needs per_page beside it.",
    "per_page needs page beside it.",
}


NOT_YET_READ: set[str] = set()
FOLDERS = sorted({one.name for one in PACKAGE.iterdir() if one.is_dir()} - NOT_YET_READ)


def read_glossary(text: str) -> list[BannedTurn]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = (line.rsplit("=>", 1) for line in lines)
    return [
        BannedTurn(re.compile(pattern.strip(), re.IGNORECASE | re.MULTILINE), instead.strip())
        for pattern, instead in pairs
    ]


GLOSSARY = read_glossary((ROOT / "tests" / "glossary.txt").read_text(encoding="utf-8"))


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the docstrings and messages of a module: every literal of two words or more."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = " ".join(node.value.split())
            if " " in words and words not in RECORDED:
                yield node.lineno, words


def banned_in(text: str) -> Iterator[str]:
    """Yield a line for each banned turn that `text` uses, names of code in backquotes apart."""
    text = re.sub(r"`[^`]*`", "`…`", text)
    for turn in GLOSSARY:
        for found in turn.pattern.finditer(text):
            around = text[max(0, found.start() - 30) : found.end() + 30].strip()
            yield f"{found[0]!r} in “…{around}…”: {turn.instead}"


def banned_in_module(source: str) -> list[str]:
    return [f"{line}: {found}" for line, text in texts_of(source) for found in banned_in(text)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_texts_of_the_package_are_in_plain_english(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{one}"
        for path in sorted((PACKAGE / folder).rglob("*.py"))
        for one in banned_in_module(path.read_text(encoding="utf-8"))
    ]
    assert found == [], "\n".join(found)


def test_texts_of_the_modules_above_are_in_plain_english() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{one}"
        for path in sorted(PACKAGE.glob("*.py"))
        for one in banned_in_module(path.read_text(encoding="utf-8"))
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_are_in_plain_english(page: Path) -> None:
    assert list(banned_in(" ".join(page.read_text(encoding="utf-8").split()))) == []


def test_the_check_can_fail() -> None:
    source = '"""Tell whether it is so."""\nraise ValueError(f"{name} is no number; try anew.")\n'
    assert [one.split(" in ")[0] for one in banned_in_module(source)] == [
        "1: 'Tell whether'",
        "2: 'anew'",
        "2: 'is no'",
    ]


@pytest.mark.parametrize(
    "text",
    ["There is no such record.", "It stands for null.", "it is no longer there", "Tell a user."],
)
def test_plain_words_are_left_alone(text: str) -> None:
    assert list(banned_in(text)) == []
