"""The fields of one entity, as described by the service or inferred from records."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from cmdm_tui.api import ApiError, Field
from cmdm_tui.catalog import Catalog
from cmdm_tui.catalog.catalog import SAMPLE_SIZE
from cmdm_tui.formats.value_text import format_counted
from cmdm_tui.text import one_line
from cmdm_tui.tui.crash import make_fault
from cmdm_tui.tui.messages import CallReturned, StateChanged
from cmdm_tui.tui.models.field_rows import make_field_table
from cmdm_tui.tui.models.table_source import TableSource
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.notice import Notice

if TYPE_CHECKING:
    from textual.worker import Worker


class FieldView(Vertical):
    """Shows what each field of an entity is; asks for them when first looked at."""

    @dataclass
    class Arrived(CallReturned):
        """The fields of an entity have come."""

        entity: str
        fields: tuple[Field, ...]

    @dataclass
    class Failed(CallReturned):
        """The fields of an entity could not be read."""

        entity: str
        error: ApiError

    def __init__(self, catalog: Catalog, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._catalog = catalog
        self._entity: str | None = None
        self._loading: str | None = None
        self._error: ApiError | None = None
        self._shown: Sequence[Field] = ()
        self._source = TableSource()
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the grid, and the notice below it."""
        yield Grid(has_numbers=False, opens_rows=False, id="field-grid")
        yield Notice(id="field-notice")

    def on_mount(self) -> None:
        """Show that there are no fields yet."""
        self.grid.show(self._source)

    @property
    def grid(self) -> Grid:
        """The grid itself."""
        return self.query_one(Grid)

    @property
    def has_failed(self) -> bool:
        """Whether there is something to try again."""
        return self._error is not None

    @property
    def is_inferred(self) -> bool:
        """Whether the service describes none of the fields shown."""
        return bool(self._shown) and all(field.inferred for field in self._shown)

    @property
    def caption(self) -> str:
        """What is shown, in words."""
        words = format_counted(len(self._shown), "field") if self._shown else ""
        return f"{words}, inferred" if self.is_inferred else words

    def show_entity(self, entity: str, *, refresh: bool = False) -> None:
        """Show an entity's fields: those known, else they are asked for."""
        if entity == self._entity and not refresh and (self._loading or self._shown):
            return
        if entity != self._entity:
            self._fill(())
        self._entity, self._loading, self._error = entity, None, None
        known = () if refresh else self._catalog.cached_fields(entity)
        if known:
            self._fill(known)
            self._update_notice()
        else:
            self._loading = entity
            self._worker = self.run_worker(
                partial(self._fetch, entity, refresh=refresh), group="fields", exclusive=True
            )
            self._update_notice()

    def clear(self) -> None:
        """Show nothing: another entity's records are shown now."""
        if self._worker is not None:
            self._worker.cancel()
        self._entity = self._loading = self._error = None
        self._fill(())
        self._update_notice()

    def refresh_fields(self) -> None:
        """Ask for the fields again."""
        if self._entity is not None:
            self.show_entity(self._entity, refresh=True)

    def try_again(self) -> None:
        """Ask again after a failure."""
        self.refresh_fields()

    async def _fetch(self, entity: str, *, refresh: bool) -> None:
        try:
            fields = await self._catalog.load_fields(entity, refresh=refresh)
        except ApiError as error:
            self.post_message(self.Failed(entity, error))
        except Exception as error:
            self.post_message(self.Failed(entity, make_fault(error)))
            raise
        else:
            self.post_message(self.Arrived(entity, fields))

    def on_field_view_arrived(self, event: Arrived) -> None:
        """Show the fields, unless their entity was left meanwhile."""
        if event.entity == self._loading:
            self._loading = None
            self._fill(event.fields)
            self._update_notice()

    def on_field_view_failed(self, event: Failed) -> None:
        """Say what went wrong where the fields would be."""
        if event.entity == self._loading:
            self._loading, self._error = None, event.error
            self._update_notice()

    def on_grid_cursor_moved(self, event: Grid.CursorMoved) -> None:
        """Keep the cursor's moves to this view."""
        event.stop()

    def on_grid_rows_in_sight(self, event: Grid.RowsInSight) -> None:
        """Keep it to this view: all fields are there."""
        event.stop()

    def _fill(self, fields: Sequence[Field]) -> None:
        if fields != self._shown:
            self._shown = fields
            self._source.set_rows(*make_field_table(fields))
            self.grid.source_changed()

    def _update_notice(self) -> None:
        notice, alone = self.query_one(Notice), not self._shown
        if self._error is not None:
            notice.show_error(self._error, alone=alone)
        elif self._loading is not None and alone:
            notice.show_text(f"Reading the fields of {one_line(self._loading, 60)} …", alone=True)
        elif self.is_inferred:
            notice.show_text(
                "No field metadata: the service describes no fields here, so these are inferred "
                f"from up to {SAMPLE_SIZE} records.",
                alone=False,
            )
        elif any(field.inferred for field in self._shown):
            notice.show_text("Types with ? are inferred from records.", alone=False)
        elif alone and self._entity is not None:
            notice.show_text("No fields, and no records to infer them from", alone=True)
        else:
            notice.hide()
        self.screen.post_message(StateChanged())
