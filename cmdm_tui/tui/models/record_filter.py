"""A condition on the records of one entity, and the records that meet it, as a source of rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from cmdm_tui.api import Record
from cmdm_tui.formats import OutputColumn, OutputRow
from cmdm_tui.formats.value_text import format_counted, value_text
from cmdm_tui.query.completion.offers import CompletionCatalog, Suggestions
from cmdm_tui.query.completion.sql import suggest_sql
from cmdm_tui.query.completion.words import quote_name
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.model import EXTERNAL_ID
from cmdm_tui.query.parsing.condition import make_condition_query, read_condition
from cmdm_tui.query.result import QueryResult
from cmdm_tui.text import one_line
from cmdm_tui.tui.models.result_source import ResultRow, ResultSource
from cmdm_tui.tui.models.row_source import SortKey, SourceColumn
from cmdm_tui.tui.models.window_caption import describe_order


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """The condition `text` on the records of `entity`; both are untrusted."""

    entity: str
    text: str

    def make_sql(self) -> str:
        """Return the query of the records, the condition on its second line.

        Raises SqlError for what is not a condition; its place is one in the condition.
        """
        source = quote_name(self.entity)
        read_condition(source, self.text)
        return make_condition_query(source, self.text)

    def complete(self, end: int, known: CompletionCatalog, *, is_asked: bool) -> Suggestions:
        """Return what is offered at that place of the condition; no call is made."""
        head = f"SELECT * FROM {quote_name(self.entity)} WHERE "  # noqa: S608 - never run
        return suggest_sql(head + self.text[:end], known, self.text[end:], is_asked=is_asked)

    def find_columns(self, names: Sequence[str]) -> list[str]:
        """Return those of the columns of these names that the condition is about, in its order."""
        try:
            _, condition = read_condition(quote_name(self.entity), self.text)
        except SqlError:
            return []
        known = {name.casefold(): name for name in names}
        found = (known.get(column.name.casefold()) for column in condition.find_all(exp.Column))
        return list(dict.fromkeys(name for name in found if name is not None))

    @property
    def caption(self) -> str:
        """The condition in safe words."""
        return f"filtered by {one_line(' '.join(self.text.split()), 60)}"


class FilteredRecords(ResultSource):
    """The records that meet a condition: rows whose key is the external id."""

    def __init__(self, record_filter: RecordFilter, columns: Sequence[OutputColumn] = ()) -> None:
        super().__init__(columns)
        self.record_filter = record_filter
        self._positions: dict[str, int] = {}
        self._positioned = 0
        self._found: QueryResult | None = None
        """The result as the query gave it; the one shown may be in another order."""

    @property
    def columns(self) -> Sequence[SourceColumn]:
        """The entity's fields, the external id first: it is the key."""
        return tuple(
            SourceColumn(
                column.name, column.label, column.width, column.is_number, place == self._id_place
            )
            for place, column in enumerate(super().columns)
        )

    @property
    def caption(self) -> str:
        """What is shown: how many records, whether some may miss, and the condition.

        The condition comes last: a pane cuts what is too long for it at the end.
        """
        parts = [format_counted(self.row_count, "record")]
        if not self.is_count_known:
            parts[-1] += " so far"
        elif self.result is None:
            parts = [f"{parts[0]} · partial" if self.row_count else "not read"]
        elif self.result.mark:
            parts.append(self.result.mark)
        if self.order:
            parts.append(f"sorted here {describe_order(self.order)}")
        elif self.row_count > 1:
            parts.append("in the order found")
        return " · ".join((*parts, self.record_filter.caption))

    @property
    def can_sort(self) -> bool:
        """Whether all that is found is there, and there is something to sort."""
        return self._found is not None and self._found.count > 0

    def finish(self, result: QueryResult) -> None:
        """Take in that all records have come, and the result that holds them."""
        super().finish(result)
        self._found = result

    async def sort(self, keys: Sequence[SortKey]) -> None:
        """Sort what was found by the account's rules, the first key first; unsort it with no key.

        It makes no call. A task that is cancelled meanwhile leaves the records as they are.
        """
        ordered = self._found
        if ordered is None:
            return
        names = {
            shown.name: output.name
            for shown, output in zip(self.columns, self.output_columns, strict=True)
        }
        for key in reversed(keys):  # equal ones stay in their order
            ordered = await ordered.sort(names[key.column], descending=key.is_descending)
        rows = await ordered.read_rows(0, self.most_kept)
        self.reorder(ordered, rows, tuple(keys))
        self._positions, self._positioned = {}, 0

    def let_go(self) -> None:
        """Close the result: nothing of it is shown any more."""
        self.on_wanted = lambda: None
        if self._found is not None:
            self._found.close()

    def record(self, position: int) -> Record | None:
        """Return the record in a row, its values as the query has typed them; None if not read."""
        values = self._values(position)
        if values is None:
            return None
        names = [column.name for column in self.output_columns]
        properties = {
            name: _plain_value(value)
            for name, value in zip(names, values, strict=True)
            if name != EXTERNAL_ID
        }
        return Record(self.record_filter.entity, self._key(values, position), properties)

    def position(self, key: str) -> int | None:
        """Return the position of the record with this external id, None where it was not read."""
        while self._positioned < len(self._kept):
            place = self._positioned
            self._positions.setdefault(self._key(self._kept[place], place), place)
            self._positioned += 1
        return self._positions.get(key)

    def _make_row(self, position: int, values: OutputRow) -> ResultRow:
        return ResultRow(self._key(values, position), values)

    def _key(self, values: OutputRow, position: int) -> str:
        place = self._id_place
        return str(position + 1) if place is None else str(values[place])

    @property
    def _id_place(self) -> int | None:
        names = [column.name for column in self.output_columns]
        return names.index(EXTERNAL_ID) if EXTERNAL_ID in names else None


def describe_none_found(result: QueryResult) -> str:
    """Return that no record was found, in safe words, and what that is worth."""
    if not result.mark:
        return "No record meets the condition"
    reason = next(iter(result.notes.sentences), f"The result is {result.mark}.")
    return one_line(f"None of the records that were read meets the condition. {reason}")


def _plain_value(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return value_text(value)
