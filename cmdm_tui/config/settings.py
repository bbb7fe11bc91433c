"""What a profile's table may say: each key, its type, its default and what it is for."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from cmdm_tui.config.credentials import SECRET_NAMES, SecretName, SecretStr
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.text import find_similar_names, one_line

SecretPlace = Literal["ask", "keyring", "file", "command"]
"""Where a profile's secrets live: nowhere, in the keyring, in secrets.toml, with a command."""

SECRET_PLACES: tuple[SecretPlace, ...] = get_args(SecretPlace)

ConfirmRule = Literal["always", "destructive", "never"]
"""Which changes are asked about before they are sent: all, those that lose something, or none."""

CONFIRM_RULES: tuple[ConfirmRule, ...] = get_args(ConfirmRule)
FieldRule = Literal["name", "user", "mail", "phone", "address", "birth date", "words", "keep"]
"""What a field holds of a person, so that recordings replace it; `keep` leaves it as it is.

A `user` is known in other texts by the whole value only, such as an owner. Of `words`, each word is
replaced: a text of which only its owner knows what it says.
"""

FIELD_RULES: tuple[FieldRule, ...] = get_args(FieldRule)
COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "magenta")
_HEXADECIMAL = re.compile(r"#[0-9A-Fa-f]{6}")
_LARGEST_PAGE = 100_000
_LARGEST_FLOOR = 1_000_000_000
_LONGEST_TIMEOUT = 1e9


@dataclass(frozen=True, slots=True)
class SettingKey:
    """One key of a profile's table. `example` is TOML; a `default` of None means there is none."""

    name: str
    meaning: str
    expected: str
    example: str
    accepts: Callable[[object], bool]
    default: object = None
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """A profile's table, read: everything but its secrets. `place` None means: not said."""

    name: str
    url: str
    client_id: SecretStr
    username: str
    place: SecretPlace | None
    commands: Mapping[SecretName, str]
    colour: str | None
    read_only: bool
    confirm: ConfirmRule | None
    """None where the profile does not say."""
    local_files: bool
    floor: int
    per_page: int
    timeout: float | None
    entities: tuple[str, ...]
    mark_field: Mapping[str, str]
    """For an entity, or `*` for every other, the field in which each create carries its mark."""
    people_fields: Mapping[str, FieldRule]
    """What more fields hold of people, by `Field` or `entity.Field`."""
    people_hook: str | None
    """The Python file whose function replaces values in recordings."""
    warnings: tuple[str, ...]


def command_key(secret: SecretName) -> str:
    """Return the key of the command that prints the secret."""
    return f"{secret}_command"


def read_settings(name: str, table: Mapping[str, Any], path: Path) -> ProfileSettings:
    """Return what the table of the profile `name`, from the file `path`, says.

    Raises ConfigurationError for a required key that is missing and a value of the wrong type.
    Unknown keys become `warnings`.
    """
    for key in SETTING_KEYS:
        if key.name in table and not key.accepts(table[key.name]):
            raise ConfigurationError(
                f"{key.name} in {path}, profile {name}, is not {key.expected}. "
                f"Write {key.name} = {key.example}."
            )
        if key.is_required and not table.get(key.name):
            message = f"The profile {name} in {path} has no {key.name}. Add it there."
            raise ConfigurationError(message)
    values = {key.name: table.get(key.name, key.default) for key in SETTING_KEYS}
    commands = {key: values[command_key(key)] for key in SECRET_NAMES if values[command_key(key)]}
    return ProfileSettings(
        name=name,
        url=values["url"],
        client_id=SecretStr(values["client_id"]),
        username=values["username"],
        place=values["secrets"],
        commands=MappingProxyType(cast("dict[SecretName, str]", commands)),
        colour=values["colour"],
        read_only=values["read_only"],
        confirm=values["confirm"],
        local_files=values["local_files"],
        floor=values["floor"],
        per_page=values["per_page"],
        timeout=None if values["timeout"] is None else float(values["timeout"]),
        entities=tuple(dict.fromkeys(values["entities"])),
        mark_field=MappingProxyType(parse_mark_fields(values["mark_field"]) or {}),
        people_fields=MappingProxyType(dict(values["people_fields"])),
        people_hook=values["people_hook"],
        warnings=tuple(_collect_warnings(table, f"{path}, profile {name}", name)),
    )


def parse_mark_fields(value: object) -> dict[str, str] | None:
    """Return the field by entity, `*` for every other, None for a value that says no such thing.

    A table names a field for each entity; a text is `entity.Field`, or `Field` for every entity;
    and a list holds such texts.
    """
    if isinstance(value, dict):
        pairs = list(cast("dict[object, object]", value).items())
    elif isinstance(value, str | list | tuple):
        texts = [value] if isinstance(value, str) else cast("Sequence[object]", value)
        pairs = [_split_mark_field(text) for text in texts]
    else:
        return None
    if not all(_is_filled_text(part) for pair in pairs for part in pair):
        return None
    return {str(entity).strip(): str(name).strip() for entity, name in pairs}


