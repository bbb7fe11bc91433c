"""Changes that mean something else than the sandbox's own: what is dropped, replaced, deleted."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema
from cmdm_tui.sandbox.storage.store import AccessStore, CallCounts, Properties, RecordOrder
from cmdm_tui.sandbox.variants.choices import BehaviourChoices
from cmdm_tui.sandbox.wire_types import find_value_error
from cmdm_tui.sandbox.writes import RecordWriter, not_found

_CHILDREN = ("task", "opportunity")


@dataclass(frozen=True, slots=True)
class VariantRecordWriter(RecordWriter):
    """Makes changes as the behaviours choose."""

    behaviours: BehaviourChoices

    async def create(
        self,
        entity: EntitySchema,
        given: Mapping[str, object],
        parent: tuple[EntitySchema, str] | None = None,
    ) -> str:
        """Create a record of the values that are kept."""
        return await RecordWriter.create(
            self, entity, self._drop_wrong_values(entity, given), parent
        )

    async def update(
        self, entity: EntitySchema, external_id: str, given: Mapping[str, object]
    ) -> None:
        """Change a record, or replace it."""
        kept = self._drop_wrong_values(entity, given)
        if given and not kept:
            if await self.store.get(entity.name, external_id) is None:
                raise not_found(entity, external_id)
            return
        if self.behaviours["update"] == "replaces":
            optional = [one.name for one in entity.fields if not (one.required or one.read_only)]
            kept = dict.fromkeys(optional) | kept
        await RecordWriter.update(self, entity, external_id, kept)

    async def delete(self, entity: EntitySchema, external_id: str) -> None:
        """Remove a record, with its tasks and opportunities where that is chosen."""
        await RecordWriter.delete(self, entity, external_id)
        if self.behaviours["delete"] == "cascades":
            for child in _CHILDREN:
                for child_id in await self._find_children(child, entity, external_id):
                    await self.delete(ENTITIES[child], child_id)

    async def convert_lead(self, external_id: str, given: Mapping[str, object]) -> str:
        """Make an account and a contact of a lead, which then stays or goes."""
        account_id = await RecordWriter.convert_lead(self, external_id, given)
        if self.behaviours["convert"] == "lead-deleted":
            await RecordWriter.delete(self, ENTITIES["lead"], external_id)
        return account_id

    async def close_task(self, external_id: str) -> None:
        """Close a task; one that is closed stays as it is, or is refused."""
        if self.behaviours["close_again"] == "400":
            record = await self.store.get("task", external_id)
            if record is not None and _decode(record.properties)["Status"] == "Closed":
                raise Refusal(400, f"The task {external_id} is closed already.")
        await RecordWriter.close_task(self, external_id)

    def _drop_wrong_values(
        self, entity: EntitySchema, given: Mapping[str, object]
    ) -> dict[str, object]:
        if self.behaviours["wrong_values"] == "refused":
            return dict(given)
        return {
            name: value
            for name, value in given.items()
            if (field := entity.by_name.get(name)) is not None
            and not field.read_only
            and find_value_error(field, value) is None
        }

    async def _find_children(self, child: str, entity: EntitySchema, external_id: str) -> list[str]:
        parent = (entity.name, external_id)
        found: list[str] = []
        async with self.store.stream(child, RecordOrder()) as snapshot:
            async for batch in snapshot.batches():
                for record in batch:
                    values = _decode(record.properties)
                    if (values["RelatedEntity"], values["RelatedExternalID"]) == parent:
                        found.append(record.external_id.decode())
        return found


@dataclass(frozen=True, slots=True)
class VariantAccessStore:
    """An `AccessStore` that counts calls as the behaviours choose."""

    store: AccessStore
    behaviours: BehaviourChoices

    async def add_token(self, digest: str, ends: int, now: float) -> None:
        """Keep a token's digest until `ends`."""
        await self.store.add_token(digest, ends, now)

    async def get_token_end(self, digest: str) -> int | None:
        """Return when the token ends, None for one that is not known."""
        return await self.store.get_token_end(digest)

    async def count_call(self, now: float) -> CallCounts:
        """Count one call once, twice or not at all, and return the counts."""
        counted = self.behaviours["counted"]
        if counted == "nothing":
            return CallCounts(0, 0)
        if counted == "twice":
            await self.store.count_call(now)
        return await self.store.count_call(now)


def _decode(properties: bytes) -> Properties:
    return msgspec.json.decode(properties, type=Properties)
