"""What keeps a sandbox from starting, and what it refuses of a request."""

from collections.abc import Mapping

from cmdm_tui.text import one_line

_LONGEST_QUOTE = 60


class SandboxError(Exception):
    """A sandbox cannot start; the message says what, where, and what to do."""


class SettingError(SandboxError):
    """A setting is out of its range."""


class DataFolderError(SandboxError):
    """The data folder cannot be made, read or written."""


class DataFolderInUseError(SandboxError):
    """Another sandbox is using the data folder."""


class DataFileError(SandboxError):
    """A file in the data folder is unreadable, damaged, or not a sandbox's."""


class PortError(SandboxError):
    """The port cannot be listened on."""


class DatabaseError(SandboxError):
    """The PostgreSQL database cannot be reached or used, or does not hold a sandbox."""


class DatabaseInUseError(SandboxError):
    """Another sandbox is using the database, or making it."""


class Refusal(Exception):
    """A request that is answered with an error: its status, and a message for `Message`."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def quote(text: str) -> str:
    """Return what a client sent, safe to show in a message: cut, made visible, in quotes."""
    return f"'{one_line(text, _LONGEST_QUOTE)}'"
