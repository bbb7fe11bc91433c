"""A path that was typed into a dialog."""

from pathlib import Path


def read_path(name: str) -> Path:
    """Return the path, `~` as a home folder; as it is typed where no user has that name.

    Then nothing is there, which is what is said of it.
    """
    path = Path(name)
    try:
        return path.expanduser()
    except RuntimeError:
        return path
