"""What the prompt keeps between runs: whose keys it has, those of Emacs or of vi."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from cmdm_tui.config import ConfigurationError
from cmdm_tui.config.bounded_files import read_bounded
from cmdm_tui.config.private_files import replace_file

KeyStyle = Literal["emacs", "vi"]
"""Whose keys the prompt has."""

_LARGEST_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class PromptFiles:
    """The files of a prompt; None for one that it has not.

    What it keeps between runs is in `settings`. `start` has statements that are run first.
    """

    settings: Path | None = None
    start: Path | None = None


NO_FILES = PromptFiles()


class PromptSettings(msgspec.Struct, frozen=True):
    """What is kept."""

    keys: KeyStyle = "emacs"


def settings_file(history: Path) -> Path:
    """Return the settings' file, next to the history's."""
    return history.with_name("prompt.json")


def load_settings(path: Path | None) -> PromptSettings:
    """Return what is kept; the usual where nothing is, or it cannot be read."""
    if path is None:
        return PromptSettings()
    try:
        return msgspec.json.decode(read_bounded(path, _LARGEST_FILE), type=PromptSettings)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return PromptSettings()


def save_settings(path: Path | None, settings: PromptSettings) -> str:
    """Keep the settings; return a sentence on why they could not be, empty where they are."""
    if path is None:
        return ""
    try:
        replace_file(path, msgspec.json.encode(settings))
    except ConfigurationError as error:
        return str(error)
    return ""
