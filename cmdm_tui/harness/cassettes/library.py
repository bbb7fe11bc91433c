"""The folders of cases and cassettes: one file a case, in a folder for its kind or directly."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from cmdm_tui.config.bounded_files import read_bounded
from cmdm_tui.harness.cases.files import MAX_CASE_BYTES, looks_like_case, read_case
from cmdm_tui.harness.cases.format import Case, CaseError
from cmdm_tui.text import one_line

LIVE = "live"
"""The kind of a recording of a live service."""

KINDS = ("contract", "stateful", "stories", "regress", LIVE)
"""Single answers, sessions that change something, what people do with an account from beginning to
end, what a fuzz once found, and a live service's."""

CASE_SUFFIX = ".toml"
CASSETTE_SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """A case, its kind, its file, and the file of its cassette, which may be missing."""

    case: Case
    kind: str
    path: Path

    @property
    def cassette(self) -> Path:
        """The file of the case's cassette."""
        return self.path.with_suffix(CASSETTE_SUFFIX)

    @property
    def is_loose(self) -> bool:
        """Whether it is directly in the folder: the manifest does not need to name it then."""
        return self.path.parent.name != self.kind

    @property
    def key(self) -> str:
        """The cassette's name in the manifest."""
        return f"{self.kind}/{self.path.stem}{CASSETTE_SUFFIX}"


def built_in_folder() -> Path:
    """Return the folder of the cases that come with this program.

    It is inside an installed package, and next to it in the repository.
    """
    package = Path(__file__).parents[2]
    installed = package / "cassettes"
    return installed if installed.is_dir() else package.parent / "cassettes"


def kind_of(case: Case) -> str:
    """Return the kind of a case: `stateful` where it changes something, or needs a control plane.

    A refused call changes nothing; a step before it that creates a record does.
    """
    changes = any(
        step.is_mutating and any(status < 300 for status in step.expect.statuses)
        for step in case.steps
    )
    return "stateful" if changes or case.needs_control else "contract"


def list_entries(folder: Path, kinds: Iterable[str] = KINDS) -> list[LibraryEntry]:
    """Return the cases in the folder by kind and name.

    A case directly in the folder has the kind of what it does. Raises CaseError for a file that
    holds no case, or one of another name, and for a folder without any.
    """
    wanted = tuple(kinds)
    paths = [
        (kind, path) for kind in wanted for path in sorted((folder / kind).glob(f"*{CASE_SUFFIX}"))
    ]
    found = [LibraryEntry(_read_named_case(path), kind, path) for kind, path in paths]
    for path in filter(_looks_like_case, sorted(folder.glob(f"*{CASE_SUFFIX}"))):
        case = _read_named_case(path)
        if kind_of(case) in wanted:
            found.append(LibraryEntry(case, kind_of(case), path))
    if not found:
        shown = one_line(str(folder), 200)
        if not folder.is_dir():
            raise CaseError(f"There is no folder {shown}. Check its name.")
        alone = list_cassettes_without_case(folder)
        if alone:
            raise CaseError(f"The folder {shown} holds no case. {describe_without_case(alone)}")
        raise CaseError(f"The folder {shown} holds no case. Name one that does.")
    return found


def list_cassettes_without_case(folder: Path) -> list[Path]:
    """Return the cassettes in the folder that no case is next to, as a test's recording has none.

    They can be served, and played in tests.
    """
    roots = (folder, *(folder / kind for kind in KINDS))
    found = [path for root in roots for path in sorted(root.glob(f"*{CASSETTE_SUFFIX}"))]
    return [path for path in found if not path.with_suffix(CASE_SUFFIX).is_file()]


def describe_without_case(cassettes: list[Path]) -> str:
    """Return what can be done with cassettes that have no case."""
    shown = one_line(str(cassettes[0]), 200)
    rest = "" if len(cassettes) == 1 else f" (and {len(cassettes) - 1} more)"
    return f"{shown}{rest} is a cassette without a case: cmdm replay --serve {shown} serves it."


def _looks_like_case(path: Path) -> bool:
    try:
        return looks_like_case(read_bounded(path, MAX_CASE_BYTES))
    except OSError:
        return True


def _read_named_case(path: Path) -> Case:
    case = read_case(path)
    if case.name != path.stem:
        message = f"{path} holds the case {case.name}. Give both the same name."
        raise CaseError(message)
    return case


def select_entries(entries: list[LibraryEntry], names: Iterable[str]) -> list[LibraryEntry]:
    """Return the entries named, all where none is.

    A name is a case's, with its kind before it or not, a pattern of such names, or a kind.

    Raises CaseError for a name that no case has, with the nearest names.
    """
    wanted = list(names)
    if not wanted:
        return entries
    for name in wanted:
        if not any(_is_named(entry, name) for entry in entries):
            known = [entry.case.name for entry in entries]
            near = get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else "cmdm cases list names them."
            raise CaseError(f"There is no case {one_line(name, 100)}. {hint}")
    return [entry for entry in entries if any(_is_named(entry, name) for name in wanted)]


def exclude_entries(entries: list[LibraryEntry], names: Iterable[str]) -> list[LibraryEntry]:
    """Return the entries without those named.

    A name is one that `select_entries` takes, a call, a class of input (`body:empty`), a group of
    classes (`body`), a pattern of classes, or the check that a case must hold to.

    Raises CaseError for a name that fits no entry, and where no entry is left.
    """
    kept = entries
    for name in names:
        if not any(_is_meant(entry, name) for entry in entries):
            raise CaseError(
                f"--exclude {one_line(name, 100)}: none of the cases chosen has that name, kind, "
                "call, class of input or check; cmdm cases list names them."
            )
        kept = [entry for entry in kept if not _is_meant(entry, name)]
    if entries and not kept:
        raise CaseError("--exclude leaves out every case that was chosen. Exclude fewer.")
    return kept


def _is_meant(entry: LibraryEntry, name: str) -> bool:
    case = entry.case
    return (
        _is_named(entry, name)
        or name in {case.endpoint, case.check, case.input_class.partition(":")[0]}
        or fnmatchcase(case.input_class, name)
    )


def _is_named(entry: LibraryEntry, name: str) -> bool:
    whole = f"{entry.kind}/{entry.case.name}"
    return fnmatchcase(entry.case.name, name) or fnmatchcase(whole, name) or entry.kind == name
