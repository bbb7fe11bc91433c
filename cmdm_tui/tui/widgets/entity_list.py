"""The list of entities with their record counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from cmdm_tui.api import (
    ApiError,
    AuthenticationFailed,
    HourLimitReached,
    MonthLimitReached,
    NetworkError,
)
from cmdm_tui.catalog import Catalog
from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import CallReturned, CountKnown, StateChanged, UserError
from cmdm_tui.tui.widgets.cells import format_count
from cmdm_tui.tui.widgets.notice import Notice

_LONGEST_NAME = 60
_SHARED_FAILURES = (NetworkError, AuthenticationFailed, HourLimitReached, MonthLimitReached)
"""Failures that the next call would meet as well."""


class _Options(OptionList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="entities.open", tooltip="Show its records")
    ]


class EntityList(Vertical):
    """Lists the entities known; counts them, one call each, and remembers the counts."""

    @dataclass
    class Chosen(Message):
        """An entity was chosen."""

        entity: str

    @dataclass
    class Counted(CallReturned):
        """An entity was counted; None where the service tells no total."""

        entity: str
        total: int | None

    @dataclass
    class CountFailed(CallReturned):
        """An entity could not be counted."""

        entity: str
        error: ApiError

    def __init__(self, catalog: Catalog, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._catalog = catalog
        self._counts: dict[str, int | None] = {}
        self._failed: dict[str, ApiError] = {}
        self._counting: set[str] = set()
        self._current: str | None = None

    def compose(self) -> ComposeResult:
        """Lay out the list, and the notice below it."""
        yield _Options(markup=False, compact=True, id="entity-options")
        yield Notice(id="entity-notice")

    def on_mount(self) -> None:
        """List the entities at once; nothing is counted yet."""
        self.border_title = "Entities"
        self.list_entities()

    @property
    def counts(self) -> Mapping[str, int | None]:
        """The counts known so far."""
        return self._counts

    @property
    def has_failed(self) -> bool:
        """Tell whether there is a count to try again."""
        return bool(self._failed)

    @property
    def highlighted(self) -> str | None:
        """The entity under the cursor."""
        option = self.query_one(_Options).highlighted_option
        return option.id if option is not None else None

    def list_entities(self) -> None:
        """List the entities as the catalog knows them, the cursor staying on its own."""
        options, highlighted = self.query_one(_Options), self.highlighted
        options.clear_options()
        for name in self._catalog.entities:
            options.add_option(Option(self._prompt(name), id=name))
        if highlighted in self._catalog.entities:
            options.highlighted = options.get_option_index(highlighted)
        self._update_notice()

    def mark_current(self, entity: str) -> None:
        """Mark the entity whose records are shown, and put the cursor on it."""
        before, self._current = self._current, entity
        self._update_option(before)
        self._update_option(entity)
        if entity in self._catalog.entities:
            options = self.query_one(_Options)
            options.highlighted = options.get_option_index(entity)

    def count_entities(self, *entities: str) -> None:
        """Count these entities: one call each."""
        if entities:
            self._counting = set(entities)
            for entity in entities:
                self._failed.pop(entity, None)
                self._update_option(entity)
            self._update_notice()
            self.run_worker(self._count(entities), group="counts", exclusive=True)

    def count_all(self) -> None:
        """Count every entity anew."""
        self.count_entities(*self._catalog.entities)

    def try_again(self) -> None:
        """Count those that could not be counted."""
        self.count_entities(*self._failed)

    def show_count(self, entity: str, total: int | None) -> None:
        """Take a count that came along with something else."""
        self._counts[entity] = total
        self._failed.pop(entity, None)
        self._counting.discard(entity)
        self._update_option(entity)
        self._update_notice()

    def take_focus(self) -> None:
        """Put the focus on the list."""
        self.screen.set_focus(self.query_one(_Options))

    def forget_entity(self, entity: str) -> None:
        """Forget what is known of an entity."""
        self._counts.pop(entity, None)
        self._failed.pop(entity, None)
        self.list_entities()

    def show_error(self, trouble: UserError) -> None:
        """Say what went wrong with the list."""
        self.query_one(Notice).show_error(trouble, alone=False, hint="")

    async def _count(self, entities: tuple[str, ...]) -> None:
        for place, entity in enumerate(entities):
            try:
                total = await self._catalog.count_records(entity)
            except _SHARED_FAILURES as error:
                for other in entities[place:]:
                    self.post_message(self.CountFailed(other, error))
                return
            except ApiError as error:
                self.post_message(self.CountFailed(entity, error))
            else:
                self.post_message(self.Counted(entity, total))

    def on_entity_list_counted(self, event: Counted) -> None:
        """Show a count."""
        self.show_count(event.entity, event.total)

    def on_entity_list_count_failed(self, event: CountFailed) -> None:
        """Say why an entity has no count."""
        if event.entity in self._catalog.entities:
            self._failed[event.entity] = event.error
            self._counting.discard(event.entity)
            self._update_option(event.entity)
            self._update_notice()

    def on_count_known(self, event: CountKnown) -> None:
        """Take a count that came along with something else."""
        self.show_count(event.entity, event.total)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Tell which entity was chosen."""
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Chosen(event.option_id))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell that other commands may apply."""
        event.stop()
        self.post_message(StateChanged())

    def _update_option(self, entity: str | None) -> None:
        if entity is not None and entity in self._catalog.entities:
            self.query_one(_Options).replace_option_prompt(entity, self._prompt(entity))

    def _prompt(self, entity: str) -> Table:
        is_current = entity == self._current
        if entity in self._failed:
            count = Text("✗", style="bold")
        elif entity in self._counting:
            count = Text("…", style="dim")
        else:
            count = Text(format_count(self._counts.get(entity)), style="" if is_current else "dim")
        row = Table.grid(expand=True, padding=(0, 1, 0, 0))
        row.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        row.add_column(justify="right", no_wrap=True)
        mark = "▸ " if is_current else "  "
        name = Text(mark + one_line(entity, _LONGEST_NAME), style="bold" if is_current else "")
        row.add_row(name, count)
        return row

    def _update_notice(self) -> None:
        notice = self.query_one(Notice)
        if self._failed:
            error = next(iter(self._failed.values()))
            notice.show_error(f"{len(self._failed)} not counted: {error.message}", alone=False)
        else:
            notice.hide()
        self.post_message(StateChanged())
