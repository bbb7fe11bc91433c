"""Reads records by their external ids, for the fewest calls: one by one, or in a pass over all."""

from collections.abc import Sequence

from msgspec.structs import replace

from cmdm_tui.api.models import Properties
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.model import EXTERNAL_ID
from cmdm_tui.query.parsing.identifiers import quote_identifier, quote_text

_MOST_NAMED = 5_000
"""Ids that a query names; of more, every record is read, which takes fewer calls anyway."""


class RecordLookup:
    """Reads records for one change set: `calls_made`, and whether not all could be read."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.calls_made = 0
        self.is_partial = False
        self.notes: tuple[str, ...] = ()

    async def read(
        self, entity: str, ids: Sequence[str], names: Sequence[str]
    ) -> dict[str, tuple[str, Properties]]:
        """Return the stored texts of the named fields, with the record's own id, by the id asked.

        An id that no record has is left out; one that differs from a record's by its case alone
        means that record. Raises QueryError or ApiError.
        """
        prepared = await self._engine.prepare(select_records(entity, ids, names), is_raw=True)
        found: dict[str, Properties] = {}
        with await self._engine.run(prepared) as result:
            for row in result:
                found[str(row[0])] = dict(zip(names, row[1:], strict=True))
            self.calls_made += result.stats.calls_used
            self.is_partial |= bool(result.mark)
            # The texts are wanted as they are stored, whatever their types.
            self.notes += replace(result.notes, inferred=()).sentences
        folded = {one.casefold(): one for one in found}
        own = {one: one if one in found else folded.get(one.casefold()) for one in ids}
        return {asked: (one, found[one]) for asked, one in own.items() if one is not None}


def select_records(entity: str, ids: Sequence[str], names: Sequence[str] = ()) -> str:
    """Return the query for the records with these ids: ExternalID and the named fields."""
    columns = ", ".join(quote_identifier(name) for name in (EXTERNAL_ID, *names))
    sql = f"SELECT {columns} FROM {quote_identifier(entity)}"  # noqa: S608 — names are quoted
    if len(ids) > _MOST_NAMED:
        return sql
    named = ", ".join(quote_text(one) for one in ids)
    return f"{sql} WHERE {quote_identifier(EXTERNAL_ID)} IN ({named})"
