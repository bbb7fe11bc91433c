"""`cmdm fuzz`: tries a service with what nobody would send, and says where it breaks its word."""

import math
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.signals import interrupt_on_sigterm
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.harness.fuzz.events import FuzzEvent, RunEnded
    from cmdm_tui.harness.fuzz.settings import FuzzSettings
    from cmdm_tui.harness.fuzz.target import FuzzTarget
    from cmdm_tui.harness.fuzz.workers import OpenTarget
    from cmdm_tui.harness.report import ResultCollector
    from cmdm_tui.redaction.leak_scanner import LeakScanner

_REQUESTS = 5_000
_LIVE_REQUESTS = 200
_RECORDS = 40
_ENTITIES = ("account", "lead", "contact", "task", "opportunity")
_REPORT_FOLDER = "fuzz-report"
_KNOWN_FAILURES_FILE = "failures.txt"
_LARGEST_BASELINE = 1_000_000


@click.command(short_help="Try a service with odd requests, and check what it answers.")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="Repeat the run of this seed.")
@click.option(
    "--max-requests", type=click.IntRange(1), metavar="N",
    help=f"Make N requests at most: {_REQUESTS:,}, or {_LIVE_REQUESTS} of a live service.",
)  # fmt: skip
@click.option(
    "--max-time", type=click.FloatRange(0, min_open=True), metavar="SECONDS",
    help="Begin no request after so many seconds.",
)  # fmt: skip
@click.option(
    "--workers", type=click.IntRange(1, 16), default=1, metavar="N",
    help="Fuzz N sandboxes at once, each in a process of its own.",
)  # fmt: skip
@click.option(
    "--only", multiple=True, metavar="NAME",
    help="Only this phase (stateless, stateful), call in odd ways, or check; may be repeated.",
)  # fmt: skip
@click.option(
    "--baseline", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help=f"Failures that are known, as an earlier run listed them in {_KNOWN_FAILURES_FILE}.",
)  # fmt: skip
@click.option(
    "--report-dir", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
    help=f"Write reports here, failures or not; without it, failures go to {_REPORT_FOLDER}.",
)  # fmt: skip
@click.option("--fail-fast", is_flag=True, help="Stop at the first failure.")
@click.option("--live", is_flag=True, help="Fuzz the profile's service: reading only.")
@click.option("--writes", is_flag=True, help="Also create, change and delete on a live service.")
@click.option("--strict", is_flag=True, help="Let what the documentation leaves open fail it too.")
@click.option("--plain", is_flag=True, help="Tell the run in lines, not on a live screen.")
@click.option("--list-checks", is_flag=True, help="Print the checks and where they come from.")
@click.pass_context
def fuzz(
    context: click.Context,
    seed: int | None,
    max_requests: int | None,
    max_time: float | None,
    workers: int,
    only: tuple[str, ...],
    baseline: Path | None,
    report_dir: Path | None,
    *,
    fail_fast: bool,
    live: bool,
    writes: bool,
    strict: bool,
    plain: bool,
    list_checks: bool,
) -> None:
    """Send requests right and wrong, and check every answer against what the API says of itself.

    Without a profile it is a fresh sandbox that is fuzzed. A profile named with -p, or that of
    CMDM_URL, is fuzzed in its place; CMDM_CONTROL and CMDM_CONTROL_TOKEN give it a control plane,
    and it is restored for each example. A service elsewhere than on this machine is live: it is
    only read, within the profile's floor, unless --writes is given, and only what is documented
    can fail it.

    A failure is made short, run again, printed as curl lines, and kept as a case under
    FOLDER/regress, beside reports as JUnit, JSON and HTML. On a terminal the run is shown live;
    --plain tells it in lines. Exit codes: 0 no failure, 1 failures, 2 it could not run.
    """
    if list_checks:
        _print_checks()
        return
    if max_time is not None and not math.isfinite(max_time):
        raise CommandFailure(
            "--max-time takes a number of seconds; leave it out for none.", ExitCode.USAGE
        )
    try:
        import_module("hypothesis")  # the first module that is missing without the extra
    except ModuleNotFoundError as error:
        message = f"Fuzzing needs {error.name}: pip install 'cmdm-tui[harness]' brings it."
        raise CommandFailure(message, ExitCode.USAGE) from None
    from cmdm_tui.harness.fuzz.settings import FuzzSettings

    invocation: CommandContext = context.obj
    chosen = _choose_service(context, invocation, live=live, writes=writes, strict=strict)
    is_live = chosen is not None and not chosen.is_alone
    if workers > 1 and chosen is not None:
        message = "--workers fuzzes sandboxes of its own; leave the profile out, or the workers."
        raise CommandFailure(message, ExitCode.USAGE)
    settings = FuzzSettings(
        seed=secrets.randbelow(10**6) if seed is None else seed,
        requests=max_requests or _default_requests(max_time, is_live=is_live),
        seconds=max_time,
        only=_parse_only(only),
        known=_read_baseline(baseline),
        fails_fast=fail_fast,
        workers=workers,
    )
    opening = run_sandbox if chosen is None else partial(_already_running, chosen)
    folder = report_dir or Path(_REPORT_FOLDER)
    if report_dir is not None:
        _make_folder(report_dir)
    with _report_run_failures():
        ended, gathering, guard = _run_fuzz(opening, settings, folder, plain=plain)
        _write_known_failures(folder, ended.failures, settings)
        if report_dir is not None or ended.failures:
            from cmdm_tui.harness.report import write_reports

            for path in write_reports(gathering.results(), folder, guard):
                click.echo(f"report  {one_line(str(path), 300)}", err=True)
    _finish(ended, settings.seed)


