"""A check of the oracle: its name, the sentence it comes from, and how sure that sentence is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cmdm_tui.harness.exchange import Certainty
from cmdm_tui.harness.oracle.check_context import CheckContext


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found wrong in one exchange, in a sentence without secrets.

    `right` are the statuses that would have been right, `values` those of fields (by name) in the
    record that came; both as far as they are known.
    """

    check: str
    message: str
    exchange: int
    call: str = "other"
    input_class: str = "valid"
    allowed_statuses: frozenset[int] = frozenset()
    values: tuple[tuple[str, str | None], ...] = ()

    @property
    def failure(self) -> str:
        """The name of the failure: the check and the call that broke it."""
        return f"{self.check} {self.call}"


CheckFunction = Callable[[CheckContext], Iterable[str]]
"""Compares an exchange with all before it, and yields a sentence for each fault."""


@dataclass(frozen=True, slots=True)
class Check:
    """A named law of the API; `sentence` is the row or sentence of `api.md` it comes from."""

    name: str
    sentence: str
    certainty: Certainty
    check_function: CheckFunction

    def run(self, context: CheckContext) -> Iterable[Finding]:
        """Yield what is wrong with the exchange that was seen last."""
        for message in self.check_function(context):
            exchange = context.exchange
            intent = exchange.intent
            is_known = intent.authorization in {"good", "sign-in"}
            statuses = context.allowed_statuses if is_known else frozenset({401})
            yield Finding(
                self.name, message, exchange.number, intent.call, intent.input_class, statuses,
                _expected_values(context),
            )  # fmt: skip


def _expected_values(context: CheckContext) -> tuple[tuple[str, str | None], ...]:
    if context.intent.call != "get":
        return ()
    return tuple(
        (contradiction.name, contradiction.expected)
        for contradiction in context.contradictions
        # Of two readings that differ, no one knows which is right.
        if contradiction.name
        and contradiction.cause != "read"
        and isinstance(contradiction.expected, str | None)
    )
