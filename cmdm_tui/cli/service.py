"""Which service a command means: one rule for `record`, `cases`, `verify` and `fuzz`.

What is named is what is meant. A service is named by `-p NAME` or CMDM_PROFILE, else by CMDM_URL
and its companions; `--live` alone names the default profile. Where nothing is named, it is a fresh
sandbox that the command runs for itself.

What is not a sandbox needs `--live`. A service is taken for a sandbox where one of these proves it:

- CMDM_CONTROL is set, and is a control plane at the service's own address (scheme, host and port):
  only a sandbox has one. It puts records, clock and limits back.
- Its address is a loopback address: it runs on this machine. Nothing puts it back, so what cases
  make there is marked, and deleted afterwards. A tunnel to a live service has such an address
  too: use it with `--live`.

A sandbox is written to. A live service is only read, unless `--writes` is given, and with `--live`
even a sandbox is treated as one. A profile that is read-only is never written to. A control plane
of another address than the service's is refused: the wrong server would be put back.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import click

from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode, exit_code_of
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.config import PeopleRules, Profile
    from cmdm_tui.harness.service import Service

ClickCommand = TypeVar("ClickCommand", bound=Callable[..., object])

CONTROL = "CMDM_CONTROL"
CONTROL_TOKEN = "CMDM_CONTROL_TOKEN"  # noqa: S105 — a variable's name
_EXTRA = "harness"


@dataclass(frozen=True, slots=True)
class ControlAddress:
    """Where the control plane of a sandbox is, and the token that it takes."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class ChosenService:
    """The service that a command means; nothing has been sent to it yet.

    `profile` is None for a fresh sandbox that the command runs. `is_live` says that it is not taken
    for a sandbox, `may_write` that records may be created, changed and deleted. `control` is its
    control plane, where it has one.
    """

    profile: "Profile | None"
    is_live: bool = False
    may_write: bool = True
    control: ControlAddress | None = None

    @property
    def name(self) -> str:
        """What reports call it: its address, or `sandbox` for a fresh one."""
        if self.profile is None:
            return "sandbox"
        if not self.is_live:
            return self.profile.url
        from cmdm_tui.api.urls import parse_base_url

        return str(parse_base_url(self.profile.url))

    @property
    def is_known_sandbox(self) -> bool:
        """Whether it is certainly a sandbox, whose people are invented: no tunnel to a live one."""
        if self.is_live:
            return False
        if self.profile is None or self.control is not None:
            return True
        from cmdm_tui.harness.cassettes.people import is_sandbox_profile

        return is_sandbox_profile(self.profile)

    @property
    def can_be_restored(self) -> bool:
        """Whether its records, clock and limits can be put back."""
        return self.profile is None or self.control is not None


def service_options(command: ClickCommand) -> ClickCommand:
    """Give a command the options that choose its service."""
    live = click.option(
        "--live",
        is_flag=True,
        help="Use the profile's service, though it is not a sandbox: only read it.",
    )
    writes = click.option(
        "--writes",
        is_flag=True,
        help="With --live: also create, change and delete. What is made is marked, and deleted.",
    )
    return live(writes(command))


def choose_service(context: CommandContext, *, live: bool, writes: bool) -> ChosenService:
    """Return the service that the options and the environment mean, by the rule above.

    Raises CommandFailure where `--live` is missing or contradicts the rest, ConfigurationError
    where the profile cannot be used.
    """
    if writes and not live:
        message = "--writes goes with --live: a sandbox is written to in any case."
        raise CommandFailure(message, ExitCode.USAGE)
    control = None if live else _find_control(context.environment)
    if not (live or context.names_service):
        if control is not None:
            message = (
                f"{CONTROL} is set, but CMDM_URL is not. Set what cmdm sandbox serve has printed."
            )
            raise CommandFailure(message, ExitCode.USAGE)
        return ChosenService(None)
    if not live:
        _require_sandbox(context.load_url(), control)
    profile = context.load_profile_asking()
    if writes and profile.read_only:
        message = f"The profile {profile.name} is read-only. Run it without --writes."
        raise CommandFailure(message, ExitCode.USAGE)
    if profile.read_only:
        # Its control plane would change it too.
        return ChosenService(profile, is_live=live, may_write=False)
    return ChosenService(profile, is_live=live, may_write=writes or not live, control=control)


