"""`cmdm record --proxy` and `--har`: what other programs sent, as cassettes and cases."""

import signal
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cmdm_tui.cli.commands.harness.replay_serving import list_lines
from cmdm_tui.cli.commands.harness.selection import report_case_failures
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.people import choose_people, choose_people_settings
from cmdm_tui.cli.service import ChosenAddress, choose_address, find_people_rules
from cmdm_tui.harness.proxy.modes import MODES, Mode
from cmdm_tui.text import count_noun, one_line

if TYPE_CHECKING:
    from cmdm_tui.harness.proxy.server import ProxySettings, RunningProxy
    from cmdm_tui.harness.recording.recorder import RecordingSummary
    from cmdm_tui.harness.verify.comparison import Difference

ClickCommand = TypeVar("ClickCommand", bound=Callable[..., object])

DEFAULT_PORT = 8766
_FRESH_LEADS = 100
_SECONDS_BETWEEN_NOTES = 5.0
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


@dataclass(frozen=True, slots=True)
class ProxyOptions:
    """The options of a recording; None where one is not given."""

    target: str | None = None
    port: int | None = None
    name: str | None = None
    mode: Mode | None = None

    @property
    def chosen_name(self) -> str:
        """The name of the recording. Raises CommandFailure for one that no case can have."""
        from cmdm_tui.harness.recording.recording_names import RECORDING_NAME

        name = self.name or "session"
        if not RECORDING_NAME.fullmatch(name):
            message = (
                f"{one_line(name, 60)} cannot name a recording: use lower-case letters, digits and "
                "hyphens."
            )
            raise CommandFailure(message, ExitCode.USAGE)
        return name


