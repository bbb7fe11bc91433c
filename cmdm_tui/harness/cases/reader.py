"""Reads case files: TOML, checked against the format."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from cmdm_tui.harness.cases.format import FORMAT_VERSION, Case, CaseError
from cmdm_tui.text import one_line

SUFFIX = ".toml"
_MAX_BYTES = 4 * 1024 * 1024


def read_case(path: Path) -> Case:
    """Return the case in the file. Raises CaseError, which names the file and the place in it."""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Check the name."
        raise CaseError(message) from None
    if len(content) > _MAX_BYTES:
        raise CaseError(f"{path} is over {_MAX_BYTES:,} bytes, which no case is.")
    return parse_case(content, str(path))


def parse_case(content: bytes, place: str) -> Case:
    """Return the case that `content` says; `place` names it in errors. Raises CaseError."""
    where = one_line(place, 200)
    try:
        said: dict[str, Any] = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise CaseError(f"{where} is not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = one_line(str(error), 200)
        raise CaseError(f"{where} is not valid TOML: {reason}. Mend it there.") from None
    version = said.pop("version", None)
    if version is None:
        raise CaseError(
            f"{where} says no version of its format: write version = {FORMAT_VERSION} in it."
        )
    if version != FORMAT_VERSION:
        raise CaseError(
            f"{where} has the format's version {one_line(str(version), 20)}, "
            f"and this program reads version {FORMAT_VERSION}."
        )
    try:
        return msgspec.convert(said, Case)
    except msgspec.ValidationError as error:
        reason = one_line(str(error).replace("`$.", "`"), 200)
        raise CaseError(f"{where} is not a case: {reason}. Mend it there.") from None
