"""Records cases: each against a target that was put back, into a cassette of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cmdm_tui import __version__
from cmdm_tui.harness.cases.format import FRESH, Case
from cmdm_tui.harness.cases.writing import case_bytes, write_case
from cmdm_tui.harness.cassettes import recording
from cmdm_tui.harness.library import Entry
from cmdm_tui.harness.manifest import Recorded, digest, recorded, write_manifest
from cmdm_tui.harness.target import Target
from cmdm_tui.redaction.leak_scanner import SecretLeak


@dataclass(frozen=True, slots=True)
class Result:
    """One case recorded: where to, whether its bytes changed, and what was not as expected."""

    entry: Entry
    cassette: Path
    is_changed: bool
    problems: tuple[str, ...]


def record_all(
    found: Iterable[Entry], target: Target, into: Path, *, name: str, kind: str | None = None
) -> Iterator[Result]:
    """Record the cases one after another and yield each; the manifest is written at the end.

    A case goes to the folder of its own kind below `into`, or to that of `kind`, with its case
    beside it. `name` says in the manifest what the target is. A case whose answers are not as
    expected, or would let a secret out, is not recorded.
    """
    done: dict[str, Recorded] = {}
    versions = {"cmdm": __version__, "vcrpy": version("vcrpy")}
    try:
        for entry in found:
            folder = into / (kind or entry.kind)
            cassette = folder / entry.cassette.name
            case = folder / entry.path.name
            before = digest(cassette) if cassette.is_file() else ""
            try:
                problems = _secrets_in(entry.case, target) or record_case(
                    entry.case, cassette, target
                )
            except SecretLeak as leak:
                problems = (str(leak),)
            if not problems:
                if case != entry.path:
                    write_case(case, entry.case)
                key = f"{folder.name}/{cassette.name}"
                done[key] = recorded(case, cassette, name, versions)
            after = digest(cassette) if cassette.is_file() else ""
            yield Result(entry, cassette, before != after, problems)
    finally:
        write_manifest(into, done, target.guard)


def _secrets_in(case: Case, target: Target) -> tuple[str, ...]:
    """Return what is wrong with a case that holds a secret: it is to stand beside its cassette."""
    try:
        target.guard.check(case_bytes(case), case.name)
    except SecretLeak:
        return ("The case holds a secret. Write ${password} or the like in its place.",)
    return ()


def record_case(case: Case, cassette: Path, target: Target) -> tuple[str, ...]:
    """Record one case and return what was not as expected; where anything was, nothing is kept.

    Raises SecretLeak, and keeps nothing, where a secret would get out.
    """
    target.ready(case)
    url = target.base.removesuffix("/api/v1")
    heard = recording(cassette, url=url, guard=target.guard)
    with target.cleaned(), target.through_httpx(), heard as tape:

        def captured(name: str, value: str) -> None:
            if name.startswith(FRESH):
                tape.aliases.learn(value)

        played = target.play(case, announce=tape.announce, captured=captured)
        problems = tuple(
            f"Step {number}: {problem}"
            for number, one in enumerate(played, 1)
            for problem in one.problems
        )
        if problems:
            tape.discard()
    return problems
