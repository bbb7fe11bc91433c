"""The last result of a query and what is shown of it: some rows and columns, in an order."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from cmdm_tui.query.errors import UnknownName
from cmdm_tui.query.result import QueryResult
from cmdm_tui.query.row_selection import RowSelection
from cmdm_tui.repl.errors import ReplError

_EVERYTHING = RowSelection()


class ResultView:
    """A result as the query gave it, and `shown`, what was chosen of it. It makes no call.

    A new condition, order or choice of columns takes the place of the one before; the other two
    stay.
    """

    def __init__(self, result: QueryResult) -> None:
        self.result = result
        self.shown = result
        self._selection = _EVERYTHING

    async def sort(self, column: str | None, *, descending: bool = False) -> None:
        """Sort by a column; None for the order of the query. Raises UnknownName."""
        order = None if column is None else self.result.find_column(column)
        await self._apply(replace(self._selection, order=order, is_descending=descending))

    async def filter(self, condition: str, parameters: Mapping[str, str]) -> None:
        """Show the rows that meet a condition; empty for all. Raises QueryError for a wrong one."""
        await self._apply(
            replace(self._selection, condition=condition, parameters=dict(parameters))
        )

    async def choose_columns(self, names: Sequence[str]) -> None:
        """Show the columns of these names, in this order; without a name, all of them.

        Where each begins with `-`, the columns shown are all that are shown now but these. Raises
        UnknownName, and ReplError where no column is left.
        """
        places = self._find_places(names) if names else None
        if places == ():
            raise ReplError(r"No column would be left. \columns alone shows all of them.")
        await self._apply(replace(self._selection, places=places))

    def _find_places(self, names: Sequence[str]) -> tuple[int, ...]:
        are_hidden = [name.startswith("-") and not self._has_column(name) for name in names]
        if not any(are_hidden):
            return tuple(map(self.result.find_column, names))
        if not all(are_hidden):
            raise ReplError(
                r"Name the columns to show, as in \columns City Score, or those to hide, as in "
                r"\columns -Notes."
            )
        hidden = {self.result.find_column(name.removeprefix("-")) for name in names}
        shown = self._selection.places
        every = range(len(self.result.columns)) if shown is None else shown
        return tuple(place for place in every if place not in hidden)

    def _has_column(self, name: str) -> bool:
        try:
            self.result.find_column(name)
        except UnknownName:
            return False
        return True

    async def _apply(self, selection: RowSelection) -> None:
        made = self.result if selection == _EVERYTHING else await self.result.select(selection)
        before, self.shown, self._selection = self.shown, made, selection
        await before.discard()
