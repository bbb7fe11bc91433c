"""`cmdm replay`: recorded cases played back, with the network blocked."""

import json
from pathlib import Path

import click

from cmdm_tui.cli.context import note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.service import count_cases, folder_option, report_run_failures, select_cases
from cmdm_tui.text import one_line


@click.command(short_help="Play recorded cases back, offline.")
@click.argument("names", metavar="[CASE]...", nargs=-1)
@folder_option
@click.option("--vcr", "by_vcr", is_flag=True, help="Play back by vcrpy, as other programs would.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a case.")
def replay(names: tuple[str, ...], folder: Path | None, *, by_vcr: bool, as_json: bool) -> None:
    """Play every recorded case back, or the CASEs named, with the network blocked.

    Each call must be the one that was recorded (method, whole address, raw body), each answer as
    the case expects, and no recorded answer left over; and each cassette the one that the manifest
    names. Exit codes: 0 all so, 1 not so, 2 could not run.
    """
    with report_run_failures():
        from cmdm_tui.harness.cassettes.case_player import replay_case as play
        from cmdm_tui.harness.cassettes.case_player import replay_case_with_vcrpy
        from cmdm_tui.harness.cassettes.library import built_in_folder
        from cmdm_tui.harness.cassettes.manifest import find_faults, read_manifest
        from cmdm_tui.harness.cassettes.network_block import block_network

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
                    row = {"case": entry.case.name, "problems": problems}
                    click.echo(json.dumps(row, ensure_ascii=False))
                    continue
                for problem in problems:
                    click.echo(f"{entry.case.name}: {one_line(problem, 300)}")
    note(f"{count_cases(len(found))} replayed offline, {failed} not as recorded.")
    if failed:
        message = f"{failed} of {count_cases(len(found))} not replayed as recorded."
        raise CommandFailure(message)
