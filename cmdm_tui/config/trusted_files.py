"""Reads the configuration, and refuses it where others than its user could have written it.

A configuration says which commands are run and where secrets are sent: whoever may write it acts
as its user. So the file, its folder and the folders above, up to the home or the root, must be
writable by the user alone, and belong to the user. Where a link leads there, every link on the way
counts, and the folders that they are in. These cannot harm and are accepted: root as the owner, a
folder with the sticky bit such as /tmp, in which others cannot replace what is the user's, and a
private group (named as the user, without other members), which many systems give each user together
with the umask 002.
"""

import os
import stat
from pathlib import Path

from cmdm_tui.config.bounded_files import open_bounded, read_to_end
from cmdm_tui.config.errors import UnusableFile

_LARGEST_FILE = 1024 * 1024
_MOST_LINKS = 40
_ROOT = 0
_DANGER = "whoever writes it can run commands as you"


def read_trusted(path: Path) -> bytes | None:
    """Return the content of a file of the configuration, None where there is none.

    Raises UnusableFile for one that cannot be read, is not a file, is over a mebibyte long, or that
    others may write.
    """
    try:
        with open_bounded(path, _LARGEST_FILE) as file:
            status = os.fstat(file.fileno())
            check_trusted_file(path, status)
            return read_to_end(file, _LARGEST_FILE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnusableFile(
            f"{path} cannot be read: {error.strerror}. Check what it is, and its permissions."
        ) from None


def check_trusted_file(path: Path, status: os.stat_result) -> None:
    """Raise UnusableFile where others may write the file of this status, or replace it."""
    if not _has_owners():
        return
    _check_owner(path, "", status)
    if _others_may_write(status):
        raise UnusableFile(
            f"{path} can be written by other users, and {_DANGER}. "
            "See what it says, then run chmod go-w on it."
        )
    check_trusted_place(path)


def check_trusted_place(path: Path) -> None:
    """Raise UnusableFile where others may replace the file by another.

    Where it is a link, or in a folder that is one, each link on the way counts, and each folder.
    """
    if not _has_owners():
        return
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 (raises nothing where there is none)
    for each in _list_steps(path.absolute(), home):
        try:
            status = each.lstat()
        except OSError:
            continue
        if stat.S_ISLNK(status.st_mode):
            _check_owner(each, "the link ", status)
        elif stat.S_ISDIR(status.st_mode):
            _check_folder(each, status)


def _list_steps(path: Path, home: Path) -> list[Path]:
    """Return the folders and links that lead to the file, without folders above the home."""
    steps: dict[Path, None] = {}
    left, here = list(path.parts[1:]), Path(path.anchor)
    links = 0
    while left:
        steps[here] = None
        part = left.pop(0)
        if part == "..":
            here = here.parent
            continue
        step = here / part
        if not step.is_symlink() or links > _MOST_LINKS:
            here = step
            continue
        links += 1
        steps[step] = None
        target = step.readlink()
        left = [*target.parts[1 if target.is_absolute() else 0 :], *left]
        here = Path(target.anchor) if target.is_absolute() else here
    return [step for step in steps if home not in steps or step not in home.parents]


def _check_folder(folder: Path, status: os.stat_result) -> None:
    _check_owner(folder, "the folder ", status)
    if _others_may_write(status) and not status.st_mode & stat.S_ISVTX:
        raise UnusableFile(
            f"The folder {folder} can be written by other users, who could put a configuration "
            f"of theirs there, and {_DANGER}. See what is in it, then run chmod go-w on it."
        )


def _check_owner(path: Path, kind: str, status: os.stat_result) -> None:
    if status.st_uid not in {os.geteuid(), _ROOT}:
        sentence = f"{kind}{path} belongs to another user ({_name_user(status.st_uid)})"
        raise UnusableFile(
            f"{sentence[0].upper()}{sentence[1:]}, and {_DANGER}. "
            "See what it says, then run chown on it, or use a copy of your own."
        )


def _others_may_write(status: os.stat_result) -> bool:
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not is_private_group(status.st_gid)


def is_private_group(group: int) -> bool:
    """Return whether the group is the user's own: their first, of their name, without others."""
    # Late: not every system has them.
    import grp
    import pwd

    try:
        user = pwd.getpwuid(os.geteuid())
        found = grp.getgrgid(group)
    except KeyError:
        return False
    return (
        group == user.pw_gid
        and found.gr_name == user.pw_name
        and set(found.gr_mem) <= {user.pw_name}
    )


def _name_user(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"number {number}"


def _has_owners() -> bool:
    """Return whether files have an owner and a mode here; on Windows both mean nothing."""
    return hasattr(os, "geteuid")
