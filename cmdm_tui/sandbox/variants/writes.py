"""Variants of changes: what they drop, replace and delete."""

from collections.abc import Mapping
from dataclasses import dataclass

from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.openapi.editor import DescriptionEditor
from cmdm_tui.sandbox.openapi.schemas import schema_name
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema
from cmdm_tui.sandbox.storage.store import RecordOrder, decode_properties
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices
from cmdm_tui.sandbox.wire_types import find_value_error
from cmdm_tui.sandbox.writes import RecordWriter, not_found

BEHAVIOURS = (
    Behaviour("wrong_values", "create, update", ("refused", "dropped")),
    Behaviour("update", "update", ("changes", "replaces")),
    Behaviour("convert", "convert a lead", ("lead-stays", "lead-deleted")),
    Behaviour("close_again", "close a task", ("200", "400")),
    Behaviour("delete", "delete", ("keeps", "cascades")),
)

_CHILDREN = ("task", "opportunity")


@dataclass(frozen=True, slots=True)
class VariantRecordWriter(RecordWriter):
    """Makes changes as the behaviours choose."""

    choices: Choices

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
        if self.choices["update"] == "replaces":
            optional = [one.name for one in entity.fields if not (one.required or one.read_only)]
            kept = dict.fromkeys(optional) | kept
        await RecordWriter.update(self, entity, external_id, kept)

    async def delete(self, entity: EntitySchema, external_id: str) -> None:
        """Remove a record, with its tasks and opportunities where that is chosen."""
        await RecordWriter.delete(self, entity, external_id)
        if self.choices["delete"] == "cascades":
            for child in _CHILDREN:
                for child_id in await self._find_children(child, entity, external_id):
                    await self.delete(ENTITIES[child], child_id)

    async def convert_lead(self, external_id: str, given: Mapping[str, object]) -> str:
        """Make an account and a contact of a lead, which then stays or goes."""
        account_id = await RecordWriter.convert_lead(self, external_id, given)
        if self.choices["convert"] == "lead-deleted":
            await RecordWriter.delete(self, ENTITIES["lead"], external_id)
        return account_id

    async def close_task(self, external_id: str) -> None:
        """Close a task; one that is closed stays as it is, or is refused."""
        if self.choices["close_again"] == "400":
            record = await self.store.get("task", external_id)
            if record is not None and decode_properties(record.properties)["Status"] == "Closed":
                raise Refusal(400, f"The task {external_id} is closed already.")
        await RecordWriter.close_task(self, external_id)

    def _drop_wrong_values(
        self, entity: EntitySchema, given: Mapping[str, object]
    ) -> dict[str, object]:
        if self.choices["wrong_values"] == "refused":
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
                    values = decode_properties(record.properties)
                    if (values["RelatedEntity"], values["RelatedExternalID"]) == parent:
                        found.append(record.external_id.decode())
        return found


def describe(choices: Choices, editor: DescriptionEditor) -> None:
    """Change the description of bodies: where wrong values are dropped, nothing else is wrong."""
    if choices["wrong_values"] == "refused":
        return
    for entity in ENTITIES.values():
        new = editor.schemas[f"New{schema_name(entity)}"]
        required = {name: new["properties"][name] for name in new["required"]}
        new |= {"properties": required, "additionalProperties": True}
        changes = editor.schemas[f"{schema_name(entity)}Changes"]
        changes |= {"properties": {}, "additionalProperties": True}
