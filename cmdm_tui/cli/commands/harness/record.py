"""`cmdm record`: cases, recorded into cassettes over a real socket."""

from pathlib import Path

import click

from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.service import (
    count_cases,
    folder_option,
    open_service,
    report_left_out,
    report_run_failures,
    require_nothing_left,
    select_cases,
    select_runnable,
    service_options,
)


@click.command(short_help="Record cases into cassettes.")
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
@service_options
@click.pass_obj
def record(
    invocation: CommandContext,
    names: tuple[str, ...],
    into: Path,
    folder: Path | None,
    *,
    live: bool,
    writes: bool,
) -> None:
    """Record every case, or the CASEs named (patterns such as 'create-*' too).

    Each is sent over a real socket to a sandbox that was put back, its clock standing, and goes to
    FOLDER/KIND/CASE.yaml with its case beside it and a line in FOLDER/manifest.json. Recording
    again gives the same bytes. A case whose answers are not as it expects is not recorded.

    With CMDM_CONTROL and CMDM_URL set, the sandbox they name is used; with --live, the profile's
    service, into FOLDER/live. Nothing is written in which a secret is found in any encoding.

    Exit codes: 0 recorded, 1 an answer was not as expected or a secret would have got out, 2 could
    not run.
    """
    with report_run_failures():
        from cmdm_tui.harness.cassettes.case_recorder import record_cases

        if folder is None and into.is_dir() and any(into.glob("*/*.toml")):
            folder = into
        found = select_cases(folder, names, live=False)
        with open_service(invocation, live=live, writes=writes) as opened:
            kept, left = select_runnable(found, opened, writes=writes)
            report_left_out(left)
            if not kept:
                raise CommandFailure("No case is left to record.", ExitCode.USAGE)
            kind = "live" if opened.is_live else None
            failed = changed = 0
            for result in record_cases(kept, opened.service, into, name=opened.name, kind=kind):
                for problem in result.problems:
                    note(
                        opened.service.leak_scanner.filter_line(
                            f"{result.entry.case.name}: {problem}"
                        )
                    )
                failed += bool(result.problems)
                changed += result.is_changed
                if result.is_changed:
                    click.echo(f"recorded {result.cassette}")
            same = len(kept) - failed - changed
            note(f"{changed} recorded, {same} as they were, {failed} not as expected.")
            require_nothing_left(opened.service)
    if failed:
        message = f"{count_cases(failed)} not recorded: see above."
        raise CommandFailure(message)
