"""An application that goes on after an unexpected error where it can."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message import Message
from textual.message_pump import MessagePump
from textual.notifications import Notify, SeverityLevel
from textual.widget import Widget
from textual.worker import WorkerFailed

from cmdm_tui.tui.crash import crash_report
from cmdm_tui.tui.models.error_log import ErrorLog
from cmdm_tui.tui.timed_notification import TimedNotification

_ERROR_SECONDS = 15.0
"""Seconds for which an error is shown."""


_receiver: ContextVar[MessagePump | None] = ContextVar("_receiver", default=None)
"""What a message is being delivered to."""


class TolerantApp(App[None]):
    """Shows an unexpected error as a notification, writes it to a log, and goes on.

    It ends with a report, and `return_code` 1, only where it cannot be used any more: a part that
    could not be composed or mounted, a screen that cannot be painted, or many errors at once.

    Textual ends the message loop of a widget whose handler raises, and then the application. So
    each message is delivered with its errors caught, to every widget there is, Textual's own too.
    """

    is_tolerant: ClassVar[bool] = True
    """False in tests, so that no error goes unnoticed there."""

    def __init__(self) -> None:
        super().__init__()
        self.error_log = ErrorLog(None)
        self._starting: set[MessagePump] = {self}
        """What is being composed and mounted, or could not be."""

    def _register_child(
        self, parent: DOMNode, child: Widget, before: int | None, after: int | None
    ) -> None:
        self._deliver_tolerantly(child)
        super()._register_child(parent, child, before, after)

    def _start_widget(self, parent: Widget, widget: Widget) -> None:
        self._deliver_tolerantly(widget)
        super()._start_widget(parent, widget)

    def _deliver_tolerantly(self, widget: Widget) -> None:
        # The loop of a widget asks itself for this.
        dispatch = type(widget)._dispatch_message.__get__(widget)  # noqa: SLF001 — there is no hook
        widget._dispatch_message = partial(self._deliver, widget, dispatch)  # noqa: SLF001 — as above

    async def _dispatch_message(self, message: Message) -> None:
        await self._deliver(self, super()._dispatch_message, message)

    async def _deliver(
        self, pump: MessagePump, dispatch: Callable[[Message], Awaitable[None]], message: Message
    ) -> None:
        _receiver.set(pump)
        if isinstance(message, events.Compose | events.Mount):
            self._starting.add(pump)
            await dispatch(message)
            if isinstance(message, events.Mount) and self._exception is None:
                self._starting.discard(pump)
            return
        try:
            await dispatch(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the loop goes on
            self._handle_exception(error)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notification for `timeout` seconds."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        note = TimedNotification(message, title, severity, seconds, markup=markup)
        self.post_message(Notify(note))

    def _handle_exception(self, error: Exception) -> None:
        cause = error.error if isinstance(error, WorkerFailed) else error
        noted = self.error_log.note_error(cause, monotonic())
        is_fatal = not self.is_tolerant or noted.is_too_many or self._is_start(error)
        if is_fatal or not self.is_running:
            self._end(error)
        elif noted.is_new:
            self.notify(noted.sentence, severity="error", timeout=_ERROR_SECONDS, markup=False)

    def _is_start(self, error: Exception) -> bool:
        """Return whether something could not be composed or mounted, or the app itself start."""
        is_starting = self in self._starting or _receiver.get() in self._starting
        return is_starting and not isinstance(error, WorkerFailed)

    def _end(self, error: Exception) -> None:
        # Textual's own report prints the locals of every frame: secrets and records among them.
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()  # pyright: ignore[reportUnknownMemberType]
            self.panic(crash_report(error))
