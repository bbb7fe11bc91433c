"""The queries that a user gave a name: each is a file NAME.sql in one folder of the configuration.

Any editor can change them, and any version control can keep them.
"""

import re
from pathlib import Path

from msgspec import Struct

from cmdm_tui.config import ConfigurationError
from cmdm_tui.config.bounded_files import read_bounded
from cmdm_tui.config.private_files import remove_file, replace_file
from cmdm_tui.query.parsing.identifiers import nearest_names
from cmdm_tui.text import one_line

SUFFIX = ".sql"
LARGEST_QUERY = 1024 * 1024
"""Bytes of the largest file of SQL that is opened."""

_NAME = re.compile(r"[^\W_][\w .-]{0,63}")
_NAME_RULE = "A name has up to 64 letters, digits, blanks, dots and dashes, and begins with no dash"


class QueryFileError(ConfigurationError):
    """A file of SQL, or a saved query, cannot be used: what, where, and what to do."""


class UnknownSavedQuery(QueryFileError):
    """No saved query has the name; `suggestions` are similar ones, best first."""

    def __init__(self, name: str, suggestions: tuple[str, ...]) -> None:
        hint = f" Did you mean {' or '.join(suggestions)}?" if suggestions else ""
        super().__init__(f"There is no saved query {one_line(name, 64)!r}.{hint}")
        self.suggestions = suggestions


class SavedQuery(Struct, frozen=True):
    """A query that has a name; `name` is safe, as every name is that is accepted."""

    name: str
    path: Path


class SavedQueries:
    """The saved queries of this user, in `folder`; it is made when the first is saved."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list(self) -> tuple[SavedQuery, ...]:
        """Return the saved queries by name. Raises QueryFileError where the folder is closed."""
        try:
            files = sorted(self._folder.glob(f"*{SUFFIX}"), key=lambda one: one.name.casefold())
        except OSError as error:
            raise _unusable(self._folder, "read", error) from None
        return tuple(
            SavedQuery(file.stem, file)
            for file in files
            if _NAME.fullmatch(file.stem) and file.is_file()
        )

    def find(self, name: str) -> SavedQuery | None:
        """Return the query of this name, whatever its case; None where there is none."""
        folded = name.strip().casefold()
        return next((one for one in self.list() if one.name.casefold() == folded), None)

    def load(self, name: str) -> str:
        """Return the SQL of a saved query. Raises UnknownSavedQuery where there is none."""
        return load_sql(self.require(name).path)

    def require(self, name: str) -> SavedQuery:
        """Return the query of this name. Raises UnknownSavedQuery where there is none."""
        saved = self.find(name)
        if saved is None:
            raise UnknownSavedQuery(name, nearest_names(name, [one.name for one in self.list()]))
        return saved

    def save(self, name: str, sql: str) -> SavedQuery:
        """Keep the SQL under the name, in place of what that name had.

        Raises QueryFileError for a name that no file can have, or a folder that is closed.
        """
        wanted = name.strip()
        fault = check_name(wanted)
        if fault:
            raise QueryFileError(fault)
        found = self.find(wanted)
        path = found.path if found is not None else self._folder / f"{wanted}{SUFFIX}"
        save_sql(path, sql)
        return SavedQuery(path.stem, path)

    def delete(self, name: str) -> bool:
        """Delete the query of this name; return whether there was one."""
        saved = self.find(name)
        return saved is not None and remove_file(saved.path)


def check_name(name: str) -> str:
    """Return a sentence on what is wrong with a name; empty for one that can be taken."""
    return "" if _NAME.fullmatch(name.strip()) else f"{_NAME_RULE}."


def load_sql(path: Path) -> str:
    """Return the SQL in a file. Raises QueryFileError where it is none, or too long."""
    try:
        return read_bounded(path, LARGEST_QUERY).decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise _unusable(path, "read", error) from None
    except UnicodeDecodeError:
        raise QueryFileError(f"{_shown(path)} is not text in UTF-8. Check its encoding.") from None


def save_sql(path: Path, sql: str) -> None:
    """Write SQL to a file that its owner alone reads, whole or not at all, with a line's end.

    Raises ConfigurationError where it cannot be written.
    """
    if not path.absolute().parent.is_dir() and path.absolute().parent.exists():
        raise QueryFileError(f"{_shown(path)} cannot be written: its folder is a file.")
    replace_file(path, f"{sql.rstrip()}\n".encode("utf-8", "replace"))


def _unusable(path: Path, verb: str, error: OSError) -> QueryFileError:
    reason = error.strerror or "it has no such name"
    return QueryFileError(f"{_shown(path)} cannot be {verb}: {reason}. Check its path.")


def _shown(path: Path) -> str:
    return one_line(str(path), 200)
