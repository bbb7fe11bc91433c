"""The dashboard's widgets: each shows one part of the state."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, ProgressBar, Static
from textual.widgets.option_list import Option

from cmdm_tui.harness.report.dashboard.state import (
    CheckLine,
    DashboardState,
    FailureLine,
    Tone,
    TonedText,
    shorten_count,
)

_STYLES: dict[Tone, str] = {
    "good": "$text-success",
    "bad": "bold $text-error",
    "odd": "$text-warning",
    "quiet": "$foreground 35%",
    "plain": "$foreground",
}


def style_text(text: str, tone: Tone) -> Content:
    """Return a text, unchanged, in the colour of a tone."""
    return Content.styled(text, _STYLES[tone])


def style_toned(word: TonedText) -> Content:
    """Return a word in its colour."""
    return style_text(word.text, word.tone)


_GAP = Content.styled(" · ", "$foreground 40%")


class RunHeadline(Vertical):
    """Shows the progress of the run: two lines, and a bar where the run has a bound."""

    def compose(self) -> ComposeResult:
        """Lay out the lines and the bar."""
        yield Static(markup=False, id="headline-outcome")
        yield Static(markup=False, id="headline-pace")
        yield ProgressBar(total=1, show_eta=False, show_percentage=False, id="headline-bar")

    def show(self, state: DashboardState) -> None:
        """Show the state's part."""
        outcome = [style_toned(state.outcome), style_toned(state.phase)]
        outcome += [style_text(state.target, "quiet")] if state.target else []
        self.query_one("#headline-outcome", Static).update(_GAP.join(outcome))
        pace = [Content(state.progress), Content(state.rate), Content(state.sparkline)]
        self.query_one("#headline-pace", Static).update(_GAP.join(pace))
        bar = self.query_one(ProgressBar)
        bar.set_class(state.share is None, "-endless")
        bar.update(progress=state.share or 0.0)


_COLUMN_WIDTH = 5


class StatusMatrix(ScrollableContainer):
    """Shows how often each call was answered with each status."""

    BORDER_TITLE = "Calls and answers"

    def compose(self) -> ComposeResult:
        """Lay out one text that is as wide as it needs to be."""
        yield Static(markup=False, id="matrix-text")

    def show(self, state: DashboardState) -> None:
        """Show the state's part."""
        name = max((len(call) for call, _ in state.matrix), default=4)
        lines = [_format_row(style_text("call".ljust(name), "quiet"), state.statuses)]
        lines += [_format_row(Content(call.ljust(name)), cells) for call, cells in state.matrix]
        self.query_one("#matrix-text", Static).update(Content("\n").join(lines))
        # A wide terminal has the list of checks at its side.
        is_wide = self.query_ancestor("#body").has_class("-wide")
        self.border_subtitle = "" if is_wide else describe_checks(state)


def _format_row(name: Content, cells: tuple[TonedText, ...]) -> Content:
    padded = [
        Content(" " * max(_COLUMN_WIDTH - len(cell.text), 1)) + style_toned(cell) for cell in cells
    ]
    return Content("").join([name, *padded])


_MARKS = {"bad": "✗", "odd": "○", "good": "✓", "quiet": "–", "plain": "·"}


def describe_checks(state: DashboardState) -> str:
    """Return how many checks hold, in a few words."""
    holding = sum(line.tone == "good" for line in state.checks)
    return f"Checks: {holding} of {len(state.checks)} hold"


class CheckList(VerticalScroll):
    """Shows which checks hold, in as many columns as have room."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 — Textual's own name
        super().__init__(id=id)
        self._lines: tuple[CheckLine, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out one text."""
        yield Static(markup=False, id="checks-text")

    def on_resize(self) -> None:
        """Lay the checks out again."""
        self._lay_out()

    def show(self, state: DashboardState) -> None:
        """Show the state's part."""
        self.border_title = describe_checks(state)
        self._lines = state.checks
        self._lay_out()

    def _lay_out(self) -> None:
        columns = max(1, self.scrollable_content_region.width // _CHECK_WIDTH)
        height = -(-len(self._lines) // columns)
        rows: list[Content] = []
        for row in range(height):
            cells = [_format_check(line) for line in self._lines[row::height]]
            padded = [cell.pad_right(_CHECK_WIDTH - cell.cell_length) for cell in cells[:-1]]
            rows.append(Content("").join([*padded, *cells[-1:]]))
        self.query_one("#checks-text", Static).update(Content("\n").join(rows))


_CHECK_WIDTH = 37
"""Columns of a check's sign, name and count, and the gap behind them."""


def _format_check(line: CheckLine) -> Content:
    count = f" {shorten_count(line.broken)}" if line.broken else ""
    sign = style_text(_MARKS[line.tone], line.tone)
    name = style_text(line.name, line.tone if line.broken else "plain")
    return Content(" ").join([sign, name]) + style_text(count, line.tone)


class FailureList(OptionList):
    """Lists the failures; choosing one opens it. The highlight stays where it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="failures.look", tooltip="Show this failure in full")
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 — Textual's own name
        super().__init__(id=id, markup=False)
        self._listed: tuple[FailureLine, ...] = ()
        self.border_title = "Failures: none"

    def show(self, state: DashboardState) -> None:
        """Show the state's part."""
        before = self._listed
        for number, line in enumerate(state.failures):
            if number >= len(before):
                self.add_option(Option(_format_failure(line), id=f"failure-{number}"))
            elif line != before[number]:
                self.replace_option_prompt_at_index(number, _format_failure(line))
        if state.failures and not before:
            self.highlighted = 0
        self._listed = state.failures
        self.border_title = f"Failures: {len(state.failures) or 'none'}"

    def name_at(self, index: int) -> str:
        """Return the failure's name in the run."""
        return self._listed[index].name


def _format_failure(line: FailureLine) -> Content:
    head = style_text(line.title, "bad") + style_text(f"  {line.state}  ", "quiet")
    return head + Content(line.message)