def recording_options(command: ClickCommand) -> ClickCommand:
    """Give a command the options of a recording."""
    options = (
        click.option(
            "--target",
            metavar="PROFILE",
            help="The profile or address to pass calls on to; with --har, take its calls alone.",
        ),
        click.option(
            "--port",
            type=click.IntRange(0, 65535),
            metavar="N",
            help=f"The port of the proxy ({DEFAULT_PORT}); 0 for any free one.",
        ),
        click.option("--name", metavar="NAME", help="The name of what is recorded (session)."),
        click.option(
            "--mode", type=click.Choice(MODES), help="What answers, and what is recorded (once)."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def refuse_mixed(
    names: tuple[str, ...],
    folder: Path | None,
    excluded: tuple[str, ...],
    har: Path | None,
    options: dict[str, Any],
    *,
    proxy: bool,
    live: bool,
    writes: bool,
) -> None:
    """Raise UsageError for options that do not go together."""
    is_session = proxy or har is not None
    if proxy and har is not None:
        raise click.UsageError("--proxy and --har are two ways to record: give one.")
    if is_session and (names or folder is not None or excluded):
        which = "--proxy" if proxy else "--har"
        raise click.UsageError(
            f"{which} takes no case, no --from and no --exclude: it records what is sent."
        )
    given = [name for name, value in options.items() if value is not None]
    wrong = given if not is_session else [name for name in given if name in {"port", "mode"}]
    if wrong and not proxy:
        also = "" if wrong[0] in {"port", "mode"} else " or --har"
        raise click.UsageError(f"--{wrong[0]} goes with --proxy{also}.")
    if har is not None and (live or writes):
        raise click.UsageError("--har sends nothing, and takes neither --live nor --writes.")


def record_through_proxy(
    context: CommandContext,
    into: Path,
    options: ProxyOptions,
    *,
    live: bool,
    writes: bool,
    keep_people: bool = False,
    people_hook: Path | None = None,
) -> None:
    """Run the proxy until a signal ends it, and report what was recorded."""
    with report_case_failures():
        from cmdm_tui.harness.proxy.server import ProxySettings

        chosen = choose_address(context, options.target, live=live, writes=writes)
        with _open_target(chosen) as (address, sign_in):
            settings = ProxySettings(
                address.url,
                into,
                options.chosen_name,
                mode=options.mode or "once",
                port=DEFAULT_PORT if options.port is None else options.port,
                is_live=address.is_live,
                may_write=address.may_write,
                secrets=address.secrets,
                people=choose_people_settings(
                    context,
                    address.people,
                    is_known_sandbox=address.is_known_sandbox,
                    keep_people=keep_people,
                    people_hook=people_hook,
                ),
            )
            running = _run_until_signal(settings, sign_in)
    _report(running, settings)


@contextmanager
def _open_target(
    chosen: ChosenAddress | None,
) -> Generator[tuple[ChosenAddress, tuple[str, ...]]]:
    """Yield the service's address, and lines that sign in to it where it is a fresh sandbox."""
    if chosen is not None:
        yield chosen, ()
        return
    from cmdm_tui.cli.embedded_sandbox import run_fresh_sandbox

    with run_fresh_sandbox(_FRESH_LEADS) as info:
        values = {
            "client_id": info.client_id,
            "client_secret": info.client_secret,
            "username": info.username,
            "password": info.password,
        }
        lines = tuple(f"export CMDM_{key.upper()}={value}" for key, value in values.items())
        secrets = tuple(values.items())
        yield ChosenAddress(info.url, is_live=False, may_write=True, secrets=secrets), lines


def _run_until_signal(settings: "ProxySettings", sign_in: tuple[str, ...]) -> "RunningProxy":
    from cmdm_tui.harness.proxy.server import run_proxy
    from cmdm_tui.harness.recording.unfinished import find_unfinished

    earlier = settings.list_cassettes()
    for words in find_unfinished(earlier).values():
        note(words)
    with (
        _end_signals() as ended,
        ExitStack() as finishing,
        run_proxy(settings, report=_report_difference) as running,
    ):
        _print_instructions(running, settings, sign_in)
        ended.wait()
        note("Finishing the recording.")
        finishing.enter_context(_show_progress(settings))
    return running


@contextmanager
def _show_progress(settings: "ProxySettings") -> Generator[None]:
    """Say now and then, while the block runs, how many calls are in the files so far."""
    from cmdm_tui.harness.recording.unfinished import mark_path, read_mark

    mark = mark_path(settings.folder / settings.kind, settings.name)
    ended = threading.Event()

    def show() -> None:
        while not ended.wait(_SECONDS_BETWEEN_NOTES):
            found = read_mark(mark)
            if found is not None:
                note(f"{found.saved:,} of {count_noun(found.received, 'call')} written.")

    thread = threading.Thread(target=show, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def _end_signals() -> Generator[threading.Event]:
    """Yield an event that the first signal to end sets; a second one interrupts the block.

    However long it takes to write what is left, this signal does not cut it short. One that was
    ignored before, as by nohup, stays so.
    """
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        if ended.is_set():
            note("Interrupted again: the files are finished in the background.")
            raise KeyboardInterrupt
        ended.set()

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number in numbers if before[number] is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, end)
    try:
        yield ended
    finally:
        for number in taken:
            signal.signal(number, before[number])


def _print_instructions(
    running: "RunningProxy", settings: "ProxySettings", sign_in: tuple[str, ...]
) -> None:
    """Print how to use the proxy: the address, and the lines for a shell."""
    target = one_line(settings.target, 200)
    place = settings.folder / settings.kind / f"{settings.name}.yaml"
    what = {
        "once": "recorded into",
        "new": "answered from, or recorded into,",
        "spy": "answered from, or recorded into,",
        "rewrite": "recorded again into",
        "diff": "compared with",
    }[settings.mode]
    shown = one_line(str(place), 300)
    is_offline = running.answers is not None and settings.mode == "once"
    begin = f"The proxy passes calls on to {target} until Ctrl-C."
    end = f"Calls are {what} {shown}."
    if is_offline:
        begin = f"The proxy answers calls from {shown} until Ctrl-C."
        end = "Nothing is sent to the service; --mode rewrite records it again."
    lines = [
        f"{begin} Use its address in your program",
        "instead of the service's:\n",
        f"  {running.url}\n",
        "For programs that read the address from the environment, as cmdm does:\n",
        f"export CMDM_URL={_find_client_url(running)}",
        *sign_in,
        "",
        end,
    ]
    if not settings.may_write:
        lines.append("Calls that could change something are refused; --writes lets them through.")
    click.echo("\n".join(lines))


def _find_client_url(running: "RunningProxy") -> str:
    """Return the address for a client: without the path of the API, unless that is another one."""
    is_usual = running.api_url == f"{running.url}/api/v1"
    return running.url if is_usual else running.api_url


def _report_difference(call: str, difference: "Difference") -> None:
    severity, place, words = difference
    click.echo(f"{severity:7}  {one_line(call, 120)}: {one_line(place, 80)} {one_line(words, 240)}")


def _report(running: "RunningProxy", settings: "ProxySettings") -> None:
    """Report what the proxy did, and raise CommandFailure where that was not all it should."""
    counts = running.counts
    said = (
        (counts.replayed, "answered from the recording"),
        (counts.refused, "refused by the proxy"),
        (counts.unanswered, "without an answer of the service"),
        (counts.broken, "broken off, and not recorded"),
    )
    for count, words in said:
        if count:
            note(f"{count_noun(count, 'call')} {words}.")
    if running.left and settings.mode in {"once", "diff"}:
        note(f"{count_noun(running.left, 'recorded call')} not made:")
        list_lines("not made", running.list_left())
    if running.summary is not None:
        report_summary(running.summary)
    problems = [f"{count_noun(counts.differing, 'answer')} not as recorded"] * bool(
        counts.differing
    )
    if settings.mode in {"once", "diff"}:
        list_lines("refused", running.refused)
        if counts.not_recorded:
            problems.append(f"{count_noun(counts.not_recorded, 'call')} not recorded")
        if running.left and settings.mode == "diff":
            problems.append(f"{count_noun(running.left, 'recorded call')} not made")
    if problems:
        raise CommandFailure(f"Not as recorded: {' and '.join(problems)}; see above.")


def report_summary(summary: "RecordingSummary") -> None:
    """Report what a recording holds; raise CommandFailure where calls are missing in it."""
    for path in summary.cassettes:
        click.echo(f"recorded {path}")
    count = count_noun(summary.recorded, "call")
    note(f"{count} recorded in {count_noun(len(summary.cassettes), 'cassette')}.")
    for line in summary.describe_removed():
        note(line)
    if summary.people:
        note(summary.people)
    for line in summary.left_out:
        note(line)
    if summary.left_out_count:
        raise CommandFailure(f"{count_noun(summary.left_out_count, 'call')} not recorded.")


def record_har(
    context: CommandContext,
    path: Path,
    into: Path,
    options: ProxyOptions,
    *,
    keep_people: bool,
    people_hook: Path | None,
) -> None:
    """Record the calls of a HAR file, and report what was recorded.

    Unless the sign-in in it shows that they are a sandbox's, they are taken for those of a live
    service: people are replaced, and the recording goes to its folder.
    """
    with report_case_failures():
        from cmdm_tui.harness.cassettes.library import LIVE
        from cmdm_tui.harness.recording.har_recording import (
            are_of_known_sandbox,
            read_har_calls,
            record_har_file,
        )
        from cmdm_tui.harness.recording.recording_names import SESSION_KIND

        origin = None
        if options.target is not None:
            address = options.target
            if "://" not in address:
                address = replace(context, profile_name=address).load_url()
            origin = _find_origin(address)
        calls, skipped = read_har_calls(path, origin)
        is_sandbox = are_of_known_sandbox(calls)
        people = choose_people(
            context,
            find_people_rules(context, options.target),
            is_known_sandbox=is_sandbox,
            keep_people=keep_people,
            people_hook=people_hook,
        )
        kind = SESSION_KIND if is_sandbox else LIVE
        summary = record_har_file(calls, into, options.chosen_name, kind, people)
    if skipped:
        note(f"Left out of the file: {skipped:,}, which are no answered calls of the API.")
    report_summary(summary)


def _find_origin(address: str) -> str:
    """Return scheme, host and port of an address. Raises ApiError for what is none."""
    import httpx

    from cmdm_tui.api.errors import InsecureAddress
    from cmdm_tui.api.urls import parse_base_url

    try:
        url = parse_base_url(address)
    except InsecureAddress:
        # Nothing is sent there.
        url = httpx.URL(address.strip())
    return f"{url.scheme}://{url.netloc.decode('ascii')}"
