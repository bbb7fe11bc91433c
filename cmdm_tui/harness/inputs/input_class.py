"""An input class: one way in which a right request is made odd, and what is right to answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.fuzz.generate.field_values import Draw, Drawn, indexes
from cmdm_tui.harness.oracle.contract import FieldRule


@dataclass(frozen=True, slots=True)
class InputContext:
    """What an input class may need to know: the fields of the entity, ids of other entities.

    `turn` is the number of the round, which moves the choice among things that are equally odd.
    """

    draw: Draw
    fields: Mapping[str, FieldRule]
    other_ids: tuple[str, ...] = ()
    has_ended_token: bool = False
    round_number: int = 0

    def pick(self, things: tuple[Drawn, ...]) -> Drawn:
        """Draw one of some things; which is the simplest of them changes with the round."""
        place: int = self.draw(indexes(len(things)))
        return things[(place + self.round_number) % len(things)]


MakeOdd = Callable[[CallRequest, InputContext], CallRequest | None]


@dataclass(frozen=True, slots=True)
class InputClass:
    """A way to make a request odd.

    `alter` returns the odd request, or None where this one cannot be made so. `expected` are the
    statuses that are right for it, where `alter` does not say otherwise.
    """

    group: str
    name: str
    calls: frozenset[Call]
    expected: frozenset[int]
    make_odd: MakeOdd

    @property
    def full_name(self) -> str:
        """The name under which exchanges and cases tell it."""
        return f"{self.group}:{self.name}"

    def apply(self, request: CallRequest, setting: InputContext) -> CallRequest | None:
        """Return the request made odd, its intent saying so."""
        odd = self.make_odd(request, setting)
        if odd is None:
            return None
        intent = odd.intent
        expected = self.expected or intent.expected
        return replace(odd, intent=replace(intent, input_class=self.full_name, expected=expected))


def with_body(request: CallRequest, body: bytes, names: str = "") -> CallRequest:
    """Return a request with another body, which is no longer the one that was meant."""
    intent = replace(request.intent, given=None, names=names)
    return replace(request, body=body, intent=intent)
