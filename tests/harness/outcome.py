"""What the client makes of a case, as plain data that can be kept and compared."""

import json
from collections.abc import Awaitable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, cast

import msgspec

from cmdm_tui.api import ApiError, Client

Outcome = dict[str, Any]

OUTCOMES = Path(__file__).parent / "outcomes"


def load_outcome(name: str) -> Outcome:
    """Return what the client is to make of the case of that name."""
    outcome: Outcome = json.loads((OUTCOMES / f"{name}.json").read_bytes())
    return outcome


def save_outcome(name: str, outcome: Outcome) -> None:
    """Keep what the client makes of a case: to be read before it is committed."""
    text = json.dumps(outcome, ensure_ascii=False, indent=2) + "\n"
    (OUTCOMES / f"{name}.json").write_text(text, encoding="utf-8")


async def outcome_of(work: Awaitable[object], client: Client) -> Outcome:
    """Return the result that `work` came to, or its error, and the quota known then."""
    try:
        told: Outcome = {"result": simplify(await work)}
    except ApiError as error:
        told = {
            "error": type(error).__name__,
            "message": error.message,
            "status": error.status,
            "call": str(error.call),
        }
    return {**told, "quota": simplify(client.quota)}


def simplify(value: object) -> Any:
    """Return a result as lists, objects and texts; the raw responses in it are left out."""
    names: tuple[str, ...] = ()
    if is_dataclass(value) and not isinstance(value, type):
        names = tuple(field.name for field in fields(value))
    elif isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
    if names:
        return {name: simplify(getattr(value, name)) for name in names if name != "response"}
    if isinstance(value, dict):
        return {name: simplify(item) for name, item in cast("dict[str, object]", value).items()}
    if isinstance(value, list | tuple):
        return [simplify(item) for item in cast("list[object]", value)]
    return value if isinstance(value, str | int | float | None) else str(value)