def _finish(ended: "RunEnded", seed: int) -> None:
    """Raise Failure where the run ended otherwise than without a failure."""
    from cmdm_tui.harness.fuzz.execute.run_budget import STOPPED
    from cmdm_tui.harness.fuzz.settings import INTERRUPTED
    from cmdm_tui.harness.report.results import format_count

    cut = f" The run was cut short: {ended.reason}" if ended.is_cut else ""
    if ended.failures:
        told = format_count(len(ended.failures), "failure")
        raise CommandFailure(f"{told} found; seed {seed}.{cut}")
    if ended.is_cut:
        raise CommandFailure(cut, ExitCode.USAGE)
    if ended.reason in {INTERRUPTED, STOPPED}:
        raise CommandFailure("Interrupted; nothing had failed.", ExitCode.INTERRUPTED)


def _run_fuzz(
    opening: "OpenTarget", settings: "FuzzSettings", folder: Path, *, plain: bool
) -> "tuple[RunEnded, ResultCollector, LeakScanner]":
    """Fuzz, on a live screen where there is a terminal; return what is needed for reports."""
    from cmdm_tui.harness.fuzz.workers import fuzz as run
    from cmdm_tui.harness.report import ResultCollector, format_summary
    from cmdm_tui.harness.report.console import ConsoleReporter
    from cmdm_tui.redaction.leak_scanner import LeakScanner

    gathering, guard = ResultCollector("cmdm fuzz"), LeakScanner()
    if _has_screen() and not plain:
        from cmdm_tui.harness.report.dashboard import watch_run

        ended = watch_run(
            gathering,
            lambda stop: run(opening, settings, gathering, folder, stop=stop, guard=guard),
        )
        for line in format_summary(gathering.results(), shutil.get_terminal_size().columns):
            click.echo(guard.filter_line(line))
        return ended, gathering, guard
    lines = ConsoleReporter(
        lambda line: click.echo(guard.filter_line(line), err=True),
        lambda line: click.echo(guard.filter_line(line)),
    )

    def tell(event: "FuzzEvent") -> None:
        gathering(event)
        lines(event)

    with interrupt_on_sigterm():
        return run(opening, settings, tell, folder, guard=guard), gathering, guard


def _has_screen() -> bool:
    from cmdm_tui.cli.commands.doctor.terminal import can_show_screens

    return can_show_screens(os.environ) and sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def run_sandbox() -> "Generator[FuzzTarget]":
    """Run a fresh sandbox with a control plane, and yield it as a target."""
    from cmdm_tui.cli.embedded_sandbox import SANDBOX_CUSTOM_ENTITIES
    from cmdm_tui.harness.fuzz.target import FuzzTarget
    from cmdm_tui.sandbox import Sandbox, SandboxConfig

    with tempfile.TemporaryDirectory(prefix="cmdm-fuzz-") as folder:
        config = SandboxConfig(
            Path(folder) / "data", port=0, records=_RECORDS, control=True, lasting=False
        )
        with Sandbox.embedded(config) as info:
            credentials = {
                name: getattr(info, name)
                for name in ("client_id", "client_secret", "username", "password")
            }
            entities = (*_ENTITIES, *SANDBOX_CUSTOM_ENTITIES)
            yield FuzzTarget(info.url, credentials, entities, info.control, info.control_token)


@contextmanager
def _already_running(target: "FuzzTarget") -> "Generator[FuzzTarget]":
    yield target