@dataclass(frozen=True, slots=True)
class ChosenAddress:
    """The address of the service that a command passes calls on to, without its own sign-in.

    `secrets` are those of the profile that names it, where they are kept: each with its name in a
    sign-in. `people` is what that profile says of people.
    """

    url: str
    is_live: bool
    may_write: bool
    secrets: tuple[tuple[str, str], ...] = ()
    people: "PeopleRules | None" = None

    @property
    def is_known_sandbox(self) -> bool:
        """Whether it is certainly a sandbox, by the sign-in that goes with its address."""
        from cmdm_tui.harness.cassettes.people import is_known_sandbox

        given = dict(self.secrets)
        client_id, username = given.get("client_id", ""), given.get("username", "")
        return not self.is_live and is_known_sandbox(self.url, client_id, username)


def choose_address(
    context: CommandContext, target: str | None, *, live: bool, writes: bool
) -> ChosenAddress | None:
    """Return the service's address by the rule above, None for a fresh sandbox.

    `target` is a profile's name or an address; it is what is meant where it is given. Raises
    CommandFailure where `--live` is missing, ConfigurationError where a profile cannot be used.
    """
    if writes and not live:
        message = "--writes goes with --live: a sandbox is written to in any case."
        raise CommandFailure(message, ExitCode.USAGE)
    if target is not None and "://" in target:
        if not live:
            _require_sandbox(target, _find_control(context.environment))
        people = find_people_rules(context, target)
        return ChosenAddress(target, live, writes or not live, people=people)
    named = context if target is None else replace(context, profile_name=target)
    if not (live or named.names_service):
        return None
    url = named.load_url()
    if not live:
        _require_sandbox(url, None)
    is_read_only, secrets = _read_profile(named)
    may_write = not is_read_only and (writes or not live)
    return ChosenAddress(url, live, may_write, secrets, find_people_rules(context, target))


def find_people_rules(context: CommandContext, target: str | None) -> "PeopleRules | None":
    """Return what the profile that `target`, or else -p, names says of people; None for no name.

    Raises ConfigurationError for a profile that cannot be used.
    """
    from cmdm_tui.config import ProfileStore

    name = context.profile_name if target is None or "://" in target else target
    if name is None:
        return None
    store = ProfileStore(context.paths)
    return store.find_people_rules(store.load_settings(store.choose(name)))


def _read_profile(context: CommandContext) -> tuple[bool, tuple[tuple[str, str], ...]]:
    """Return whether the profile is read-only, and the secrets of it that are kept."""
    from cmdm_tui.config import MissingSecrets, ProfileStore

    try:
        profile = context.load_profile()
    except MissingSecrets as error:
        # None of them is needed: whoever uses the proxy signs in.
        return ProfileStore(context.paths).load_settings(error.profile).read_only, ()
    return profile.read_only, tuple(profile.credentials.reveal_all().items())


@contextmanager
def open_service(chosen: ChosenService) -> "Generator[Service]":
    """Open the service that was chosen, running it first where it is a fresh sandbox."""
    with prepare_service(chosen) as service, service:
        yield service


