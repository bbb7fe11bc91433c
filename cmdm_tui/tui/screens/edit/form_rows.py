"""The rows of a form's fields: they are mounted as they are needed, in the order of the form."""

from collections.abc import Iterable

from textual.containers import VerticalScroll

from cmdm_tui.tui.models.edit_form import EditForm, FormField
from cmdm_tui.tui.screens.edit.field_row import FieldRow

_ROWS_AT_ONCE = 30
"""Rows that are mounted at once: each takes its time, and an entity may have hundreds of fields."""


class FormRows(VerticalScroll, can_focus=False):
    """Holds the rows of a form; those that are `waiting` are not mounted yet."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._form: EditForm | None = None
        self.waiting: list[FormField] = []
        """The fields without a row, in the order of the form."""
        self.is_judged = False
        """Whether a preview was asked for: from then on each field shows its fault."""

    @property
    def rows(self) -> list[FieldRow]:
        """The rows, in order."""
        return list(self.query(FieldRow))

    @property
    def row(self) -> FieldRow | None:
        """The row that has the focus."""
        return next((row for row in self.rows if row.has_focus_within), None)

    def find(self, name: str) -> FieldRow:
        """Return the row of a field, which must be mounted."""
        return next(row for row in self.rows if row.field_name == name)

    async def show_form(self, form: EditForm, *, only: str | None = None) -> None:
        """Show the fields of a form: its first ones, or the one of this name."""
        await self.remove_children()
        self._form = form
        self.waiting = [one for one in form.fields if only in {None, one.name}]
        await self.mount_more()

    async def mount_more(self) -> None:
        """Mount the next rows."""
        await self.mount_named([one.name for one in self.waiting[:_ROWS_AT_ONCE]])

    async def mount_named(self, names: Iterable[str]) -> None:
        """Mount rows of these fields, as many as are mounted at once."""
        form, wanted = self._form, set(names)
        if form is None:
            return
        chosen = [one for one in self.waiting if one.name in wanted][:_ROWS_AT_ONCE]
        self.waiting = [one for one in self.waiting if one not in chosen]
        places = {one.name: place for place, one in enumerate(form.fields)}
        mounted = self.rows
        groups: dict[FieldRow | None, list[FieldRow]] = {}
        for one in chosen:
            place = places[one.name]
            after = next((row for row in mounted if places[row.field_name] > place), None)
            groups.setdefault(after, []).append(FieldRow(form, one))
        for after, rows in groups.items():
            await self.mount_all(rows, before=after)
            for row in rows:
                row.set_class(self.is_judged, "-judged")
                row.show_state()

    async def add_field(self, name: str) -> None:
        """Add a field to the form, of which only the name is known, and go to it."""
        if self._form is not None:
            row = FieldRow(self._form, self._form.add_field(name))
            await self.mount(row)
            row.focus_editor()

    async def show_found(self, names: Iterable[str]) -> int:
        """Show the rows of these fields alone; return how many are too many to be mounted."""
        found = set(names)
        more = sum(one.name in found for one in self.waiting)
        if more <= _ROWS_AT_ONCE:
            await self.mount_named(found)
            more = 0
        for row in self.rows:
            row.display = row.field_name in found
        return more

    def show_all(self) -> None:
        """Show all rows that are mounted."""
        for row in self.rows:
            row.display = True

    def judge(self) -> None:
        """Show the faults of all fields from now on."""
        self.is_judged = True
        for row in self.rows:
            row.set_class(True, "-judged")
            row.show_state()

    def focus_first(self) -> bool:
        """Put the focus into the first input that is seen; return whether there is one."""
        row = next((row for row in self.rows if row.can_be_edited and row.display), None)
        if row is not None:
            row.focus_editor()
        return row is not None
