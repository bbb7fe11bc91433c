"""`cmdm verify`: recorded cases sent again, and where the service now answers differently."""

import json
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.harness.selection import (
    count_cases,
    folder_option,
    report_case_failures,
    report_left_out,
    require_nothing_left,
    select_cases,
    select_runnable,
)
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.service import ChosenService, choose_service, open_service, service_options
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.harness.cassettes.library import LibraryEntry
    from cmdm_tui.harness.cassettes.manifest import ManifestEntry
    from cmdm_tui.harness.verify import Drift
    from cmdm_tui.redaction.leak_scanner import LeakScanner
    from cmdm_tui.redaction.people.person_redactor import PersonRedactor

_MOST_NAMED = 3
_MANY_DRIFTS = 10


@click.command(
    epilog=examples(
        "cmdm verify get-lead",
        "cmdm verify --live --max-age 30",
    ),
)
@click.argument("names", metavar="[CASE]...", nargs=-1)
@folder_option
@service_options
@click.option(
    "--max-age",
    type=click.IntRange(0),
    metavar="DAYS",
    help="Fail where a cassette is older; nothing is sent then, and nothing recorded.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.pass_obj
def verify(
    context: CommandContext,
    names: tuple[str, ...],
    folder: Path | None,
    *,
    live: bool,
    writes: bool,
    max_age: int | None,
    as_json: bool,
) -> None:
    """Send recorded cases to a service and report drift: where it now answers differently.

    Statuses are compared exactly, headers by what they say, bodies exactly or by shape, as each
    case says. A new field is an info, a missing one a warning, a changed type, value or status an
    error. Without CASEs, all recorded ones are sent.

    The service is a fresh sandbox, or the one that -p, CMDM_PROFILE or CMDM_URL names; one that is
    not a sandbox needs --live, and is only read unless --writes is given too. A live service is
    compared with what was recorded of it (cmdm record --live), if anything was, else with what the
    sandbox answered.

    Exit codes: 0 no drift, or only new fields; 1 drift, a cassette that is too old or was changed
    by hand, or a secret that would have been written; 2 could not run; 5 the limit of calls ended
    it.
    """
    with report_case_failures():
        from cmdm_tui.harness.cassettes.library import built_in_folder
        from cmdm_tui.harness.cassettes.manifest import read_manifest
        from cmdm_tui.harness.verify import verify as verified

        found = [
            entry for entry in select_cases(folder, names, live=live) if entry.cassette.is_file()
        ]
        if not found:
            raise CommandFailure(
                "None of these cases is recorded. Record them with cmdm record.", ExitCode.USAGE
            )
        manifest = read_manifest(folder or built_in_folder())
        _require_unchanged(found, manifest)
        if max_age is not None:
            _require_recent(found, manifest, max_age)
        from cmdm_tui.harness.service import LimitReached, ServiceFailed

        drifts: list[Drift] = []
        done, cut, code = 0, "", ExitCode.USAGE
        chosen = choose_service(context, live=live, writes=writes)
        kept, left_out = select_runnable(found, chosen)
        report_left_out(left_out)
        if not kept:
            raise CommandFailure("No case is left to verify.", ExitCode.USAGE)
        with open_service(chosen) as service:
            note(f"{count_cases(len(kept))} against {_describe_service(chosen)}.")
            try:
                keys = {
                    entry.key: manifest[entry.key].people_key
                    for entry in kept
                    if entry.key in manifest
                }
                people = _open_people(context, chosen, keys)
                for one in verified(kept, service, people=people, people_keys=keys):
                    done += 1
                    drifts += one.drifts
                    if not as_json:
                        _report_drifts(one.drifts, done, len(kept), service.leak_scanner)
            except ServiceFailed as error:
                if not done:
                    raise
                cut = str(error)
                code = ExitCode.RATE_LIMIT if isinstance(error, LimitReached) else ExitCode.USAGE
            finally:
                _clear_progress()
            if as_json:
                _write_report(chosen, done, drifts, service.leak_scanner)
            require_nothing_left(service)
    _finish(done, drifts, cut, code)


def _open_people(
    context: CommandContext, chosen: ChosenService, keys: "dict[str, str]"
) -> "PersonRedactor | None":
    """Return what replaces people as these cassettes were recorded, None where none was replaced.

    Where it has another key, records are compared by shape, which is written to stderr.
    """
    used = set(keys.values()) - {""}
    if not used:
        return None
    from cmdm_tui.harness.cassettes.people import open_people

    people = open_people(chosen.profile, context.paths, context.environment)
    others = sum(key not in {"", people.fingerprint} for key in keys.values())
    if others:
        note(
            f"{count_cases(others)} recorded with another key for people than this user's: "
            "records are compared by their shape. CMDM_PEOPLE_KEY gives the key."
        )
    return people


def _require_unchanged(found: "list[LibraryEntry]", manifest: "dict[str, ManifestEntry]") -> None:
    """Raise CommandFailure where what is to be compared with is not what was recorded."""
    from cmdm_tui.harness.cassettes.manifest import find_faults

    for entry in found:
        # What a fuzz has kept is in no manifest.
        for fault in find_faults(entry, manifest) if entry.key in manifest else []:
            raise CommandFailure(f"{one_line(entry.key, 100)}: {fault}")


def _require_recent(
    found: "list[LibraryEntry]", manifest: "dict[str, ManifestEntry]", days: int
) -> None:
    from cmdm_tui.harness.cassettes.manifest import select_old

    undated = [entry.key for entry in found if entry.key not in manifest]
    old = select_old(manifest, [entry.key for entry in found], days, datetime.now(UTC).date())
    for keys, what in ((undated, "of unknown age"), (old, f"over {days} days old")):
        if keys:
            named = ", ".join(keys[:_MOST_NAMED]) + (", …" if len(keys) > _MOST_NAMED else "")
            count = f"{len(keys)} cassette{'s are' if len(keys) > 1 else ' is'}"
            message = f"{count} {what}: {named}. Record them again with cmdm record."
            raise CommandFailure(message)


def _report_drifts(
    drifts: "tuple[Drift, ...]", number: int, total: int, guard: "LeakScanner"
) -> None:
    _clear_progress()
    for drift in drifts:
        place = f"{drift.case}, step {drift.step}, {drift.place}"
        line = f"{drift.severity:7}  {one_line(place, 160)} {one_line(drift.message, 240)}"
        guard.check(line, "the terminal")
        click.echo(line)
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{number} of {total}", err=True, nl=False)


def _clear_progress() -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)


