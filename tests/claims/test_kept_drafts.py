"""In a real terminal: what was typed into a form outlives the explorer, and is not sent."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.claims.odd_service import OddService, Rows, serve
from tests.claims.painted_terminal import PaintedTerminal
from tests.claims.terminal import ProgramTerminal

KEPT = (
    b"cmdm: Ended by SIGHUP. What was typed and not sent is kept (account ID000000): "
    b"the next start of the explorer offers it."
)
KEEPS_NOTHING = """
from cmdm_tui.tui.draft_keeper import DraftKeeper
DraftKeeper.finish = DraftKeeper.note = lambda self: None
from cmdm_tui.cli.main import main
main()
"""

Starts = Callable[..., PaintedTerminal]


@pytest.fixture
def service() -> Iterator[OddService]:
    with serve(None, list(Rows(3))) as found:
        found.fields = [{"Name": "LastName", "Label": "Last name", "Type": "Text"}]
        yield found


@pytest.fixture
def starts(tmp_path: Path, service: OddService) -> Iterator[Starts]:
    opened: list[PaintedTerminal] = []

    def start(code: str | None = None) -> PaintedTerminal:
        terminal = ProgramTerminal([], tmp_path, service.environment, code=code)
        opened.append(PaintedTerminal(terminal))
        return opened[-1]

    yield start
    for each in opened:
        each.terminal.close()


def type_name(painted: PaintedTerminal) -> None:
    """Type a last name into the form of the first record."""
    painted.wait_for("ID000000")
    painted.press("e")
    painted.wait_for("Edit account ID000000.*nothing changed yet")  # the focus is in it by then
    painted.press("Lovelace")
    painted.wait_for("Lovelace.*1 field changed")


def sent(service: OddService) -> list[str]:
    return [f"{one.method} {one.target}" for one in service.calls]


def assert_offered(painted: PaintedTerminal, service: OddService) -> None:
    """Go on with the draft: its record is read, and nothing is sent."""
    painted.wait_for("Typed and not sent.*Account ID000000.*LastName = Lovelace")
    service.calls.clear()
    painted.press("\r")
    painted.wait_for("Edit account ID000000.*Lovelace.*1 field changed")
    assert sent(service) == ["GET /api/v1/account/ID000000"]


def assert_kept(painted: PaintedTerminal) -> None:
    terminal = painted.terminal
    terminal.send_signal(signal.SIGHUP)
    assert terminal.wait_for_exit(12.0) == 128 + signal.SIGHUP
    assert terminal.attributes == terminal.attributes_before
    assert terminal.modes_left_on == []
    assert b"Traceback" not in terminal.raw
    assert KEPT in b" ".join(terminal.raw.split())  # it is wrapped between words


def test_a_form_that_a_signal_closes_is_offered_by_the_next_start(
    starts: Starts, service: OddService
) -> None:
    painted = starts()
    type_name(painted)
    assert_kept(painted)
    assert not any(one.method in {"PUT", "POST"} for one in service.calls)
    again = starts()
    assert_offered(again, service)
    assert_kept(again)  # what is in the form again is kept again
    third = starts()
    assert_offered(third, service)
    # It is given up: the explorer asks, and then keeps nothing.
    third.press("\x1b")
    third.wait_for("1 field changed, and nothing was sent")
    third.press("\x1b[B\r")
    third.wait_for(" 3 records")  # the form was in front of it
    third.press("q")
    assert third.terminal.wait_for_exit() == 0
    assert b"kept" not in third.terminal.raw[-300:]
    assert list(third.terminal.home.rglob("drafts/*")) == []


@pytest.mark.parametrize("is_killed", [False, True], ids=["hang up", "kill"])
def test_a_terminal_that_is_closed_and_a_program_that_is_killed_keep_it_too(
    starts: Starts, service: OddService, *, is_killed: bool
) -> None:
    painted = starts()
    type_name(painted)
    if is_killed:  # no code of the program runs any more: what it wrote before is there
        files = painted.terminal.home
        painted.terminal.wait_until(
            lambda: any("Lovelace" in one.read_text() for one in files.rglob("drafts/*.json")),
            "the draft",
        )
        painted.terminal.send_signal(signal.SIGKILL)
        assert painted.terminal.wait_for_exit() == -signal.SIGKILL
    else:
        assert painted.terminal.hang_up() == 128 + signal.SIGHUP
    assert_offered(starts(), service)


def test_an_explorer_that_keeps_nothing_is_noticed(starts: Starts) -> None:
    painted = starts(KEEPS_NOTHING)
    type_name(painted)
    with pytest.raises(AssertionError):
        assert_kept(painted)
    assert list(painted.terminal.home.rglob("drafts/*")) == []
