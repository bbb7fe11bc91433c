"""Tells of an unexpected error without a value of the program in it: no locals, no message.

Locals and messages can hold secrets and records; the places in the code are enough to fix it.
"""

import traceback
from pathlib import PurePath

from rich.text import Text
from textual.worker import WorkerFailed

from cmdm_tui import __version__
from cmdm_tui.text import one_line

_FRAMES = 12


def crash_report(error: BaseException) -> Text:
    """Return the report: one sentence, then the innermost places, outermost first."""
    if isinstance(error, WorkerFailed):
        error = error.error
    frames = [
        f"  {_place(frame)}" for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    ]
    sentence = (
        f"cmdm {__version__} stopped: an unexpected {_type_name(error)}"
        f"{f' in {_innermost_place(error)}' if frames else ''}. "
        "Nothing was changed by it; please report it with the lines below."
    )
    return Text(one_line(sentence) + "".join(f"\n{one_line(frame)}" for frame in frames))


def _innermost_place(error: BaseException) -> str:
    return _place(traceback.extract_tb(error.__traceback__)[-1])


def _place(frame: traceback.FrameSummary) -> str:
    path = PurePath(frame.filename)
    return f"{path.parent.name}/{path.name}:{frame.lineno} {frame.name}"


def _type_name(error: BaseException) -> str:
    return type(error).__name__