def describe_unknown_keys(table: Iterable[str], known: Iterable[str], where: str) -> list[str]:
    """Return a warning for each key that is not `known`, naming the nearest that is."""
    known = list(known)
    warnings: list[str] = []
    for key in table:
        if key in known:
            continue
        near = find_similar_names(key, known)
        advice = f"Did you mean {near[0]}?" if near else f"The keys are {', '.join(known)}."
        warnings.append(f"{one_line(key, 60)} in {where}, is not a key known here. {advice}")
    return warnings


def _collect_warnings(table: Mapping[str, Any], where: str, name: str) -> list[str]:
    plain = [key for key in SECRET_NAMES if key in table]
    in_plain_text = [
        f"{key} in {where}, is not used: a secret does not belong there. Remove it, and run "
        f"cmdm login {name} to keep it elsewhere."
        for key in plain
    ]
    known = [key.name for key in SETTING_KEYS]
    return in_plain_text + describe_unknown_keys(
        (key for key in table if key not in plain), known, where
    )


def _split_mark_field(text: object) -> tuple[object, object]:
    entity, dot, name = text.partition(".") if isinstance(text, str) else ("", "", "")
    return (entity, name) if dot else ("*", entity)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_filled_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and (value in COLOURS or bool(_HEXADECIMAL.fullmatch(value)))


def _is_list_of_names(value: object) -> bool:
    return isinstance(value, list) and all(
        _is_filled_text(item) for item in cast("list[object]", value)
    )


def _is_table_of_rules(value: object) -> bool:
    return isinstance(value, dict) and all(
        _is_filled_text(name) and rule in FIELD_RULES
        for name, rule in cast("dict[object, object]", value).items()
    )


def _is_number_of_seconds(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 < cast("float", value) <= _LONGEST_TIMEOUT


def _is_whole_number_between(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    )


SETTING_KEYS = (
    SettingKey("url", "The address of the service, before /api/v1.", "text",
        '"https://crm.example.com"', _is_text, is_required=True),
    SettingKey("client_id", "The client id of the sign-in.",
        "text", '"…"', _is_text, is_required=True),
    SettingKey("username", "The user name of the sign-in.",
        "text", '"…"', _is_text, is_required=True),
    SettingKey("secrets", "Where the client secret and the password live.",
        "one of " + ", ".join(SECRET_PLACES), '"keyring"', lambda value: value in SECRET_PLACES),
    SettingKey("password_command", "A command that prints the password; run without a shell.",
        "text", '"pass show crm/password"', _is_filled_text),
    SettingKey("client_secret_command",
        "A command that prints the client secret; run without a shell.",
        "text", '"pass show crm/client-secret"', _is_filled_text),
    SettingKey("colour", "The colour that marks this profile on the screen.",
        f"one of {', '.join(COLOURS)}, or #rrggbb", '"red"', _is_colour),
    SettingKey("read_only", "Whether to refuse every call that changes something.",
        "true or false", "true", lambda value: isinstance(value, bool), default=False),
    SettingKey("confirm",
        "Which changes are asked about before they are sent. Without it: all, or on a service of "
        "this machine those that delete or convert.",
        "one of " + ", ".join(CONFIRM_RULES), '"always"', lambda value: value in CONFIRM_RULES),
    SettingKey("local_files", "Whether a query may read the local files that it names.",
        "true or false", "false", lambda value: isinstance(value, bool), default=True),
    SettingKey("floor", "Calls of the hour that background work leaves untouched.",
        "a whole number from 0", "100", _is_whole_number_between(0, _LARGEST_FLOOR), default=0),
    SettingKey("per_page", "Records asked for at a time.",
        f"a whole number from 1 to {_LARGEST_PAGE}", "100",
        _is_whole_number_between(1, _LARGEST_PAGE), default=100),
    SettingKey("timeout", "Seconds that a command may take, waits included.",
        "a number of seconds above 0", "60", _is_number_of_seconds),
    SettingKey("entities", "Custom entities that are known from the start.",
        "a list of names", '["event"]', _is_list_of_names, default=()),
    SettingKey("mark_field",
        "Text fields in which each create carries a mark, so that it is found for certain where "
        "its answer is lost.",
        "a table of entities with a field each", '{ lead = "Notes" }',
        lambda value: parse_mark_fields(value) is not None, default=()),
    SettingKey("people_fields",
        "Fields that hold something of a person, or do not, where their names do not say so: "
        "recordings replace it.",
        "a table of fields, each " + ", ".join(FIELD_RULES[:-1]) + " or " + FIELD_RULES[-1],
        '{ "account.Name" = "name", Nickname = "keep" }', _is_table_of_rules,
        default=MappingProxyType[str, str]({})),
    SettingKey("people_hook",
        "A Python file whose function redact(entity, field, value, stand_in) replaces values in "
        "recordings.", "text", '"~/crm_people.py"', _is_filled_text),
)  # fmt: skip
