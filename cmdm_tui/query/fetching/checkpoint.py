"""Saves what a stopped run has read in a file, so that another process can continue."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import msgspec

from cmdm_tui.config import Profile
from cmdm_tui.config.bounded_files import OddFile, read_bounded
from cmdm_tui.config.private_files import replace_file
from cmdm_tui.query.database.loader import replace_surrogates
from cmdm_tui.query.errors import QueryError
from cmdm_tui.text import one_line

_VERSION = 2


class CheckpointPage(msgspec.Struct, frozen=True):
    """One page: how it was requested and its records as ids and values; `fields` None means all."""

    entity: str
    number: int
    sort_by: str | None
    sort_order: str | None
    per_page: int
    fields: list[str] | None
    total_records: int | None
    total_pages: int | None
    records: list[tuple[str, dict[str, Any]]]


class CheckpointRecord(msgspec.Struct, frozen=True):
    """One record that was requested by its id; `properties` is None where it does not exist."""

    entity: str
    external_id: str
    properties: dict[str, Any] | None


class Checkpoint(msgspec.Struct, frozen=True):
    """What a query has read of an account since a time, and the number of calls used for it."""

    address: str
    username: str
    sql: str
    used: int
    since: datetime
    pages: list[CheckpointPage]
    records: list[CheckpointRecord]
    version: int = _VERSION


_ENCODER = msgspec.json.Encoder(decimal_format="number")
_LARGEST_FILE = 1024 * 1024 * 1024
_DECODER = msgspec.json.Decoder(Checkpoint, float_hook=Decimal)


def save_checkpoint(file: Path, reading: Checkpoint) -> None:
    """Write a checkpoint to a file that only its owner can read. Raises OSError."""
    try:
        content = _ENCODER.encode(reading)
    except (UnicodeEncodeError, ValueError):
        content = _ENCODER.encode(
            _replace_surrogates(msgspec.to_builtins(reading, builtin_types=(Decimal,)))
        )
    replace_file(file, content)


def load_checkpoint(file: Path, profile: Profile, sql: str) -> Checkpoint | None:
    """Load a checkpoint of this query and account; None where there is no file.

    Raises QueryError for a file of something else, OSError where it cannot be read.
    """
    name = one_line(str(file), 200)
    try:
        content = read_bounded(file, _LARGEST_FILE)
    except FileNotFoundError:
        return None
    except OddFile as error:
        raise QueryError(
            f"{name} is not the checkpoint of a query: {error.strerror}",
            hint="Name a file that does not exist yet",
        ) from None
    try:
        reading = _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        reading = None
    if reading is None or reading.version != _VERSION:
        raise QueryError(
            f"{name} is not the checkpoint of a query", hint="Name a file that does not exist yet"
        )
    if (reading.address, reading.username) != (profile.url, profile.credentials.username):
        raise QueryError(f"{name} holds what was read of another account", hint="Name another file")
    if reading.sql != sql:
        raise QueryError(
            f"{name} holds what was read for another query",
            hint="Name another file, or remove this one",
        )
    return reading


def describe_age(since: datetime, now: datetime) -> str:
    """Return a sentence about the age of the oldest records; "" for less than a minute."""
    minutes = max(int((now - since).total_seconds()), 0) // 60
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        if count := minutes // size:
            age = f"{count:,} {unit}{'' if count == 1 else 's'}"
            return f"Some records were read {age} ago, at {since:%Y-%m-%d %H:%M} UTC."
    return ""


def _replace_surrogates(value: Any) -> Any:
    """Return a JSON value with lone surrogates replaced, in texts and names."""
    if isinstance(value, str):
        return replace_surrogates(value)
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {replace_surrogates(name): _replace_surrogates(one) for name, one in named.items()}
    if isinstance(value, list | tuple):
        return [_replace_surrogates(one) for one in cast("list[Any]", value)]
    return value
