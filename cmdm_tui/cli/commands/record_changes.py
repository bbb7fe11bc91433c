"""One command for each documented call that changes a record: the service's own JSON on stdout."""

import sys
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.arguments import read_properties
from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.completion.values import (
    complete_assignments,
    complete_entities,
    complete_file,
    complete_parents,
)
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.output import write_json
from cmdm_tui.cli.prompts import require_confirmation
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cmdm_tui.api import Client, Converted, Created, Done, OutcomeUnknown, Parent, Record
    from cmdm_tui.api.models import PendingWrite
    from cmdm_tui.catalog import Account
    from cmdm_tui.changes.change_set import Change, ChangeSet
    from cmdm_tui.operations.single_change import SentChange

_properties_argument = click.argument(
    "words", metavar="[NAME=VALUE]...", nargs=-1, shell_complete=complete_assignments
)
_json_option = click.option(
    "--json",
    "source",
    metavar="FILE",
    shell_complete=complete_file,
    help="Read the JSON object from FILE, or from stdin for -.",
)
_yes_option = click.option("-y", "--yes", is_flag=True, help="Send it without a question.")
_recheck_option = click.option(
    "--recheck", is_flag=True,
    help="Read the record first, with one call more: it is shown as it was, and can be put back.",
)  # fmt: skip


@click.command(
    epilog=examples(
        "cmdm create lead LastName=Jones Score=80",
        "cmdm create task Subject='Call back' --parent lead/NEKS70PX",
        'echo \'{"LastName": "Jones"}\' | cmdm create lead --json -',
    ),
)
@click.argument("entity", shell_complete=complete_entities)
@_properties_argument
@_json_option
@click.option(
    "--parent",
    metavar="ENTITY/ID",
    shell_complete=complete_parents,
    help="The record a task or opportunity belongs to.",
)
@click.pass_obj
def create(
    context: CommandContext,
    entity: str,
    words: tuple[str, ...],
    source: str | None,
    parent: str | None,
) -> None:
    """Create a record of ENTITY. NAME=VALUE gives text, NAME:=JSON any JSON value."""
    from cmdm_tui.changes.change_set import Change, ChangeKind

    properties = read_properties(words, source)
    owner = None if parent is None else _parse_parent(parent)
    change = Change(ChangeKind.CREATE, entity, properties=properties, parent=owner)

    async def created(account: "Account") -> bytes:
        from cmdm_tui.operations.write import check_writable

        check_writable(account)
        client = account.client

        async def call(write: "PendingWrite") -> "SentChange":
            return await _send_or_reconcile(client, client.send_create(write))

        return await _send_change(context, account, _make_set(account, change), call)

    write_json(context.run(created, once=True))


@click.command(
    epilog=examples(
        "cmdm update lead NEKS70PX Status=Contacted Notes:=null",
        "cmdm update lead NEKS70PX City=York --recheck --yes",
    ),
)
@click.argument("entity", shell_complete=complete_entities)
@click.argument("external_id", metavar="ID")
@_properties_argument
@_json_option
@_recheck_option
@_yes_option
@click.pass_obj
def update(
    context: CommandContext,
    entity: str,
    external_id: str,
    words: tuple[str, ...],
    source: str | None,
    *,
    recheck: bool,
    yes: bool,
) -> None:
    """Update fields of the record of ENTITY with the external id ID.

    NAME=VALUE gives text, NAME:=JSON any JSON value: NAME:=null empties a field. With --recheck
    only what differs is sent, and cmdm journal undo can put the old values back.
    """
    from cmdm_tui.changes.change_set import Change, ChangeKind

    change = Change(ChangeKind.UPDATE, entity, external_id, read_properties(words, source))

    async def updated(account: "Account") -> bytes:
        made = await _show_change(account, change, is_read=recheck)
        if not made.changes:
            return b""
        await _confirm(account, change, is_confirmed=yes)

        async def call(write: "PendingWrite") -> "SentChange":
            answer = await account.client.update(entity, external_id, write.properties)
            return _conceal(account, answer)

        return await _send_change(context, account, made, call)

    write_json(context.run(updated))


@click.command(
    epilog=examples(
        "cmdm delete lead NEKS70PX --recheck --yes",
    ),
)
@click.argument("entity", shell_complete=complete_entities)
@click.argument("external_id", metavar="ID")
@_recheck_option
@_yes_option
@click.pass_obj
def delete(
    context: CommandContext, entity: str, external_id: str, *, recheck: bool, yes: bool
) -> None:
    """Delete the record of ENTITY with the external id ID.

    With --recheck, cmdm journal undo can make it again, under a new id.
    """
    from cmdm_tui.changes.change_set import Change, ChangeKind

    change = Change(ChangeKind.DELETE, entity, external_id)

    async def deleted(account: "Account") -> bytes:
        made = await _show_change(account, change, is_read=recheck)
        await _confirm(account, change, is_confirmed=yes)

        async def call(_: "PendingWrite") -> "SentChange":
            return _conceal(account, await account.client.delete(entity, external_id))

        return await _send_change(context, account, made, call)

    write_json(context.run(deleted))


