"""Asks at the terminal, and reads secrets from standard input."""

import sys

import click

from cmdm_tui.cli.exits import Exit, Failure

_LONGEST_INPUT = 64 * 1024


def can_ask() -> bool:
    """Tell whether there is a terminal to ask at, where the question is seen."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(words: str, default: str | None = None) -> str:
    """Ask for a text at the terminal until there is one."""
    answer: str = click.prompt(words, default=default, err=True)
    return answer.strip()


def ask_optionally(words: str) -> str:
    """Ask for a text at the terminal; Enter alone gives none."""
    answer: str = click.prompt(words, default="", show_default=False, err=True)
    return answer.strip()


def ask_secret(words: str, *, may_be_empty: bool = False) -> str:
    """Ask for a secret at the terminal, which does not show it."""
    default = "" if may_be_empty else None
    answer: str = click.prompt(
        words, hide_input=True, default=default, show_default=False, err=True
    )
    return answer


def ask_whether(words: str) -> bool:
    """Ask a question at the terminal to which Enter alone says no."""
    return click.confirm(words, default=False, err=True)


def secrets_from_stdin() -> list[str]:
    """Return the lines of standard input, a secret each.

    Raises Failure for a terminal, which would show what is typed, and for what is no text.
    """
    if sys.stdin.isatty():
        message = "--password-stdin reads a pipe or a file. Leave it out to be asked."
        raise Failure(message, Exit.USAGE)
    content = sys.stdin.buffer.read(_LONGEST_INPUT)
    try:
        lines = content.decode("utf-8").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError:
        message = "The password on standard input is not UTF-8. Give it as UTF-8."
        raise Failure(message, Exit.USAGE) from None
    if not lines[0]:
        raise Failure("There is no password on standard input. Pipe one in.", Exit.USAGE)
    return [line for line in lines if line]
