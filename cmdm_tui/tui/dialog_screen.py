"""A dialog in front of another screen, which is closed once."""

from typing import TYPE_CHECKING, cast

from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, ScreenResultType

from cmdm_tui.tui.front_compositor import FrontCompositor

if TYPE_CHECKING:
    from textual.app import App

    from cmdm_tui.tui.models.drafts import Draft


BUTTON_KEYS: tuple[BindingType, ...] = (
    Binding("left", "app.focus_previous", show=False),
    Binding("right", "app.focus_next", show=False),
)
"""Keys of a dialog that go from one of its buttons to another."""


class DialogScreen(ModalScreen[ScreenResultType]):
    """Asks or shows something; its answer is what it is closed with.

    Keys that come fast are with it before it is gone, and a late answer of a worker comes after:
    closed a second time, it would take the screen below away.
    """

    _is_closed = False

    def __init__(self) -> None:
        super().__init__()
        self._compositor = FrontCompositor()

    @property
    def losses(self) -> tuple[str, ...]:
        """What would be lost if the explorer ended now, a safe sentence each."""
        return ()

    @property
    def drafts(self) -> "tuple[Draft, ...]":
        """What was typed into it and not sent."""
        return ()

    @property
    def never_kept(self) -> tuple[str, ...]:
        """What was typed into it that is never kept, a safe sentence each."""
        return ()

    @property
    def takes_over(self) -> bool:
        """Whether what was typed in the dialogs below it is in the journal by now."""
        return False

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close it with an answer, unless it is closed."""
        app = cast("App[None]", self.app)  # pyright: ignore[reportUnknownMemberType]
        if self._is_closed or self not in app.screen_stack:
            return AwaitComplete()
        self._is_closed = True
        return super().dismiss(result)
