"""Asks at the terminal, for commands and operations; reads secrets from standard input."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.encodings import decode_text
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.messages import write_message
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account
    from cmdm_tui.cli.progress import CallsProgress
    from cmdm_tui.operations.prompter import CheckText

_LONGEST_INPUT = 64 * 1024


def can_ask() -> bool:
    """Return whether there is a terminal to ask at, where the question is seen."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_text(words: str, default: str | None = None) -> str:
    """Ask for a text at the terminal until there is one."""
    answer: str = click.prompt(words, default=default, err=True)
    return answer.strip()


def ask_optional_text(words: str) -> str:
    """Ask for a text at the terminal; Enter alone gives none."""
    answer: str = click.prompt(words, default="", show_default=False, err=True)
    return answer.strip()


def ask_secret(words: str, *, may_be_empty: bool = False) -> str:
    """Ask for a secret at the terminal, which does not show it, until it can be sent."""
    from cmdm_tui.api.auth import find_header_fault

    def check(answer: str) -> str:
        fault = find_header_fault("secret", answer) if answer else ""
        if fault:
            raise click.UsageError(f"{fault}. Enter it again.")
        return answer

    default = "" if may_be_empty else None
    answer: str = click.prompt(
        words, hide_input=True, default=default, show_default=False, value_proc=check, err=True
    )
    return answer


def ask_yes_no(words: str) -> bool:
    """Ask a question at the terminal to which Enter alone says no."""
    return click.confirm(words, default=False, err=True)


def read_secrets_from_stdin() -> list[str]:
    """Return the lines of standard input, a secret each.

    Raises CommandFailure for a terminal, which would show what is typed, and for bytes that are
    not text.
    """
    if sys.stdin.isatty():
        message = "--password-stdin reads a pipe or a file. Leave it out to be asked."
        raise CommandFailure(message, ExitCode.USAGE)
    content = sys.stdin.buffer.read(_LONGEST_INPUT)
    try:
        lines = decode_text(content, "It", may_hold_nul=True).replace("\r\n", "\n").split("\n")
    except CommandFailure:
        message = "The password on standard input is not UTF-8. Give it as UTF-8."
        raise CommandFailure(message, ExitCode.USAGE) from None
    if not lines[0]:
        raise CommandFailure("There is no password on standard input. Pipe one in.", ExitCode.USAGE)
    return [line for line in lines if line]


async def require_confirmation(
    account: "Account", what: str, *, is_destructive: bool, is_confirmed: bool
) -> None:
    """Ask before one call that changes a record, as the profile has it.

    Raises CommandFailure where the answer is not yes, ChangesNotConfirmed where no one can be
    asked.
    """
    from cmdm_tui.cli.progress import CallsProgress
    from cmdm_tui.operations.confirmation import WritePolicy, confirm_rule, is_call_confirmed
    from cmdm_tui.operations.write import check_writable

    check_writable(account)
    policy = WritePolicy(confirm_rule(account.profile), "Say --yes", is_confirmed=is_confirmed)
    prompter = TerminalPrompter(CallsProgress())
    if not await is_call_confirmed(
        what, is_destructive=is_destructive, policy=policy, prompter=prompter
    ):
        raise CommandFailure("Nothing was sent.")


class TerminalPrompter:
    """Asks and informs at the terminal for an operation: a `Prompter` of the command line."""

    def __init__(self, progress: "CallsProgress") -> None:
        self._progress = progress

    def clear(self) -> None:
        """Remove the line that counts the calls, before something else is written."""
        self._progress.clear()

    @property
    def can_ask(self) -> bool:
        """Whether there is a terminal to ask at."""
        return can_ask()

    async def confirm(self, question: str) -> bool:
        """Ask a question to which Enter alone says no."""
        from cmdm_tui.operations.interrupts import raise_on_interrupt

        self._progress.clear()
        with raise_on_interrupt():
            return ask_yes_no(question)

    async def enter_count(self, question: str, count: int) -> bool:
        """Ask for a number at the terminal; anything but `count`, its end included, is a no."""
        from cmdm_tui.operations.interrupts import raise_on_interrupt

        self._progress.clear()
        with raise_on_interrupt():
            return ask_optional_text(question).replace(",", "") == str(count)

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:
        """Ask for one of the choices until one is given; Enter alone gives none."""
        from cmdm_tui.operations.interrupts import raise_on_interrupt
        from cmdm_tui.operations.prompter import find_choice, list_choices

        self._progress.clear()
        words = list_choices(question, choices)
        with raise_on_interrupt():
            while typed := ask_optional_text(words):
                chosen = find_choice(typed, choices)
                if chosen is not None:
                    return chosen
                write_message(f"{one_line(typed, 60)} is none of them.")
        return None

    async def enter_text(
        self,
        question: str,
        check: "CheckText",
        *,
        suggestions: Sequence[str] = (),
        default: str = "",
    ) -> str | None:
        """Ask for a text until it can be taken; Enter alone gives the default, its end aborts."""
        from cmdm_tui.operations.interrupts import raise_on_interrupt
        from cmdm_tui.operations.prompter import list_suggestions, read_text_answer

        self._progress.clear()
        words = list_suggestions(question, suggestions, default)
        with raise_on_interrupt():
            while True:
                typed = ask_optional_text(words)
                answer = read_text_answer(typed, check, suggestions, default)
                if not answer.fault:
                    return answer.text
                write_message(answer.fault)

    def notify(self, message: str) -> None:
        """Write a sentence to stderr."""
        self._progress.clear()
        write_message(message)

    def show_progress(self, line: str) -> None:
        """Draw the line on stderr in place of the last one."""
        if line:
            self._progress.show_line(line)
        else:
            self._progress.clear()

    def progress(self, most_calls: int) -> AbstractContextManager[None]:
        """Draw a line that counts the calls while the block runs."""
        return self._progress.show_while(most_calls)
