"""Looks for what a call has made whose answer was lost, and says what became of it."""

from collections.abc import Awaitable

import msgspec

from cmdm_tui.api import ApiError, Client, Converted, Created, OutcomeUnknown, WriteVerdict
from cmdm_tui.cli.context import note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode


async def send_or_reconcile(client: Client, made: Awaitable[Created | Converted]) -> bytes:
    """Return the answer to a create or a conversion; where that was lost, the id that was found.

    That stands under the documented key. Raises Failure, as an unknown outcome, where nothing was
    found for certain, and OutcomeUnknown where it could not be looked for.
    """
    try:
        return (await made).response.body
    except OutcomeUnknown as doubt:
        note(f"{doubt.message.rstrip('.')}. Looking for it.")
        try:
            found = await client.reconcile(doubt)
        except ApiError as error:
            note(f"It could not be looked for: {error}")
            raise doubt from None
        if found.verdict is not WriteVerdict.FOUND:
            verdict = found.verdict.value.capitalize()
            message = f"{verdict}: {found.why} {doubt.hint}."
            raise CommandFailure(message, ExitCode.OUTCOME_UNKNOWN) from None
        note(f"It was done: {found.why}")
        is_lead = doubt.pending_write is not None and doubt.pending_write.lead_id is not None
        key = "Account ExternalID" if is_lead else "ExternalID"
        return msgspec.json.encode({key: found.external_id})
