"""Changes that mean something else than the sandbox's own: what is dropped, replaced, deleted."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from cmdm_tui.sandbox.answers import Refusal
from cmdm_tui.sandbox.behaviours import Behaviours
from cmdm_tui.sandbox.changes import Changes, not_found
from cmdm_tui.sandbox.schema import ENTITIES, Entity
from cmdm_tui.sandbox.store import AccessStore, Order, Properties, Usage
from cmdm_tui.sandbox.values import fault

_CHILDREN = ("task", "opportunity")


@dataclass(frozen=True, slots=True)
class OtherChanges(Changes):
    """Makes changes as the behaviours choose."""

    behaviours: Behaviours

    async def create(
        self, entity: Entity, given: Mapping[str, object], parent: tuple[Entity, str] | None = None
    ) -> str:
        """Create a record of the values that are kept."""
        return await Changes.create(self, entity, self._kept(entity, given), parent)

    async def update(self, entity: Entity, external_id: str, given: Mapping[str, object]) -> None:
        """Change a record, or replace it."""
        kept = self._kept(entity, given)
        if given and not kept:
            if await self.store.get(entity.name, external_id) is None:
                raise not_found(entity, external_id)
            return
        if self.behaviours["update"] == "replaces":
            optional = [one.name for one in entity.fields if not (one.required or one.read_only)]
            kept = dict.fromkeys(optional) | kept
        await Changes.update(self, entity, external_id, kept)

    async def delete(self, entity: Entity, external_id: str) -> None:
        """Remove a record, with its tasks and opportunities where that is chosen."""
        await Changes.delete(self, entity, external_id)
        if self.behaviours["delete"] == "cascades":
            for child in _CHILDREN:
                for child_id in await self._children(child, entity, external_id):
                    await self.delete(ENTITIES[child], child_id)

    async def convert(self, external_id: str, given: Mapping[str, object]) -> str:
        """Make an account and a contact of a lead, which then stays or goes."""
        account_id = await Changes.convert(self, external_id, given)
        if self.behaviours["convert"] == "lead-deleted":
            await Changes.delete(self, ENTITIES["lead"], external_id)
        return account_id

    async def close(self, external_id: str) -> None:
        """Close a task; one that is closed stays as it is, or is refused."""
        if self.behaviours["close_again"] == "400":
            record = await self.store.get("task", external_id)
            if record is not None and _decoded(record.properties)["Status"] == "Closed":
                raise Refusal(400, f"The task {external_id} is closed already.")
        await Changes.close(self, external_id)

    def _kept(self, entity: Entity, given: Mapping[str, object]) -> dict[str, object]:
        if self.behaviours["wrong_values"] == "refused":
            return dict(given)
        return {
            name: value
            for name, value in given.items()
            if (field := entity.by_name.get(name)) is not None
            and not field.read_only
            and fault(field, value) is None
        }

    async def _children(self, child: str, entity: Entity, external_id: str) -> list[str]:
        parent = (entity.name, external_id)
        found: list[str] = []
        async with self.store.snapshot(child, Order()) as snapshot:
            async for batch in snapshot.batches():
                for record in batch:
                    values = _decoded(record.properties)
                    if (values["RelatedEntity"], values["RelatedExternalID"]) == parent:
                        found.append(record.external_id.decode())
        return found


@dataclass(frozen=True, slots=True)
class OtherCounts:
    """An `AccessStore` that counts calls as the behaviours choose."""

    store: AccessStore
    behaviours: Behaviours

    async def add_token(self, digest: str, ends: int, now: float) -> None:
        """Keep a token's digest until `ends`."""
        await self.store.add_token(digest, ends, now)

    async def token_end(self, digest: str) -> int | None:
        """Return when the token ends, None for one that is not known."""
        return await self.store.token_end(digest)

    async def count_call(self, now: float) -> Usage:
        """Count one call once, twice or not at all, and return the counts."""
        counted = self.behaviours["counted"]
        if counted == "nothing":
            return Usage(0, 0)
        if counted == "twice":
            await self.store.count_call(now)
        return await self.store.count_call(now)


def _decoded(properties: bytes) -> Properties:
    return msgspec.json.decode(properties, type=Properties)
