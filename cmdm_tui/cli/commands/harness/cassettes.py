"""`cmdm record` and `cmdm replay`: cases recorded into cassettes, and played back offline."""

import json
from pathlib import Path

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
from cmdm_tui.cli.json_documents import make_document
from cmdm_tui.cli.people import choose_people, people_options, report_people
from cmdm_tui.cli.service import choose_service, open_service, service_options
from cmdm_tui.text import one_line


@click.command(
    epilog=examples(
        "cmdm record get-lead --from my-cases",
    ),
)
@click.argument("names", metavar="[CASE]...", nargs=-1)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("cassettes"),
    show_default=True,
    metavar="FOLDER",
    help="Where the cassettes go.",
)
@folder_option
@people_options
@service_options
@click.pass_obj
def record(
    context: CommandContext,
    names: tuple[str, ...],
    into: Path,
    folder: Path | None,
    *,
    live: bool,
    writes: bool,
    keep_people: bool,
    people_hook: Path | None,
) -> None:
    """Record every case, or the CASEs named (patterns such as 'create-*' too).

    Each is sent over a real socket, and goes to FOLDER/KIND/CASE.yaml with its case next to it and
    a line in FOLDER/manifest.json. A case that is not answered as it expects is not recorded, and
    nothing is written in which a secret is found, in any encoding.

    The service is a fresh sandbox, or the one that -p, CMDM_PROFILE or CMDM_URL names; one that is
    not a sandbox needs --live, and is recorded into FOLDER/live. A sandbox with a control plane is
    put back before each case, its clock stopped, so that recording again gives the same bytes.

    Of a live service, people are replaced by stand-ins of the same form, the same for one person
    everywhere: the values of fields that are known to be a person's, and where these are known, in
    other texts. What the case itself says stays. --keep-people records people as they are.

    Exit codes: 0 recorded, 1 an answer was not as expected or a secret would have been written,
    2 could not run.
    """
    with report_case_failures():
        from cmdm_tui.harness.cassettes.case_recorder import record_cases

        if folder is None and into.is_dir() and any(into.glob("*/*.toml")):
            folder = into
        found = select_cases(folder, names, live=False)
        chosen = choose_service(context, live=live, writes=writes)
        kept, left_out = select_runnable(found, chosen)
        report_left_out(left_out)
        if not kept:
            raise CommandFailure("No case is left to record.", ExitCode.USAGE)
        kind = "live" if chosen.is_live else None
        people = choose_people(
            context,
            chosen.profile,
            is_live=chosen.is_live,
            keep_people=keep_people,
            people_hook=people_hook,
        )
        failed = changed = 0
        with open_service(chosen) as service:
            for result in record_cases(
                kept, service, into, name=chosen.name, kind=kind, people=people
            ):
                for problem in result.problems:
                    line = f"{result.entry.case.name}: {problem}"
                    note(service.leak_scanner.filter_line(line))
                failed += bool(result.problems)
                changed += result.is_changed
                if result.is_changed:
                    click.echo(f"recorded {result.cassette}")
            same = len(kept) - failed - changed
            note(f"{changed} recorded, {same} as they were, {failed} not as expected.")
            report_people(people, is_live=chosen.is_live)
            require_nothing_left(service)
    if failed:
        message = f"{count_cases(failed)} not recorded: see above."
        raise CommandFailure(message)


@click.command(
    epilog=examples(
        "cmdm replay get-lead",
    ),
)
@click.argument("names", metavar="[CASE]...", nargs=-1)
@folder_option
@click.option("--vcr", "by_vcr", is_flag=True, help="Play back by vcrpy, as other programs would.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a case.")
def replay(names: tuple[str, ...], folder: Path | None, *, by_vcr: bool, as_json: bool) -> None:
    """Play every recorded case back, or the CASEs named, with the network blocked.

    Each call must be the one that was recorded (method, whole address, raw body), each answer as
    the case expects, and no recorded answer left over; and each cassette the one that the manifest
    names. Exit codes: 0 as recorded, 1 not as recorded, 2 could not run.
    """
    with report_case_failures():
        from cmdm_tui.harness.cassettes.library import built_in_folder
        from cmdm_tui.harness.cassettes.manifest import find_faults, read_manifest
        from cmdm_tui.harness.cassettes.network_block import block_network
        from cmdm_tui.harness.cassettes.offline_replay import replay_case as play
        from cmdm_tui.harness.cassettes.offline_replay import replay_case_with_vcrpy

        found = [entry for entry in select_cases(folder, names) if entry.cassette.is_file()]
        if not found:
            message = "None of these cases is recorded. Record them with cmdm record."
            raise CommandFailure(message, ExitCode.USAGE)
        root = folder or built_in_folder()
        manifest = read_manifest(root)
        player = replay_case_with_vcrpy if by_vcr else play
        failed = 0
        with block_network():
            for entry in found:
                problems = [*find_faults(entry, manifest), *player(entry.case, entry.cassette)]
                failed += bool(problems)
                if as_json:
                    row = make_document(
                        "cmdm-replay", {"case": entry.case.name, "problems": problems}
                    )
                    click.echo(json.dumps(row, ensure_ascii=False))
                    continue
                for problem in problems:
                    click.echo(f"{entry.case.name}: {one_line(problem, 300)}")
    note(f"{count_cases(len(found))} replayed offline, {failed} not as recorded.")
    if failed:
        message = f"{failed} of {count_cases(len(found))} not replayed as recorded."
        raise CommandFailure(message)
