"""Reads and writes the files of this user alone: whole or not at all, and private."""

import os
import stat
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cmdm_tui.config.errors import ConfigurationError

_OWNER_ONLY = 0o600
_OWNER_ONLY_FOLDER = 0o700
_OTHERS = 0o077


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
    except RecursionError:
        message = f"{path} is nested too deeply. Mend it, or move it away to start anew."
        raise ConfigurationError(message) from None
    except ValueError as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        message = f"{path} is not valid TOML: {reason}. Mend it, or move it away to start anew."
        raise ConfigurationError(message) from None


def write_toml(path: Path, content: Mapping[str, Any]) -> None:
    """Let the file say `content`; its comments and order stay. A crash leaves the old file whole.

    A link is followed, so that a file kept elsewhere (with other dotfiles, say) stays there.
    Raises ConfigurationError where the file is no TOML or the folder cannot be written.
    """
    from cmdm_tui.config.toml_files import rewrite_toml

    read_toml(path)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    replace_file(path.resolve(), rewrite_toml(before, content).encode("utf-8"))


def replace_file(path: Path, content: bytes) -> None:
    """Replace the file by `content` in one step, readable by its owner only."""
    try:
        make_folder(path.parent)
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


def remove_file(path: Path) -> bool:
    """Remove the file and tell whether there was one."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        message = f"{path} cannot be removed: {error.strerror}. Check its folder's permissions."
        raise ConfigurationError(message) from None
    return True


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, each for its owner only whatever the umask says.

    A folder that is there stays as it is (the XDG base directory specification asks for 0700).
    """
    if not folder.parent.exists():
        make_folder(folder.parent)
    folder.mkdir(mode=_OWNER_ONLY_FOLDER, exist_ok=True)


def read_private_file(path: Path, limit: int) -> bytes | None:
    """Return the content of a file that only this user could have written or read, else None.

    A link, a pipe, another's file, one that others may enter, or one over `limit` bytes is none.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(path, flags)
    except (OSError, ValueError):
        return None
    try:
        if not _is_private(os.fstat(handle)):
            return None
        content = os.read(handle, limit + 1)
    except OSError:
        return None
    finally:
        os.close(handle)
    return content if len(content) <= limit else None


def is_open_to_others(path: Path) -> bool:
    """Tell whether others than its owner may read or write the file."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return False


def _is_private(status: os.stat_result) -> bool:
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & _OTHERS
    )