@click.command(
    epilog=examples(
        "cmdm convert NEKS70PX Name='Jones & Co' --yes",
    ),
)
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
    from cmdm_tui.changes.change_set import Change, ChangeKind

    change = Change(ChangeKind.CONVERT, "lead", external_id, read_properties(words, source))

    async def converted(account: "Account") -> bytes:
        await _confirm(account, change, is_confirmed=yes)
        client = account.client

        async def call(write: "PendingWrite") -> "SentChange":
            return await _send_or_reconcile(
                client, client.convert_lead(external_id, write.properties)
            )

        return await _send_change(context, account, _make_set(account, change), call)

    write_json(context.run(converted, once=True))


@click.command(
    epilog=examples(
        "cmdm close TSK00001 --yes",
    ),
)
@click.argument("external_id", metavar="TASK-ID")
@_yes_option
@click.pass_obj
def close(context: CommandContext, external_id: str, *, yes: bool) -> None:
    """Close a task."""
    from cmdm_tui.changes.change_set import Change, ChangeKind

    change = Change(ChangeKind.CLOSE, "task", external_id)

    async def closed(account: "Account") -> bytes:
        await _confirm(account, change, is_confirmed=yes)

        async def call(_: "PendingWrite") -> "SentChange":
            return _conceal(account, await account.client.close_task(external_id))

        return await _send_change(context, account, _make_set(account, change), call)

    write_json(context.run(closed))


def _make_set(account: "Account", change: "Change", record: "Record | None" = None) -> "ChangeSet":
    from cmdm_tui.changes.from_form import make_form_set

    username = account.profile.credentials.username
    return make_form_set(change, address=account.service_name, username=username, record=record)


async def _show_change(account: "Account", change: "Change", *, is_read: bool) -> "ChangeSet":
    """Return the change set of one change; where the record is read first, show what it holds."""
    from cmdm_tui.api.value_match import is_empty
    from cmdm_tui.changes.record_check import show_value
    from cmdm_tui.operations.write import check_writable

    if not is_read:
        return _make_set(account, change)
    check_writable(account)
    record = await account.client.record(change.entity, change.external_id or "")
    made = _make_set(account, change, record)
    if not made.changes:
        name = one_line(f"{change.entity} {change.external_id}", 100)
        note(f"{name} holds these values already. Nothing was sent.")
    for one in made.changes:
        before = one.before or {}
        for name, value in before.items():
            old = f"{one_line(name, 60)}: {show_value(value)}"
            new = f" becomes {show_value(one.properties[name])}" if one.properties else ""
            if one.properties or not is_empty(value):
                note(account.client.redact(f"{old}{new}"))
    return made


async def _confirm(account: "Account", change: "Change", *, is_confirmed: bool) -> None:
    from cmdm_tui.changes.from_form import describe_change

    await require_confirmation(
        account,
        describe_change(change),
        is_destructive=change.kind.is_destructive,
        is_confirmed=is_confirmed,
    )


async def _send_change(
    context: CommandContext,
    account: "Account",
    made: "ChangeSet",
    call: "Callable[[PendingWrite], Awaitable[SentChange]]",
) -> bytes:
    """Make the call with the journal around it; say at a terminal what the journal has."""
    from cmdm_tui.operations.single_change import SingleChange

    change = SingleChange(account, context.paths.journal, made)
    try:
        return (await change.send(call)).body
    finally:
        if change.trouble:
            note(f"The journal does not have this change: {change.trouble}")
        elif change.run_id is not None and sys.stderr.isatty():
            end = f"cmdm journal show {change.run_id} says what became of it."
            if change.can_be_undone:
                end = f"cmdm journal undo {change.run_id} takes it back."
            note(f"The journal has it as run {change.run_id}; {end}")


def _conceal(account: "Account", answer: "Done") -> "SentChange":
    from cmdm_tui.operations.single_change import SentChange

    return SentChange(account.client.redact_body(answer.response.utf8_body))


async def _send_or_reconcile(
    client: "Client", made: "Awaitable[Created | Converted]"
) -> "SentChange":
    """Return the answer to a create or a conversion; where that was lost, the id that was found.

    An id that the answer's JSON does not hold gets the documented key. Raises CommandFailure, as an
    unknown outcome, where nothing was found for certain, and OutcomeUnknown where it could not be
    looked for.
    """
    from cmdm_tui.api import ApiError, OutcomeUnknown, WriteVerdict
    from cmdm_tui.operations.single_change import SentChange

    try:
        answer = await made
        return SentChange(client.redact_body(_format_made(answer)), _id_of(answer))
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
        return SentChange(_format_id(found.external_id, is_account=is_lead), found.external_id)


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
    external_id = _id_of(made)
    body = made.response.utf8_body
    if is_json_with(external_id, body):
        return body
    return _format_id(external_id, is_account=is_account)


def _id_of(made: "Created | Converted") -> str:
    from cmdm_tui.api import Converted

    return made.account_external_id if isinstance(made, Converted) else made.external_id


def _format_id(external_id: str, *, is_account: bool) -> bytes:
    import msgspec

    key = "Account ExternalID" if is_account else "ExternalID"
    return msgspec.json.encode({key: external_id})


def _parse_parent(text: str) -> "Parent":
    from cmdm_tui.api import Parent

    entity, slash, external_id = text.partition("/")
    if not slash or not entity or not external_id:
        message = f"{one_line(text, 60)} is not ENTITY/ID. Write it as --parent lead/ABC1D2E3."
        raise CommandFailure(message, ExitCode.USAGE)
    return Parent(entity, external_id)
