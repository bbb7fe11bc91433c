"""The exit codes, and which error ends with which."""

import sys
from enum import IntEnum


class Exit(IntEnum):
    """What the command's exit code tells a script."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SIGN_IN_REFUSED = 3
    NOT_FOUND = 4
    RATE_LIMIT = 5
    NETWORK = 6
    OUTCOME_UNKNOWN = 7
    TOO_MANY_CALLS = 8
    INTERRUPTED = 130


class Failure(Exception):
    """A failure that the command line itself finds: one line, and the exit code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


def exit_code(error: Exception) -> Exit | None:
    """Return the exit code of an error that is to be told in a line; None for a defect of ours.

    A module that has not been imported cannot have raised, so nothing is imported for this.
    """
    return _of_configuration(error) or _of_api(error) or _of_query(error) or _of_others(error)


def _of_configuration(error: Exception) -> Exit | None:
    config = sys.modules.get("cmdm_tui.config")
    if config is None or not isinstance(error, config.ConfigurationError):
        return None
    return (
        Exit.USAGE if isinstance(error, config.NoProfile | config.MissingSecrets) else Exit.FAILED
    )


def _of_api(error: Exception) -> Exit | None:
    api = sys.modules.get("cmdm_tui.api")
    if api is None or not isinstance(error, api.ApiError):
        return None
    table: list[tuple[type[Exception], Exit]] = [
        (api.OutcomeUnknown, Exit.OUTCOME_UNKNOWN),
        (api.AuthenticationFailed, Exit.SIGN_IN_REFUSED),
        (api.NotFound, Exit.NOT_FOUND),
        (api.HourLimitReached, Exit.RATE_LIMIT),
        (api.MonthLimitReached, Exit.RATE_LIMIT),
        (api.NetworkError, Exit.NETWORK),
        (api.InvalidCall, Exit.USAGE),
        (api.InsecureAddress, Exit.USAGE),
    ]
    return next((code for kind, code in table if isinstance(error, kind)), Exit.FAILED)


def _of_query(error: Exception) -> Exit | None:
    errors = sys.modules.get("cmdm_tui.query.errors")
    if errors is None or not isinstance(error, errors.QueryError):
        return None
    if isinstance(error, errors.BudgetReached | errors.TooManyCalls):
        return Exit.TOO_MANY_CALLS
    return Exit.USAGE if isinstance(error, errors.SqlError) else Exit.FAILED


def _of_others(error: Exception) -> Exit | None:
    told = {"cmdm_tui.sandbox": "SandboxError", "cmdm_tui.repl": "ReplError"}
    for module, name in told.items():
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(error, getattr(loaded, name)):
            return Exit.USAGE if name == "ReplError" else Exit.FAILED
    return None
