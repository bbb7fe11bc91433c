"""Keeps a change set in a file, to be reviewed and applied later: JSON Lines, a change a line.

The first line describes the set; then a line for each change, and one for each reject.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from cmdm_tui.changes.change_json import change_to_plain, encode_json, read_change, read_json
from cmdm_tui.changes.change_set import Change, ChangeSet, Reject
from cmdm_tui.changes.errors import ChangeFileError
from cmdm_tui.changes.soundness import find_unsound
from cmdm_tui.config.bounded_files import LARGEST_INPUT, read_bounded
from cmdm_tui.text import one_line

FORM = "changes"
VERSION = 1

_TEXTS = ("title", "address", "username")
_COUNTS = ("unchanged", "calls_made", "changes")
_Read = TypeVar("_Read")
_HINT = "Give a file that cmdm has written (--save)"


def save_change_set(
    path: Path, change_set: ChangeSet, *, overwrite: bool = False, reasons: Sequence[str] = ()
) -> None:
    """Write the file whole or not at all, for its owner only.

    `reasons`, one for each change, say why it was not applied before; reading ignores them. Raises
    ChangeFileError where it cannot be written, or there is a file already and not `overwrite`.
    """
    name = one_line(str(path), 200)
    try:
        content = "".join(f"{line}\n" for line in _write_lines(change_set, reasons))
    except ValueError as error:
        raise ChangeFileError(f"The changes cannot be written to {name}: {error}") from None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.absolute().parent, prefix=".cmdm-changes-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _place(Path(temporary), path, overwrite=overwrite)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise _explain_unwritable(name, error) from None


def check_new_file(path: Path) -> None:
    """Try whether `save_change_set` can write the file, and leave none.

    Raises ChangeFileError where it cannot, or there is a file already.
    """
    try:
        if os.path.lexists(path):
            raise FileExistsError
        with tempfile.TemporaryFile(dir=path.absolute().parent):
            pass
    except OSError as error:
        raise _explain_unwritable(one_line(str(path), 200), error) from None


def _explain_unwritable(name: str, error: OSError) -> ChangeFileError:
    if isinstance(error, FileExistsError):
        message = f"There is a file {name} already"
        return ChangeFileError(message, hint="Give another name, or remove it first")
    message = f"{name} cannot be written: {error.strerror}"
    return ChangeFileError(message, hint="Check the folder and its permissions")


def load_change_set(path: Path) -> ChangeSet:
    """Read a file that `save_change_set` has written.

    Raises ChangeFileError, which names the line, for anything else.
    """
    name = one_line(str(path), 200)
    try:
        text = read_bounded(path, LARGEST_INPUT, accepts_pipe=True).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ChangeFileError(f"{name} is not text in UTF-8", hint=_HINT) from None
    except OSError as error:
        message = f"{name} cannot be read: {error.strerror}"
        raise ChangeFileError(message, hint="Check the name") from None
    # Not splitlines: a text may hold other characters that end a line.
    lines = text.removesuffix("\n").split("\n")
    head = _explain(name, 1, _read_head, lines[0])
    read = [_explain(name, number, _read_line, line) for number, line in enumerate(lines[1:], 2)]
    changes = [one for one in read if isinstance(one, Change)]
    rejects = [one for one in read if isinstance(one, Reject)]
    if head["changes"] != len(changes):
        message = f"{name} holds {len(changes):,} changes, and should hold {head['changes']:,}"
        hint = "Lines were lost or added: make it again, or correct the count in its first line"
        raise ChangeFileError(message, hint=hint)
    for position, fault in find_unsound(changes):
        where = changes[position].origin or f"change {position + 1}"
        message = f"{name}, {where}: {fault}"
        raise ChangeFileError(message, hint="Correct it, or remove the change")
    return build_set(head, changes, rejects)


def _place(temporary: Path, path: Path, *, overwrite: bool) -> None:
    if not overwrite:
        try:
            # Fails where there is a file, also one that came meanwhile.
            path.hardlink_to(temporary)
        except FileExistsError:
            raise
        except OSError:  # A file system without links.
            if path.exists():
                raise FileExistsError from None
        else:
            return
    temporary.replace(path)


def head_to_plain(change_set: ChangeSet) -> dict[str, object]:
    """Return what describes a change set, without its changes and rejects."""
    return {
        "title": change_set.title,
        "address": change_set.address,
        "username": change_set.username,
        "made_at": change_set.made_at,
        "unchanged": change_set.unchanged,
        "calls_made": change_set.calls_made,
        "is_partial": change_set.is_partial,
        "every_of": change_set.every_of,
        "notes": list(change_set.notes),
    }


def _write_lines(change_set: ChangeSet, reasons: Sequence[str]) -> Iterator[str]:
    count = {"changes": len(change_set.changes)}
    yield encode_json({"cmdm": FORM, "version": VERSION, **head_to_plain(change_set), **count})
    for position, change in enumerate(change_set.changes):
        reason = {"reason": reasons[position]} if position < len(reasons) else {}
        yield encode_json({**change_to_plain(change), **reason})
    for reject in change_set.rejects:
        yield encode_json(reject_to_plain(reject))


def reject_to_plain(reject: Reject) -> dict[str, object]:
    """Return a reject as an object of JSON."""
    change = None if reject.change is None else change_to_plain(reject.change)
    return {
        "reject": reject.reason, "origin": reject.origin, "column": reject.column, "change": change
    }  # fmt: skip


def read_reject(given: Mapping[str, Any]) -> Reject:
    """Return the reject of an object of JSON. Raises ValueError, with a clause, for another."""
    reason, origin = given.get("reject"), given.get("origin")
    column, change = given.get("column"), given.get("change")
    if not (isinstance(reason, str) and isinstance(origin, str) and isinstance(column, str | None)):
        raise ValueError("a reject is not text")  # noqa: TRY004 — of a file, not of a caller
    return Reject(reason, origin, column, None if change is None else read_change(change))


def _read_head(line: str) -> dict[str, Any]:
    head = _read_object(line)
    if head.get("cmdm") != FORM:
        raise ValueError("it is not a file of changes")
    if head.get("version") != VERSION:
        raise ValueError("it is in the form of another version of cmdm")
    if not all(isinstance(head.get(name), str) for name in _TEXTS):
        raise ValueError("its title, address or username is missing")
    if any(not _is_count(head.get(name)) for name in _COUNTS):
        raise ValueError("one of its counts is not a whole number")
    notes, made_at = head.get("notes"), head.get("made_at")
    is_list = isinstance(notes, list) and all(
        isinstance(one, str) for one in cast("list[Any]", notes)
    )
    if not is_list or isinstance(made_at, bool | str | None | list | dict):
        raise ValueError("its notes or its time are missing")
    return head


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _explain(name: str, number: int, read: Callable[[str], _Read], line: str) -> _Read:
    try:
        return read(line)
    except ValueError as error:
        message = f"{name}, line {number}: {one_line(str(error), 200)}"
        raise ChangeFileError(message, hint=_HINT, line=number) from None


def _read_line(line: str) -> Change | Reject:
    given = _read_object(line)
    return read_reject(given) if "reject" in given else read_change(given)


def _read_object(line: str) -> dict[str, Any]:
    try:
        value = read_json(line, marks_repeated=True)
    except ValueError:
        raise ValueError("it is not JSON") from None
    if not isinstance(value, dict):
        raise ValueError("it is not an object")  # noqa: TRY004 — of a file, not of a caller
    return cast("dict[str, Any]", value)


def build_set(
    head: Mapping[str, Any], changes: Sequence[Change], rejects: Sequence[Reject]
) -> ChangeSet:
    """Return the change set that `head_to_plain` has described."""
    return ChangeSet(
        tuple(changes),
        title=head["title"],
        address=head["address"],
        username=head["username"],
        made_at=float(head["made_at"]),
        unchanged=head["unchanged"],
        rejects=tuple(rejects),
        notes=tuple(head["notes"]),
        calls_made=head["calls_made"],
        is_partial=head["is_partial"] is True,
        # Files and journals of before do not say it.
        every_of=str(head.get("every_of") or ""),
    )
