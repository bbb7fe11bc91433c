"""One line for a condition on the records of an entity: completed, planned, and then applied."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from cmdm_tui.api import ApiError
from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfigurationError
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.condition import move_to_condition
from cmdm_tui.query.parsing.statement_forms import ScriptStatement
from cmdm_tui.text import one_line, visible
from cmdm_tui.tui.messages import CallReturned
from cmdm_tui.tui.models.catalog_view import CatalogView
from cmdm_tui.tui.models.condition_example import KnownRecords
from cmdm_tui.tui.models.plan_text import PlanText, describe_fault, plan_statement
from cmdm_tui.tui.models.record_filter import RecordFilter
from cmdm_tui.tui.models.row_source import Tone
from cmdm_tui.tui.widgets.completion_list import KEYS_WHILE_OPEN, CompletionList
from cmdm_tui.tui.widgets.safe_input import SafeInput

PLAN_DELAY = 0.25
"""Seconds without a key after which the condition is planned."""

_ASKING_KEYS = frozenset({"tab", "ctrl+@"})
"""The keys that ask for what can be typed."""

_HOW_TO_PLAN = "Applying it plans it, and asks before many calls."
"""What plans a condition where that takes a call: the bar has no key for it."""

_STYLES = {Tone.ERROR: "$text-error", Tone.WARNING: "$text-warning", Tone.DIM: "$text-muted"}


class ConditionInput(SafeInput):
    """Takes the condition; while offers are shown, their keys go to them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Apply", id="filter.apply", tooltip="Look for the records"),
        Binding(
            "tab", "complete", "Complete", id="filter.complete", tooltip="Offer what can be typed"
        ),
    ]

    @dataclass
    class KeyForOffers(Message):
        """A key for the list of offers."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(compact=True, id=id)
        self.offer_keys = _ASKING_KEYS
        """The keys that are passed on."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key in self.offer_keys:
            event.stop()
            event.prevent_default()
            self.post_message(self.KeyForOffers(event.key))
            return
        await super()._on_key(event)

    def action_complete(self) -> None:
        """Ask for what can be typed."""
        self.post_message(self.KeyForOffers("tab"))

    def _on_paste(self, event: events.Paste) -> None:
        event.text = visible(event.text.replace("\n", " "))
        super()._on_paste(event)


