"""The failures as they come, each in a line to look into."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from cmdm_tui.harness.report.dashboard.state import DashboardState, FailureLine
from cmdm_tui.harness.report.dashboard.widgets.styles import style_text


class FailureList(OptionList):
    """Lists the failures; the one chosen is looked into. What is highlighted stays so."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Look into", id="failures.look", tooltip="Tell one whole")
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 — Textual's own name
        super().__init__(id=id, markup=False)
        self._listed: tuple[FailureLine, ...] = ()
        self.border_title = "Failures: none"

    def show(self, board: DashboardState) -> None:
        """Show the board's part."""
        before = self._listed
        for number, line in enumerate(board.failures):
            if number >= len(before):
                self.add_option(Option(_format_line(line), id=f"failure-{number}"))
            elif line != before[number]:
                self.replace_option_prompt_at_index(number, _format_line(line))
        if board.failures and not before:
            self.highlighted = 0
        self._listed = board.failures
        self.border_title = f"Failures: {len(board.failures) or 'none'}"

    def name_at(self, index: int) -> str:
        """Return the failure's name in the run."""
        return self._listed[index].name


def _format_line(line: FailureLine) -> Content:
    head = style_text(line.title, "bad") + style_text(f"  {line.state}  ", "quiet")
    return head + Content(line.message)
