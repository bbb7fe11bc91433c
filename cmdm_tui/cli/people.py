"""The options that say what becomes of the people in recordings and reports: one rule for all.

They are replaced by stand-ins, unless --keep-people is given. The people of what is known to be a
sandbox are invented, and stay.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode

if TYPE_CHECKING:
    from cmdm_tui.config import PeopleRules
    from cmdm_tui.harness.cassettes.people import PeopleSettings
    from cmdm_tui.redaction.people.person_redactor import PersonRedactor

ClickCommand = TypeVar("ClickCommand", bound=Callable[..., object])


def people_options(command: ClickCommand) -> ClickCommand:
    """Give a command the options about people: `keep_people` and `people_hook`."""
    keep = click.option(
        "--keep-people",
        is_flag=True,
        help="Write people as they are, not stand-ins for them.",
    )
    hook = click.option(
        "--people-hook",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Ask the function redact(entity, field, value, stand_in) in this Python file first.",
    )
    return keep(hook(command))


def choose_people(
    context: CommandContext,
    rules: "PeopleRules | None",
    *,
    is_known_sandbox: bool,
    keep_people: bool,
    people_hook: Path | None,
) -> "PersonRedactor | None":
    """Return what replaces the people of a recording, None where they stay.

    With a hook, those of a sandbox are replaced too. Raises CommandFailure for options that
    contradict each other, ConfigurationError for a key or a hook that cannot be used.
    """
    settings = choose_people_settings(
        context,
        rules,
        is_known_sandbox=is_known_sandbox,
        keep_people=keep_people,
        people_hook=people_hook,
    )
    return None if settings is None else settings.open()


def report_people(people: "PersonRedactor | None", *, is_known_sandbox: bool) -> None:
    """Write to stderr what became of the people in a recording; nothing of a sandbox's own."""
    if people is None and is_known_sandbox:
        return
    from cmdm_tui.harness.cassettes.people import describe_people

    note(describe_people(people))


def choose_people_settings(
    context: CommandContext,
    rules: "PeopleRules | None",
    *,
    is_known_sandbox: bool,
    keep_people: bool,
    people_hook: Path | None,
) -> "PeopleSettings | None":
    """Return what `choose_people` does, for the process that writes a recording."""
    if keep_people and people_hook is not None:
        message = "--keep-people and --people-hook exclude each other: give one of them."
        raise CommandFailure(message, ExitCode.USAGE)
    if keep_people or (is_known_sandbox and people_hook is None):
        return None
    from cmdm_tui.harness.cassettes.people import load_people_settings

    return load_people_settings(rules, context.paths, context.environment, hook=people_hook)
