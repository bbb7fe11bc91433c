"""What cases are run against: a fresh sandbox, a controlled one, or the profile's service."""

import secrets
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.signals import interrupt_on_sigterm

if TYPE_CHECKING:
    from cmdm_tui.harness.cassettes.library import LibraryEntry
    from cmdm_tui.harness.service import Service

Command = TypeVar("Command", bound=Callable[..., object])

CONTROL = "CMDM_CONTROL"
CONTROL_TOKEN = "CMDM_CONTROL_TOKEN"  # noqa: S105 — a variable's name
HARNESS_EXTRA = "harness"


@dataclass(frozen=True, slots=True)
class ChosenService:
    """A target and what it is called; `is_live` where nothing can put it back."""

    service: "Service"
    name: str
    is_live: bool


def service_options(command: Command) -> Command:
    """Give a command the options that choose its target."""
    live = click.option(
        "--live", is_flag=True, help="Use the profile's service, not a sandbox: reading only."
    )
    writes = click.option(
        "--writes",
        is_flag=True,
        help="With --live: also run what creates, changes and deletes; what it makes is marked, "
        "and deleted.",
    )
    return live(writes(command))


def folder_option(command: Command) -> Command:
    """Give a command the option that names a folder of cases."""
    return click.option(
        "--from",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="FOLDER",
        help="Take cases and cassettes from here, not those that come with cmdm.",
    )(command)


@contextmanager
def report_run_failures() -> Generator[None]:
    """Let every failure to run at all end with exit code 2 and a sentence."""
    try:
        from cmdm_tui.api import ApiError
        from cmdm_tui.config import ConfigurationError
        from cmdm_tui.harness.cases import CaseError
        from cmdm_tui.harness.cassettes import CassetteUnreadable
        from cmdm_tui.harness.control_client import ControlFailed
        from cmdm_tui.harness.http.connection import NoAnswer
        from cmdm_tui.harness.service import ServiceFailed
        from cmdm_tui.redaction.leak_scanner import SecretLeak
        from cmdm_tui.sandbox import SandboxError
    except ModuleNotFoundError as error:
        raise _missing_extra(error) from None
    try:
        yield
    except ModuleNotFoundError as error:
        raise _missing_extra(error) from None
    except (
        ApiError,
        CaseError,
        ConfigurationError,
        ControlFailed,
        CassetteUnreadable,
        SandboxError,
    ) as error:
        raise CommandFailure(str(error), ExitCode.USAGE) from None
    except (NoAnswer, ServiceFailed) as error:
        raise CommandFailure(str(error), ExitCode.USAGE) from None
    except SecretLeak as error:
        raise CommandFailure(str(error), ExitCode.FAILED) from None
    except FileNotFoundError as error:
        message = f"There is no {error.filename}. Record it with cmdm record."
        raise CommandFailure(message, ExitCode.USAGE) from None


def select_cases(
    folder: Path | None, names: tuple[str, ...], *, live: bool | None = None
) -> "list[LibraryEntry]":
    """Return the cases named in the folder, all where none is.

    What was recorded of a live service is for it alone: with `live` those cases are meant, if there
    are any; where `live` is False they are left out.
    """
    from cmdm_tui.harness.cassettes.library import (
        KINDS,
        LIVE,
        built_in_folder,
        list_entries,
        select_entries,
    )

    root = folder or built_in_folder()
    has_live = any((root / LIVE).glob("*.toml"))
    kinds = [kind for kind in KINDS if live is None or (kind == LIVE) == (live and has_live)]
    return select_entries(list_entries(root, kinds), names)


