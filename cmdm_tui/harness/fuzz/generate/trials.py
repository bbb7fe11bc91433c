"""Stateless fuzzing: every call in every input class that it can be made odd in."""

from dataclasses import dataclass

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.exchange import CALLS, Call
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.field_values import indexes
from cmdm_tui.harness.fuzz.generate.valid_requests import make_valid_request
from cmdm_tui.harness.inputs import GROUPS, InputClass, InputContext, classes_of
from cmdm_tui.harness.oracle.contract import ENTITY_WITHOUT_FIELD_LIST
from cmdm_tui.harness.oracle.service_model import CHILD_ENTITIES

_READS: frozenset[Call] = frozenset({"get", "list", "fields"})
_CONSUMES_RECORD = frozenset({"delete", "convert"})
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

    def run(self, moves: Actions, *, turn: int = 0) -> None:
        """Send the call in each of the classes, then look whether anything has changed.

        `turn` moves the choice of the entity on, so that each round begins with another.
        """
        entity = self._choose_entity(moves, turn)
        request: CallRequest | None = None
        strangers = self._ids_of_other_entities(moves, entity)
        for one in classes_of(self.call, self.group):
            if moves.draw(indexes(10)) == _NO_SKIP:
                continue
            if request is None:
                request = make_valid_request(moves, self.call, entity)
                if request is None:
                    return
            setting = InputContext(
                moves.draw, moves.fields_of(self._body_entity(request)), strangers,
                moves.session.secrets.has_ended_token, turn,
            )  # fmt: skip
            request = self._send_odd(moves, one, request, setting)
        if request is not None:
            self._read_afterwards(moves, request)

    def _choose_entity(self, moves: Actions, turn: int) -> str:
        if self.call in {"convert", "authenticate"}:
            return "lead"
        if self.call == "close":
            return "task"
        entities = moves.session.entities
        if self.call == "fields" and self.group == "parameter":
            entities = tuple(one for one in entities if one != ENTITY_WITHOUT_FIELD_LIST)
        place: int = moves.draw(indexes(len(entities)))
        return entities[(place + turn) % len(entities)]

    def _send_odd(
        self, moves: Actions, one: InputClass, request: CallRequest, setting: InputContext
    ) -> CallRequest | None:
        """Send the request made odd; return it as it was, None where it is used up."""
        odd = one.apply(request, setting)
        if odd is None:
            return request
        exchange = moves.session.take(odd)
        is_accepted = exchange is not None and exchange.status in {200, 201}
        return None if is_accepted and self.call in _CONSUMES_RECORD else request

    def _body_entity(self, request: CallRequest) -> str:
        call = request.intent.call
        return "account" if call == "convert" else CHILD_ENTITIES.get(call, request.intent.entity)

    @staticmethod
    def _ids_of_other_entities(moves: Actions, entity: str) -> tuple[str, ...]:
        found = [
            external_id
            for other in moves.session.entities
            if other != entity
            for external_id in moves.model.existing_ids(other)[:1]
        ]
        return tuple(found)

    def _read_afterwards(self, moves: Actions, request: CallRequest) -> None:
        intent = request.intent
        if self.call in _READS | {"authenticate", "other"}:
            return
        if intent.external_id:
            moves.read_record(intent.entity, intent.external_id)
        made = CHILD_ENTITIES.get(self.call, intent.entity)
        moves.read_total(made)
        if self.call == "convert":
            moves.read_total("account")
            moves.read_total("contact")


def list_trials(*, may_write: bool, may_sign_in: bool) -> list[Trial]:
    """Return every call with every group that has a class for it."""
    return [
        Trial(call, group)
        for group in GROUPS
        for call in CALLS
        if classes_of(call, group)
        and (call in _READS or call == "other" or may_write or call == "authenticate")
        and (call != "authenticate" or may_sign_in)
    ]
