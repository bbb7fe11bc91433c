"""`cmdm profile`: which profiles there are, what each says, which is the default."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import click

from cmdm_tui.cli.command_group import SuggestingGroup, examples
from cmdm_tui.cli.completion.values import complete_profiles
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.prompts import ask_yes_no, can_ask
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.config import ProfileSettings
    from cmdm_tui.config.settings import SettingKey

_TABLES = frozenset({"mark_field", "people_fields"})


@click.group(
    cls=SuggestingGroup,
    epilog=examples(
        "cmdm profile list",
        "cmdm profile use acme",
    ),
)
def profile() -> None:
    """List, show, choose and remove profiles. cmdm login makes them."""


@profile.command(
    "list",
    short_help="List the profiles.",
    epilog=examples(
        "cmdm profile list",
    ),
)
@click.pass_obj
def list_profiles(context: CommandContext) -> None:
    """List the profiles: name, address and user, the default one marked with a star."""
    from cmdm_tui.config import ConfigurationError, ProfileStore

    store = ProfileStore(context.paths)
    names, default = store.list_names(), store.find_default()
    width = max(map(len, names), default=0)
    for name in names:
        try:
            settings = store.load_settings(name)
            words = f"{settings.url}  {settings.username}"
        except ConfigurationError as error:
            words = f"cannot be used: {error}"
        click.echo(one_line(f"{'*' if name == default else ' '} {name:<{width}}  {words}"))
    if not names:
        note("There is no profile yet. cmdm login makes one.")


@profile.command(
    short_help="Show what a profile says, and what it could say.",
    epilog=examples(
        "cmdm profile show acme",
    ),
)
@click.argument("name", required=False, shell_complete=complete_profiles)
@click.pass_obj
def show(context: CommandContext, name: str | None) -> None:
    """Show the profile NAME as TOML, with every key that it could hold, and what each is for.

    What is not set comes after a #. Secrets are not shown, nor are the arguments of commands.
    """
    from cmdm_tui.config import SETTING_KEYS, ProfileStore

    store = ProfileStore(context.paths)
    chosen = store.choose(name or context.profile_name)
    settings = store.load_settings(chosen)
    for warning in settings.warnings:
        note(warning)
    click.echo(one_line(f"# In {context.paths.profiles}"))
    if chosen == store.find_default():
        click.echo(f"default = {json.dumps(chosen)}")
    click.echo(f"\n[profiles.{chosen}]")
    for key in SETTING_KEYS:
        click.echo(f"\n# {key.meaning} It is {key.expected}.")
        click.echo(one_line(_format_key(key, settings)))


@profile.command(
    short_help="Make a profile the default.",
    epilog=examples(
        "cmdm profile use acme",
    ),
)
@click.argument("name", shell_complete=complete_profiles)
@click.pass_obj
def use(context: CommandContext, name: str) -> None:
    """Make the profile NAME the one that is used where none is named."""
    from cmdm_tui.config import ProfileStore

    ProfileStore(context.paths).set_default(name)
    click.echo(f"{name} is the default profile now.")


@profile.command(
    short_help="Remove a profile with its secrets and token.",
    epilog=examples(
        "cmdm profile remove acme --yes",
    ),
)
@click.argument("name", shell_complete=complete_profiles)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(context: CommandContext, name: str, *, yes: bool) -> None:
    """Remove the profile NAME, and the secrets and the token that are kept of it."""
    from cmdm_tui.config import ProfileStore

    store = ProfileStore(context.paths)
    name = store.choose(name)
    if not yes and not can_ask():
        message = f"To remove {name} without a terminal to ask at, add --yes."
        raise CommandFailure(message, ExitCode.USAGE)
    typed = ", and what was typed and not sent" if context.paths.find_draft_files(name) else ""
    question = one_line(f"Remove the profile {name}, its secrets and its token{typed}?")
    if not yes and not ask_yes_no(question):
        raise CommandFailure("Nothing was removed.")
    forgotten = store.remove(name)
    for what in (*forgotten.removed, f"the profile {name}"):
        click.echo(one_line(f"Removed {what}."))
    if forgotten.trouble:
        raise CommandFailure(forgotten.trouble)


def _format_key(key: "SettingKey", settings: "ProfileSettings") -> str:
    """Return the key's line: its value, its default, or an example behind a #."""
    value = _key_value(key, settings)
    if value is None or (key.name in _TABLES and not value):
        return f"# {key.name} = {key.example}"
    if key.name == "client_id":
        return "# client_id is set; it is not shown"
    if key.name.endswith("_command"):
        program = str(value).split(maxsplit=1)[0]
        return f"# {key.name} is set; it runs {program}"
    line = f"{key.name} = {_to_toml(value)}"
    return line if value != key.default else f"# {line}  (the default)"


def _key_value(key: "SettingKey", settings: "ProfileSettings") -> object:
    if key.name == "secrets":
        return settings.place
    if key.name.endswith("_command"):
        return {f"{name}_command": text for name, text in settings.commands.items()}.get(key.name)
    return getattr(settings, key.name)


def _to_toml(value: object) -> str:
    """Return a value as TOML; what JSON writes of texts, whole numbers and lists is TOML too."""
    if isinstance(value, Mapping):
        table = cast("Mapping[str, str]", value)
        pairs = [f"{json.dumps(key)} = {_to_toml(item)}" for key, item in table.items()]
        return "{ " + ", ".join(pairs) + " }"
    return json.dumps(value, ensure_ascii=False)
