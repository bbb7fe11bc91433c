"""`cmdm record` and `cmdm replay`: cases recorded into cassettes, and played back offline."""

import json
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.harness.recording import (
    ProxyOptions,
    record_har,
    record_through_proxy,
    recording_options,
    refuse_mixed,
)
from cmdm_tui.cli.commands.harness.selection import (
    count_cases,
    exclude_option,
    folder_option,
    report_case_failures,
    report_left_out,
    require_nothing_left,
    select_cases,
    select_recorded,
    select_runnable,
)
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.json_documents import make_document
from cmdm_tui.cli.people import choose_people, people_options, report_people
from cmdm_tui.cli.service import choose_service, open_service, service_options
from cmdm_tui.text import count_noun, one_line

_MOST_NAMED = 5


@click.command(
    epilog=examples(
        "cmdm record get-lead --from my-cases",
        "cmdm record --proxy --target acme --live --name nightly-sync",
        "cmdm record --har session.har --name browser",
    ),
)
@click.argument("names", metavar="[CASE]...", nargs=-1)
@click.option("--proxy", is_flag=True, help="Record what other programs send through a proxy.")
@click.option(
    "--har",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Record the calls in a HAR file, of a browser or of mitmproxy.",
)
@recording_options
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("cassettes"),
    show_default=True,
    metavar="FOLDER",
    help="Where the cassettes go.",
)
@folder_option
@exclude_option
@people_options
@service_options
@click.pass_obj
def record(
    context: CommandContext,
    names: tuple[str, ...],
    into: Path,
    folder: Path | None,
    excluded: tuple[str, ...],
    *,
    proxy: bool,
    har: Path | None,
    live: bool,
    writes: bool,
    keep_people: bool,
    people_hook: Path | None,
    **options: Any,
) -> None:
    """Record every case, or the CASEs named (patterns such as 'create-*' too).

    Each is sent over a real socket, and goes to FOLDER/KIND/CASE.yaml with its case next to it and
    a line in FOLDER/manifest.json. A case that is not answered as it expects is not recorded, and
    nothing is written in which a secret is found, in any encoding.

    The service is a fresh sandbox, or the one that -p, CMDM_PROFILE or CMDM_URL names; one that is
    not a sandbox needs --live, and is recorded into FOLDER/live. A sandbox with a control plane is
    put back before each case, its clock stopped, so that recording again gives the same bytes.

    Unless it is known to be a sandbox, people are replaced by stand-ins of the same form, the same
    for one person everywhere: the values of fields that are known to be a person's, and where these
    are known, in other texts. What the case itself says stays. --keep-people records people as they
    are.

    With --proxy, no case is sent: a server on this machine passes the calls of any program on to
    the service, and records them as FOLDER/KIND/NAME.yaml and its case (NAME-2 and so on, 50 calls
    each) until Ctrl-C. Point the program at the address that is printed. Secrets that a call
    carries are replaced. A live service is only read, unless --writes is given. The modes are once
    (answer from the recording where there is one; else record), new (answer each recorded call
    once, record others), rewrite (record all again), spy (answer recorded calls again and again,
    record others) and diff (record nothing, report what differs from the recording).

    Exit codes: 0 recorded, 1 an answer was not as expected, a call could not be recorded, with
    --mode once a call was not in the recording, or with --mode diff something differed or a
    recorded call was not made, 2 could not run.
    """
    refuse_mixed(names, folder, excluded, har, options, proxy=proxy, live=live, writes=writes)
    _repair_manifest(into, options["mode"])
    if proxy:
        record_through_proxy(
            context,
            into,
            ProxyOptions(**options),
            live=live,
            writes=writes,
            keep_people=keep_people,
            people_hook=people_hook,
        )
        return
    if har is not None:
        record_har(
            context,
            har,
            into,
            ProxyOptions(**options),
            keep_people=keep_people,
            people_hook=people_hook,
        )
        return
    with report_case_failures():
        from cmdm_tui.harness.cassettes.case_recorder import record_cases

        if folder is None and into.is_dir() and any(into.glob("*/*.toml")):
            folder = into
        found = select_cases(folder, names, excluded=excluded, live=False)
        chosen = choose_service(context, live=live, writes=writes)
        kept, left_out = select_runnable(found, chosen)
        report_left_out(left_out)
        if not kept:
            raise CommandFailure("No case is left to record.", ExitCode.USAGE)
        kind = "live" if chosen.is_live else None
        people = choose_people(
            context,
            None if chosen.profile is None else chosen.profile.people,
            is_known_sandbox=chosen.is_known_sandbox,
            keep_people=keep_people,
            people_hook=people_hook,
        )
        failed = changed = skipped = 0
        with open_service(chosen) as service:
            for result in record_cases(
                kept, service, into, name=chosen.name, kind=kind, people=people
            ):
                for problem in result.problems:
                    line = f"{result.entry.case.name}: {problem}"
                    note(service.leak_scanner.filter_line(line))
                if result.skipped:
                    note(f"{result.entry.case.name}: left out. {result.skipped}")
                skipped += bool(result.skipped)
                failed += bool(result.problems)
                changed += result.is_changed
                if result.is_changed:
                    click.echo(f"recorded {result.cassette}")
            same = len(kept) - failed - changed - skipped
            left = f", {skipped} left out" if skipped else ""
            note(f"{changed} recorded, {same} as they were, {failed} not as expected{left}.")
            report_people(people, is_known_sandbox=chosen.is_known_sandbox)
            require_nothing_left(service)
    if failed:
        message = f"{count_cases(failed)} not recorded: see above."
        raise CommandFailure(message)


