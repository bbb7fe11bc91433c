"""Completion's view of the catalog, with the fields that the session's own answers showed."""

from collections.abc import Iterable, Sequence

from cmdm_tui.api import Field
from cmdm_tui.catalog import Catalog, infer_fields
from cmdm_tui.repl.result_types import AnswerResult, OneRecord, RecordList

MOST_IDS = 200
"""External ids that are kept of each entity."""


class SessionCatalog:
    """The catalog, and what answers have shown as well. Nothing here makes a call."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._seen: dict[str, tuple[Field, ...]] = {}
        self._ids: dict[str, dict[str, None]] = {}
        """The external ids that answers have shown, of each entity, the newest last."""

    @property
    def entities(self) -> tuple[str, ...]:
        """The names of the entities known."""
        return self._catalog.entities

    def fields(self, entity: str) -> Sequence[Field]:
        """Return the entity's fields: as asked for, else as seen in records; else none."""
        known = self._catalog.cached_fields(entity)
        return known or self._seen.get(self._catalog.resolve_name(entity), ())

    def ids(self, entity: str) -> Sequence[str]:
        """Return the external ids of the entity that answers have shown, the newest first."""
        return list(self._ids.get(self._catalog.resolve_name(entity), ()))[::-1]

    def learn_from(self, result: AnswerResult) -> None:
        """Take in the answer to a call; one that may have changed records ends every count."""
        if result.response.method != "GET":
            self._catalog.forget_totals()
        if isinstance(result, RecordList) and result.noun == "record":
            entity = self._catalog.resolve_name(result.entity)
            self._catalog.store_total(entity, result.page.total_records)
            self._learn_fields(entity, infer_fields(result.page.records))
            self.note_ids(entity, [record.external_id for record in result.page.records][::-1])
        elif isinstance(result, OneRecord):
            entity = self._catalog.resolve_name(result.record.entity)
            self._learn_fields(entity, infer_fields([result.record]))
            self.note_ids(entity, [result.record.external_id])
        self._catalog.save()

    def note_ids(self, entity: str, ids: Iterable[str]) -> None:
        """Keep external ids that were seen, the newest last; the oldest of an entity go."""
        seen = dict(self._ids.get(entity, {}))
        for external_id in ids:
            seen.pop(external_id, None)
            seen[external_id] = None
        self._ids[entity] = dict.fromkeys(list(seen)[-MOST_IDS:])

    def _learn_fields(self, entity: str, fields: tuple[Field, ...]) -> None:
        known = {field.name: field for field in self._seen.get(entity, ())}
        self._seen[entity] = tuple((known | {field.name: field for field in fields}).values())
