"""What writing shows: a scratch lead is created, changed and deleted again, whatever happens."""

import asyncio
import secrets

from cmdm_tui.api import CallInfo, OutcomeUnknown
from cmdm_tui.api.decode import read_created, read_field_page, read_page, read_record
from cmdm_tui.api.encode import encode_body
from cmdm_tui.api.errors import ApiError, MalformedResponse
from cmdm_tui.api.urls import encode_segment
from cmdm_tui.catalog.probing.asking import NOT_FOUND, OK, Answer, Asker, Findings, Stopped
from cmdm_tui.catalog.probing.refusals import NO_SUCH
from cmdm_tui.catalog.probing.scratch import Scratch, scratch_record

WRITE_CALLS = 10
"""Two look at leads, one creates, two change, three look again, two delete."""

ENTITY = "lead"
_SAMPLE = 20
_LEARNT = ("values_kept", "update_merges", "unknown_field_written", "deleting_twice")


class ScratchRemains(Stopped):
    """The scratch lead could not be deleted."""


class Writing:
    """One scratch lead's life. `found` is what it has shown so far."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._marker = f"cmdm probe {secrets.token_hex(4)}"
        self._external_id: str | None = None
        self.found: Findings = {}

    async def run(self) -> None:
        """Make the lead, learn from it and delete it: at most 10 calls, and one more to clean up.

        Raises Stopped where that many are not allowed, ScratchRemains where the lead could not be
        deleted, OutcomeUnknown where nobody can tell whether it was made.
        """
        if self._asker.left() < WRITE_CALLS:
            message = f"A scratch {ENTITY} takes {WRITE_CALLS} calls, more than are left."
            raise Stopped(message)
        scratch = await self._prepared()
        if scratch is None:
            return self._unknown(f"No {ENTITY} can be made: its required fields are not known.")
        try:
            refused = await self._create(scratch)
            if refused is not None:
                return self._unknown(f"The scratch {ENTITY} was refused: {refused}.")
            await self._compare(scratch)
            await self._change(scratch)
            await self._write_no_such_field()
            await self._delete()
        finally:
            if self._external_id is not None:
                await self._clean_up()
        return None

    def _unknown(self, why: str) -> None:
        self.found |= {name: self._asker.unknown(why) for name in _LEARNT}

    async def _prepared(self) -> Scratch | None:
        described = await self._asker.get(f"{ENTITY}/fields", per_page=200, page=1)
        listed = await self._asker.get(ENTITY, per_page=_SAMPLE, page=1)
        try:
            fields = (
                read_field_page(described.response, _call(described), ENTITY).fields
                if described.status == OK
                else ()
            )
            page = read_page(listed.response, _call(listed), ENTITY, per_page=_SAMPLE, page=1)
        except MalformedResponse:
            return None
        return scratch_record(fields, page.records, self._marker)

    async def _create(self, scratch: Scratch) -> Answer | None:
        """Create the lead; return the answer that refused it.

        An interrupt waits for the answer: nothing else tells which record to delete.
        """
        body = encode_body(scratch.properties)
        sending = asyncio.ensure_future(self._asker.send("POST", ENTITY, content=body))
        try:
            try:
                answer = await asyncio.shield(sending)
            except asyncio.CancelledError:
                self._take_id(await sending)
                raise
            return None if self._take_id(answer) else answer
        except (OutcomeUnknown, MalformedResponse) as error:
            raise self._in_doubt(error, scratch) from None

    def _take_id(self, answer: Answer) -> bool:
        if answer.status // 100 != 2:
            return False
        self._external_id = read_created(answer.response, _call(answer)).external_id
        return True

    def _in_doubt(self, error: ApiError, scratch: Scratch) -> OutcomeUnknown:
        cause = error.cause if isinstance(error, OutcomeUnknown) else error
        call = error.call or CallInfo(0, "POST", ENTITY)
        failure = OutcomeUnknown(
            f"The scratch {ENTITY} was sent and its answer lost: it may exist", call=call,
            cause=cause,
        )  # fmt: skip
        failure.hint = (
            f"Look among the newest leads for one whose {scratch.name} is {self._marker}, "
            f"and delete it with cmdm delete {ENTITY} ID"
        )
        return failure

    async def _compare(self, scratch: Scratch) -> None:
        answer, came = await self._read()
        if came is None:
            self.found["values_kept"] = self._asker.unknown(f"{answer}.")
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
        self.found["values_kept"] = self._asker.found(not other, f"{said}: {answer}.")

    async def _change(self, scratch: Scratch) -> None:
        asker, changed = self._asker, f"{self._marker} changed"
        answer = await self._update({scratch.other: changed})
        _, came = await self._read()
        if answer.status != OK or came is None or came.get(scratch.other) != changed:
            trait = asker.unknown(f"The change of {scratch.other} alone did not show: {answer}.")
        else:
            kept = came.get(scratch.name) == self._marker
            word = "stayed" if kept else "was lost"
            evidence = f"{scratch.other} changed alone, and {scratch.name} {word}: {answer}."
            trait = asker.found(kept, evidence)
        self.found["update_merges"] = trait

    async def _write_no_such_field(self) -> None:
        answer = await self._update({NO_SUCH: self._marker})
        if answer.is_refused:
            trait = self._asker.found("refused", f"{NO_SUCH}: {answer}.")
        elif answer.status // 100 != 2:
            trait = self._asker.unknown(f"{NO_SUCH}: {answer}.")
        else:
            _, came = await self._read()
            word = "dropped" if came is not None and NO_SUCH not in came else "kept"
            trait = (
                self._asker.unknown("The record could not be read after it.")
                if came is None
                else self._asker.found(word, f"{NO_SUCH}: {answer}, then {word}.")
            )
        self.found["unknown_field_written"] = trait

    async def _delete(self) -> None:
        first = await self._asker.send("DELETE", self._path())
        if not _is_gone(first):
            return
        path, self._external_id = self._path(), None
        again = await self._asker.send("DELETE", path)
        trait = self._asker.found(again.status, f"After {first}, again: {again.status}.")
        self.found["deleting_twice"] = trait

    async def _clean_up(self) -> None:
        path = self._path()
        try:
            answer = await self._asker.send("DELETE", path, is_cleaning_up=True)
            if _is_gone(answer):
                return
            why = str(answer)
        except (ApiError, Stopped) as error:
            why = str(error)
        raise ScratchRemains(
            f"The scratch {ENTITY} {self._external_id} could not be deleted: {why.rstrip('.')}. "
            f"Delete it with cmdm delete {ENTITY} {self._external_id}."
        )

    async def _update(self, properties: dict[str, str]) -> Answer:
        return await self._asker.send("PUT", self._path(), content=encode_body(properties))

    async def _read(self) -> tuple[Answer, dict[str, object] | None]:
        answer = await self._asker.get(self._path())
        try:
            if answer.status == OK:
                record = read_record(answer.response, _call(answer), ENTITY)
                return answer, dict(record.properties)
        except MalformedResponse:
            pass
        return answer, None

    def _path(self) -> str:
        return f"{ENTITY}/{encode_segment('external id', str(self._external_id))}"


def _call(answer: Answer) -> CallInfo:
    return CallInfo(answer.response.number, answer.response.method, answer.response.path)


def _is_gone(answer: Answer) -> bool:
    return answer.status // 100 == 2 or answer.status == NOT_FOUND
