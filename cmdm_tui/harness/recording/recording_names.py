"""The names of recordings: what one may be called, and which files are its own."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from cmdm_tui.harness.cassettes.library import CASE_SUFFIX, CASSETTE_SUFFIX
from cmdm_tui.harness.recording.case_steps import CASE_SOURCE

SESSION_KIND = "stateful"
"""The kind of what is recorded from a sandbox; a live service's recordings are `live`."""

OTHER_ENDING = "-other"
"""The name of a cassette of calls that no case can make again ends so."""

RECORDING_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
"""What a recording may be named: with an ending, it is the name of a case."""


def check_recording_path(path: Path) -> str:
    """Return why no recording can be at a path, as a sentence; nothing where one can be."""
    if path.suffix != CASSETTE_SUFFIX or not RECORDING_NAME.fullmatch(path.stem):
        return (
            "Name a file such as session.yaml, of lower-case letters, digits and hyphens, that "
            "ends in .yaml."
        )
    return "It is a folder. Name a file in it." if path.is_dir() else ""


def find_recording_file(path: Path) -> Path | None:
    """Return a file that a recording at this path might replace; None where there is none."""
    name = re.compile(
        rf"{re.escape(path.stem)}({OTHER_ENDING})?(-[0-9]+)?({CASSETTE_SUFFIX}|{CASE_SUFFIX})"
    )
    if not path.parent.is_dir():
        return None
    return next((one for one in sorted(path.parent.iterdir()) if name.fullmatch(one.name)), None)


def list_parts(folder: Path, name: str) -> list[Path]:
    """Return the cassettes of a recording in the order of their calls; none where there is none."""
    found: list[Path] = []
    for first in (name, f"{name}{OTHER_ENDING}"):
        for one in iterate_names(first):
            path = folder / f"{one}{CASSETTE_SUFFIX}"
            if not path.is_file():
                break
            found.append(path)
    return found


def iterate_names(name: str) -> Iterator[str]:
    """Yield the names of a recording's parts: `NAME`, `NAME-2` and so on, without an end."""
    yield name
    for number in itertools.count(2):
        yield f"{name}-{number}"


def name_of_recording(part: str) -> str:
    """Return the name of the recording that a cassette named `part` may be a part of."""
    return re.sub(rf"({OTHER_ENDING})?(-[0-9]+)?\Z", "", part)


def is_recorded(path: Path) -> bool:
    """Return whether a cassette was recorded from calls: its case says so, or none can make them.

    A case that a person wrote may have such a name too.
    """
    case = path.with_suffix(CASE_SUFFIX)
    if not case.is_file():
        return OTHER_ENDING in path.stem
    return f'source = "{CASE_SOURCE}"' in case.read_text("utf-8", "replace")