@contextmanager
def open_service(
    invocation: CommandContext, *, live: bool, writes: bool
) -> Generator[ChosenService]:
    """Open the target that the options and the environment choose.

    With --live, the profile's service. Where CMDM_URL and CMDM_CONTROL are set, that sandbox. Else
    a fresh sandbox of this process.
    """
    from cmdm_tui.harness.control_client import ControlClient
    from cmdm_tui.harness.service import Service

    context = click.get_current_context()
    parent = context.parent.get_parameter_source("profile") if context.parent else None
    named = parent is not None and parent.name == "COMMANDLINE"
    if named and not live:
        message = "A profile is named, but a sandbox would be used. Say --live to use the profile."
        raise CommandFailure(message, ExitCode.USAGE)
    if writes and not live:
        message = "--writes goes with --live: a sandbox is written to anyway, and put back."
        raise CommandFailure(message, ExitCode.USAGE)
    with ExitStack() as running:
        running.enter_context(interrupt_on_sigterm())
        environment = invocation.environment
        if live:
            profile = invocation.load_profile_asking()
            if writes and profile.read_only:
                message = f"The profile {profile.name} is read-only. Run it without --writes."
                raise CommandFailure(message, ExitCode.USAGE)
            mark = f"cmdm {datetime.now(UTC):%Y%m%d} {secrets.token_hex(3)}"
            target = Service(profile.url, profile.credentials, mark=mark, floor=profile.floor)
            yield ChosenService(running.enter_context(target), target.api_url, is_live=True)
            return
        if environment.get(CONTROL):
            profile = _controlled_profile(environment)
            control = ControlClient(environment[CONTROL], environment.get(CONTROL_TOKEN, ""))
            name = profile.url
        else:
            from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox

            info = running.enter_context(_run_sandbox())
            profile, name = profile_of_sandbox(info), "sandbox"
            control = ControlClient(info.control or "", info.control_token or "")
        running.callback(control.close)
        target = Service(profile.url, profile.credentials, control)
        target.leak_scanner.add_secret(environment.get(CONTROL_TOKEN, ""))
        yield ChosenService(running.enter_context(target), name, is_live=False)


def select_runnable(
    found: "list[LibraryEntry]", opened: ChosenService, *, writes: bool
) -> "tuple[list[LibraryEntry], Mapping[str, int]]":
    """Return the cases that the target can be given, and why how many others cannot."""
    kept: list[LibraryEntry] = []
    left: dict[str, int] = {}
    for entry in found:
        reason = _reason_to_leave_out(entry, opened, writes=writes)
        if reason:
            left[reason] = left.get(reason, 0) + 1
        else:
            kept.append(entry)
    return kept, left


def count_cases(count: int) -> str:
    """Return how many cases, in words."""
    return f"{count} {'case' if count == 1 else 'cases'}"


def report_left_out(left: Mapping[str, int]) -> None:
    """Tell on stderr which cases are left out, and why."""
    for reason, count in left.items():
        note(f"{count_cases(count)} left out: {reason}.")


def require_nothing_left(target: "Service") -> None:
    """Raise Failure where a run could not delete what it made."""
    if target.undeleted:
        for one in target.undeleted:
            note(f"left on the service: {one}")
        message = (
            f"{len(target.undeleted)} records stay on the service; their names hold {target.mark}."
        )
        raise CommandFailure(message)


def _reason_to_leave_out(entry: "LibraryEntry", opened: ChosenService, *, writes: bool) -> str:
    case = entry.case
    from cmdm_tui.harness.cases.player import can_play

    if not can_play(case, opened.service):
        return "they need a control plane"
    if not opened.is_live:
        return ""
    if case.is_mutating and not writes:
        return "they change something; --writes runs them too"
    if case.changes_others:
        return "they would change records that they did not make"
    if case.may_lock_an_account and not writes:
        return "a wrong sign-in may lock an account; --writes runs them too"
    return ""


def _controlled_profile(environment: Mapping[str, str]) -> Any:
    from cmdm_tui.config import load_environment_profile

    profile = load_environment_profile(environment)
    if profile is None:
        message = f"{CONTROL} is set, but CMDM_URL is not. Set what cmdm sandbox serve printed."
        raise CommandFailure(message, ExitCode.USAGE)
    return profile


@contextmanager
def _run_sandbox() -> Generator[Any]:
    from cmdm_tui.harness.cases.player import RECORDED_LEADS
    from cmdm_tui.sandbox import Sandbox, SandboxConfig

    with tempfile.TemporaryDirectory(prefix="cmdm-cases-") as data:
        config = SandboxConfig(
            Path(data), port=0, records=RECORDED_LEADS, control=True, lasting=False
        )
        with Sandbox.embedded(config) as info:
            yield info


def _missing_extra(error: ModuleNotFoundError) -> CommandFailure:
    message = f"This needs {error.name}: pipx install 'cmdm-tui[{HARNESS_EXTRA}]' brings it."
    return CommandFailure(message, ExitCode.USAGE)
