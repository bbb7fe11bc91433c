"""`cmdm fuzz`: sends odd requests to a service, and says where it breaks its own rules."""

import math
import os
import secrets
import shutil
import sys
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.fuzz_options import (
    KNOWN_FAILURES_FILE,
    checks_option,
    parse_excluded,
    parse_only,
    read_baseline,
)
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.people import choose_people_settings, people_options
from cmdm_tui.cli.service import (
    ChosenService,
    choose_service,
    prepare_service,
    report_run_failures,
    service_options,
)
from cmdm_tui.cli.signals import note_end_signal
from cmdm_tui.text import count_noun, one_line

if TYPE_CHECKING:
    from collections.abc import Generator

    from cmdm_tui.harness.fuzz.events import FuzzEvent, RunEnded
    from cmdm_tui.harness.fuzz.settings import FuzzSettings
    from cmdm_tui.harness.fuzz.workers import PrepareService
    from cmdm_tui.harness.oracle import Check
    from cmdm_tui.harness.report import ResultCollector
    from cmdm_tui.harness.service import Service
    from cmdm_tui.redaction.leak_scanner import LeakScanner

_REQUESTS = 5_000
_LIVE_REQUESTS = 200
_SNAPSHOT = "cmdm-fuzz"
_REPORT_FOLDER = "fuzz-report"


@click.command(
    epilog=examples(
        "cmdm fuzz --seed 7 --max-requests 500 --plain",
        "cmdm fuzz --list-checks",
    ),
)
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Repeat the run of this seed.")
@click.option(
    "--max-requests", type=click.IntRange(1), metavar="N",
    help=f"Make N requests at most: {_REQUESTS:,}, or {_LIVE_REQUESTS} of a live service.",
)  # fmt: skip
@click.option(
    "--max-time", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
    help="Start no request after this number of seconds.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1, 16), default=1, metavar="N",
    help="Fuzz N sandboxes at once, each in its own process.",
)  # fmt: skip
@click.option(
    "--only", multiple=True, metavar="NAME",
    help="Only this phase (stateless, stateful), call in odd ways, or check; may be repeated.",
)  # fmt: skip
@click.option(
    "--exclude", "excluded", multiple=True, metavar="NAME",
    help="Leave out this call, class of input (body:empty, 'id:*') or check; may be repeated.",
)  # fmt: skip
@click.option(
    "--baseline", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help=f"Failures that are known, as an earlier run listed them in {KNOWN_FAILURES_FILE}.",
)  # fmt: skip
@click.option(
    "--report-dir", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help=f"Write reports here, failures or not; without it, failures go to {_REPORT_FOLDER}.",
)  # fmt: skip
@checks_option
@click.option("--fail-fast", is_flag=True, help="Stop at the first failure.")
@service_options
@people_options
@click.option("--strict", is_flag=True, help="Let what is not documented fail it too.")
@click.option("--plain", is_flag=True, help="Write the run in lines, not on a live screen.")
@click.option("--list-checks", is_flag=True, help="Print the checks and where they come from.")
@click.pass_obj
def fuzz(
    context: CommandContext,
    seed: int | None,
    max_requests: int | None,
    max_time: float | None,
    workers: int,
    only: tuple[str, ...],
    excluded: tuple[str, ...],
    baseline: Path | None,
    report_dir: Path | None,
    check_files: tuple[Path, ...],
    people_hook: Path | None,
    *,
    keep_people: bool,
    fail_fast: bool,
    live: bool,
    writes: bool,
    strict: bool,
    plain: bool,
    list_checks: bool,
) -> None:
    """Send requests right and wrong, and check every answer against what the API says of itself.

    The service is a fresh sandbox, or the one that -p, CMDM_PROFILE or CMDM_URL names; one that is
    not a sandbox needs --live. With CMDM_CONTROL and CMDM_CONTROL_TOKEN, its control plane restores
    it for each example. A live service is only read, within the profile's floor, unless --writes is
    given, and only what is documented can fail it.

    A failure is made short, run again, printed as curl lines, and kept as a case under
    FOLDER/regress, with reports as JUnit, JSON and HTML. Of what is not known to be a sandbox,
    people are replaced by stand-ins in all that is shown and written of a failure, unless
    --keep-people is given. The reports are written as the run goes: one that is killed leaves
    reports that say so. On a terminal the run is shown live; --plain writes it in lines.

    Exit codes: 0 no failure; 1 failures, or a secret that would have been written; 2 could not run.
    """
    if list_checks:
        with report_run_failures():
            _print_checks(check_files)
        return
    if max_time is not None and not math.isfinite(max_time):
        raise CommandFailure(
            "--max-time takes a number of seconds; leave it out for none.", ExitCode.USAGE
        )
    with report_run_failures():
        import_module("hypothesis")  # the first module that is missing without the extra
        from cmdm_tui.harness.fuzz.settings import FuzzSettings

        checks = _all_checks(check_files)
        chosen = choose_service(context, live=live, writes=writes)
        if workers > 1 and chosen.profile is not None:
            message = "--workers fuzzes fresh sandboxes; leave the profile out, or the workers."
            raise CommandFailure(message, ExitCode.USAGE)
        entities, optional = _choose_entities(chosen)
        settings = FuzzSettings(
            seed=secrets.randbelow(10**6) if seed is None else seed,
            requests=max_requests or _default_requests(max_time, is_live=chosen.is_live),
            seconds=max_time,
            only=parse_only(only, checks),
            excluded=parse_excluded(excluded, checks),
            known=read_baseline(baseline),
            fails_fast=fail_fast,
            workers=workers,
            is_strict=strict or not chosen.is_live,
            entities=entities,
            optional_entities=optional,
            check_files=check_files,
            people=choose_people_settings(
                context,
                None if chosen.profile is None else chosen.profile.people,
                is_known_sandbox=chosen.is_known_sandbox,
                keep_people=keep_people,
                people_hook=people_hook,
            ),
        )
        folder = report_dir or Path(_REPORT_FOLDER)
        if report_dir is not None:
            _make_folder(report_dir)
        ended, collector, scanner = _run_fuzz(
            partial(prepare_fuzzed_service, chosen), settings, folder, plain=plain,
            wants_reports=report_dir is not None,
        )  # fmt: skip
        _write_known_failures(folder, ended.failures, settings)
        if report_dir is not None or ended.failures:
            from cmdm_tui.harness.report import write_reports

            for path in write_reports(collector.results(), folder, scanner):
                click.echo(f"report  {one_line(str(path), 300)}", err=True)
    _finish(ended, settings.seed)


