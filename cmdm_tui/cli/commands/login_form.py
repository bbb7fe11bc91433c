"""Fills in what a sign-in needs: from options, the profile as it is, the environment, a prompt."""

from collections.abc import Mapping
from dataclasses import dataclass

import click

from cmdm_tui.cli.commands.secret_locations import describe_secret
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.prompts import (
    ask_optional_text,
    ask_secret,
    ask_text,
    can_ask,
    read_secrets_from_stdin,
)
from cmdm_tui.config import (
    PROFILE_VARIABLES,
    SECRET_NAMES,
    Credentials,
    KeyringFailed,
    ProfileSettings,
    ProfileStore,
    SecretName,
    SecretPlace,
    SecretStr,
    check_profile_name,
    command_key,
    run_secret_command,
)
from cmdm_tui.text import one_line

_FIRST_NAME = "main"
_NOT_ASKED_FOR = SecretStr("not asked for")
_LABELS = {"url": "Address (https://…)", "client_id": "Client id", "username": "User name"}


@dataclass(frozen=True, slots=True)
class LoginOptions:
    """What the command was given: a name, a place and `words`, by the names of the options."""

    name: str | None
    place: SecretPlace | None
    values: Mapping[str, str]
    from_stdin: bool
    is_tried: bool


@dataclass(frozen=True, slots=True)
class LoginForm:
    """A sign-in to try and keep; secrets that are not needed for that are not asked for."""

    name: str
    url: str
    credentials: Credentials
    place: SecretPlace
    commands: Mapping[SecretName, str]


def fill_form(context: CommandContext, given: LoginOptions) -> LoginForm:
    """Return the form, asking at the terminal for what is missing.

    Raises CommandFailure where something is missing and there is no terminal.
    """
    store = ProfileStore(context.paths)
    names = store.list_names()
    name = given.name or context.profile_name or store.find_default() or _FIRST_NAME
    check_profile_name(name)
    before = store.load_settings(name) if name in names else None
    values = {key: _resolve_value(context, given, before, key) for key in _LABELS}
    place = _resolve_location(given, before)
    commands = _resolve_commands(given, before, place)
    secrets: dict[SecretName, SecretStr] = dict.fromkeys(SECRET_NAMES, _NOT_ASKED_FOR)
    if given.is_tried or place in {"keyring", "file"}:
        unchanged = before if before is not None and before.url == values["url"] else None
        secrets = _SecretResolver(context, store, unchanged, name, commands).resolve(given)
    return LoginForm(
        name=name,
        url=values["url"],
        credentials=Credentials(
            SecretStr(values["client_id"]),
            secrets["client_secret"],
            values["username"],
            secrets["password"],
        ),
        place=place,
        commands=commands,
    )


def _resolve_value(
    context: CommandContext, given: LoginOptions, before: ProfileSettings | None, key: str
) -> str:
    kept = ""
    if before is not None:
        kept = {
            "url": before.url,
            "client_id": before.client_id.reveal(),
            "username": before.username,
        }[key]
    found = given.values.get(key) or kept or context.environment.get(PROFILE_VARIABLES[key], "")
    if found:
        return found
    option = f"--{key.replace('_', '-')}"
    if not can_ask():
        raise CommandFailure(
            f"There is no {option}, and no terminal to ask at. Give it.", ExitCode.USAGE
        )
    return ask_text(_LABELS[key])


def _resolve_location(given: LoginOptions, before: ProfileSettings | None) -> SecretPlace:
    if given.place is not None:
        return given.place
    if any(command_key(secret) in given.values for secret in SECRET_NAMES):
        return "command"
    return (before.place if before is not None else None) or "ask"


def _resolve_commands(
    given: LoginOptions, before: ProfileSettings | None, place: SecretPlace
) -> Mapping[SecretName, str]:
    """Return the commands of the profile: those given, and those it had unless it moves away."""
    commands: dict[SecretName, str] = {}
    for secret in SECRET_NAMES:
        word = given.values.get(command_key(secret))
        stays = before is not None and (place == "command" or given.place is None)
        if word is None and before is not None and stays:
            word = before.commands.get(secret)
        if word:
            commands[secret] = word
    if place != "command" or commands:
        return commands
    if not can_ask():
        message = "--secrets command needs --password-command, or a terminal to ask at. Give it."
        raise CommandFailure(message, ExitCode.USAGE)
    commands["password"] = ask_text("Command that prints the password")
    other = ask_optional_text(
        "Command that prints the client secret (Enter: none, it is asked for)"
    )
    if other:
        commands["client_secret"] = other
    return commands


@dataclass(frozen=True, slots=True)
class _SecretResolver:
    """The two secrets: from stdin, the environment, a command, where they are kept, a prompt."""

    context: CommandContext
    store: ProfileStore
    before: ProfileSettings | None
    """The profile as it is, if it is for the same address: no other gets what it keeps."""
    name: str
    commands: Mapping[SecretName, str]

    def resolve(self, given: LoginOptions) -> dict[SecretName, SecretStr]:
        found = self._read_stdin() if given.from_stdin else {}
        for secret in SECRET_NAMES:
            word = self.context.environment.get(PROFILE_VARIABLES[secret])
            if secret not in found and secret in self.commands:
                where = f"{command_key(secret)} of the profile {self.name}"
                found[secret] = run_secret_command(self.commands[secret], where)
            elif secret not in found and word:
                found[secret] = SecretStr(word)
        if len(found) < len(SECRET_NAMES):
            kept = self._load_kept()
            for secret in SECRET_NAMES:
                if secret not in found:
                    found[secret] = self._ask(secret, kept.get(secret))
        return found

    def _read_stdin(self) -> dict[SecretName, SecretStr]:
        if "password" in self.commands:
            message = "--password-stdin and a password_command exclude each other. Give one."
            raise click.UsageError(message)
        lines = read_secrets_from_stdin()
        order: tuple[SecretName, ...] = ("password", "client_secret")
        return {secret: SecretStr(line) for secret, line in zip(order, lines, strict=False)}

    def _load_kept(self) -> Mapping[SecretName, SecretStr]:
        if self.before is None:
            return {}
        try:
            return self.store.load_stored_secrets(self.before)
        except KeyringFailed as failure:
            note(str(failure))
            return {}

    def _ask(self, secret: SecretName, kept: SecretStr | None) -> SecretStr:
        if not can_ask():
            if kept:
                return kept
            words = describe_secret(secret)
            sources = {
                "password": "--password-stdin or CMDM_PASSWORD",
                "client_secret": "CMDM_CLIENT_SECRET or the second line of --password-stdin",
            }
            message = f"There is no {words}, and no terminal to ask at. Use {sources[secret]}."
            raise CommandFailure(message, ExitCode.USAGE)
        words = f"{describe_secret(secret).capitalize()} of {one_line(self.name)}"
        if kept is None:
            return SecretStr(ask_secret(words))
        answer = ask_secret(f"{words} (Enter: the one that is kept)", may_be_empty=True)
        return SecretStr(answer) if answer else kept
