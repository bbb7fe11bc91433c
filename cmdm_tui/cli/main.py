"""Runs the command line: every failure becomes one line on stderr and an exit code."""

import gc
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn, TextIO

import click

from cmdm_tui.cli.commands import cmdm
from cmdm_tui.cli.crashes import CrashedWrite, report_all_crashes, report_crash, show_traceback
from cmdm_tui.cli.encodings import decode_arguments
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode, ReaderGone, exit_code_of
from cmdm_tui.cli.messages import write_message
from cmdm_tui.cli.signals import active_signals, end_on_signals, ignore_signals
from cmdm_tui.text import one_line

_OBJECTS_UNTIL_COLLECTION = 20_000
"""Objects made until the collector looks for lost ones: modules are made of many, none is lost."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `cmdm` with `arguments`, by default those of the process, and exit."""
    if arguments is None:
        report_all_crashes()
        gc.set_threshold(_OBJECTS_UNTIL_COLLECTION)
    with end_on_signals() as signals:
        ended = run(arguments)
        code = signals.exit_code(ended)
        if ended == ExitCode.INTERRUPTED or signals.number is not None:
            _leave_interrupted(code)
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `cmdm` and return its exit code."""
    _open_closed_streams()
    # httpx imports its own command line, if it can: 28 modules that nothing here needs.
    sys.modules.setdefault("httpx._main", None)  # pyright: ignore[reportArgumentType]
    if arguments is None and (instruction := os.environ.get("_CMDM_COMPLETE")):
        from cmdm_tui.cli.completion.shells import answer

        return answer(cmdm, instruction, os.environ)
    words: list[str] = []
    try:
        words = decode_arguments(sys.argv[1:] if arguments is None else arguments)
        result: object = cmdm.main(words, prog_name="cmdm", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        from cmdm_tui.cli.usage_errors import describe_usage_error

        return _report_failure(describe_usage_error(error, cmdm, words), ExitCode.USAGE)
    except click.ClickException as error:
        return _report_failure(error.format_message(), ExitCode.FAILED)
    except (click.Abort, KeyboardInterrupt):
        return _report_failure(active_signals().describe(), ExitCode.INTERRUPTED)
    except (ReaderGone, BrokenPipeError):
        _discard(sys.stdout)
        return ExitCode.READER_GONE
    except CommandFailure as error:
        return _report_failure(str(error), error.code)
    except UnicodeEncodeError as error:
        return _report_encoding_error(error)
    except Exception as error:  # noqa: BLE001 — each becomes a line
        return _report_error(error)
    return result if isinstance(result, int) else ExitCode.DONE


def _open_closed_streams() -> None:
    """Open the standard streams that were closed (`>&-`): what is written to them goes nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # It is open for as long as the process; pathlib would slow the start.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _discard(stream: TextIO) -> None:
    """Let whatever Python flushes to the stream at exit go nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _flush_or_discard(stream: TextIO) -> None:
    # What cannot be written would make Python end with an exit code of its own, 120.
    try:
        stream.flush()
    except (OSError, ValueError):
        _discard(stream)


def _describe_file_error(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:
        return f"The output cannot be written: {reason}. Write it elsewhere."
    return f"{error.filename}: {reason}. Check its path."


def _report_error(error: Exception) -> int:
    code = exit_code_of(error)
    if code is not None:
        return _report_failure(str(error), code)
    if isinstance(error, OSError):
        _discard(sys.stdout)
        code = _report_failure(_describe_file_error(error), ExitCode.FAILED)
        show_traceback(error)
        return code
    report_crash(error)
    _flush_or_discard(sys.stdout)
    _flush_or_discard(sys.stderr)
    return ExitCode.OUTCOME_UNKNOWN if isinstance(error, CrashedWrite) else ExitCode.FAILED


def _report_encoding_error(error: UnicodeEncodeError) -> int:
    if error.encoding.replace("-", "").casefold() == "utf8":
        return _report_error(error)
    message = (
        f"The locale's encoding, {error.encoding}, has no form for {one_line(error.object, 60)}. "
        "Set LC_ALL=C.UTF-8."
    )
    return _report_failure(message, ExitCode.USAGE)


def _report_failure(message: str, code: int) -> int:
    # Whoever has closed the terminal reads nothing any more.
    with suppress(OSError):
        write_message(_conceal(" ".join(message.split())))
    _flush_or_discard(sys.stderr)
    return code


def _conceal(message: str) -> str:
    """Return the message without secrets; where none was held, nothing is imported for this."""
    credentials = sys.modules.get("cmdm_tui.config.credentials")
    if credentials is None or not credentials.list_noted_secrets():
        return message
    from cmdm_tui.redaction.tracebacks import conceal_sentence

    return conceal_sentence(message)


def _leave_interrupted(code: int) -> NoReturn:
    """Exit after an interrupt: ignore further ones, and do not wait for threads left behind."""
    ignore_signals()
    _flush_or_discard(sys.stdout)
    _flush_or_discard(sys.stderr)
    others = set(threading.enumerate()) - {threading.main_thread()}
    if all(thread.daemon for thread in others):
        sys.exit(code)
    os._exit(code)
