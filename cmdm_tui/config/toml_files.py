"""Reads TOML files, and changes what one says without changing how: comments, order, spacing."""

import tomllib
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.private_files import replace_file
from cmdm_tui.config.trusted_files import check_trusted_place, read_trusted


def read_toml(path: Path) -> dict[str, Any]:
    """Return the file's content, empty where there is no file.

    Raises ConfigurationError for a file that cannot be read, that others may write, or that is not
    TOML.
    """
    return _parse_toml(path, read_trusted(path) or b"")


def _parse_toml(path: Path, content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(_to_text(content))
    except RecursionError:
        message = f"{path} is nested too deeply. Fix it, or move it away to start again."
        raise ConfigurationError(message) from None
    except ValueError as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        message = f"{path} is not valid TOML: {reason}. Fix it, or move it away to start again."
        raise ConfigurationError(message) from None


def write_toml(path: Path, content: Mapping[str, Any]) -> None:
    """Make the file say `content`; its comments and order stay. A crash leaves the old file whole.

    A link is followed, so that a file kept elsewhere (with other dotfiles, say) stays there.
    Raises ConfigurationError where the file is not TOML, or where it cannot be written, or others
    could write it.
    """
    before = read_trusted(path)
    if before is None:
        # What is written there is to be read again.
        check_trusted_place(path)
        before = b""
    _parse_toml(path, before)
    replace_file(path.resolve(), rewrite_toml(_to_text(before), content).encode("utf-8"))


def _to_text(content: bytes) -> str:
    """Return the text with the line ends that a file opened as text has."""
    return content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def rewrite_toml(text: str, content: Mapping[str, Any]) -> str:
    """Return `text` changed so that it says `content`, and nothing else.

    Where that cannot be done in place, the text is written again without its comments.
    """
    # Late: only a command that changes a profile needs it, and it takes long to import.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(text)
        _update_table(document, content)
        changed = tomlkit.dumps(document)  # pyright: ignore[reportUnknownMemberType]
        if tomllib.loads(changed) == content:
            return changed
    except (TOMLKitError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        # Some layouts (tables in pieces, dotted keys) are beyond tomlkit, in one way or another.
        pass
    return tomlkit.dumps(content)  # pyright: ignore[reportUnknownMemberType]


def _update_table(table: MutableMapping[str, Any], content: Mapping[str, Any]) -> None:
    for key in [key for key in table if key not in content]:
        del table[key]
    for key, value in content.items():
        before = table.get(key)
        if isinstance(before, MutableMapping) and isinstance(value, Mapping):
            _update_table(
                cast("MutableMapping[str, Any]", before),
                cast("Mapping[str, Any]", value),
            )
        elif key not in table or before != value:
            table[key] = value
