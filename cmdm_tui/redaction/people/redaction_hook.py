"""A user's own rule for recorded values: a function `redact` in a Python file.

    def redact(entity, field, value, stand_in):
        if field == "NationalInsurance":
            return stand_in("words", value)
        if field == "Company":
            return value  # kept as it is
        return None  # the rules that come with cmdm decide

It is asked for every text in a body and every value in a query. Equal values must be replaced
alike: a replay compares what is sent with what was replaced.
"""

import os
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.trusted_files import check_trusted_file
from cmdm_tui.text import one_line

MakeStandIn = Callable[[str, str], str]
"""Returns the stand-in of a value, by its kind: name, mail, phone, address, birth date, words."""

HookFunction = Callable[[str, str, str, MakeStandIn], object]

FUNCTION_NAME = "redact"


class RedactionHookFailed(ConfigurationError):
    """A user's function cannot be read, or failed; the message names the place, and no value."""


class RedactionHook:
    """A function that replaces values; `place` names it in errors."""

    def __init__(self, function: HookFunction, place: str = FUNCTION_NAME) -> None:
        self._function = function
        self._place = place

    @classmethod
    def load(cls, path: Path) -> Self:
        """Run a Python file and return its function `redact`. Raises RedactionHookFailed."""
        shown = one_line(str(path), 200)
        try:
            check_trusted_file(path, os.stat(path))  # noqa: PTH116 (the follower of links is meant)
            names: dict[str, Any] = runpy.run_path(str(path))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = f"{shown} cannot be read: {reason}. Check the name."
            raise RedactionHookFailed(message) from None
        except ConfigurationError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever a user's file does)
            message = f"{shown} failed with {type(error).__name__}. Run it with Python to see why."
            raise RedactionHookFailed(message) from None
        function = names.get(FUNCTION_NAME)
        if not callable(function):
            raise RedactionHookFailed(
                f"{shown} has no function {FUNCTION_NAME}(entity, field, value, stand_in). "
                "Write one there."
            )
        return cls(function, shown)

    def ask(self, entity: str, field: str, value: str, stand_in: MakeStandIn) -> str | None:
        """Return what replaces a value; None where the function leaves that to others."""
        where = f"{self._place}, asked about {one_line(entity, 40)}.{one_line(field, 60)},"
        try:
            chosen = self._function(entity, field, value, stand_in)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever a user's function does)
            message = f"{where} failed with {type(error).__name__}. Correct it there."
            raise RedactionHookFailed(message) from None
        if chosen is None or isinstance(chosen, str):
            return chosen
        message = f"{where} returned {type(chosen).__name__}, not a text or None. Correct it there."
        raise RedactionHookFailed(message)