def _repair_manifest(into: Path, mode: str | None) -> None:
    """Put a manifest aside that cannot be read, make a new one, and say so.

    In the mode `diff` nothing is recorded, and all stays as it is.
    """
    from cmdm_tui.harness.cassettes.manifest import repair_manifest
    from cmdm_tui.redaction.leak_scanner import LeakScanner

    with report_case_failures():
        repaired = None if mode == "diff" else repair_manifest(into, LeakScanner())
    if repaired is None:
        return
    aside = " and ".join(one_line(str(path), 200) for path in repaired.aside)
    note(
        f"The manifest could not be read, and is put aside as {aside}; the new one names the "
        f"{count_noun(repaired.kept, 'cassette')} whose lines were whole."
    )
    if repaired.unnamed:
        few = ", ".join(one_line(key, 100) for key in repaired.unnamed[:_MOST_NAMED])
        more = len(repaired.unnamed) - _MOST_NAMED
        note(
            f"Not named in it any more: {few}{f' and {more} more' if more > 0 else ''}. "
            "Record their cases again."
        )


@click.command(
    epilog=examples(
        "cmdm replay get-lead",
        "cmdm replay --serve cassettes/live/sync.yaml --port 9000",
    ),
)
@click.argument("names", metavar="[CASE]...", nargs=-1)
@folder_option
@exclude_option
@click.option("--vcr", "by_vcr", is_flag=True, help="Play back by vcrpy, as other programs would.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a case.")
@click.option("--serve", is_flag=True, help="Serve cassettes on this machine, for any client.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    help="With --serve: where; a free port by default.",
)
@click.option(
    "--order-free",
    is_flag=True,
    help="With --serve: compare JSON bodies and queries without their order and spelling.",
)
@click.option(
    "--repeats",
    type=click.IntRange(0),
    metavar="N",
    help="With --serve: how often the last of equal answers is given: 1 by default, 0 for no "
    "limit.",
)
@click.option(
    "--allow-unused", is_flag=True, help="With --serve: answers that were not used are no failure."
)
@click.pass_context
def replay(
    command: click.Context,
    names: tuple[str, ...],
    folder: Path | None,
    excluded: tuple[str, ...],
    *,
    by_vcr: bool,
    as_json: bool,
    serve: bool,
    port: int | None,
    order_free: bool,
    repeats: int | None,
    allow_unused: bool,
) -> None:
    """Play every recorded case back, or the CASEs named, with the network blocked.

    Each call must be the one that was recorded (method, whole address, raw body), each answer as
    the case expects, and no recorded answer left over; and each cassette the one that the manifest
    names, with none lost. Exit codes: 0 as recorded, 1 not as recorded, 2 could not run.

    With --serve, cassettes are a service for a client in any language, until interrupted: CASEs,
    files, or folders, or all of --from. A call that is not recorded is answered with 501, and what
    differs from the nearest recorded one. Clients may sign in as often as they like, with any
    credentials. POST /-/rewind begins again, for another run of the client. At the end, what was
    not recorded or not used is listed, and the exit code is 1.
    """
    if serve:
        if by_vcr:
            raise click.UsageError("--vcr plays cases back; it does not go with --serve.")
        if excluded:
            raise click.UsageError("--exclude leaves cases out; it does not go with --serve.")
        from cmdm_tui.cli.commands.harness.replay_serving import serve_cassettes

        with report_case_failures():
            serve_cassettes(
                names,
                folder,
                port=port or 0,
                order_free=order_free,
                repeats=1 if repeats is None else repeats,
                allow_unused=allow_unused,
                as_json=as_json,
            )
        return
    for name in ("port", "order_free", "repeats", "allow_unused"):
        if command.get_parameter_source(name) is not ParameterSource.DEFAULT:
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} goes with --serve: cmdm replay --serve CASSETTE.")
    _replay_cases(names, folder, excluded, by_vcr=by_vcr, as_json=as_json)


