"""What the explorer keeps between runs: a small JSON file, written whole or not at all."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self, cast

from cmdm_tui.config.bounded_files import read_bounded
from cmdm_tui.config.private_files import replace_file

_LARGEST = 4 * 1024 * 1024
"""Bytes of the largest file that is read again."""


@dataclass(frozen=True, slots=True)
class KeptView:
    """What is kept of one profile, as JSON: the place, the columns of each entity, the panes."""

    session: Mapping[str, Any] = field(default_factory=dict[str, Any])
    columns: Mapping[str, Any] = field(default_factory=dict[str, Any])
    panes: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class ExplorerSettings:
    """The settings of the explorer. What a newer version has added to the file is lost."""

    theme: str = ""
    """The theme's name; empty for the one that the explorer begins with."""
    profiles: Mapping[str, KeptView] = field(default_factory=dict[str, KeptView])
    """By the names of the profiles."""

    def with_profile(self, name: str, view: KeptView) -> "ExplorerSettings":
        """Return the settings with this kept of a profile."""
        return replace(self, profiles={**self.profiles, name: view})


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
            with contextlib.suppress(OSError, ValueError, RecursionError):
                file.settings = _read_settings(json.loads(read_bounded(path, _LARGEST)))
        return file

    def save(self, settings: ExplorerSettings) -> None:
        """Keep these settings from now on. Raises ConfigurationError where they cannot be kept."""
        if settings != self.settings:
            self.settings = settings
            if self._path is not None:
                kept = {name: value for name, value in asdict(settings).items() if value}
                content = json.dumps(kept, indent=2, ensure_ascii=True)
                replace_file(self._path, content.encode() + b"\n")


def _read_settings(content: object) -> ExplorerSettings:
    kept = _read_object(content)
    theme = kept.get("theme")
    profiles = _read_object(kept.get("profiles"))
    return ExplorerSettings(
        theme if isinstance(theme, str) else "",
        {name: _read_view(view) for name, view in profiles.items()},
    )


def _read_view(content: object) -> KeptView:
    kept = _read_object(content)
    parts = (kept.get(name) for name in ("session", "columns", "panes"))
    return KeptView(*map(_read_object, parts))


def _read_object(content: object) -> dict[str, Any]:
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}
