"""`cmdm doctor`: checks everything that can be in the way, and says what to do."""

import sys
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.exit_codes import ExitCode
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.cli.commands.doctor.check import DoctorCheck
    from cmdm_tui.config import Profile

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "skipped": "bright_black"}


@click.command(
    epilog=examples(
        "cmdm doctor",
    ),
)
@click.option("--offline", is_flag=True, help="Leave the network out.")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@click.pass_obj
def doctor(context: CommandContext, *, offline: bool, as_json: bool) -> int:
    """Check configuration, terminal, versions, network, sign-in and quota.

    Each check is ok, a warning, a problem or skipped, with what to do about it. The exit code is 1
    where there is a problem. It takes one call besides the sign-in, and works without a profile.
    """
    checks = _run_checks(context, is_offline=offline)
    if as_json:
        _write_json(checks)
    else:
        _write_lines(checks)
    return ExitCode.FAILED if any(check.state == "problem" for check in checks) else ExitCode.DONE


def _run_checks(context: CommandContext, *, is_offline: bool) -> "list[DoctorCheck]":
    from cmdm_tui.cli.commands.doctor.configuration import check_files, check_profile
    from cmdm_tui.cli.commands.doctor.terminal import check_terminal, measure_terminal
    from cmdm_tui.cli.commands.doctor.versions import check_versions

    checks = check_files(context.paths)
    found, profile, has_secrets = check_profile(context)
    checks.append(found)
    checks += check_terminal(context.environment, size=measure_terminal())
    checks += check_versions()
    return checks + _check_network(profile, has_secrets=has_secrets, is_offline=is_offline)


def _check_network(
    profile: "Profile | None", *, has_secrets: bool, is_offline: bool
) -> "list[DoctorCheck]":
    from cmdm_tui.cli.commands.doctor import network, service_check
    from cmdm_tui.cli.commands.doctor.check import skipped
    from cmdm_tui.cli.event_loop import run_async

    if profile is None or is_offline:
        why = "--offline was given" if is_offline else "There is no profile to reach"
        return [skipped(name, why) for name in (*network.NAMES, *service_check.NAMES)]

    async def checked(url: str) -> "list[DoctorCheck]":
        way = await network.check_route(url)
        why = None if has_secrets else "The profile's secrets are not kept"
        if any(check.state == "problem" for check in way):
            why = "The service cannot be reached"
        if why is not None:
            return way + [skipped(name, why) for name in service_check.NAMES]
        return way + await service_check.check_service(profile)

    return run_async(checked(profile.url))


def _write_json(checks: "list[DoctorCheck]") -> None:
    import msgspec

    from cmdm_tui.cli.json_documents import make_document
    from cmdm_tui.cli.output import write_json

    document = make_document("cmdm-doctor", {"checks": checks})
    write_json(msgspec.json.format(msgspec.json.encode(document), indent=2))


def _write_lines(checks: "list[DoctorCheck]") -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        word = f"{check.state:<8}"
        if sys.stdout.isatty():
            word = click.style(word, fg=_COLOURS[check.state])
        click.echo(f"{word} {one_line(check.name):<{width}} {one_line(check.found)}")
        if check.advice:
            click.echo(f"{'':<8} {'':<{width}} {one_line(check.advice)}")
    problems = sum(check.state == "problem" for check in checks)
    warnings = sum(check.state == "warning" for check in checks)
    click.echo(f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}.", err=True)


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
