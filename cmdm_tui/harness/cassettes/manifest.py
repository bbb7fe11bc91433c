"""The manifest of a folder of cassettes: the source, date and versions of each recording.

While cases are recorded, each cassette is a line at the end of the manifest's journal, as writing
the whole manifest takes longer the more it names. The journal is a part of the manifest to whoever
reads it; the next writing of the manifest, at the end or by a later command, takes its lines over.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec

from cmdm_tui.config.bounded_files import LARGEST_INPUT, read_bounded
from cmdm_tui.config.errors import ConfigurationError
from cmdm_tui.config.private_files import append_to_file, remove_file, replace_file
from cmdm_tui.harness.cases.format import CaseError
from cmdm_tui.harness.cassettes.library import CASE_SUFFIX, LibraryEntry
from cmdm_tui.redaction.leak_scanner import LeakScanner

MANIFEST_VERSION = 2
MANIFEST_NAME = "manifest.json"
JOURNAL_NAME = "manifest.journal"

LOST = "The manifest names this cassette, and it is lost: bring it back, or record it again."

_WAY_OUT = (
    "Bring it back as it was, or record a case into this folder: cmdm record puts it aside, and "
    "takes over each line that is whole."
)

_LOST_WHOLE = (
    "The manifest names this cassette, and it is lost: bring it and its case back. If they were "
    "deleted on purpose, the next cmdm record into this folder forgets them."
)


class ManifestEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One cassette: the SHA-256 of its bytes and of its case's, its day (UTC) and its target.

    `people_key` is the fingerprint of the key by which its people were replaced, "" where they were
    not.
    """

    sha256: str
    case_sha256: str
    recorded: date
    target: str
    versions: dict[str, str]
    people_key: str = ""


class _Manifest(msgspec.Struct, frozen=True):
    version: int
    cassettes: dict[str, ManifestEntry]


def read_manifest(folder: Path) -> dict[str, ManifestEntry]:
    """Return the entries of the folder's manifest and its journal; nothing where there is none.

    Raises CaseError for one that cannot be read.
    """
    return _read_file(folder) | _read_journal(folder).entries


