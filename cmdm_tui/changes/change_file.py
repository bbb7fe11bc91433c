"""Keeps a change set in a file, to be reviewed and applied later: JSON Lines, a change a line."""

from collections.abc import Sequence
from pathlib import Path

from cmdm_tui.changes.change_set import ChangeSet


def save_change_set(
    path: Path, change_set: ChangeSet, *, overwrite: bool = False, reasons: Sequence[str] = ()
) -> None:
    """Write the file whole or not at all, for its owner only.

    `reasons`, one for each change, say why it was not applied before; reading ignores them. Raises
    ChangeFileError where it cannot be written, or there is a file already and not `overwrite`.
    """
    raise NotImplementedError


def load_change_set(path: Path) -> ChangeSet:
    """Read a file that `save_change_set` has written.

    Raises ChangeFileError, which names the line, for anything else.
    """
    raise NotImplementedError