def _replay_cases(
    names: tuple[str, ...],
    folder: Path | None,
    excluded: tuple[str, ...],
    *,
    by_vcr: bool,
    as_json: bool,
) -> None:
    with report_case_failures():
        from cmdm_tui.harness.cassettes.library import (
            built_in_folder,
            describe_without_case,
            list_cassettes_without_case,
        )
        from cmdm_tui.harness.cassettes.manifest import find_faults, find_lost, read_manifest
        from cmdm_tui.harness.cassettes.network_block import block_network
        from cmdm_tui.harness.cassettes.offline_replay import replay_case as play
        from cmdm_tui.harness.cassettes.offline_replay import replay_case_with_vcrpy
        from cmdm_tui.harness.recording.unfinished import find_unfinished, list_marked

        root = folder or built_in_folder()
        manifest = read_manifest(root)
        known = select_cases(folder, names, excluded=excluded)
        found = select_recorded(known, manifest)
        # A whole folder is replayed whole: what is lost of it has no case to be named by.
        lost = {} if names or excluded else find_lost(root, known, manifest)
        marked = [] if names or excluded else list_marked(root)
        for path, words in find_unfinished([*(one.cassette for one in known), *marked]).items():
            lost[path.stem] = words
        player = replay_case_with_vcrpy if by_vcr else play
        played = failed = 0
        alone = [] if names else list_cassettes_without_case(root)
        if alone:
            note(f"Not replayed: {describe_without_case(alone)}")
        for key, problem in lost.items():
            _report_replay(key, [problem], as_json=as_json)
        with block_network():
            for entry in found:
                problems = find_faults(entry, manifest)
                if entry.cassette.is_file():
                    played += 1
                    problems += player(entry.case, entry.cassette)
                failed += bool(problems)
                _report_replay(entry.case.name, problems, as_json=as_json)
    note(f"{count_cases(played)} replayed offline, {failed + len(lost)} not as recorded.")
    if failed or lost:
        total = count_cases(len(found) + len(lost))
        message = f"{failed + len(lost)} of {total} not replayed as recorded."
        raise CommandFailure(message)


def _report_replay(name: str, problems: list[str], *, as_json: bool) -> None:
    """Write what is wrong with a cassette, named by its case, or by its file where that is lost."""
    if as_json:
        row = make_document("cmdm-replay", {"case": name, "problems": problems})
        click.echo(json.dumps(row, ensure_ascii=False))
        return
    for problem in problems:
        click.echo(f"{one_line(name, 150)}: {one_line(problem, 300)}")
