"""`cmdm verify`: recorded cases sent again, and where the service now answers differently."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.harness.selection import (
    count_cases,
    exclude_option,
    folder_option,
    report_case_failures,
    report_left_out,
    select_cases,
    select_recorded,
    select_runnable,
)
from cmdm_tui.cli.commands.harness.verify_run import ComparedRuns, VerifyRun
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.people import choose_people, people_options
from cmdm_tui.cli.service import ChosenService, choose_service, open_service, service_options
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.harness.cassettes.library import LibraryEntry
    from cmdm_tui.harness.cassettes.manifest import ManifestEntry
    from cmdm_tui.redaction.people.person_redactor import PersonRedactor

_MOST_NAMED = 3


@click.command(
    epilog=examples(
        "cmdm verify get-lead",
        "cmdm verify --live --max-age 30",
        "cmdm verify --live --since --junit drift.xml",
    ),
)
@click.argument("names", metavar="[CASE]...", nargs=-1)
@folder_option
@exclude_option
@service_options
@click.option(
    "--max-age",
    type=click.IntRange(0),
    metavar="DAYS",
    help="Fail where a cassette is older; nothing is sent then, and nothing recorded.",
)
@click.option(
    "--since",
    is_flag=False,
    flag_value="last",
    metavar="RUN",
    help="Judge by what changed since earlier runs: last, a day or a time. Keep this run too.",
)
@click.option(
    "--history",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Keep the runs of --since here, not in the user's data folder.",
)
@click.option(
    "--junit",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the run as JUnit XML, as it goes.",
)
@people_options
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.pass_obj
def verify(
    context: CommandContext,
    names: tuple[str, ...],
    folder: Path | None,
    excluded: tuple[str, ...],
    *,
    live: bool,
    writes: bool,
    max_age: int | None,
    since: str | None,
    history: Path | None,
    junit: Path | None,
    people_hook: Path | None,
    keep_people: bool,
    as_json: bool,
) -> None:
    """Send recorded cases to a service and report drift: where it now answers differently.

    Statuses are compared exactly, headers by what they say, bodies exactly or by shape, as each
    case says. A new field is an info, a missing one a warning, a changed type, value or status an
    error. Without CASEs, all recorded ones are sent.

    The service is a fresh sandbox, or the one that -p, CMDM_PROFILE or CMDM_URL names; one that is
    not a sandbox needs --live, and is only read unless --writes is given too. A live service is
    compared with what was recorded of it (cmdm record --live), if anything was, else with what the
    sandbox answered. Of what is not known to be a sandbox, people are replaced by stand-ins in all
    that is shown and written, unless --keep-people is given.

    With --since, each run is kept, and judged by what changed since the last run that verified the
    case: known drift fails it no more. Of an answer its status, headers and shape are kept, no
    values. --since=2026-11-01 compares with the last run up to that day.

    Exit codes: 0 no drift, or only new fields; 1 drift, a cassette that is too old, lost or changed
    by hand, or a secret that would have been written; 2 could not run, or not to its end; 5 the
    limit of calls ended it.
    """
    with report_case_failures():
        from cmdm_tui.harness.cassettes.library import built_in_folder
        from cmdm_tui.harness.cassettes.manifest import find_lost, read_manifest

        root = folder or built_in_folder()
        manifest = read_manifest(root)
        known = select_cases(folder, names, excluded=excluded, live=live)
        found = select_recorded(known, manifest)
        kinds = {entry.kind for entry in known}
        named = {key: manifest[key] for key in manifest if key.partition("/")[0] in kinds}
        _require_unchanged(
            found, manifest, {} if names or excluded else find_lost(root, known, named)
        )
        if max_age is not None:
            _require_recent(found, manifest, max_age)
        chosen = choose_service(context, live=live, writes=writes)
        kept, left_out = select_runnable(found, chosen)
        report_left_out(left_out)
        if not kept:
            raise CommandFailure("No case is left to verify.", ExitCode.USAGE)
        earlier = None
        if since is not None:
            earlier = _read_earlier(chosen, history or context.paths.data / "verify", since)
        keys = {one.key: manifest[one.key].people_key for one in kept if one.key in manifest}
        reported_people = choose_people(
            context,
            None if chosen.profile is None else chosen.profile.people,
            is_known_sandbox=chosen.is_known_sandbox,
            keep_people=keep_people,
            people_hook=people_hook,
        )
        people = _open_people(context, chosen, keys, people_hook)
        run = VerifyRun(chosen, found, kept, earlier, junit, as_json, people, keys, reported_people)
        with open_service(chosen) as service:
            note(f"{count_cases(len(kept))} against {_describe_service(chosen)}.")
            run.send(service)
    run.finish()


def _open_people(
    context: CommandContext, chosen: ChosenService, keys: "dict[str, str]", hook: Path | None
) -> "PersonRedactor | None":
    """Return what replaces people as these cassettes were recorded, None where none was replaced.

    Where it has another key, records are compared by shape, which is written to stderr.
    """
    used = set(keys.values()) - {""}
    if not used:
        return None
    from cmdm_tui.harness.cassettes.people import open_people

    rules = None if chosen.profile is None else chosen.profile.people
    people = open_people(rules, context.paths, context.environment, hook=hook)
    others = sum(key not in {"", people.fingerprint} for key in keys.values())
    if others:
        note(
            f"{count_cases(others)} recorded with another key for people than this user's: "
            "records are compared by their shape. CMDM_PEOPLE_KEY gives the key."
        )
    return people


def _read_earlier(chosen: ChosenService, root: Path, since: str) -> ComparedRuns:
    """Return the runs to compare with, as `since` says. Raises HistoryError for none so old."""
    from cmdm_tui.harness.verify.contract_diff import ContractDiff
    from cmdm_tui.harness.verify.history import HistoryError, RunHistory, parse_since

    if chosen.profile is None:
        message = "--since compares runs on one service; name it, with --live or in CMDM_URL."
        raise CommandFailure(message, ExitCode.USAGE)
    history = RunHistory(root, chosen.name)
    until = parse_since(since)
    runs = history.read_runs(until)
    for path in history.unreadable:
        note(f"{one_line(str(path), 200)} cannot be read as a run, and is left out.")
    if not runs and until is not None:
        oldest = history.read_runs()[-1:]
        known = f"the oldest is of {oldest[0].name}" if oldest else "none is kept"
        raise HistoryError(f"No run of {one_line(chosen.name, 100)} is so old: {known}.")
    return ComparedRuns(history, ContractDiff(runs))


def _describe_service(chosen: ChosenService) -> str:
    return "a fresh sandbox" if chosen.profile is None else one_line(chosen.name, 100)


def _require_unchanged(
    found: "list[LibraryEntry]", manifest: "dict[str, ManifestEntry]", lost: dict[str, str]
) -> None:
    """Raise CommandFailure where what is to be compared with is not what was recorded."""
    from cmdm_tui.harness.cassettes.manifest import find_faults

    for key, fault in lost.items():
        raise CommandFailure(f"{one_line(key, 100)}: {fault}")
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
