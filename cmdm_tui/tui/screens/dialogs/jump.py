"""Jump labels: a letter on each part that can have the focus; its key goes there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Label

from cmdm_tui.tui.dialog_screen import DialogScreen

_LETTERS = "asdfghjklqwertyuiopzxcvbnm"


@dataclass(frozen=True, slots=True)
class JumpTarget:
    """A part that can have the focus, and the letter on it."""

    letter: str
    part: Widget
    place: Offset
    """Where the letter is shown, in cells from the corner of the screen."""


def list_jump_targets(screen: Screen[None]) -> list[JumpTarget]:
    """Return what can have the focus and can be seen, from the left to the right."""
    seen = [
        (widget, region)
        for widget in screen.focus_chain
        if (region := widget.region.intersection(screen.region))
    ]
    seen.sort(key=lambda one: (one[1].x, one[1].y))
    return [
        JumpTarget(letter, widget, region.offset)
        for letter, (widget, region) in zip(_LETTERS, seen, strict=False)
    ]


class JumpScreen(DialogScreen[Widget | None]):
    """Shows the letters over the screen; any other key leaves it as it was."""

    DEFAULT_CSS = """
    JumpScreen {
        background: transparent;
        Label {
            position: absolute;
            width: 3;
            content-align: center middle;
            text-style: bold;
            color: $block-cursor-foreground;
            background: $block-cursor-background;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Stay", id="jump.stay", tooltip="Stay where you are")
    ]

    def __init__(self, targets: Sequence[JumpTarget]) -> None:
        super().__init__()
        self._targets = {target.letter: target for target in targets}

    def compose(self) -> ComposeResult:
        """Lay out the letters, each on its part."""
        for target in self._targets.values():
            label = Label(target.letter, markup=False)
            label.styles.offset = target.place
            yield label

    def on_key(self, event: events.Key) -> None:
        """Go to the part with this letter."""
        event.stop()
        target = self._targets.get(event.key)
        self.dismiss(None if target is None else target.part)

    def on_click(self) -> None:
        """Stay where the focus is."""
        self.dismiss(None)
