"""The exit codes, and which error ends with which."""

import sys
from enum import IntEnum


class ExitCode(IntEnum):
    """What the exit code of a command means to a script."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SIGN_IN_REFUSED = 3
    NOT_FOUND = 4
    RATE_LIMIT = 5
    NETWORK = 6
    OUTCOME_UNKNOWN = 7
    TOO_MANY_CALLS = 8
    PARTIAL = 8  # the same to a script: what came is not all, or may not be
    INTERRUPTED = 130
    READER_GONE = 141  # as the shell says of what SIGPIPE has ended


class CommandFailure(Exception):
    """A failure that the command line itself finds: one line, and the exit code."""

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.code = code


class ReaderGone(Exception):
    """What read the output has ended, as `head` does: there is no one to tell."""


def exit_code_of(error: Exception) -> ExitCode | None:
    """Return the exit code of an error that is reported in one line; None for a defect of ours.

    A module that has not been imported cannot have raised, so nothing is imported for this.
    """
    return (
        _code_of_configuration_error(error)
        or _code_of_api_error(error)
        or _code_of_query_error(error)
        or _code_of_other_error(error)
    )


def _code_of_configuration_error(error: Exception) -> ExitCode | None:
    config = sys.modules.get("cmdm_tui.config")
    if config is None or not isinstance(error, config.ConfigurationError):
        return None
    return (
        ExitCode.USAGE
        if isinstance(error, config.NoProfile | config.MissingSecrets | config.UnusableFile)
        else ExitCode.FAILED
    )


def _code_of_api_error(error: Exception) -> ExitCode | None:
    api = sys.modules.get("cmdm_tui.api")
    if api is None or not isinstance(error, api.ApiError):
        return None
    table: list[tuple[type[Exception], ExitCode]] = [
        (api.OutcomeUnknown, ExitCode.OUTCOME_UNKNOWN),
        (api.AuthenticationFailed, ExitCode.SIGN_IN_REFUSED),
        (api.NotFound, ExitCode.NOT_FOUND),
        (api.HourLimitReached, ExitCode.RATE_LIMIT),
        (api.MonthLimitReached, ExitCode.RATE_LIMIT),
        (api.QuotaFloorReached, ExitCode.RATE_LIMIT),
        (api.NetworkError, ExitCode.NETWORK),
        (api.InvalidCall, ExitCode.USAGE),
        (api.InsecureAddress, ExitCode.USAGE),
    ]
    return next((code for kind, code in table if isinstance(error, kind)), ExitCode.FAILED)


def _code_of_query_error(error: Exception) -> ExitCode | None:
    errors = sys.modules.get("cmdm_tui.query.errors")
    if errors is None or not isinstance(error, errors.QueryError):
        return None
    if isinstance(error, errors.BudgetReached | errors.TooManyCalls):
        return ExitCode.TOO_MANY_CALLS
    if isinstance(error, errors.UnknownName) and getattr(error, "kind", "") == "entity":
        return ExitCode.NOT_FOUND  # as where the service says it
    return ExitCode.USAGE if isinstance(error, errors.SqlError) else ExitCode.FAILED


def _code_of_other_error(error: Exception) -> ExitCode | None:
    changes = sys.modules.get("cmdm_tui.changes.errors")
    if changes is not None and isinstance(error, changes.ChangeError):
        if getattr(error, "is_in_doubt", False):
            return ExitCode.OUTCOME_UNKNOWN
        if isinstance(error, changes.PartialChanges | changes.IncompleteChanges):
            return ExitCode.PARTIAL
        return ExitCode.FAILED if isinstance(error, changes.JournalError) else ExitCode.USAGE
    transfer = sys.modules.get("cmdm_tui.transfer.errors")
    if transfer is not None and isinstance(error, transfer.ImportFileError):
        return ExitCode.USAGE
    known = {"cmdm_tui.sandbox": "SandboxError", "cmdm_tui.repl": "ReplError"}
    for module, name in known.items():
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(error, getattr(loaded, name)):
            is_usage = name == "ReplError" and not isinstance(error, loaded.StatementDeclined)
            return ExitCode.USAGE if is_usage else ExitCode.FAILED
    return None
