"""What can keep a sandbox from starting: one class a cause, one sentence a message."""


class SandboxError(Exception):
    """A sandbox cannot start; the message says what, where, and what to do, in one sentence."""


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
