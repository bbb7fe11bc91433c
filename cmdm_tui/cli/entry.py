"""Runs the command line: every failure becomes one line on stderr and an exit code."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from cmdm_tui.cli.exits import Exit, Failure, exit_code
from cmdm_tui.cli.tree import cmdm
from cmdm_tui.text import one_line


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `cmdm` with `arguments`, by default those of the process, and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `cmdm` and return its exit code."""
    try:
        result: object = cmdm.main(arguments, prog_name="cmdm", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "cmdm"
        return _failed(f"{error.format_message()} See {where} --help.", Exit.USAGE)
    except click.ClickException as error:
        return _failed(error.format_message(), Exit.FAILED)
    except (click.Abort, KeyboardInterrupt):
        return _failed("Interrupted.", Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader has gone, as `head` does; whatever Python flushes at exit has no reader either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Failure as error:
        return _failed(str(error), error.code)
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        return _failed(str(error), code)
    return result if isinstance(result, int) else Exit.DONE


def _failed(message: str, code: int) -> int:
    click.echo(f"cmdm: {one_line(' '.join(message.split()))}", err=True)
    return code
