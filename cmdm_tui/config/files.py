"""Reads and writes the configuration's TOML files: whole or not at all."""

import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cmdm_tui.config.errors import ConfigurationError

_OWNER_ONLY = 0o600


def read_toml(path: Path) -> dict[str, Any]:
    """Return the file's content, empty where there is no file.

    Raises ConfigurationError for a file that cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}. Check its permissions."
        raise ConfigurationError(message) from None
    except ValueError as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        message = f"{path} is not valid TOML: {reason}. Mend it, or move it away to start anew."
        raise ConfigurationError(message) from None


def write_toml(path: Path, content: Mapping[str, Any]) -> None:
    """Replace the file by `content`, readable by its owner only; a crash leaves the old file whole.

    Raises ConfigurationError where the folder cannot be written.
    """
    import tomli_w

    replace_file(path, tomli_w.dumps(content).encode("utf-8"))


def replace_file(path: Path, content: bytes) -> None:
    """Replace the file by `content` in one step, readable by its owner only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), _OWNER_ONLY)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}. Check its folder's permissions."
        raise ConfigurationError(message) from None
