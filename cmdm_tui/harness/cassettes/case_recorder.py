"""Records cases: each on a restored service, into its own cassette."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cmdm_tui import __version__
from cmdm_tui.harness.cases.files import case_bytes, write_case
from cmdm_tui.harness.cases.format import NEW_ID_PREFIX, Case
from cmdm_tui.harness.cases.placeholders import PremiseMissing
from cmdm_tui.harness.cases.player import play_case, prepare_case
from cmdm_tui.harness.cases.step_runner import find_skipped
from cmdm_tui.harness.cassettes.case_texts import keep_case_texts
from cmdm_tui.harness.cassettes.library import LibraryEntry
from cmdm_tui.harness.cassettes.manifest import (
    add_to_manifest,
    adopt_journal,
    hash_file,
    make_entry,
    write_manifest,
)
from cmdm_tui.harness.cassettes.recorder import UndecodableBody, record_cassette
from cmdm_tui.harness.exchange import API_PATH
from cmdm_tui.harness.service import Service
from cmdm_tui.redaction.leak_scanner import SecretLeak
from cmdm_tui.redaction.people.person_redactor import PersonRedactor


@dataclass(frozen=True, slots=True)
class RecordingResult:
    """One recorded case: its cassette, whether the bytes changed, and what was not as expected.

    `skipped` says why it was not recorded: it has nothing to judge on this service.
    """

    entry: LibraryEntry
    cassette: Path
    is_changed: bool
    problems: tuple[str, ...]
    skipped: str = ""


def record_cases(
    entries: Iterable[LibraryEntry],
    service: Service,
    into: Path,
    *,
    name: str,
    kind: str | None = None,
    people: PersonRedactor | None = None,
) -> Iterator[RecordingResult]:
    """Record the cases one after another and yield each, which is in the manifest then.

    A cassette goes to the folder of the case's kind below `into`, or to that of `kind`, next to its
    case. `name` names the service in the manifest. `people` replaces the people in the answers;
    what a case itself says is kept, as it is written next to the cassette. A case whose answers are
    not as expected, or cannot be read, or would reveal a secret, is not recorded.
    """
    versions = {"cmdm": __version__, "vcrpy": version("vcrpy")}
    adopt_journal(into, service.leak_scanner)
    try:
        for entry in entries:
            folder = into / (kind or entry.kind)
            cassette = folder / entry.cassette.name
            case = folder / entry.path.name
            before, skipped = hash_file(cassette) if cassette.is_file() else "", ""
            try:
                problems = _find_secrets(entry.case, service) or record_case(
                    entry.case, cassette, service, people
                )
            except (SecretLeak, UndecodableBody) as error:
                problems = (str(error),)
            except PremiseMissing as error:
                problems, skipped = (), str(error)
            if not problems and not skipped:
                if case != entry.path:
                    write_case(case, entry.case)
                key = f"{folder.name}/{cassette.name}"
                fingerprint = "" if people is None else people.fingerprint
                made = make_entry(case, cassette, name, versions, people_key=fingerprint)
                # Now, not at the end: whatever ends the run, what it has recorded is named.
                add_to_manifest(into, key, made, service.leak_scanner)
            after = hash_file(cassette) if cassette.is_file() else ""
            yield RecordingResult(entry, cassette, before != after, problems, skipped)
    finally:
        write_manifest(into, {}, service.leak_scanner)


def _find_secrets(case: Case, service: Service) -> tuple[str, ...]:
    """Return what is wrong with a case that holds a secret: it is kept next to its cassette."""
    try:
        service.leak_scanner.check(case_bytes(case), case.name)
    except SecretLeak:
        return ("The case holds a secret. Write a placeholder such as ${password} instead.",)
    return ()


def record_case(
    case: Case, cassette: Path, service: Service, people: PersonRedactor | None = None
) -> tuple[str, ...]:
    """Record one case and return what was not as expected; then nothing is written.

    Where the service is not restored, a cassette stays as it is if only times and counts differ.
    `people` replaces the people in the answers.
    Raises SecretLeak, and writes nothing, where a secret would get out, UndecodableBody, and
    PremiseMissing where the case has nothing to judge on this service.
    """
    prepare_case(case, service)
    url = service.api_url.removesuffix(API_PATH)
    own = None if people is None else people.keeping(keep_case_texts(case, service.mark))
    recording = record_cassette(
        cassette,
        url=url,
        scanner=service.leak_scanner,
        mark=service.mark,
        keeps_unchanged=not service.is_restored,
        people=own,
    )
    with service.cleaning_up(), service.send_through_httpx(), recording as session:

        def captured(name: str, value: str) -> None:
            if name.startswith(NEW_ID_PREFIX):
                session.aliases.learn(value)

        played = play_case(case, service, listener=session.note_request, on_capture=captured)
        problems = tuple(
            f"Step {number}: {problem}"
            for number, one in enumerate(played, 1)
            for problem in one.problems
        )
        skipped = find_skipped(played)
        if problems or skipped:
            session.discard()
    if skipped:
        raise PremiseMissing(skipped)
    return problems
