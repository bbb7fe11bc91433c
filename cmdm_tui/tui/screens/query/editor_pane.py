"""The editor of a tab: SQL with completion, and the plan of the statement with the cursor."""

import asyncio
from dataclasses import dataclass, replace
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import TextArea

from cmdm_tui.api import ApiError
from cmdm_tui.catalog import Account
from cmdm_tui.config import ConfigurationError
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.parsing.statement_forms import ScriptStatement
from cmdm_tui.text import one_line
from cmdm_tui.tui.messages import CallReturned, StateChanged
from cmdm_tui.tui.models.catalog_view import CatalogView
from cmdm_tui.tui.models.plan_text import PlanText, plan_statement
from cmdm_tui.tui.models.query_text import complete_sql, find_statement
from cmdm_tui.tui.models.row_source import Tone
from cmdm_tui.tui.widgets.completion_list import KEYS_WHILE_OPEN, CompletionList
from cmdm_tui.tui.widgets.plan_view import PlanView
from cmdm_tui.tui.widgets.sql_editor import SqlEditor

PLAN_DELAY = 0.25
"""Seconds without a key after which the statement is planned."""


class EditorPane(Horizontal):
    """Plans SQL while it is edited, and completes it. It runs nothing."""

    @dataclass
    class Planned(Message):
        """What is to be said of the statement with the cursor is known."""

        plan: PlanText

    def __init__(self, account: Account, engine: Engine) -> None:
        super().__init__()
        self._account = account
        self._engine = engine
        self._known = CatalogView(account.catalog)
        self._ran: tuple[str, PlanText | None] = ("", None)
        """The statement that ran last, at its place, and the fault that running it has found."""

    def compose(self) -> ComposeResult:
        """Lay out the editor next to its plan."""
        yield SqlEditor(id="sql")
        with VerticalScroll(classes="query-plan", can_focus=False):
            yield PlanView(id="plan")
        yield CompletionList(id="completion")

    @property
    def editor(self) -> SqlEditor:
        """The editor."""
        return self.query_one(SqlEditor)

    @property
    def completion(self) -> CompletionList:
        """What is offered."""
        return self.query_one(CompletionList)

    @property
    def plan(self) -> PlanText:
        """What is said of the statement."""
        return self.query_one(PlanView).plan

    @property
    def statement(self) -> ScriptStatement | None:
        """What is selected, else the statement with the cursor; None where there is none."""
        selected = self.editor.selected_text
        if selected.strip():
            return find_statement(selected, (0, 0))
        return find_statement(self.editor.text, self.editor.cursor_location)

    # Planning while it is typed.

    @on(TextArea.Changed)
    def _note_text(self) -> None:
        self.schedule_plan(delay=PLAN_DELAY)
        self._offer(is_asked=False)
        self.post_message(StateChanged())

    @on(TextArea.SelectionChanged)
    def _note_cursor(self) -> None:
        self.schedule_plan(delay=PLAN_DELAY)
        if self.completion.is_open:
            self._offer(is_asked=False)

    def plan_now(self) -> None:
        """Plan the statement, with the calls that takes."""
        self.schedule_plan(delay=0.0, makes_calls=True)

    def schedule_plan(self, *, delay: float, makes_calls: bool = False) -> None:
        """Plan the statement after `delay` seconds, unless it is scheduled again before."""
        # A function, not its coroutine: a worker may be replaced before it has begun.
        work = partial(self._make_plan, delay, makes_calls=makes_calls)
        self.run_worker(work, group="plan", exclusive=True)

    async def _make_plan(self, delay: float, *, makes_calls: bool) -> None:
        await asyncio.sleep(delay)
        try:
            script = find_statement(self.editor.text, self.editor.cursor_location)
            plan = await plan_statement(
                script, self._account, self._engine, makes_calls=makes_calls
            )
        except (ApiError, ConfigurationError) as error:
            plan = PlanText(one_line(str(error)), tone=Tone.ERROR)
        else:
            plan = self._add_run(script, plan)
        if makes_calls:
            self.post_message(CallReturned())
        self.post_message(self.Planned(plan))

    def note_run(self, sql: str, fault: PlanText | None = None) -> None:
        """Take in that a statement, `sql` at its place, has run, or what was wrong with it."""
        self._ran = (sql, fault)
        self.schedule_plan(delay=0.0)  # what was not known before may be known now

    def _add_run(self, script: ScriptStatement | None, plan: PlanText) -> PlanText:
        """Return the plan of a statement that has run already: what it costs another time."""
        sql, fault = self._ran
        if script is None or script.padded != sql or plan.tone is Tone.ERROR:
            return plan
        if fault is not None:
            return fault
        if plan.tone is Tone.DIM:
            return plan
        return replace(plan, summary=f"Run again: {plan.summary}")

    @on(Planned)
    def _show_planned(self, event: Planned) -> None:
        self.show_plan(event.plan)

    def show_plan(self, plan: PlanText) -> None:
        """Say this of the statement, and mark the place of its fault."""
        self.query_one(PlanView).show_plan(plan)
        place = None
        if plan.line is not None and plan.column is not None:
            place = (plan.line - 1, plan.column - 1)
        self.editor.mark_fault(place)

    # Completion.

    @on(SqlEditor.CompletionWanted)
    def _complete(self, event: SqlEditor.CompletionWanted) -> None:
        self._offer(is_asked=event.is_asked)

    def _offer(self, *, is_asked: bool) -> None:
        editor = self.editor
        before = editor.text_before
        if not is_asked and not self.completion.is_open and not before[-1:].isalnum():
            return
        found = complete_sql(before, editor.text_behind, self._known, is_asked=is_asked)
        plan = self.query_one(".query-plan", VerticalScroll)
        self.completion.show_offers(found, editor.cursor_screen_offset, plan)
        if is_asked and len(found.offers) == 1:
            editor.insert_offer(found.word, found.offers[0])
            self.completion.close_list()
        self._share_keys()

    @on(SqlEditor.CompletionKey)
    def _press_in_list(self, event: SqlEditor.CompletionKey) -> None:
        is_new_line = event.key == "enter" and not self.completion.takes_enter()
        offer = self.completion.press(event.key)
        if offer is not None:
            self.editor.insert_offer(self.completion.word, offer)
            self.completion.close_list()
        elif is_new_line:
            self.editor.insert("\n")
        self._share_keys()

    def _share_keys(self) -> None:
        is_open = self.completion.is_open
        self.editor.completion_keys = KEYS_WHILE_OPEN if is_open else frozenset()

    def close_completion(self) -> None:
        """Offer nothing any more."""
        self.completion.close_list()
        self._share_keys()
