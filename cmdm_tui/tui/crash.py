"""Tells of an unexpected error without a value of the program in it: no locals, no message.

Locals and messages can hold secrets and records; the places in the code are enough to fix it.
"""

from typing import TYPE_CHECKING

from rich.text import Text
from textual.worker import WorkerFailed

from cmdm_tui import __version__
from cmdm_tui.redaction.tracebacks import format_traceback, is_traceback_wanted
from cmdm_tui.text import describe_unexpected, list_places

if TYPE_CHECKING:
    from cmdm_tui.api import ApiError

_FRAMES = 12


def make_fault(error: Exception) -> "ApiError":
    """Return an unexpected error as one that a pane shows in place of what did not come."""
    from cmdm_tui.api import ApiError

    what = describe_unexpected(error)
    return ApiError(f"{what[0].upper()}{what[1:]}: a fault of cmdm", hint="")


def crash_report(error: BaseException) -> Text:
    """Return the report: one sentence, then the innermost places, outermost first.

    Where tracebacks are asked for, that of the error follows, without the secrets in it.
    """
    if isinstance(error, WorkerFailed):
        error = error.error
    sentence = (
        f"cmdm {__version__} stopped: {describe_unexpected(error)}, a fault of cmdm. "
        "A change that was under way may have been made. "
        "Please report it with the lines below; CMDM_DEBUG=1 adds its traceback."
    )
    lines = [sentence, *(f"  {place}" for place in list_places(error.__traceback__, _FRAMES))]
    if is_traceback_wanted():
        lines.append(format_traceback(error))
    return Text("\n".join(lines))