def _read_file(folder: Path) -> dict[str, ManifestEntry]:
    path = folder / MANIFEST_NAME
    try:
        manifest = msgspec.json.decode(read_bounded(path, LARGEST_INPUT), type=_Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CaseError(f"{path} cannot be read: {reason}. {_WAY_OUT}") from None
    if manifest.version != MANIFEST_VERSION:
        raise CaseError(f"{path} is of version {manifest.version}. {_WAY_OUT}")
    return manifest.cassettes


class _ManifestLines(NamedTuple):
    """What a journal holds."""

    entries: dict[str, ManifestEntry]
    size: int | None
    """How many bytes were read, None where there is no journal."""


def _read_journal(folder: Path) -> _ManifestLines:
    """Return what the journal holds. A last line that was cut off is none: its writer was killed.

    Raises CaseError for a journal that cannot be read.
    """
    path = folder / JOURNAL_NAME
    try:
        content = read_bounded(path, LARGEST_INPUT)
        whole, _, _ = content.rpartition(b"\n")
        entries: dict[str, ManifestEntry] = {}
        for line in filter(None, whole.split(b"\n")):
            entries |= msgspec.json.decode(line, type=dict[str, ManifestEntry])
    except (FileNotFoundError, NotADirectoryError):
        return _ManifestLines({}, None)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CaseError(f"{path} cannot be read: {reason}. {_WAY_OUT}") from None
    return _ManifestLines(entries, len(content))


def add_to_manifest(folder: Path, key: str, entry: ManifestEntry, scanner: LeakScanner) -> None:
    """Name a cassette in the folder's manifest, by a line in its journal.

    Raises SecretLeak, and ConfigurationError where it cannot be written.
    """
    path = folder / JOURNAL_NAME
    line = msgspec.json.encode({key: entry}, order="sorted") + b"\n"
    scanner.check(line, str(path))
    append_to_file(path, line)


def adopt_journal(folder: Path, scanner: LeakScanner) -> None:
    """Write the manifest with what a recording that was killed has left in the journal, if any."""
    if (folder / JOURNAL_NAME).exists():
        write_manifest(folder, {}, scanner)


@dataclass(frozen=True, slots=True)
class RepairedManifest:
    """What was made of a manifest that cannot be read.

    `aside` are the files that it is in now, `kept` counts the cassettes that it still names, and
    `unnamed` are those of the folder that it does not: nothing is known of them.
    """

    aside: tuple[Path, ...]
    kept: int
    unnamed: tuple[str, ...]


def repair_manifest(folder: Path, scanner: LeakScanner) -> RepairedManifest | None:
    """Put a manifest aside that cannot be read, and write one of its whole lines; None for others.

    Raises ConfigurationError where that cannot be done, SecretLeak for a line with a secret.
    """
    try:
        read_manifest(folder)
    except CaseError:
        pass
    else:
        return None
    kept: dict[str, ManifestEntry] = {}
    aside: list[Path] = []
    for name in (MANIFEST_NAME, JOURNAL_NAME):
        path = folder / name
        if path.exists():
            kept |= _read_whole_lines(path)
            aside.append(_put_aside(path))
    write_manifest(folder, kept, scanner)
    named = read_manifest(folder)
    keys = (f"{path.parent.name}/{path.name}" for path in sorted(folder.glob("*/*.yaml")))
    return RepairedManifest(
        tuple(aside), len(named), tuple(key for key in keys if key not in named)
    )


def _read_whole_lines(path: Path) -> dict[str, ManifestEntry]:
    """Return the entries of those lines of a manifest or journal that are whole."""
    try:
        lines = read_bounded(path, LARGEST_INPUT).splitlines()
    except OSError:
        return {}
    found: dict[str, ManifestEntry] = {}
    for line in lines:
        text = line.strip().removesuffix(b",").removeprefix(b"{").removesuffix(b"}")
        for one in (b"{" + text + b"}", b"{" + text + b"}}"):
            with suppress(msgspec.MsgspecError, UnicodeDecodeError):
                found |= msgspec.json.decode(one, type=dict[str, ManifestEntry])
                break
    return found


def _put_aside(path: Path) -> Path:
    """Rename a file so that nothing reads it, and return its new name."""
    names = (path.with_name(f"{path.name}.broken{number or ''}") for number in count())
    aside = next(one for one in names if not one.exists())
    try:
        return path.rename(aside)
    except OSError as error:
        message = f"{path} cannot be put aside: {error.strerror}. Remove it."
        raise ConfigurationError(message) from None


def write_manifest(
    folder: Path, changed: Mapping[str, ManifestEntry], scanner: LeakScanner
) -> None:
    """Update the folder's manifest: one line a cassette, without those whose case is gone too.

    What is in its journal is taken over. Only what `changed` says is searched for secrets. Raises
    SecretLeak.
    """
    path = folder / MANIFEST_NAME
    scanner.check("\n".join(_write_line(*one) for one in changed.items()).encode(), str(path))
    journal = _read_journal(folder)
    cassettes = _read_file(folder) | journal.entries | dict(changed)
    lines = [
        _write_line(key, cassettes[key])
        for key in sorted(cassettes)
        if (folder / key).is_file() or (folder / key).with_suffix(CASE_SUFFIX).is_file()
    ]
    text = (
        f'{{\n  "version": {MANIFEST_VERSION},\n  "cassettes": {{\n'
        + ",\n".join(lines)
        + "\n  }\n}\n"
    )
    replace_file(path, text.encode("utf-8"))
    if journal.size is not None:
        _remove_journal(folder / JOURNAL_NAME, journal.size)


def _remove_journal(path: Path, size: int) -> None:
    """Remove a journal of `size` bytes; one that another has written to since stays."""
    if path.is_file() and path.stat().st_size == size:
        remove_file(path)


def _write_line(key: str, entry: ManifestEntry) -> str:
    return f"    {json.dumps(key)}: {msgspec.json.encode(entry, order='sorted').decode()}"


def make_entry(
    case: Path,
    cassette: Path,
    target: str,
    versions: dict[str, str],
    *,
    people_key: str = "",
) -> ManifestEntry:
    """Return the manifest's entry for a cassette recorded now."""
    today = datetime.now(UTC).date()
    return ManifestEntry(
        sha256=hash_file(cassette),
        case_sha256=hash_file(case),
        recorded=today,
        target=target,
        versions=versions,
        people_key=people_key,
    )


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    return hashlib.sha256(read_bounded(path, LARGEST_INPUT)).hexdigest()


def find_faults(entry: LibraryEntry, cassettes: Mapping[str, ManifestEntry]) -> list[str]:
    """Return why a cassette is not the one recorded of its case; nothing where it is."""
    known = cassettes.get(entry.key)
    if known is None and entry.is_loose:
        return []
    if known is None:
        return ["It is not in the manifest: record it again."]
    if not entry.cassette.is_file():
        return [LOST]
    faults: list[str] = []
    if known.sha256 != hash_file(entry.cassette):
        faults.append("The cassette was changed after it was recorded: record it again.")
    if known.case_sha256 != hash_file(entry.path):
        faults.append("The case was changed after it was recorded: record it again.")
    return faults


def find_lost(
    folder: Path, entries: Iterable[LibraryEntry], cassettes: Mapping[str, ManifestEntry]
) -> dict[str, str]:
    """Return what the manifest names and the folder lacks: a fault by the name of each cassette.

    The cassettes that `entries` stand for are left out: `find_faults` judges them.
    """
    present = {entry.key for entry in entries}
    lost: dict[str, str] = {}
    for key in sorted(cassettes.keys() - present):
        cassette = folder / key
        if not cassette.is_file() and not cassette.with_suffix(CASE_SUFFIX).is_file():
            lost[key] = _LOST_WHOLE
        elif not cassette.is_file():
            lost[key] = LOST
        elif not cassette.with_suffix(CASE_SUFFIX).is_file():
            lost[key] = "Its case is lost: bring the file back, or record the case again."
    return lost


def select_old(
    cassettes: Mapping[str, ManifestEntry], keys: Iterable[str], days: int, today: date
) -> list[str]:
    """Return those of the named cassettes that were recorded more than `days` days ago."""
    return [
        key for key in keys if key in cassettes and (today - cassettes[key].recorded).days > days
    ]
