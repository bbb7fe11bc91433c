"""What the explorer paints in a real terminal: no secret, and what it cannot keep."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.claims.odd_service import Answer, Call, OddService, Rows, serve
from tests.claims.painted_terminal import PaintedTerminal
from tests.claims.terminal import ProgramTerminal
from tests.redaction.plain_search import find_shown
from tests.redaction.test_concealment import SPELLINGS

TOKEN = "tok-A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0"
PASSWORD = "p-ss/w\"rd & 9Zx'7 <q>"

WITHOUT_CONCEALMENT = """
from cmdm_tui.redaction.redactor import Redactor
Redactor.redact_values = Redactor.__call__ = lambda self, line: line
from cmdm_tui.cli.main import main
main()
"""

WITHOUT_WARNINGS = """
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
BrowseScreen._warn_of_caches = lambda self: None
from cmdm_tui.cli.main import main
main()
"""

Starts = Callable[..., PaintedTerminal]


@pytest.fixture
def starts(tmp_path: Path) -> Iterator[Starts]:
    opened: list[ProgramTerminal] = []

    def start(service: OddService, code: str | None = None) -> PaintedTerminal:
        extra = {**service.environment, "CMDM_PASSWORD": PASSWORD}
        opened.append(ProgramTerminal([], tmp_path, extra, code=code))
        return PaintedTerminal(opened[-1])

    yield start
    for each in opened:
        each.close()


def reflect(call: Call) -> Answer | None:
    """List records, and refuse all else with what was sent in its words."""
    if call.is_list and call.segments[0] in {"lead", "account"}:
        return None
    spell = list(SPELLINGS.values())[call.nth % len(SPELLINGS)]
    words = f"Refused: {spell(TOKEN)} and {PASSWORD}, {TOKEN[:7]}"
    if call.nth % 2:
        return Answer.of({"Message": words}, 400)
    return Answer(500 if call.method == "GET" else 400, words.encode(), content_type="text/plain")


def explore(painted: PaintedTerminal) -> None:
    """Open what makes calls: the fields, an entity that is refused, a record's change."""
    painted.wait_for("ID000001")
    painted.press("f")
    painted.wait_for("[Rr]efused|failed|500|400")
    painted.press("\x1b[B\r")
    painted.terminal.read(0.5)
    painted.press("r")
    painted.terminal.read(0.5)
    painted.wait_for("[Rr]efused|failed|500|400")


def find_painted(painted: PaintedTerminal) -> str:
    """Return what can be read of a secret in anything painted, with its lines joined and not."""
    joined = "".join(re.sub(r"[│▌▐▎▏▕┃█|\s]", "", line) for line in painted.text.split("\n"))
    found = [
        find_shown(secret.replace(" ", "") if text is joined else secret, text)
        for secret in (TOKEN, PASSWORD)
        for text in ("\n".join(sorted(painted.painted)), painted.words, joined)
    ]
    return max(found, key=len)


def test_the_explorer_paints_no_secret_that_a_service_gives_back(starts: Starts) -> None:
    with serve(reflect, list(Rows(3))) as service:
        service.sign_in = lambda call: Answer.of({"token": TOKEN})
        painted = starts(service)
        explore(painted)
        assert find_painted(painted) == "", painted.text


def test_without_concealment_it_would_be_painted(starts: Starts) -> None:
    """The broken twin."""
    with serve(reflect, list(Rows(3))) as service:
        service.sign_in = lambda call: Answer.of({"token": TOKEN})
        painted = starts(service, WITHOUT_CONCEALMENT)
        explore(painted)
        assert find_painted(painted)


def test_the_explorer_says_that_a_cache_cannot_be_written(tmp_path: Path, starts: Starts) -> None:
    for name in ("cache", "data", "state"):
        (tmp_path / name).write_text("in the way")
    with serve(rows=list(Rows(3))) as service:
        painted = starts(service)
        painted.wait_for("not kept for the next run")
        painted.wait_for("ID000001")


def test_an_explorer_that_does_not_say_so_would_be_noticed(tmp_path: Path, starts: Starts) -> None:
    """The broken twin."""
    for name in ("cache", "data", "state"):
        (tmp_path / name).write_text("in the way")
    with serve(rows=list(Rows(3))) as service:
        painted = starts(service, WITHOUT_WARNINGS)
        painted.wait_for("ID000001")
        painted.terminal.read(0.3)
        assert "not kept" not in painted.words


def test_where_the_caches_can_be_written_nothing_is_said(starts: Starts) -> None:
    """The other side of the check above."""
    with serve(rows=list(Rows(3))) as service:
        painted = starts(service)
        painted.wait_for("ID000001")
        painted.terminal.read(0.3)
        assert "not kept" not in painted.words
