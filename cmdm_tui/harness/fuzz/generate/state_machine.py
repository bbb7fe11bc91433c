"""Stateful fuzzing: a state machine whose rules are actions, and whose model is the oracle's."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from cmdm_tui.harness.exchange import CALLS
from cmdm_tui.harness.fuzz.execute.fuzz_session import FuzzSession
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.law_trials import RECORD_LAWS
from cmdm_tui.harness.fuzz.generate.trials import Trial
from cmdm_tui.harness.fuzz.generate.value_strategies import pick
from cmdm_tui.harness.inputs import GROUPS

if TYPE_CHECKING:
    from cmdm_tui.harness.exchange import Call

_DATA = st.data()


class UserMachine(RuleBasedStateMachine):
    """A user of the service, who does anything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.actions = Actions(self.begin(), self._no_draw)

    @staticmethod
    def begin() -> FuzzSession:
        """Begin an example, and return the session to use."""
        raise NotImplementedError

    @staticmethod
    def _no_draw(strategy: Any) -> Any:
        raise LookupError(strategy)

    def _actions_with(self, data: st.DataObject) -> Actions:
        self.actions.draw = data.draw
        return self.actions

    @property
    def may_write(self) -> bool:
        """Whether rules that change records are to be used."""
        return self.actions.session.service.may_write

    @property
    def has_control(self) -> bool:
        """Whether the clock and the limits can be changed."""
        return self.actions.session.service.is_restored

    @rule(data=_DATA)
    def sign_in(self, data: st.DataObject) -> None:
        """Sign in again, now and then: a sign-in is slow on purpose."""
        actions = self._actions_with(data)
        if actions.flip() and actions.flip() and actions.flip():
            actions.sign_in()

    @rule(data=_DATA)
    def list_all(self, data: st.DataObject) -> None:
        """List all records of an entity, and some fields of them."""
        actions = self._actions_with(data)
        entity = actions.draw_entity()
        actions.list_all(entity)
        actions.list_some_fields(entity)

    @rule(data=_DATA)
    def walk(self, data: st.DataObject) -> None:
        """Go through pages."""
        actions = self._actions_with(data)
        actions.walk_pages(actions.draw_entity())

    @rule(data=_DATA)
    def sort(self, data: st.DataObject) -> None:
        """Sort both ways."""
        actions = self._actions_with(data)
        actions.list_sorted(actions.draw_entity())

    @rule(data=_DATA)
    def read(self, data: st.DataObject) -> None:
        """Read a record more than once, and the field list."""
        actions = self._actions_with(data)
        entity = actions.draw_entity()
        actions.read_twice(entity)
        actions.read_fields(entity)

    @precondition(lambda self: self.may_write)
    @rule(data=_DATA)
    def create(self, data: st.DataObject) -> None:
        """Create."""
        actions = self._actions_with(data)
        actions.create_and_read(actions.draw_entity())

    @precondition(lambda self: self.may_write)
    @rule(data=_DATA)
    def update(self, data: st.DataObject) -> None:
        """Update."""
        actions = self._actions_with(data)
        actions.update_and_read(actions.draw_entity())

    @precondition(lambda self: self.may_write)
    @rule(data=_DATA)
    def delete(self, data: st.DataObject) -> None:
        """Delete, and use what was deleted."""
        actions = self._actions_with(data)
        actions.delete_and_read(actions.draw_entity())

    @precondition(lambda self: self.may_write)
    @rule(data=_DATA)
    def child(self, data: st.DataObject) -> None:
        """Create a task or an opportunity of a record."""
        actions = self._actions_with(data)
        actions.create_child_and_read(actions.draw_entity())

    @precondition(lambda self: self.may_write)
    @rule(data=_DATA)
    def convert(self, data: st.DataObject) -> None:
        """Convert a lead, twice."""
        self._actions_with(data).convert_and_read()

    @precondition(lambda self: self.may_write)
    @rule(data=_DATA)
    def close(self, data: st.DataObject) -> None:
        """Close a task, twice."""
        self._actions_with(data).close_and_read()

    @precondition(lambda self: self.may_write)
    @rule(data=_DATA)
    def try_law(self, data: st.DataObject) -> None:
        """Try a law that shows in several calls."""
        actions = self._actions_with(data)
        pick(actions.draw, RECORD_LAWS).run(actions, round_number=actions.choose(8))

    @precondition(lambda self: self.has_control and self.may_write)
    @rule(data=_DATA)
    def wait(self, data: st.DataObject) -> None:
        """Let time pass."""
        self._actions_with(data).let_time_pass()

    @precondition(lambda self: self.has_control and self.may_write)
    @rule(data=_DATA)
    def exhaust(self, data: st.DataObject) -> None:
        """Use up the hour's calls."""
        self._actions_with(data).use_up_quota()

    @precondition(lambda self: self.may_write)
    @rule(data=_DATA)
    def ask_invalid(self, data: st.DataObject) -> None:
        """Send odd requests in the middle of all this."""
        actions = self._actions_with(data)
        calls: list[Call] = [call for call in CALLS if call != "authenticate"]
        Trial(pick(actions.draw, calls), pick(actions.draw, GROUPS)).run(actions)


def make_state_machine(begin: Callable[[], FuzzSession]) -> type[UserMachine]:
    """Return a state machine; `begin` begins each of its examples."""
    return type("UserMachine", (UserMachine,), {"begin": staticmethod(begin)})