def _choose_service(
    context: click.Context, invocation: CommandContext, *, live: bool, writes: bool, strict: bool
) -> "FuzzTarget | None":
    """Return the service that the options and the environment choose, None for a sandbox."""
    parent = context.parent.get_parameter_source("profile") if context.parent else None
    is_named = parent is not None and parent.name in {"COMMANDLINE", "ENVIRONMENT"}
    environment = invocation.environment
    if not (live or is_named or environment.get("CMDM_URL")):
        if writes:
            message = "--writes goes with a live service: a sandbox is written to anyway."
            raise CommandFailure(message, ExitCode.USAGE)
        return None
    from cmdm_tui.api.auth import build_sign_in_headers
    from cmdm_tui.api.urls import is_loopback, parse_base_url
    from cmdm_tui.cli.embedded_sandbox import SANDBOX_CUSTOM_ENTITIES
    from cmdm_tui.harness.fuzz.target import FuzzTarget

    with _report_run_failures():
        profile = invocation.load_profile_asking()
        address = parse_base_url(profile.url)
    is_here = is_loopback(address.host) and not live
    if writes and profile.read_only:
        message = f"The profile {profile.name} is read-only. Fuzz it without --writes."
        raise CommandFailure(message, ExitCode.USAGE)
    known = profile.credentials
    with _report_run_failures():
        build_sign_in_headers(known)
    entities = tuple(dict.fromkeys((*_ENTITIES, *profile.entities)))
    target = FuzzTarget(
        url=str(address.copy_with(path="/")).rstrip("/"),
        credentials={
            "client_id": known.client_id.reveal(),
            "client_secret": known.client_secret.reveal(),
            "username": known.username,
            "password": known.password.reveal(),
        },
        entities=entities,
        may_write=(is_here or writes) and not profile.read_only,
        is_alone=is_here,
        is_strict=is_here or strict,
        floor=profile.floor,
        base=address.path.rstrip("/"),
        perhaps=tuple(one for one in SANDBOX_CUSTOM_ENTITIES if is_here and one not in entities),
    )
    control = environment.get("CMDM_CONTROL")
    if not control or live:
        return target
    token = environment.get("CMDM_CONTROL_TOKEN", "")
    return replace(
        target, control=control, control_token=token, may_write=True, is_alone=True, is_strict=True
    )


def _default_requests(seconds: float | None, *, is_live: bool) -> int | None:
    if is_live:
        return _LIVE_REQUESTS
    return _REQUESTS if seconds is None else None


def _parse_only(names: tuple[str, ...]) -> frozenset[str]:
    from cmdm_tui.harness.exchange import CALLS
    from cmdm_tui.harness.oracle import CHECKS

    known = {"stateless", "stateful", *CALLS, *(check.name for check in CHECKS)}
    for name in names:
        if name not in known:
            shown = one_line(name, 60)
            message = (
                f"--only {shown}: there is no phase, call or check of that name; "
                "cmdm fuzz --list-checks prints the checks."
            )
            raise CommandFailure(message, ExitCode.USAGE)
    return frozenset(names)


def _read_baseline(baseline: "Path | None") -> frozenset[str]:
    if baseline is None:
        return frozenset()
    shown = one_line(str(baseline), 200)
    try:
        with baseline.open("rb") as file:
            text = file.read(_LARGEST_BASELINE).decode("utf-8")
    except OSError as error:
        raise CommandFailure(f"{shown} cannot be read: {error.strerror}.", ExitCode.USAGE) from None
    except UnicodeDecodeError:
        message = (
            f"{shown} is not UTF-8; give the {_KNOWN_FAILURES_FILE} that an earlier run wrote."
        )
        raise CommandFailure(message, ExitCode.USAGE) from None
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    for number, line in enumerate(lines, 1):
        if line and len(line.split()) != 2:
            message = f"{shown}, line {number}: give a check and a call, such as own-entity get."
            raise CommandFailure(message, ExitCode.USAGE)
    return frozenset(" ".join(line.split()) for line in lines if line)


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
    """Write down which failures are known by now, for the next run's baseline."""
    if not failures:
        return
    from cmdm_tui.config.private_files import replace_file

    lines = [f"# Failures of cmdm fuzz --seed {settings.seed}: a check and a call a line."]
    lines += sorted({*failures, *settings.known})
    replace_file(folder / _KNOWN_FAILURES_FILE, ("\n".join(lines) + "\n").encode())


def _print_checks() -> None:
    from cmdm_tui.harness.oracle import CHECKS

    widest = max(len(check.name) for check in CHECKS)
    for check in CHECKS:
        click.echo(f"{check.name:<{widest}}  {check.certainty:<10}  {check.sentence}")


@contextmanager
def _report_run_failures() -> Generator[None]:
    from cmdm_tui.api import ApiError
    from cmdm_tui.config import ConfigurationError
    from cmdm_tui.harness.control_client import ControlFailed
    from cmdm_tui.harness.fuzz.execute.fuzzed_service import FuzzRefused
    from cmdm_tui.harness.fuzz.workers import WorkerFailed
    from cmdm_tui.redaction.leak_scanner import SecretLeak
    from cmdm_tui.sandbox import SandboxError

    try:
        yield
    except (
        ApiError,
        ConfigurationError,
        ControlFailed,
        FuzzRefused,
        SandboxError,
        SecretLeak,
        WorkerFailed,
    ) as error:
        raise CommandFailure(one_line(str(error), 500), ExitCode.USAGE) from None
