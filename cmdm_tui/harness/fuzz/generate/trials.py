"""Stateless fuzzing: every call in every family of odd input that applies to it."""

from dataclasses import dataclass
from typing import ClassVar

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.exchange import CALLS, Call
from cmdm_tui.harness.fuzz.events import CallInput, FuzzPhase
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.valid_requests import make_valid_request
from cmdm_tui.harness.fuzz.generate.value_strategies import pick
from cmdm_tui.harness.inputs import GROUPS, InputClass, InputContext, classes_of, families_of
from cmdm_tui.harness.oracle.accepted_changes import CHILD_ENTITIES
from cmdm_tui.harness.oracle.contract import ENTITY_WITHOUT_FIELD_LIST

_READS: frozenset[Call] = frozenset({"get", "list", "fields"})
_FAILED_SIGN_INS = 2
"""Sign-ins that fail one after another, on a service that may then lock its user out."""
_CONSUMES_RECORD = frozenset({"delete", "convert"})


@dataclass(frozen=True, slots=True)
class Trial:
    """One call in some input classes of one group.

    Without `classes`, one of each family is drawn. `turns` has a number for each of them, which
    says which of its alternatives is sent.
    """

    call: Call
    group: str
    classes: tuple[InputClass, ...] = ()
    turns: tuple[int, ...] = ()
    phase: ClassVar[FuzzPhase] = "stateless"

    @property
    def name(self) -> str:
        """The call and the group."""
        return f"{self.call} {self.group}"

    @property
    def inputs(self) -> frozenset[CallInput]:
        """Every call and class that it may send."""
        return frozenset(
            ("other" if one.is_other_call else self.call, one.full_name) for one in self.all_classes
        )

    @property
    def all_classes(self) -> tuple[InputClass, ...]:
        """Every class of the group that the call can be made odd in."""
        return classes_of(self.call, self.group)

    def run(self, actions: Actions, *, round_number: int = 0, most: int | None = None) -> None:
        """Send the call in each class, `most` of them, then look whether anything has changed.

        `round_number` moves the choices, so that each round begins with others.
        """
        entity = self._choose_entity(actions, round_number)
        request: CallRequest | None = None
        other_ids = self._ids_of_other_entities(actions, entity)
        may_lock_out = self.call == "authenticate" and not actions.session.service.is_restored
        most = _FAILED_SIGN_INS if may_lock_out else most
        classes = (self.classes or self._draw_classes(actions))[:most]
        turns = dict(zip((one.name for one in self.classes), self.turns, strict=False))
        # What is accepted comes last: it would hide what a refused request has stored.
        refused = [one for one in classes if not one.may_be_accepted]
        for place, one in enumerate(sorted(classes, key=lambda one: one.may_be_accepted)):
            if request is None:
                request = make_valid_request(actions, self.call, entity)
                if request is None:
                    return
                if self.call in {"update", "close"}:
                    actions.read_record(entity, request.intent.external_id)
            context = InputContext(
                actions.choose,
                actions.fields_of(self._body_entity(request)),
                other_ids,
                actions.session.exchanger.secrets.has_ended_token,
                round_number,
                turns.get(one.name),
            )
            if refused and place == len(refused):
                self._read_afterwards(actions, request)
            request = self._send_odd(actions, one, request, context)
        if request is not None:
            self._read_afterwards(actions, request)
        if may_lock_out:
            actions.sign_in()

    def _draw_classes(self, actions: Actions) -> tuple[InputClass, ...]:
        families = families_of(self.call, self.group)
        first = actions.choose(len(families)) if families else 0
        return tuple(
            pick(actions.draw, family) for family in (*families[first:], *families[:first])
        )

    def _choose_entity(self, actions: Actions, round_number: int) -> str:
        if self.call in {"convert", "authenticate"}:
            return "lead"
        if self.call == "close":
            return "task"
        entities = actions.session.entities
        if self.call == "fields" and self.group == "parameter":
            entities = tuple(one for one in entities if one != ENTITY_WITHOUT_FIELD_LIST)
        return entities[(actions.choose(len(entities)) + round_number) % len(entities)]

    def _send_odd(
        self, actions: Actions, one: InputClass, request: CallRequest, context: InputContext
    ) -> CallRequest | None:
        """Send the request made odd; return it as it was, None where it is used up."""
        odd = one.apply(request, context)
        if odd is None:
            return request
        exchange = actions.session.take(odd)
        is_accepted = exchange is not None and exchange.status in {200, 201}
        if is_accepted and odd.intent.given and self.call == "update":
            actions.read_record(odd.intent.entity, odd.intent.external_id)
        return None if is_accepted and self.call in _CONSUMES_RECORD else request

    def _body_entity(self, request: CallRequest) -> str:
        call = request.intent.call
        return "account" if call == "convert" else CHILD_ENTITIES.get(call, request.intent.entity)

    @staticmethod
    def _ids_of_other_entities(actions: Actions, entity: str) -> tuple[str, ...]:
        found = [
            external_id
            for other in actions.session.entities
            if other != entity
            for external_id in actions.model.existing_ids(other)[:1]
        ]
        return tuple(found)

    def _read_afterwards(self, actions: Actions, request: CallRequest) -> None:
        intent = request.intent
        if self.call in _READS | {"authenticate", "other"}:
            return
        if intent.external_id:
            actions.read_record(intent.entity, intent.external_id)
        made = CHILD_ENTITIES.get(self.call, intent.entity)
        actions.read_total(made)
        if self.call == "convert":
            for entity in filter(actions.has_entity, ("account", "contact")):
                actions.read_total(entity)


def list_trials(*, may_write: bool, may_sign_in: bool) -> list[Trial]:
    """Return every call with every group that has a class for it and may be tried."""
    return [
        Trial(call, group)
        for group in GROUPS
        for call in CALLS
        if classes_of(call, group)
        and (call in _READS or call == "other" or may_write or call == "authenticate")
        and (call != "authenticate" or may_sign_in)
    ]
