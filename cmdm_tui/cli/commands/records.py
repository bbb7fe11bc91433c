"""One command for each documented call: the service's own JSON on stdout."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.arguments import read_properties
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.output import write_json
from cmdm_tui.cli.prompts import require_confirmation
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from cmdm_tui.api import (
        Client,
        Converted,
        Created,
        FieldPage,
        OutcomeUnknown,
        Page,
        Parent,
        SortOrder,
    )
    from cmdm_tui.catalog import Account

_per_page_option = click.option(
    "--per-page", type=int, metavar="N", help="Records a page; with --page alone, the profile's."
)
_page_option = click.option(
    "--page", type=int, metavar="N", help="Which page, from 1; with --per-page alone, the first."
)
_properties_argument = click.argument("words", metavar="[NAME=VALUE]...", nargs=-1)
_json_option = click.option(
    "--json", "source", metavar="FILE", help="Read the JSON object from FILE, or from stdin for -."
)
_yes_option = click.option("-y", "--yes", is_flag=True, help="Send it without a question.")


@click.command("list", short_help="Retrieve many records.")
@click.argument("entity")
@click.option("--fields", metavar="A,B,…", help="Only these fields.")
@_per_page_option
@_page_option
@click.option("--sort-by", metavar="FIELD", help="Sort by this field.")
@click.option("--sort-order", type=click.Choice(["asc", "desc"]), help="Ascending or descending.")
@click.pass_obj
def list_records(
    context: CommandContext,
    entity: str,
    fields: str | None,
    per_page: int | None,
    page: int | None,
    sort_by: str | None,
    sort_order: "SortOrder | None",
) -> ExitCode:
    """Retrieve many records of ENTITY: one page, or with neither --per-page nor --page all.

    Where fewer come than were asked for, though the service counts more, a line says so and the
    exit code is 8. cmdm query 'SELECT * FROM …' reads page after page.
    """
    names = [name.strip() for name in fields.split(",")] if fields else None

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
    hint = f"cmdm query 'SELECT * FROM {entity}' reads page after page"  # noqa: S608 — words
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


@click.command(short_help="Retrieve one record.")
@click.argument("entity")
@click.argument("external_id", metavar="ID")
@click.pass_obj
def get(context: CommandContext, entity: str, external_id: str) -> None:
    """Retrieve the record of ENTITY with the external id ID."""
    record = context.run(lambda account: account.client.record(entity, external_id))
    if record.response is not None:
        write_json(record.response.utf8_body)


@click.command(short_help="Retrieve an entity's fields.")
@click.argument("entity")
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


@click.command(short_help="Create a record.")
@click.argument("entity")
@_properties_argument
@_json_option
@click.option("--parent", metavar="ENTITY/ID", help="The record a task or opportunity belongs to.")
@click.pass_obj
def create(
    context: CommandContext,
    entity: str,
    words: tuple[str, ...],
    source: str | None,
    parent: str | None,
) -> None:
    """Create a record of ENTITY. NAME=VALUE gives text, NAME:=JSON any JSON value."""
    properties = read_properties(words, source)
    owner = None if parent is None else _parse_parent(parent)

    def created(account: "Account") -> "Awaitable[bytes]":
        client = account.client
        return _send_or_reconcile(client, client.create(entity, properties, parent=owner))

    write_json(context.run(created, once=True))


@click.command(short_help="Update a record.")
@click.argument("entity")
@click.argument("external_id", metavar="ID")
@_properties_argument
@_json_option
@_yes_option
@click.pass_obj
def update(
    context: CommandContext,
    entity: str,
    external_id: str,
    words: tuple[str, ...],
    source: str | None,
    *,
    yes: bool,
) -> None:
    """Update fields of the record of ENTITY with the external id ID.

    NAME=VALUE gives text, NAME:=JSON any JSON value: NAME:=null empties a field.
    """
    properties = read_properties(words, source)

    async def updated(account: "Account") -> bytes:
        names = ", ".join(one_line(name, 40) for name in properties)
        what = f"Update {names} of {one_line(f'{entity} {external_id}', 100)}"
        await require_confirmation(account, what, is_destructive=False, is_confirmed=yes)
        answer = await account.client.update(entity, external_id, properties)
        return account.client.redact_body(answer.response.utf8_body)

    write_json(context.run(updated))


@click.command(short_help="Delete a record.")
@click.argument("entity")
@click.argument("external_id", metavar="ID")
@_yes_option
@click.pass_obj
def delete(context: CommandContext, entity: str, external_id: str, *, yes: bool) -> None:
    """Delete the record of ENTITY with the external id ID."""

    async def deleted(account: "Account") -> bytes:
        what = f"Delete {one_line(f'{entity} {external_id}', 100)}"
        await require_confirmation(account, what, is_destructive=True, is_confirmed=yes)
        answer = await account.client.delete(entity, external_id)
        return account.client.redact_body(answer.response.utf8_body)

    write_json(context.run(deleted))


@click.command(short_help="Convert a lead into an account.")
@click.argument("external_id", metavar="LEAD-ID")
@_properties_argument
@_json_option
@_yes_option
@click.pass_obj
def convert(
    context: CommandContext,
    external_id: str,
    words: tuple[str, ...],
    source: str | None,
    *,
    yes: bool,
) -> None:
    """Convert a lead into an account; NAME=VALUE and --json go along in the request."""
    properties = read_properties(words, source)

    async def converted(account: "Account") -> bytes:
        what = f"Convert lead {one_line(external_id, 60)}"
        await require_confirmation(account, what, is_destructive=True, is_confirmed=yes)
        client = account.client
        return await _send_or_reconcile(client, client.convert_lead(external_id, properties))

    write_json(context.run(converted, once=True))


@click.command(short_help="Close a task.")
@click.argument("external_id", metavar="TASK-ID")
@_yes_option
@click.pass_obj
def close(context: CommandContext, external_id: str, *, yes: bool) -> None:
    """Close a task."""

    async def closed(account: "Account") -> bytes:
        what = f"Close task {one_line(external_id, 60)}"
        await require_confirmation(account, what, is_destructive=False, is_confirmed=yes)
        answer = await account.client.close_task(external_id)
        return account.client.redact_body(answer.response.utf8_body)

    write_json(context.run(closed))


async def _send_or_reconcile(client: "Client", made: "Awaitable[Created | Converted]") -> bytes:
    """Return the answer to a create or a conversion; where that was lost, the id that was found.

    An id that the answer's JSON does not hold gets the documented key. Raises CommandFailure, as an
    unknown outcome, where nothing was found for certain, and OutcomeUnknown where it could not be
    looked for.
    """
    from cmdm_tui.api import ApiError, OutcomeUnknown, WriteVerdict

    try:
        return client.redact_body(_format_made(await made))
    except OutcomeUnknown as doubt:
        note(f"{doubt.message.rstrip('.')}. Looking for it{_describe_wait(doubt)}.")
        try:
            found = await client.reconcile(doubt)
        except ApiError as error:
            note(f"It could not be looked for: {error}")
            raise doubt from None
        write = doubt.pending_write
        is_lead = write is not None and write.lead_id is not None
        if found.verdict is not WriteVerdict.FOUND or found.external_id is None:
            verdict = found.verdict.value.capitalize()
            message = f"{verdict}: {found.why} {doubt.hint}."
            is_marked = write is not None and write.mark is not None
            is_open = found.verdict is WriteVerdict.CANNOT_TELL and not found.may_come_later
            if is_open and not is_lead and not is_marked:
                message += " With a mark_field in the profile, cmdm could tell."
            raise CommandFailure(message, ExitCode.OUTCOME_UNKNOWN) from None
        note(f"It was done: {found.why}")
        return _format_id(found.external_id, is_account=is_lead)


def _describe_wait(doubt: "OutcomeUnknown") -> str:
    """Return how long it is looked for, where that may take long."""
    from cmdm_tui.api.reconcile import SETTLING_TIME

    if not doubt.may_settle:
        return ""
    return f", for up to {SETTLING_TIME:.0f} s, as the service may still be working on it"


def _format_made(made: "Created | Converted") -> bytes:
    """Return the service's JSON, and the id alone where that has none or broke off."""
    from cmdm_tui.api import Converted
    from cmdm_tui.api.decode_ids import is_json_with

    is_account = isinstance(made, Converted)
    external_id = made.account_external_id if is_account else made.external_id
    body = made.response.utf8_body
    if is_json_with(external_id, body):
        return body
    return _format_id(external_id, is_account=is_account)


def _format_id(external_id: str, *, is_account: bool) -> bytes:
    import msgspec

    key = "Account ExternalID" if is_account else "ExternalID"
    return msgspec.json.encode({key: external_id})


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


def _parse_parent(text: str) -> "Parent":
    from cmdm_tui.api import Parent

    entity, slash, external_id = text.partition("/")
    if not slash or not entity or not external_id:
        message = f"{one_line(text, 60)} is not ENTITY/ID. Write it as --parent lead/ABC1D2E3."
        raise CommandFailure(message, ExitCode.USAGE)
    return Parent(entity, external_id)
