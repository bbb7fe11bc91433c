"""What the explorer keeps between runs: a small JSON file, written whole or not at all."""

from pathlib import Path
from typing import Any, Self

import msgspec

from cmdm_tui.config.bounded_files import read_bounded
from cmdm_tui.config.private_files import replace_file

_LARGEST = 4 * 1024 * 1024
"""Bytes of the largest file that is read again."""


class KeptView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of one profile, as JSON: the place, the columns of each entity, the panes."""

    session: dict[str, Any] = {}
    columns: dict[str, dict[str, Any]] = {}
    panes: dict[str, Any] = {}


class ExplorerSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """The settings of the explorer. What a newer version has added to the file is lost."""

    theme: str = ""
    """The theme's name; empty for the one that the explorer begins with."""
    profiles: dict[str, KeptView] = {}
    """By the names of the profiles."""

    def with_profile(self, name: str, view: KeptView) -> Self:
        """Return the settings with this kept of a profile."""
        return msgspec.structs.replace(self, profiles={**self.profiles, name: view})


class SettingsFile:
    """The settings and their file; without a file (`path` is None) they last for one run."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.settings = ExplorerSettings()

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """Return what is kept; where the file is absent, odd or broken, what is given at first."""
        file = cls(path)
        if path is not None:
            try:
                content = read_bounded(path, _LARGEST)
                file.settings = msgspec.json.decode(content, type=ExplorerSettings)
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                pass
        return file

    def save(self, settings: ExplorerSettings) -> None:
        """Keep these settings from now on. Raises ConfigurationError where they cannot be kept."""
        if settings != self.settings:
            self.settings = settings
            if self._path is not None:
                content = msgspec.json.format(msgspec.json.encode(settings), indent=2)
                replace_file(self._path, content + b"\n")