class FilterBar(Vertical):
    """Asks for a condition after `open_for`; hidden while it is closed."""

    DEFAULT_CSS = """
    FilterBar {
        display: none;
        height: auto;
        padding: 0 1;
        background: $surface;
        &.-open { display: block; }
        Horizontal { height: 1; }
        #filter-word { width: auto; color: $text-accent; text-style: bold; }
        ConditionInput { width: 1fr; border: none; height: 1; padding: 0; background: $surface; }
        #filter-plan { width: 100%; height: auto; max-height: 3; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave filter", id="filter.leave", tooltip="Close the filter"),
    ]

    @dataclass
    class Applied(Message):
        """The condition is to be applied: its query is `record_filter.make_sql()`."""

        record_filter: RecordFilter

    class Left(Message):
        """The bar was closed without a condition."""

    class StopWanted(Message):
        """The search for the records is to be stopped."""

    @dataclass
    class FieldsRead(CallReturned):
        """The fields of an entity were asked for, or could not be had."""

        entity: str

    @dataclass
    class ConditionPlanned(Message):
        """What is to be said of the condition is known."""

        plan: PlanText

    def __init__(self, account: Account, engine: Engine, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._account = account
        self._engine = engine
        self._known = CatalogView(account.catalog)
        self._entity = ""
        self.plan = PlanText("")
        """What is said of the condition."""
        self._searched: str | None = None
        """The condition whose records are looked for; None while none are."""

    @property
    def enter_label(self) -> str:
        """What Enter does in it."""
        return "Apply"

    def compose(self) -> ComposeResult:
        """Lay out the input above what it costs."""
        with Horizontal():
            yield Static("WHERE ", markup=False, id="filter-word")
            yield ConditionInput(id="filter-input")
        yield Static(markup=False, id="filter-plan")
        yield CompletionList(id="filter-offers")

    @property
    def is_open(self) -> bool:
        """Whether the bar is shown."""
        return self.has_class("-open")

    @property
    def record_filter(self) -> RecordFilter:
        """The condition as it is typed now."""
        return RecordFilter(self._entity, self._input.value)

    @property
    def offers(self) -> CompletionList:
        """What is offered."""
        return self.query_one(CompletionList)

    @property
    def _input(self) -> ConditionInput:
        return self.query_one(ConditionInput)

    @property
    def _plan_line(self) -> Static:
        return self.query_one("#filter-plan", Static)

    def open_for(self, entity: str, text: str = "", known: KnownRecords | None = None) -> None:
        """Show the bar for an entity, with a condition to begin with.

        `known` is what its records are seen to hold. Where the fields were not asked for within a
        day they are now, with a call: they are what is completed and planned by.
        """
        known = known or KnownRecords()
        self._known.note_seen(entity, known.names)
        self._entity, self._searched = entity, None
        self.add_class("-open")
        self._input.placeholder = f"for instance {known.example}"
        self._input.value = visible(text)
        self._input.cursor_position = len(self._input.value)
        self.screen.set_focus(self._input)  # now: the next key is a part of the condition
        self._plan()
        if not self._account.catalog.cached_fields(entity):
            self.run_worker(partial(self._read_fields, entity), group="fields", exclusive=True)

    async def _read_fields(self, entity: str) -> None:
        # Where they cannot be had, the plan says what is not known, and a run says why.
        with suppress(ApiError):
            await self._account.catalog.load_fields(entity)
        self.post_message(self.FieldsRead(entity))

    @on(FieldsRead)
    def _plan_by_fields(self, event: FieldsRead) -> None:
        if self.is_open and event.entity == self._entity:
            self._plan()

    def close(self) -> None:
        """Hide the bar."""
        self._close_offers()
        self._searched = None
        self.remove_class("-open")

    def end_search(self, record_filter: RecordFilter) -> None:
        """Close the bar, as the records have come; it stays open where more was typed meanwhile."""
        if not self.is_open:
            return
        if self.record_filter == record_filter:
            self.close()
        else:
            self._searched = None
            self._plan()

    def show_failure(self, record_filter: RecordFilter, plan: PlanText) -> None:
        """Say why there are no records, unless another condition was typed meanwhile."""
        self._searched = None
        if self.record_filter == record_filter:
            self.run_worker(partial(self._report_plan, plan), group="plan", exclusive=True)
        else:
            self._plan()

    def action_leave(self) -> None:
        """Close the bar, and say so."""
        if self.offers.is_open:
            self._close_offers()
        elif self._searched is not None:
            self.post_message(self.StopWanted())
        else:
            self.close()
            self.post_message(self.Left())

    # Planning.

    @on(Input.Changed)
    def _note_text(self) -> None:
        if self.is_open:
            self._plan()
            self._offer(is_asked=False)

    def _plan(self) -> None:
        self.run_worker(partial(self._make_plan, self.record_filter), group="plan", exclusive=True)

    async def _make_plan(self, record_filter: RecordFilter) -> None:
        await asyncio.sleep(PLAN_DELAY)
        if not record_filter.text.strip():
            words = "Type a condition, as SQL has it after WHERE. Its calls are shown here."
            self.post_message(self.ConditionPlanned(PlanText(words, tone=Tone.DIM)))
            return
        try:
            sql = record_filter.make_sql()
            plan = await plan_statement(
                ScriptStatement(sql), self._account, self._engine, how_to_plan=_HOW_TO_PLAN
            )
            plan = _in_condition(plan)
        except SqlError as error:
            plan = describe_fault(error, record_filter.text)
        except (ApiError, ConfigurationError) as error:
            plan = PlanText(one_line(str(error)), tone=Tone.ERROR)
        self.post_message(self.ConditionPlanned(plan))

    async def _report_plan(self, plan: PlanText) -> None:
        """Report a plan instead of one that is being made."""
        self.post_message(self.ConditionPlanned(plan))

    @on(ConditionPlanned)
    def _show_plan(self, event: ConditionPlanned) -> None:
        self.plan = event.plan
        if self._searched is None:
            applies = "" if event.plan.tone is Tone.ERROR else " · enter applies it"
            self._say(event.plan, f"{applies} · esc leaves")

    def _say(self, plan: PlanText, keys: str) -> None:
        words = Content.styled(plan.summary, _STYLES.get(plan.tone, "bold"))
        self._plan_line.update(words + Content.styled(keys, "dim"))
        self.call_after_refresh(self._place_offers)  # it may have other lines now

    # Completion.

    def _offer(self, *, is_asked: bool) -> None:
        field, place = self._input, self._input.cursor_position
        before = field.value[:place]
        if not is_asked and not self.offers.is_open and not before[-1:].isalnum():
            return
        found = self.record_filter.complete(place, self._known, is_asked=is_asked)
        self.offers.show_offers(found, field.cursor_screen_offset, self._plan_line)
        self._share_keys()

    def _place_offers(self) -> None:
        self.offers.place_near(self._input.cursor_screen_offset, self._plan_line)

    @on(ConditionInput.KeyForOffers)
    def _press(self, event: ConditionInput.KeyForOffers) -> None:
        if not self.offers.is_open and event.key in _ASKING_KEYS:
            self._offer(is_asked=True)
            return
        is_apply = event.key == "enter" and not self.offers.takes_enter()
        offer = self.offers.press(event.key)
        if offer is not None:
            field, place, word = self._input, self._input.cursor_position, self.offers.word
            start = max(place - len(word), 0)
            self._close_offers()
            field.value = field.value[:start] + visible(offer.text) + field.value[place:]
            field.cursor_position = start + len(offer.text)
            self._close_offers()
        self._share_keys()
        if is_apply:
            self._apply()

    def _close_offers(self) -> None:
        self.offers.close_list()
        self._share_keys()

    def _share_keys(self) -> None:
        self._input.offer_keys = KEYS_WHILE_OPEN if self.offers.is_open else _ASKING_KEYS

    # Applying.

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        self._apply()

    def _apply(self) -> None:
        record_filter = self.record_filter
        if not record_filter.text.strip():
            self.action_leave()
            return
        try:
            record_filter.make_sql()
        except SqlError as error:
            self.post_message(self.ConditionPlanned(describe_fault(error, record_filter.text)))
            return
        if self._searched != record_filter.text:
            self._searched = record_filter.text
            self._say(PlanText("Looking for the records …"), " · esc stops it")
            self.post_message(self.Applied(record_filter))


def _in_condition(plan: PlanText) -> PlanText:
    """Return a plan of the query of a condition, a fault at its place in the condition."""
    if plan.line is None:
        return plan
    error = SqlError(plan.summary, line=plan.line, column=plan.column)
    moved = move_to_condition(error)
    return PlanText(moved.message, plan.details, plan.tone, moved.line, moved.column)
