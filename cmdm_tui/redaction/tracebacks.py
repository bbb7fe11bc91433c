"""Conceals what a process says at its end: every secret that it has held, wherever it came from.

The traceback of an unexpected error is shown only where `CMDM_DEBUG` asks for it.
"""

import os
import traceback
from collections.abc import Mapping

from cmdm_tui.config.credentials import list_noted_secrets
from cmdm_tui.redaction.redactor import Redactor
from cmdm_tui.text import visible

DEBUG_VARIABLE = "CMDM_DEBUG"
"""The environment variable that asks for tracebacks: anything but nothing and 0."""

_SECRET_VARIABLES = (
    "CMDM_CLIENT_ID",
    "CMDM_CLIENT_SECRET",
    "CMDM_PASSWORD",
    "CMDM_CONTROL_TOKEN",
    "PGPASSWORD",
)


def is_traceback_wanted(environment: Mapping[str, str] | None = None) -> bool:
    """Return whether the environment, by default the process's own, asks for tracebacks."""
    given = os.environ if environment is None else environment
    return given.get(DEBUG_VARIABLE, "") not in {"", "0"}


def conceal_sentence(words: str) -> str:
    """Return what a command says of its failure, without a secret that this process has held."""
    return Redactor.for_sentences(list_noted_secrets()).redact_values(words)


def format_traceback(error: BaseException) -> str:
    """Return Python's traceback of an error and its causes, safe to show, in lines.

    Whatever was a secret of this process, or is named like one, is left out.
    """
    secrets = {*list_noted_secrets(), *(os.environ.get(name, "") for name in _SECRET_VARIABLES)}
    # Concealed whole, then divided: of a secret with a line's end in it, neither part is known.
    written = "".join(traceback.TracebackException.from_exception(error).format())
    return visible(Redactor(secrets)(written), keep_lines=True).rstrip("\n")
