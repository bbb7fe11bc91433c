"""One command for each documented call that reads: the service's own JSON on stdout."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.record_lines import ListRequest, open_lines
from cmdm_tui.cli.completion.values import complete_entities, complete_field_list, complete_fields
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import ExitCode
from cmdm_tui.cli.output import write_json
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.api import FieldPage, Page, SortOrder
    from cmdm_tui.catalog import Account

_per_page_option = click.option(
    "--per-page", type=int, metavar="N", help="Records a page; with --page alone, the profile's."
)
_page_option = click.option(
    "--page", type=int, metavar="N", help="Which page, from 1; with --per-page alone, the first."
)


@click.command(
    "list",
    epilog=examples(
        "cmdm list lead --fields LastName,City --sort-by LastName",
        "cmdm list task --per-page 50 --page 2",
        "cmdm list lead --jsonl > leads.jsonl",
    ),
)
@click.argument("entity", shell_complete=complete_entities)
@click.option(
    "--fields", metavar="A,B,…", help="Only these fields.", shell_complete=complete_field_list
)
@_per_page_option
@_page_option
@click.option(
    "--sort-by", metavar="FIELD", help="Sort by this field.", shell_complete=complete_fields
)
@click.option("--sort-order", type=click.Choice(["asc", "desc"]), help="Ascending or descending.")
@click.option(
    "--jsonl", "in_lines", is_flag=True, help="Write a line for each record, page after page."
)
@click.pass_obj
def list_records(
    context: CommandContext,
    entity: str,
    fields: str | None,
    per_page: int | None,
    page: int | None,
    sort_by: str | None,
    sort_order: "SortOrder | None",
    *,
    in_lines: bool,
) -> int:
    """Retrieve many records of ENTITY: one page, or with neither --per-page nor --page all.

    All come in one call and one JSON document, the service's own. With --jsonl they are read page
    after page, and each is a line of JSON as soon as its page has come, in any number.

    Where fewer come than were asked for, or than the service counts, a line on stderr says how many
    of how many, and the exit code is 8.
    """
    names = [name.strip() for name in fields.split(",")] if fields else None
    if in_lines:
        return _list_in_lines(
            context, ListRequest(entity, names, per_page, page, sort_by, sort_order)
        )

    async def listed(account: "Account") -> "Page":
        page_listed = await account.client.page(
            entity,
            fields=names,
            **_page_parameters(account, per_page, page),
            sort_by=sort_by,
            sort_order=sort_order,
        )
        account.catalog.store_total(entity, page_listed.total_records)
        account.catalog.save()
        return page_listed

    answer = context.run(listed)
    write_json(answer.response.utf8_body)
    hint = f"cmdm list {one_line(entity, 60)} --jsonl reads page after page"
    if answer.lost_count:
        hint = "The lines above say what cannot be read; it is in the JSON as it came"
    missing = _report_missing(
        _ListAnswer(
            "records", len(answer.records), answer.total_records, answer.per_page, answer.page
        ),
        hint,
    )
    if not missing and answer.lost_count:
        came = f"{len(answer.records):,} of {answer.row_count:,} records"
        note(f"The result is partial: {came} could be read. {hint}.")
        return ExitCode.PARTIAL
    return missing


def _list_in_lines(context: CommandContext, request: ListRequest) -> int:
    lines = open_lines(request)

    async def listed(account: "Account") -> int:
        asked = _page_parameters(account, request.per_page, request.page)
        return await lines.run(account, **asked)

    return context.run(listed, observe=lines.observe)


@click.command(
    epilog=examples(
        "cmdm get lead NEKS70PX",
    ),
)
@click.argument("entity", shell_complete=complete_entities)
@click.argument("external_id", metavar="ID")
@click.pass_obj
def get(context: CommandContext, entity: str, external_id: str) -> None:
    """Retrieve the record of ENTITY with the external id ID."""
    record = context.run(lambda account: account.client.record(entity, external_id))
    if record.response is not None:
        write_json(record.response.utf8_body)


@click.command(
    epilog=examples(
        "cmdm fields lead",
    ),
)
@click.argument("entity", shell_complete=complete_entities)
@_per_page_option
@_page_option
@click.pass_obj
def fields(
    context: CommandContext, entity: str, per_page: int | None, page: int | None
) -> ExitCode:
    """Retrieve what the service says of the fields of ENTITY; it says nothing of task."""

    async def listed(account: "Account") -> "tuple[FieldPage, dict[str, int | None]]":
        parameters = _page_parameters(account, per_page, page)
        return await account.client.fields(entity, **parameters), parameters

    answer, asked = context.run(listed)
    write_json(answer.response.utf8_body)
    return _report_missing(
        _ListAnswer(
            "fields", len(answer.fields), answer.total_records, asked["per_page"], asked["page"]
        ),
        "--per-page and --page give the others",
    )


@dataclass(frozen=True, slots=True)
class _ListAnswer:
    """What came of a list, and what was asked for: a page, or all where both are None."""

    noun: str
    came: int
    total: int | None
    per_page: int | None
    page: int | None


def _report_missing(answer: _ListAnswer, hint: str) -> ExitCode:
    """Say how many records of a list are missing; return the exit code of a list that is partial.

    `hint` says how to get them.
    """
    from cmdm_tui.api.paging import count_missing

    missing = count_missing(answer.came, answer.total, per_page=answer.per_page, number=answer.page)
    if not missing:
        return ExitCode.DONE
    total = f"{answer.total:,} {answer.noun}"
    if answer.per_page is None:
        note(f"The result is partial: {answer.came:,} of the {total} counted have come. {hint}.")
    else:
        note(
            f"The result is partial: page {answer.page or 1:,} holds {answer.came:,}, "
            f"{answer.came + missing:,} were asked for, and the service counts {total}. {hint}."
        )
    return ExitCode.PARTIAL


def _page_parameters(
    account: "Account", per_page: int | None, page: int | None
) -> dict[str, int | None]:
    """Return `per_page` and `page`, each of which the service takes with the other only."""
    if page is not None and per_page is None:
        per_page = account.client.page_sizes.limit(account.profile.per_page)
    if per_page is not None and page is None:
        page = 1
    return {"per_page": per_page, "page": page}
