"""An input class: one way to make a valid request odd, and the statuses that are right for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.cases.format import Filling
from cmdm_tui.harness.exchange import Call, Headers
from cmdm_tui.harness.oracle.contract import FieldRule

Thing = TypeVar("Thing")

ChoosePlace = Callable[[int], int]
"""Returns a place from 0 up to, and without, the size it is given. A fuzzer draws it."""


@dataclass(frozen=True, slots=True)
class InputContext:
    """What an input class may need: choices, the fields of the entity, ids of other entities.

    `round_number` moves each choice, so that every round begins with another alternative. `turn`
    says how often the class was sent before, from some number on; None where that is not known.
    """

    choose: ChoosePlace
    fields: Mapping[str, FieldRule]
    other_ids: tuple[str, ...] = ()
    has_ended_token: bool = False
    round_number: int = 0
    turn: int | None = None

    def alternate(self, things: Sequence[Thing]) -> Thing:
        """Return the alternative of a class whose turn it is: none comes twice before all have."""
        return self.pick(things) if self.turn is None else things[self.turn % len(things)]

    def pick(self, things: Sequence[Thing]) -> Thing:
        """Choose one of some things; which of them is the simplest changes with the round."""
        place = self.choose(len(things))
        return things[(place + self.round_number) % len(things)]


MakeOdd = Callable[[CallRequest, InputContext], CallRequest | None]


@dataclass(frozen=True, slots=True)
class Example:
    """What the corpus sends for a class, in the part of the request that its group names.

    Text of a body is sent as UTF-8, bytes as they are. `filling` is what `${filling}` stands for.
    """

    text: str | bytes
    filling: Filling | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputClass:
    """A way to make a request odd.

    `make_odd` returns the odd request, or None where this one cannot be made so. `statuses` are
    right for it, where `make_odd` says nothing else; none means those of the valid request. A
    fuzzer tries one class of each `family` at a time. `example` is None where the corpus has none
    that fits every call. `is_other_call` says that the odd request is not a documented call any
    more.
    """

    group: str
    name: str
    calls: frozenset[Call]
    statuses: frozenset[int]
    make_odd: MakeOdd
    family: str = ""
    example: Example | None = None
    is_other_call: bool = False

    @property
    def full_name(self) -> str:
        """The name that exchanges, cases and reports use."""
        return f"{self.group}:{self.name}"

    @property
    def may_be_accepted(self) -> bool:
        """Whether a request of this class may change something."""
        return not self.statuses or bool(self.statuses & {200, 201})

    def apply(self, request: CallRequest, context: InputContext) -> CallRequest | None:
        """Return the request made odd, with an intent that says so; None where it cannot be."""
        odd = self.make_odd(request, context)
        if odd is None:
            return None
        intent = odd.intent
        statuses = self.statuses or intent.expected
        return replace(odd, intent=replace(intent, input_class=self.full_name, expected=statuses))


def with_body(request: CallRequest, body: bytes, names: str = "") -> CallRequest:
    """Return a request with another body, which no longer says what the call was meant to say.

    `names` is the field that an error must name.
    """
    intent = replace(request.intent, given=None, names=names)
    headers = with_content_type(request.headers, "application/json")
    return replace(request, body=body, intent=intent, headers=headers)


def with_content_type(headers: Headers, content_type: str) -> Headers:
    """Return headers that declare the body as `content_type`, or as nothing where it is empty."""
    others = tuple(line for line in headers if line[0] != "content-type")
    return (*others, ("content-type", content_type)) if content_type else others
