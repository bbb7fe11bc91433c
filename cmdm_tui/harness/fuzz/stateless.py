"""Stateless fuzzing: every call in every input class that it can be made odd in."""

from dataclasses import dataclass

from cmdm_tui.harness.exchange import CALLS, Call
from cmdm_tui.harness.fuzz.asking import Request
from cmdm_tui.harness.fuzz.calls import right
from cmdm_tui.harness.fuzz.classes import GROUPS, InputClass, Setting, classes_of
from cmdm_tui.harness.fuzz.moves import Moves
from cmdm_tui.harness.fuzz.values import index
from cmdm_tui.harness.oracle.contract import WITHOUT_FIELD_LIST
from cmdm_tui.harness.oracle.ledger import CHILDREN

_READING: frozenset[Call] = frozenset({"get", "list", "fields"})
_USING_UP = frozenset({"delete", "convert"})
_NO_SKIP = 9


@dataclass(frozen=True, slots=True)
class Trial:
    """One call in all input classes of one group."""

    call: Call
    group: str

    @property
    def name(self) -> str:
        """What the trial is called."""
        return f"{self.call} {self.group}"

    def run(self, moves: Moves, *, turn: int = 0) -> None:
        """Send the call in each of the classes, then look whether anything has changed.

        `turn` moves the choice of the entity on, so that each round begins with another.
        """
        entity = self._entity(moves, turn)
        request: Request | None = None
        strangers = self._strangers(moves, entity)
        for one in classes_of(self.call, self.group):
            if moves.draw(index(10)) == _NO_SKIP:
                continue
            if request is None:
                request = right(moves, self.call, entity)
                if request is None:
                    return
            setting = Setting(
                moves.draw, moves.rules(self._body_entity(request)), strangers,
                moves.session.secrets.has_ended_token, turn,
            )  # fmt: skip
            request = self._sent(moves, one, request, setting)
        if request is not None:
            self._look(moves, request)

    def _entity(self, moves: Moves, turn: int) -> str:
        if self.call in {"convert", "authenticate"}:
            return "lead"
        if self.call == "close":
            return "task"
        entities = moves.session.entities
        if self.call == "fields" and self.group == "parameter":
            entities = tuple(one for one in entities if one != WITHOUT_FIELD_LIST)
        place: int = moves.draw(index(len(entities)))
        return entities[(place + turn) % len(entities)]

    def _sent(
        self, moves: Moves, one: InputClass, request: Request, setting: Setting
    ) -> Request | None:
        """Send the request made odd; return it as it was, None where it is used up."""
        odd = one.made(request, setting)
        if odd is None:
            return request
        exchange = moves.session.do(odd)
        is_accepted = exchange is not None and exchange.status in {200, 201}
        return None if is_accepted and self.call in _USING_UP else request

    def _body_entity(self, request: Request) -> str:
        call = request.intent.call
        return "account" if call == "convert" else CHILDREN.get(call, request.intent.entity)

    @staticmethod
    def _strangers(moves: Moves, entity: str) -> tuple[str, ...]:
        found = [
            external_id
            for other in moves.session.entities
            if other != entity
            for external_id in moves.ledger.living(other)[:1]
        ]
        return tuple(found)

    def _look(self, moves: Moves, request: Request) -> None:
        intent = request.intent
        if self.call in _READING | {"authenticate", "other"}:
            return
        if intent.external_id:
            moves.look(intent.entity, intent.external_id)
        made = CHILDREN.get(self.call, intent.entity)
        moves.count(made)
        if self.call == "convert":
            moves.count("account")
            moves.count("contact")


def trials(*, may_write: bool, may_sign_in: bool) -> list[Trial]:
    """Return every call with every group that has a class for it."""
    return [
        Trial(call, group)
        for group in GROUPS
        for call in CALLS
        if classes_of(call, group)
        and (call in _READING or call == "other" or may_write or call == "authenticate")
        and (call != "authenticate" or may_sign_in)
    ]
