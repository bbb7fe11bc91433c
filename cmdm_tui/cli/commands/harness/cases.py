"""`cmdm cases` and `cmdm corpus`: list, show and run the cases; write the built ones to files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.command_group import SuggestingGroup, examples
from cmdm_tui.cli.commands.fuzz_options import checks_option
from cmdm_tui.cli.commands.harness.selection import (
    count_cases,
    exclude_option,
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
from cmdm_tui.cli.service import choose_service, open_service, service_options
from cmdm_tui.text import one_line, visible

if TYPE_CHECKING:
    from cmdm_tui.harness.cases.step_runner import PlayedStep
    from cmdm_tui.harness.cassettes.library import LibraryEntry
    from cmdm_tui.harness.cassettes.manifest import ManifestEntry
    from cmdm_tui.redaction.leak_scanner import LeakScanner


@click.group(
    cls=SuggestingGroup,
    epilog=examples(
        "cmdm cases list 'get-*'",
        "cmdm cases run get-lead",
    ),
)
def cases() -> None:
    """Cases are short sessions of calls, a file each, with what is expected of the answers.

    They are recorded (cmdm record), replayed offline (cmdm replay) and sent to a live service
    (cmdm verify).
    """


@cases.command(
    "list",
    short_help="List the cases.",
    epilog=examples(
        "cmdm cases list 'get-*'",
        "cmdm cases list --call create --json",
    ),
)
@click.argument("names", metavar="[CASE]...", nargs=-1)
@click.option("--call", metavar="CALL", help="Only those of this call: get, list, create, …")
@folder_option
@exclude_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_cases(
    names: tuple[str, ...],
    call: str | None,
    folder: Path | None,
    excluded: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """List the cases, or the CASEs named; a name may be a pattern or a kind (contract, …)."""
    with report_case_failures():
        from cmdm_tui.harness.cassettes.library import built_in_folder
        from cmdm_tui.harness.cassettes.manifest import read_manifest
        from cmdm_tui.harness.exchange import CALLS

        if call is not None and call not in CALLS:
            message = f"There is no call {one_line(call, 60)}. The calls are {', '.join(CALLS)}."
            raise CommandFailure(message, ExitCode.USAGE)
        found = [
            entry
            for entry in select_cases(folder, names, excluded=excluded)
            if call in {None, entry.case.endpoint}
        ]
        manifest = read_manifest(folder or built_in_folder())
    rows = [_case_row(entry, manifest.get(entry.key)) for entry in found]
    if as_json:
        for row in rows:
            click.echo(json.dumps(make_document("cmdm-case", row), ensure_ascii=False))
        return
    shown = [(row["name"], row["kind"], row["class"], row["statuses"]) for row in rows]
    widths = [max((len(row[column]) for row in shown), default=0) for column in range(3)]
    for row in shown:
        padded = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)]
        click.echo(visible("  ".join([*padded, row[3]])))
    note(f"{count_cases(len(rows))}.")


@cases.command(
    "show",
    short_help="Show a case.",
    epilog=examples(
        "cmdm cases show get-lead",
    ),
)
@click.argument("name", metavar="CASE")
@folder_option
def show(name: str, folder: Path | None) -> None:
    """Print the file of CASE, and on stderr where it is and when it was recorded."""
    with report_case_failures():
        from cmdm_tui.harness.cases import case_bytes
        from cmdm_tui.harness.cassettes.library import built_in_folder
        from cmdm_tui.harness.cassettes.manifest import read_manifest

        (entry, *others) = select_cases(folder, (name,))
        if any(other.case.name != entry.case.name for other in others):
            message = f"{one_line(name, 60)} names {len(others) + 1} cases. Name one."
            raise CommandFailure(message, ExitCode.USAGE)
        known = read_manifest(folder or built_in_folder()).get(entry.key)
        note(str(entry.path))
        note(_describe_recording(known))
        click.echo(visible(case_bytes(entry.case).decode("utf-8"), keep_lines=True), nl=False)


@cases.command(
    "run",
    short_help="Send cases to a service.",
    epilog=examples(
        "cmdm cases run get-lead",
        "cmdm cases run --from my-cases",
    ),
)
@click.argument("names", metavar="[CASE]...", nargs=-1)
@folder_option
@exclude_option
@checks_option
@service_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object a step.")
@click.pass_obj
def run(
    context: CommandContext,
    names: tuple[str, ...],
    folder: Path | None,
    excluded: tuple[str, ...],
    check_files: tuple[Path, ...],
    *,
    live: bool,
    writes: bool,
    as_json: bool,
) -> None:
    """Send the CASEs named to a service, and judge its answers by what each case expects.

    With --from FOLDER and no CASE, all cases of the folder are sent.

    The service is a fresh sandbox, or the one that -p, CMDM_PROFILE or CMDM_URL names; one that is
    not a sandbox needs --live. cmdm verify compares with the recording instead.

    Exit codes: 0 as expected, 1 not as expected, 2 could not run.
    """
    if not names and folder is None:
        message = "Name cases, or a folder with --from; cmdm cases list names those of cmdm."
        raise CommandFailure(message, ExitCode.USAGE)
    failed = skipped = 0
    with report_case_failures():
        from cmdm_tui.harness.cases.player import play_case
        from cmdm_tui.harness.cases.step_runner import find_skipped
        from cmdm_tui.harness.oracle.own_checks import load_own_checks

        own_checks = load_own_checks(check_files)
        found = select_cases(folder, names, excluded=excluded)
        chosen = choose_service(context, live=live, writes=writes)
        kept, left_out = select_runnable(found, chosen)
        report_left_out(left_out)
        if not kept:
            raise CommandFailure("No case is left to run.", ExitCode.USAGE)
        with open_service(chosen) as service:
            for entry in kept:
                played = play_case(entry.case, service, own_checks=own_checks)
                service.clean_up()
                failed += any(one.problems for one in played)
                skipped += bool(find_skipped(played))
                _report_case(entry, played, service.leak_scanner, as_json=as_json)
            require_nothing_left(service)
    left = f" {count_cases(skipped)} left out: nothing to judge here." if skipped else ""
    judged = len(kept) - skipped
    if failed:
        message = f"{failed} of {count_cases(judged)} not answered as expected.{left}"
        raise CommandFailure(message)
    if not judged:
        raise CommandFailure(f"No case was judged.{left}", ExitCode.USAGE)
    note(f"{count_cases(judged)} run, answered as expected.{left}")


def _report_case(
    entry: "LibraryEntry", played: "list[PlayedStep]", guard: "LeakScanner", *, as_json: bool
) -> None:
    if not as_json:
        click.echo(one_line(entry.case.name))
    for number, one in enumerate(played, 1):
        exchange = one.exchange
        row: dict[str, Any] = {
            "case": entry.case.name,
            "step": number,
            "method": exchange.method,
            "path": exchange.path,
            "status": exchange.status,
            "problems": list(one.problems),
            "skipped": one.skipped,
        }
        if as_json:
            text = json.dumps(make_document("cmdm-step", row), ensure_ascii=False)
            guard.check(text, "the report")
            click.echo(text)
            continue
        mark = "–" if one.skipped else "✗" if one.problems else "✓"
        status = str(exchange.status or "—")
        path = one_line(exchange.path, 100)
        click.echo(guard.filter_line(f"  {mark} {status:>3}  {exchange.method} {path}"))
        for problem in (*one.problems, *filter(None, (one.skipped,))):
            click.echo(guard.filter_line(f"        {one_line(problem, 200)}"))


def _case_row(entry: "LibraryEntry", known: "ManifestEntry | None") -> dict[str, str]:
    case = entry.case
    statuses = dict.fromkeys(status for step in case.steps for status in step.expect.statuses)
    return {
        "name": case.name,
        "kind": entry.kind,
        "call": case.endpoint,
        "class": case.input_class,
        "certainty": case.certainty,
        "statuses": " ".join(str(status) for status in statuses),
        "summary": case.summary,
        "source": case.source,
        "recorded": "" if known is None else known.recorded.isoformat(),
    }


def _describe_recording(known: "ManifestEntry | None") -> str:
    if known is None:
        return "It has not been recorded."
    return f"Recorded on {known.recorded} of {one_line(known.target, 100)}."


@click.group(
    cls=SuggestingGroup,
    epilog=examples(
        "cmdm corpus build",
    ),
)
def corpus() -> None:
    """Build the corpus: a case for each call, documented status and class of input."""


@corpus.command(
    short_help="Write the corpus's case files.",
    epilog=examples("cmdm corpus build"),
)
@click.option("--seed", type=int, default=7, show_default=True, metavar="N", help="Draw from this.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("cassettes"),
    show_default=True,
    metavar="FOLDER",
    help="Where the files go.",
)
@click.option("--check", is_flag=True, help="Write nothing; say which files would differ.")
def build(seed: int, into: Path, *, check: bool) -> None:
    """Write a file for each case of the corpus; the same seed gives the same bytes.

    The files are the truth, not what builds them: edit one, and cmdm corpus build --check says so.
    Cases that a person wrote are left alone. Exit codes: 0 done, 1 files differ, 2 could not run.
    """
    with report_case_failures():
        from cmdm_tui.harness.cases import CaseError, case_bytes, read_case, write_case
        from cmdm_tui.harness.cassettes.library import kind_of
        from cmdm_tui.harness.corpus import build_corpus as built

        differing: list[Path] = []
        found = built(seed)
        for case in found:
            path = into / kind_of(case) / f"{case.name}.toml"
            if path.is_file() and path.read_bytes() == case_bytes(case):
                continue
            if path.is_file() and read_case(path).seed is None:
                message = f"{path} was written by hand. Give it another name."
                raise CaseError(message)
            differing.append(path)
            if not check:
                write_case(path, case)
    for path in differing:
        click.echo(f"{'differs' if check else 'wrote'} {path}")
    note(f"{len(found)} cases, {len(differing)} {'would differ' if check else 'written'}.")
    if check and differing:
        message = f"{len(differing)} files are not as the seed {seed} gives them."
        raise CommandFailure(message)
