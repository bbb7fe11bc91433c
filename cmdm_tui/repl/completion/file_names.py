"""Finds the files and folders that begin as typed, for completion."""

import os
from pathlib import Path

MOST_FILES = 300
"""Names that are offered at once."""

_MOST_LOOKED_AT = 5_000


def list_files(typed: str) -> list[str]:
    """Return the files whose path begins with `typed`, as it is written; a folder ends in a slash.

    A name that begins with a dot is found where the dot is typed. A folder that cannot be read has
    no files.
    """
    folder, slash, beginning = typed.rpartition("/")
    shown = folder + slash
    names: list[str] = []
    try:
        looked_in = Path(shown or ".").expanduser()
        with os.scandir(looked_in) as entries:
            for place, entry in enumerate(entries):
                if place >= _MOST_LOOKED_AT:
                    break
                if _fits(entry.name, beginning):
                    names.append(f"{shown}{entry.name}{'/' if _is_folder(entry) else ''}")
    except (OSError, ValueError, RuntimeError):
        return []
    return sorted(names, key=str.casefold)[:MOST_FILES]


def _fits(name: str, beginning: str) -> bool:
    if name.startswith(".") and not beginning.startswith("."):
        return False
    return beginning.casefold() in name.casefold()


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