def _finish(ended: "RunEnded", seed: int) -> None:
    """Raise CommandFailure unless the run ended without a failure."""
    from cmdm_tui.harness.fuzz.execute.run_budget import STOPPED
    from cmdm_tui.harness.fuzz.settings import INTERRUPTED

    cut = f"The run was cut short: {ended.reason}" if ended.is_cut else ""
    if ended.failures:
        told = count_noun(len(ended.failures), "failure")
        raise CommandFailure(f"{told} found; seed {seed}. {cut}".rstrip())
    if ended.is_cut:
        raise CommandFailure(cut, ExitCode.USAGE)
    if ended.is_limited:
        raise CommandFailure(f"Nothing had failed. {ended.reason}", ExitCode.RATE_LIMIT)
    if ended.reason in {INTERRUPTED, STOPPED}:
        raise CommandFailure("Interrupted; nothing had failed.", ExitCode.INTERRUPTED)


def _run_fuzz(
    prepare: "PrepareService",
    settings: "FuzzSettings",
    folder: Path,
    *,
    plain: bool,
    wants_reports: bool,
) -> "tuple[RunEnded, ResultCollector, LeakScanner]":
    """Fuzz, on a live screen where there is a terminal; return what is needed for reports."""
    from cmdm_tui.harness.fuzz.workers import fuzz as run
    from cmdm_tui.harness.report import ResultCollector, format_summary
    from cmdm_tui.harness.report.console import ConsoleReporter
    from cmdm_tui.harness.report.running_reports import RunningReports
    from cmdm_tui.redaction.leak_scanner import LeakScanner

    gathering, guard = ResultCollector("cmdm fuzz"), LeakScanner()
    reports = RunningReports(gathering, folder, guard, wanted=wants_reports)

    def keep(event: "FuzzEvent") -> None:
        gathering(event)
        reports(event)

    if _has_screen() and not plain:
        from cmdm_tui.harness.report.dashboard import watch_run

        ended = watch_run(
            gathering,
            lambda stop: run(prepare, settings, keep, folder, stop=stop, guard=guard),
            on_signal=note_end_signal,
        )
        for line in format_summary(gathering.results(), shutil.get_terminal_size().columns):
            click.echo(guard.filter_line(line))
        return ended, gathering, guard
    lines = ConsoleReporter(
        lambda line: click.echo(guard.filter_line(line), err=True),
        lambda line: click.echo(guard.filter_line(line)),
        gathering.results,
    )

    def tell(event: "FuzzEvent") -> None:
        keep(event)
        lines(event)

    return run(prepare, settings, tell, folder, guard=guard), gathering, guard


