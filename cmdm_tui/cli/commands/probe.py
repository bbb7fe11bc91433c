"""`cmdm probe`: learns what the documentation leaves open of one server, and keeps it."""

import sys
from typing import TYPE_CHECKING, cast

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.completion.values import complete_entities
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.messages import write_line
from cmdm_tui.text import one_line, visible

if TYPE_CHECKING:
    from cmdm_tui.catalog import Account, Trait, Traits
    from cmdm_tui.catalog.probe import ProbeStopped

_WIDEST_FINDING = 24


@click.command(
    epilog=examples(
        "cmdm probe --entity lead --max-calls 40",
        "cmdm probe --show --json",
    ),
)
@click.option(
    "--entity",
    metavar="NAME",
    shell_complete=complete_entities,
    help="Look at this entity only, not at the largest.",
)
@click.option("--max-calls", type=click.IntRange(1), metavar="N", help="Make N calls at most.")
@click.option("--writes", is_flag=True, help="Also create, change and delete a scratch lead.")
@click.option("--show", is_flag=True, help="Print what was learnt before; make no call.")
@click.option("--json", "as_json", is_flag=True, help="Print the traits as JSON.")
@click.pass_obj
def probe(
    context: CommandContext,
    entity: str | None,
    max_calls: int | None,
    *,
    writes: bool,
    show: bool,
    as_json: bool,
) -> None:
    """Learn what the documentation leaves open of the profile's server: its traits.

    It reads only, within a number of calls that it says first, and stops before the calls that the
    profile keeps back. What is learnt is kept, each trait with its evidence and date; the last run
    replaces what it looked at, and an interrupted one keeps what it has.

    A trait is what was seen, not the vendor's word. One that nothing showed is unknown.
    """

    async def work(account: "Account") -> "tuple[Traits, ProbeStopped | None]":
        if show:
            return account.catalog.traits, None
        return await _run_probe(account, entity, max_calls, writes=writes)

    traits, stopped = context.run(work)
    _write_traits(traits, as_json=as_json)
    if stopped is not None:
        message = f"Stopped early: {stopped} What was learnt is kept."
        if stopped.by_service:
            raise CommandFailure(message, ExitCode.RATE_LIMIT)
        note(message)


async def _run_probe(
    account: "Account", entity: str | None, max_calls: int | None, *, writes: bool
) -> "tuple[Traits, ProbeStopped | None]":
    from cmdm_tui.catalog.probe import (
        WRITE_CALLS,
        ScratchNotDeleted,
        choose_entities,
        count_probe_calls,
        run_probe,
        run_write_probe,
    )

    client, catalog = account.client, account.catalog
    entities = choose_entities(catalog.entities, entity)
    bound = count_probe_calls(entities)
    _announce_calls(client.host, bound, WRITE_CALLS if writes else 0, max_calls)
    course = await run_probe(
        client, entities, traits=catalog.traits, keep=catalog.store_traits, most=max_calls
    )  # fmt: skip
    calls, stopped = course.calls, course.stopped
    if not course.entity and stopped is None:
        names = one_line(", ".join(entities), 100)
        raise CommandFailure(f"Nothing was learnt: no list came of {names}.", ExitCode.NOT_FOUND)
    if writes and stopped is None:
        left = None if max_calls is None else max_calls - calls
        try:
            course = await run_write_probe(
                client, traits=catalog.traits, keep=catalog.store_traits, most=left
            )
        except ScratchNotDeleted as error:
            raise CommandFailure(str(error)) from None
        calls, stopped = calls + course.calls, course.stopped
    click.echo(f"{calls} calls made.", err=True)
    return course.traits, stopped


def _announce_calls(host: str, reading: int, writing: int, most: int | None) -> None:
    said = f"Probing {one_line(host, 100)} with at most {reading} calls that read"
    if writing:
        said += f", and at most {writing} that make, change and delete a scratch lead"
    if most is not None and most < reading + writing:
        said += f"; {most} are allowed in all"
    write_line(f"{said}.")


def _write_traits(traits: "Traits", *, as_json: bool) -> None:
    import msgspec

    from cmdm_tui.cli.json_documents import make_document
    from cmdm_tui.cli.output import write_json

    if as_json:
        document = make_document("cmdm-traits", msgspec.to_builtins(traits))
        write_json(msgspec.json.format(msgspec.json.encode(document), indent=2))
    elif sys.stdout.isatty():
        _draw_traits(traits)
    else:
        for name, finding, evidence in _trait_rows(traits):
            click.echo(f"{name}\t{finding}\t{evidence}")


def _trait_rows(traits: "Traits") -> list[tuple[str, str, str]]:
    return [
        (
            name.replace("_", " "),
            _describe_finding(traits.trait(name)),
            visible(traits.trait(name).evidence),
        )
        for name in traits.names()
    ]


def _draw_traits(traits: "Traits") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    drawn.add_column("Trait", no_wrap=True)
    drawn.add_column("Finding", max_width=_WIDEST_FINDING, overflow="fold")
    drawn.add_column("Evidence", overflow="fold")
    for name, finding, evidence in _trait_rows(traits):
        style = "dim" if finding == "unknown" else ""
        drawn.add_row(Text(name), Text(finding, style), Text(evidence, "dim"))
    learnt = traits.learnt
    console = Console(highlight=False)
    console.print(drawn)
    if learnt is not None:
        moment = f"{learnt:%Y-%m-%d %H:%M} UTC"
        console.print(Text(f"Seen of {one_line(traits.server, 200)}, the newest on {moment}."))


def _describe_finding(trait: "Trait[object]") -> str:
    from cmdm_tui.catalog.traits import DefaultPage

    value = trait.value
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, DefaultPage):
        return f"{value.records:,} records" + (", all there are" if value.is_complete else "")
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        return ", ".join(visible(str(item)) for item in items) or "none"
    return f"{value:,}" if isinstance(value, int) else visible(str(value))
