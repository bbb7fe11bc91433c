"""Records cases: each against a target that was put back, into a cassette of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cmdm_tui import __version__
from cmdm_tui.harness.cases.format import NEW_ID_PREFIX, Case
from cmdm_tui.harness.cases.writer import case_bytes, write_case
from cmdm_tui.harness.cassettes.library import LibraryEntry
from cmdm_tui.harness.cassettes.manifest import ManifestEntry, hash_file, make_entry, write_manifest
from cmdm_tui.harness.cassettes.recorder import record_cassette
from cmdm_tui.harness.service import Service
from cmdm_tui.redaction.leak_scanner import SecretLeak


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """One case recorded: where to, whether its bytes changed, and what was not as expected."""

    entry: LibraryEntry
    cassette: Path
    is_changed: bool
    problems: tuple[str, ...]


def record_cases(
    found: Iterable[LibraryEntry],
    target: Service,
    into: Path,
    *,
    name: str,
    kind: str | None = None,
) -> Iterator[RecordingResult]:
    """Record the cases one after another and yield each; the manifest is written at the end.

    A case goes to the folder of its own kind below `into`, or to that of `kind`, with its case
    beside it. `name` says in the manifest what the target is. A case whose answers are not as
    expected, or would let a secret out, is not recorded.
    """
    done: dict[str, ManifestEntry] = {}
    versions = {"cmdm": __version__, "vcrpy": version("vcrpy")}
    try:
        for entry in found:
            folder = into / (kind or entry.kind)
            cassette = folder / entry.cassette.name
            case = folder / entry.path.name
            before = hash_file(cassette) if cassette.is_file() else ""
            try:
                problems = _find_secrets(entry.case, target) or record_case(
                    entry.case, cassette, target
                )
            except SecretLeak as leak:
                problems = (str(leak),)
            if not problems:
                if case != entry.path:
                    write_case(case, entry.case)
                key = f"{folder.name}/{cassette.name}"
                done[key] = make_entry(case, cassette, name, versions)
            after = hash_file(cassette) if cassette.is_file() else ""
            yield RecordingResult(entry, cassette, before != after, problems)
    finally:
        write_manifest(into, done, target.guard)


def _find_secrets(case: Case, target: Service) -> tuple[str, ...]:
    """Return what is wrong with a case that holds a secret: it is to stand beside its cassette."""
    try:
        target.guard.check(case_bytes(case), case.name)
    except SecretLeak:
        return ("The case holds a secret. Write ${password} or the like in its place.",)
    return ()


def record_case(case: Case, cassette: Path, target: Service) -> tuple[str, ...]:
    """Record one case and return what was not as expected; where anything was, nothing is kept.

    Raises SecretLeak, and keeps nothing, where a secret would get out.
    """
    target.sign_in_for(case)
    url = target.api_url.removesuffix("/api/v1")
    heard = record_cassette(cassette, url=url, guard=target.guard)
    with target.cleaning_up(), target.send_through_httpx(), heard as tape:

        def captured(name: str, value: str) -> None:
            if name.startswith(NEW_ID_PREFIX):
                tape.aliases.learn(value)

        played = target.play_case(case, announce=tape.note_request, captured=captured)
        problems = tuple(
            f"Step {number}: {problem}"
            for number, one in enumerate(played, 1)
            for problem in one.problems
        )
        if problems:
            tape.discard()
    return problems