def _has_screen() -> bool:
    from cmdm_tui.cli.commands.doctor.terminal import can_show_screens

    return can_show_screens(os.environ) and sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def prepare_fuzzed_service(chosen: ChosenService) -> "Generator[Service]":
    """Yield the service that was chosen, for a run to open; a sandbox keeps its own limits."""
    with prepare_service(chosen, keeps_limits=True, snapshot=_SNAPSHOT) as service:
        # An address on this machine may be that of a proxy to an account that others use too.
        service.is_alone = chosen.can_be_restored and not chosen.is_live
        yield service


def _choose_entities(chosen: ChosenService) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the entities to use, and those to use where they exist."""
    from cmdm_tui.cli.embedded_sandbox import SANDBOX_CUSTOM_ENTITIES
    from cmdm_tui.harness.fuzz.settings import DOCUMENTED_ENTITIES

    if chosen.profile is None:
        return (*DOCUMENTED_ENTITIES, *SANDBOX_CUSTOM_ENTITIES), ()
    entities = tuple(dict.fromkeys((*DOCUMENTED_ENTITIES, *chosen.profile.entities)))
    if chosen.is_live:
        return entities, ()
    return entities, tuple(one for one in SANDBOX_CUSTOM_ENTITIES if one not in entities)


def _default_requests(seconds: float | None, *, is_live: bool) -> int | None:
    if is_live:
        return _LIVE_REQUESTS
    return _REQUESTS if seconds is None else None


def _make_folder(folder: Path) -> None:
    """Make the folder that reports are wanted in, before a run is made for them."""
    shown = one_line(str(folder), 200)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{shown} cannot be made: {error.strerror}. Give another --report-dir."
        raise CommandFailure(message, ExitCode.USAGE) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        message = f"{shown} cannot be written to. Give another --report-dir."
        raise CommandFailure(message, ExitCode.USAGE)


def _write_known_failures(
    folder: Path, failures: tuple[str, ...], settings: "FuzzSettings"
) -> None:
    """Write which failures are known now, for the baseline of the next run."""
    if not failures:
        return
    from cmdm_tui.config.private_files import replace_file

    lines = [f"# Failures of cmdm fuzz --seed {settings.seed}: a check and a call a line."]
    lines += sorted({*failures, *settings.known})
    replace_file(folder / KNOWN_FAILURES_FILE, ("\n".join(lines) + "\n").encode())


def _all_checks(check_files: tuple[Path, ...]) -> "tuple[Check, ...]":
    """Return the checks of cmdm and those in the files. Raises OwnCheckError for a wrong file."""
    from cmdm_tui.harness.oracle import CHECKS
    from cmdm_tui.harness.oracle.own_checks import load_own_checks

    return (*CHECKS, *load_own_checks(check_files))


def _print_checks(check_files: tuple[Path, ...]) -> None:
    checks = _all_checks(check_files)
    widest = max(len(check.name) for check in checks)
    for check in checks:
        click.echo(f"{check.name:<{widest}}  {check.certainty:<10}  {one_line(check.sentence)}")
