"""Finds what writing shows: creates, changes and deletes a scratch lead, whatever happens."""

import asyncio
import secrets

from cmdm_tui.api import CallInfo, OutcomeUnknown
from cmdm_tui.api.decode import read_created, read_field_page, read_page, read_record
from cmdm_tui.api.encode import encode_body
from cmdm_tui.api.errors import ApiError, MalformedResponse
from cmdm_tui.api.urls import encode_segment
from cmdm_tui.catalog.probe.client import (
    NOT_FOUND,
    OK,
    Findings,
    ProbeAnswer,
    ProbeClient,
    ProbeStopped,
)
from cmdm_tui.catalog.probe.refusals import NO_SUCH_NAME
from cmdm_tui.catalog.probe.scratch_record import ScratchRecord, build_scratch_record

WRITE_CALLS = 10
"""Two look at leads, one creates, two change, three look again, two delete."""

ENTITY = "lead"
_SAMPLE_SIZE = 20
_WRITE_TRAITS = ("values_kept", "update_merges", "unknown_field_written", "deleting_twice")


class ScratchNotDeleted(ProbeStopped):
    """The scratch lead could not be deleted."""


class WriteProbe:
    """One scratch lead's life. `found` is what it has shown so far."""

    def __init__(self, client: ProbeClient) -> None:
        self._client = client
        self._marker = f"cmdm probe {secrets.token_hex(4)}"
        self._external_id: str | None = None
        self.findings: Findings = {}

    async def run(self) -> None:
        """Make the lead, learn from it and delete it: at most 10 calls, and one more to clean up.

        Raises ProbeStopped where fewer calls are left, ScratchNotDeleted where the lead could
        not be deleted, OutcomeUnknown where it may or may not exist.
        """
        if self._client.count_calls_left() < WRITE_CALLS:
            message = f"A scratch {ENTITY} takes {WRITE_CALLS} calls, more than are left."
            raise ProbeStopped(message)
        scratch = await self._prepare()
        if scratch is None:
            return self._mark_unknown(
                f"No {ENTITY} can be made: its required fields are not known."
            )
        try:
            refused = await self._create(scratch)
            if refused is not None:
                return self._mark_unknown(f"The scratch {ENTITY} was refused: {refused}.")
            await self._compare_values(scratch)
            await self._change_one_field(scratch)
            await self._write_unknown_field()
            await self._delete()
        finally:
            if self._external_id is not None:
                await self._clean_up()
        return None

    def _mark_unknown(self, why: str) -> None:
        self.findings |= {name: self._client.make_unknown(why) for name in _WRITE_TRAITS}

    async def _prepare(self) -> ScratchRecord | None:
        described = await self._client.get(f"{ENTITY}/fields", per_page=200, page=1)
        listed = await self._client.get(ENTITY, per_page=_SAMPLE_SIZE, page=1)
        try:
            fields = (
                read_field_page(described.response, _call_of(described), ENTITY).fields
                if described.status == OK
                else ()
            )
            page = read_page(
                listed.response, _call_of(listed), ENTITY, per_page=_SAMPLE_SIZE, page=1
            )
        except MalformedResponse:
            return None
        return build_scratch_record(fields, page.records, self._marker)

    async def _create(self, scratch: ScratchRecord) -> ProbeAnswer | None:
        """Create the lead; return the answer that refused it.

        An interrupt waits for the answer: nothing else tells which record to delete.
        """
        body = encode_body(scratch.properties)
        sending = asyncio.ensure_future(self._client.send("POST", ENTITY, content=body))
        try:
            try:
                answer = await asyncio.shield(sending)
            except asyncio.CancelledError:
                self._store_id(await sending)
                raise
            return None if self._store_id(answer) else answer
        except (OutcomeUnknown, MalformedResponse) as error:
            raise self._describe_unknown_outcome(error, scratch) from None

    def _store_id(self, answer: ProbeAnswer) -> bool:
        if answer.status // 100 != 2:
            return False
        self._external_id = read_created(answer.response, _call_of(answer)).external_id
        return True

    def _describe_unknown_outcome(self, error: ApiError, scratch: ScratchRecord) -> OutcomeUnknown:
        cause = error.cause if isinstance(error, OutcomeUnknown) else error
        call = error.call or CallInfo(0, "POST", ENTITY)
        failure = OutcomeUnknown(
            f"The scratch {ENTITY} was sent and its answer lost: it may exist", call=call,
            cause=cause,
        )  # fmt: skip
        failure.hint = (
            f"Look among the newest leads for one whose {scratch.name_field} is {self._marker}, "
            f"and delete it with cmdm delete {ENTITY} ID"
        )
        return failure

    async def _compare_values(self, scratch: ScratchRecord) -> None:
        answer, came = await self._read_back()
        if came is None:
            self.findings["values_kept"] = self._client.make_unknown(f"{answer}.")
            return
        other = {
            name: came.get(name, "absent")
            for name, value in scratch.properties.items()
            if came.get(name) != value
        }
        shown = ", ".join(f"{name} as {value!r}" for name, value in other.items())
        said = f"{len(scratch.properties)} values were sent, all as text; " + (
            f"other ones came back: {shown}" if other else "they came back the same"
        )
        self.findings["values_kept"] = self._client.make_trait(not other, f"{said}: {answer}.")

    async def _change_one_field(self, scratch: ScratchRecord) -> None:
        client, changed = self._client, f"{self._marker} changed"
        answer = await self._update({scratch.changed_field: changed})
        _, came = await self._read_back()
        if answer.status != OK or came is None or came.get(scratch.changed_field) != changed:
            trait = client.make_unknown(
                f"The change of {scratch.changed_field} alone did not show: {answer}."
            )
        else:
            kept = came.get(scratch.name_field) == self._marker
            word = "stayed" if kept else "was lost"
            evidence = (
                f"{scratch.changed_field} changed alone, and {scratch.name_field} {word}: {answer}."
            )
            trait = client.make_trait(kept, evidence)
        self.findings["update_merges"] = trait

    async def _write_unknown_field(self) -> None:
        answer = await self._update({NO_SUCH_NAME: self._marker})
        if answer.is_refused:
            trait = self._client.make_trait("refused", f"{NO_SUCH_NAME}: {answer}.")
        elif answer.status // 100 != 2:
            trait = self._client.make_unknown(f"{NO_SUCH_NAME}: {answer}.")
        else:
            _, came = await self._read_back()
            word = "dropped" if came is not None and NO_SUCH_NAME not in came else "kept"
            trait = (
                self._client.make_unknown("The record could not be read after it.")
                if came is None
                else self._client.make_trait(word, f"{NO_SUCH_NAME}: {answer}, then {word}.")
            )
        self.findings["unknown_field_written"] = trait

    async def _delete(self) -> None:
        first = await self._client.send("DELETE", self._path())
        if not _is_gone(first):
            return
        path, self._external_id = self._path(), None
        again = await self._client.send("DELETE", path)
        trait = self._client.make_trait(again.status, f"After {first}, again: {again.status}.")
        self.findings["deleting_twice"] = trait

    async def _clean_up(self) -> None:
        path = self._path()
        try:
            answer = await self._client.send("DELETE", path, is_cleaning_up=True)
            if _is_gone(answer):
                return
            why = str(answer)
        except (ApiError, ProbeStopped) as error:
            why = str(error)
        raise ScratchNotDeleted(
            f"The scratch {ENTITY} {self._external_id} could not be deleted: {why.rstrip('.')}. "
            f"Delete it with cmdm delete {ENTITY} {self._external_id}."
        )

    async def _update(self, properties: dict[str, str]) -> ProbeAnswer:
        return await self._client.send("PUT", self._path(), content=encode_body(properties))

    async def _read_back(self) -> tuple[ProbeAnswer, dict[str, object] | None]:
        answer = await self._client.get(self._path())
        try:
            if answer.status == OK:
                record = read_record(answer.response, _call_of(answer), ENTITY)
                return answer, dict(record.properties)
        except MalformedResponse:
            pass
        return answer, None

    def _path(self) -> str:
        return f"{ENTITY}/{encode_segment('external id', str(self._external_id))}"


def _call_of(answer: ProbeAnswer) -> CallInfo:
    return CallInfo(answer.response.number, answer.response.method, answer.response.path)


def _is_gone(answer: ProbeAnswer) -> bool:
    return answer.status // 100 == 2 or answer.status == NOT_FOUND