def _write_report(
    chosen: ChosenService, cases: int, drifts: "list[Drift]", scanner: "LeakScanner"
) -> None:
    from cmdm_tui.cli.json_documents import make_document

    content = {
        "target": chosen.name,
        "cases": cases,
        "drifts": [
            {
                "severity": str(drift.severity),
                "case": drift.case,
                "step": drift.step,
                "place": drift.place,
                "message": drift.message,
            }
            for drift in drifts
        ],
    }
    text = json.dumps(make_document("cmdm-drift", content), ensure_ascii=False, indent=2)
    scanner.check(text, "the report")
    click.echo(text)


def _describe_service(chosen: ChosenService) -> str:
    return "a fresh sandbox" if chosen.profile is None else one_line(chosen.name, 100)


def _report_summary(drifts: "list[Drift]") -> None:
    """Write to stderr what the drifts have in common, where they are many."""
    alike: dict[str, set[str]] = {}
    for drift in drifts:
        alike.setdefault(f"{drift.severity}: {drift.place} {drift.message}", set()).add(drift.case)
    if len(drifts) < _MANY_DRIFTS or len(alike) == len(drifts):
        return
    most = sorted(alike.items(), key=lambda pair: -len(pair[1]))
    note("In short:")
    for words, cases in most[:_MANY_DRIFTS]:
        note(f"  {count_cases(len(cases)):>10}  {one_line(words, 160)}")
    if len(most) > _MANY_DRIFTS:
        note(f"  and {len(most) - _MANY_DRIFTS} other drifts.")


def _finish(cases: int, drifts: "list[Drift]", cut: str, code: ExitCode) -> None:
    _report_summary(drifts)
    counts = Counter(str(drift.severity) for drift in drifts)
    told = ", ".join(
        f"{counts[name]} {name}{'' if counts[name] == 1 else 's'}"
        for name in ("error", "warning", "info")
        if counts[name]
    )
    drifted = len({drift.case for drift in drifts if drift.matters})
    note(f"{count_cases(cases)} verified: {told or 'no drift'}.")
    if drifted:
        message = f"{drifted} of {count_cases(cases)} drifted. {cut}"
        raise CommandFailure(message)
    if cut:
        raise CommandFailure(cut, code)
