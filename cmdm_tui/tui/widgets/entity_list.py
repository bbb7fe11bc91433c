"""The list of entities with their record counts, as the catalog knows them."""

from dataclasses import dataclass
from functools import partial
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
from cmdm_tui.catalog import Catalog, RecordCount
from cmdm_tui.formats.cell_text import settle_width
from cmdm_tui.formats.value_text import format_age, format_count
from cmdm_tui.text import one_line
from cmdm_tui.tui.crash import make_fault
from cmdm_tui.tui.messages import CallReturned, CountsChanged, StateChanged, UserError
from cmdm_tui.tui.widgets.changed_text import set_subtitle
from cmdm_tui.tui.widgets.notice import Notice
from cmdm_tui.tui.widgets.safe_option_list import SafeOptionList

_LONGEST_NAME = 60
_AGE_SECONDS = 60.0
"""Seconds after which the ages of counts are shown again."""
_SHARED_FAILURES = (NetworkError, AuthenticationFailed, HourLimitReached, MonthLimitReached)
"""Failures that the next call would meet too."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What the line of an entity shows; both texts are safe."""

    name: str
    count: Text
    is_current: bool


class _Options(SafeOptionList):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", id="entities.open", tooltip="Show its records"),
        Binding("j", "cursor_down", "Down", id="entities.down", show=False),
        Binding("k", "cursor_up", "Up", id="entities.up", show=False),
    ]


class EntityList(Vertical):
    """Lists the entities known with the catalog's counts, and counts them for one call each."""

    @dataclass
    class Chosen(Message):
        """An entity was chosen."""

        entity: str

    @dataclass
    class Counted(CallReturned):
        """An entity was counted."""

        entity: str

    @dataclass
    class CountFailed(CallReturned):
        """An entity could not be counted."""

        entity: str
        error: ApiError

    def __init__(self, catalog: Catalog, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._catalog = catalog
        self._failed: dict[str, ApiError] = {}
        self._counting: set[str] = set()
        self._current: str | None = None
        self._shown: dict[str, _Line] = {}

    def compose(self) -> ComposeResult:
        """Lay out the list, and the notice below it."""
        yield _Options(markup=False, compact=True, id="entity-options")
        yield Notice(id="entity-notice")

    def on_mount(self) -> None:
        """List the entities at once, and let the counts show how old they get."""
        self.border_title = "Entities"
        self.list_entities()
        self.set_interval(_AGE_SECONDS, self.show_counts)

    @property
    def has_failed(self) -> bool:
        """Whether there is a count to try again."""
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
        self._shown = {name: self._describe(name) for name in self._catalog.entities}
        for name, line in self._shown.items():
            options.add_option(Option(_draw(line), id=name))
        if highlighted in self._catalog.entities:
            options.highlighted = options.get_option_index(highlighted)
        self._update_notice()

    def mark_shown(self, entity: str) -> None:
        """Mark the entity of what is shown; the cursor stays."""
        before, self._current = self._current, entity
        if entity != before:
            self._update_option(before)
            self._update_option(entity)

    def mark_current(self, entity: str) -> None:
        """Mark the entity whose records are shown, and put the cursor on it."""
        self.mark_shown(entity)
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
            self.run_worker(partial(self._count, entities), group="counts", exclusive=True)

    def count_unknown(self, *entities: str) -> None:
        """Count those of these entities whose count the catalog does not know: one call each."""
        known = self._catalog.record_count
        self.count_entities(*(entity for entity in entities if known(entity) is None))

    def count_all(self) -> None:
        """Count every entity again."""
        self.count_entities(*self._catalog.entities)

    def try_again(self) -> None:
        """Count those that could not be counted."""
        self.count_entities(*self._failed)

    def show_counts(self) -> None:
        """Show the counts as the catalog knows them now."""
        for entity in self._catalog.entities:
            self._update_option(entity)
        ages = [
            count.is_recent and not count.change
            for count in map(self._catalog.last_count, self._catalog.entities)
            if count
        ]
        set_subtitle(self, "" if all(ages) else "r counts again")

    def take_focus(self) -> None:
        """Put the focus on the list."""
        self.screen.set_focus(self.query_one(_Options))

    def forget_entity(self, entity: str) -> None:
        """Take an entity off the list."""
        self._failed.pop(entity, None)
        self.list_entities()

    def show_error(self, trouble: UserError) -> None:
        """Say what went wrong with the list."""
        self.query_one(Notice).show_error(trouble, alone=False, hint="")

    async def _count(self, entities: tuple[str, ...]) -> None:
        for place, entity in enumerate(entities):
            try:
                await self._catalog.count_records(entity)
            except _SHARED_FAILURES as error:
                for other in entities[place:]:
                    self.post_message(self.CountFailed(other, error))
                return
            except ApiError as error:
                self.post_message(self.CountFailed(entity, error))
            except Exception as error:
                for other in entities[place:]:
                    self.post_message(self.CountFailed(other, make_fault(error)))
                raise
            else:
                self.post_message(self.Counted(entity))
        self._catalog.save()

    def on_entity_list_counted(self, event: Counted) -> None:
        """Show a count."""
        self._counting.discard(event.entity)
        self._update_notice()
        self.post_message(CountsChanged())

    def on_entity_list_count_failed(self, event: CountFailed) -> None:
        """Say why an entity has no count."""
        if event.entity in self._catalog.entities:
            self._failed[event.entity] = event.error
            self._counting.discard(event.entity)
            self._update_option(event.entity)
            self._update_notice()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Report which entity was chosen."""
        event.stop()
        if event.option_id is not None:
            self.post_message(self.Chosen(event.option_id))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Report that other commands may apply."""
        event.stop()
        self.screen.post_message(StateChanged())

    def _update_option(self, entity: str | None) -> None:
        if entity is not None and entity in self._catalog.entities:
            line = self._describe(entity)
            if line != self._shown.get(entity):  # an equal one would be painted again
                self._shown[entity] = line
                self.query_one(_Options).replace_option_prompt(entity, _draw(line))

    def _describe(self, entity: str) -> _Line:
        is_current = entity == self._current
        name = settle_width(one_line(entity, _LONGEST_NAME))
        if entity in self._failed:
            return _Line(name, Text("✗", style="bold"), is_current)
        if entity in self._counting:
            return _Line(name, Text("…", style="dim"), is_current)
        count = self._catalog.last_count(entity)
        return _Line(name, _count_text(count, is_current=is_current), is_current)

    def _update_notice(self) -> None:
        notice = self.query_one(Notice)
        if self._failed:
            error = next(iter(self._failed.values()))
            notice.show_error(f"{len(self._failed)} not counted: {error.message}", alone=False)
        else:
            notice.hide()
        self.screen.post_message(StateChanged())


def _draw(line: _Line) -> Table:
    row = Table.grid(expand=True, padding=(0, 1, 0, 0))
    row.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    row.add_column(justify="right", no_wrap=True)
    mark = "▸ " if line.is_current else "  "
    row.add_row(Text(mark + line.name, style="bold" if line.is_current else ""), line.count)
    return row


def _count_text(count: RecordCount | None, *, is_current: bool) -> Text:
    """Return a count, with what was made here since, and its age where that is an hour or more."""
    text = Text(format_count(count.total if count else None), style="" if is_current else "dim")
    if count is not None and count.change:
        text.append(f"{count.change:+,}")
    if count is not None and not count.is_recent:
        text.append(f" {format_age(count.age)}", style="dim italic")
    return text