@contextmanager
def prepare_service(
    chosen: ChosenService, *, keeps_limits: bool = False, snapshot: str | None = None
) -> "Generator[Service]":
    """Yield the service that was chosen, to be opened; run it where it is a fresh sandbox.

    A sandbox is given the limits that cases expect, unless it `keeps_limits` as they are. Its
    records are saved as `snapshot`, by default as those of cases.
    """
    import secrets

    from cmdm_tui.harness.control_client import ControlClient
    from cmdm_tui.harness.service import DEFAULT_LIMITS, SNAPSHOT, Service

    with ExitStack() as running:
        profile, control = chosen.profile, chosen.control
        if profile is None:
            from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox, run_fresh_sandbox
            from cmdm_tui.harness.cases.player import RECORDED_LEADS

            info = running.enter_context(run_fresh_sandbox(RECORDED_LEADS))
            profile = profile_of_sandbox(info)
            control = ControlAddress(info.control or "", info.control_token or "")
        if control is None:
            mark = f"cmdm {datetime.now(UTC):%Y%m%d} {secrets.token_hex(3)}"
            service = Service(profile.url, profile.credentials, mark=mark, floor=profile.floor)
        else:
            client = ControlClient(control.url, control.token)
            running.callback(client.close)
            service = Service(
                profile.url,
                profile.credentials,
                client,
                limits=None if keeps_limits else DEFAULT_LIMITS,
                snapshot=snapshot or SNAPSHOT,
            )
            service.leak_scanner.add_secret(control.token)
        service.may_write = chosen.may_write
        _report_unsearched(service)
        yield service


def _report_unsearched(service: "Service") -> None:
    """Write to stderr which values of the sign-in are not searched for in what is written."""
    from cmdm_tui.redaction.leak_scanner import SHORTEST_SECRET

    searched = service.searched_values
    for name, value in service.sign_in_values.items():
        if name in searched:
            continue
        why = "too short" if len(value) < SHORTEST_SECRET else "a common word"
        words = name.replace("_", " ")
        note(f"The {words} is {why}, and is not searched for in what is written.")


@contextmanager
def report_run_failures() -> Generator[None]:
    """End a command that could not run with exit code 2, and with a sentence that says why.

    Where the limit of calls ended it, the code is 5, as everywhere.

    A secret that would have been written ends every command with 1 instead, as an answer does that
    is not as it should be: the service gave back what it was sent, which is a finding about it.
    """
    from cmdm_tui.api import ApiError
    from cmdm_tui.config import ConfigurationError
    from cmdm_tui.harness.errors import HarnessError
    from cmdm_tui.harness.service import LimitReached
    from cmdm_tui.redaction.leak_scanner import SecretLeak
    from cmdm_tui.sandbox import SandboxError

    try:
        yield
    except ModuleNotFoundError as error:
        message = f"This needs {error.name}: pipx install 'cmdm-tui[{_EXTRA}]' brings it."
        raise CommandFailure(message, ExitCode.USAGE) from None
    except (ApiError, ConfigurationError, HarnessError, SandboxError) as error:
        is_limit = isinstance(error, LimitReached) or exit_code_of(error) == ExitCode.RATE_LIMIT
        code = ExitCode.RATE_LIMIT if is_limit else ExitCode.USAGE
        raise CommandFailure(one_line(str(error), 500), code) from None
    except SecretLeak as error:
        raise CommandFailure(str(error), ExitCode.FAILED) from None


def _find_control(environment: Mapping[str, str]) -> ControlAddress | None:
    url = environment.get(CONTROL)
    return ControlAddress(url, environment.get(CONTROL_TOKEN, "")) if url else None


def _require_sandbox(url: str, control: ControlAddress | None) -> None:
    """Raise CommandFailure unless the service is proved to be a sandbox."""
    from cmdm_tui.api.urls import is_loopback, parse_base_url

    address = parse_base_url(url)
    shown = one_line(url, 100)
    is_controlled = control is not None and _origin(control.url) == _origin(str(address))
    if not (is_controlled or is_loopback(address.host)):
        message = (
            f"{shown} is not known to be a sandbox. Say --live to use it all the same: "
            "it is only read then, unless --writes is given too."
        )
        raise CommandFailure(message, ExitCode.USAGE)
    if control is not None and not is_controlled:
        message = (
            f"{CONTROL} is the control plane of another address than {shown}. "
            "Unset it, or set it to the one of this service."
        )
        raise CommandFailure(message, ExitCode.USAGE)


def _origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port; all names of this machine's loopback count as one host."""
    from cmdm_tui.api.urls import is_loopback

    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", url, None
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, "localhost" if is_loopback(host) else host, port or default
