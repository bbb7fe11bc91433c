"""Stateful fuzzing: a machine whose rules are moves, and whose model is the oracle's ledger."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from cmdm_tui.harness.exchange import CALLS
from cmdm_tui.harness.fuzz.classes import GROUPS
from cmdm_tui.harness.fuzz.moves import Moves
from cmdm_tui.harness.fuzz.session import Session
from cmdm_tui.harness.fuzz.stateless import Trial
from cmdm_tui.harness.fuzz.values import pick

if TYPE_CHECKING:
    from cmdm_tui.harness.exchange import Call

_SOME = st.data()


class UserMachine(RuleBasedStateMachine):
    """A user of the target, who does anything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.moves = Moves(self.begin(), self._no_draw)

    @staticmethod
    def begin() -> Session:
        """Begin an example, and return the session to use."""
        raise NotImplementedError

    @staticmethod
    def _no_draw(strategy: Any) -> Any:
        raise LookupError(strategy)

    def _on(self, data: st.DataObject) -> Moves:
        self.moves.draw = data.draw
        return self.moves

    @property
    def may_write(self) -> bool:
        """Whether rules that change records are to be used."""
        return self.moves.session.target.may_write

    @property
    def has_control(self) -> bool:
        """Whether time and limits can be turned."""
        return self.moves.session.control is not None

    @rule(data=_SOME)
    def sign_in(self, data: st.DataObject) -> None:
        """Sign in anew, now and then; sign-ins are slow by intent."""
        moves = self._on(data)
        if moves.coin() and moves.coin() and moves.coin():
            moves.sign_in()

    @rule(data=_SOME)
    def list_all(self, data: st.DataObject) -> None:
        """List all records of an entity, and some fields of them."""
        moves = self._on(data)
        entity = moves.entity()
        moves.list_all(entity)
        moves.project(entity)

    @rule(data=_SOME)
    def walk(self, data: st.DataObject) -> None:
        """Go through pages."""
        moves = self._on(data)
        moves.walk(moves.entity())

    @rule(data=_SOME)
    def sort(self, data: st.DataObject) -> None:
        """Sort both ways."""
        moves = self._on(data)
        moves.sort(moves.entity())

    @rule(data=_SOME)
    def read(self, data: st.DataObject) -> None:
        """Read a record more than once, and the field list."""
        moves = self._on(data)
        entity = moves.entity()
        moves.read_twice(entity)
        moves.read_fields(entity)

    @precondition(lambda self: self.may_write)
    @rule(data=_SOME)
    def create(self, data: st.DataObject) -> None:
        """Create."""
        moves = self._on(data)
        moves.create_and_look(moves.entity())

    @precondition(lambda self: self.may_write)
    @rule(data=_SOME)
    def update(self, data: st.DataObject) -> None:
        """Update."""
        moves = self._on(data)
        moves.update_and_look(moves.entity())

    @precondition(lambda self: self.may_write)
    @rule(data=_SOME)
    def delete(self, data: st.DataObject) -> None:
        """Delete, and use what is dead."""
        moves = self._on(data)
        moves.delete_and_look(moves.entity())

    @precondition(lambda self: self.may_write)
    @rule(data=_SOME)
    def child(self, data: st.DataObject) -> None:
        """Create a task or an opportunity of a record."""
        moves = self._on(data)
        moves.child_and_look(moves.entity())

    @precondition(lambda self: self.may_write)
    @rule(data=_SOME)
    def convert(self, data: st.DataObject) -> None:
        """Convert a lead, twice."""
        self._on(data).convert_and_look()

    @precondition(lambda self: self.may_write)
    @rule(data=_SOME)
    def close(self, data: st.DataObject) -> None:
        """Close a task, twice."""
        self._on(data).close_and_look()

    @precondition(lambda self: self.has_control and self.may_write)
    @rule(data=_SOME)
    def wait(self, data: st.DataObject) -> None:
        """Let time pass."""
        self._on(data).wait()

    @precondition(lambda self: self.has_control and self.may_write)
    @rule(data=_SOME)
    def exhaust(self, data: st.DataObject) -> None:
        """Use up the hour's calls."""
        self._on(data).exhaust()

    @precondition(lambda self: self.may_write)
    @rule(data=_SOME)
    def ask_oddly(self, data: st.DataObject) -> None:
        """Ask for something in odd ways, in the middle of all this."""
        moves = self._on(data)
        calls: list[Call] = [call for call in CALLS if call != "authenticate"]
        Trial(pick(moves.draw, calls), pick(moves.draw, GROUPS)).run(moves)


def machine_of(begin: Callable[[], Session]) -> type[UserMachine]:
    """Return a machine whose examples `begin` begins."""
    return type("UserMachine", (UserMachine,), {"begin": staticmethod(begin)})
