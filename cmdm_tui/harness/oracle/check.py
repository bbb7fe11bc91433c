"""A check of the oracle: its name, the sentence it comes from, and how sure that sentence is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cmdm_tui.harness.oracle.check_context import CheckContext

Certainty = Literal["documented", "ours"]
"""`documented` is what the vendor's documentation says; `ours` is what the sandbox makes of its
silence (`api.md`), which another service may do otherwise."""


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
        """What tells this failure from others: the check and the call that broke it."""
        return f"{self.check} {self.call}"


CheckFunction = Callable[["CheckContext"], Iterable[str]]
"""Looks at an exchange in the light of all before it, and yields a sentence for each fault."""


@dataclass(frozen=True, slots=True)
class Check:
    """A named law of the API; `sentence` is the row or sentence of `api.md` it stands on."""

    name: str
    sentence: str
    certainty: Certainty
    check_function: CheckFunction

    def run(self, seen: "CheckContext") -> Iterable[Finding]:
        """Yield what is wrong with the exchange that was seen last."""
        for message in self.check_function(seen):
            exchange = seen.exchange
            intent = exchange.intent
            is_known = intent.authorization in {"good", "sign-in"}
            yield Finding(
                self.name, message, exchange.number, intent.call, intent.input_class,
                seen.allowed_statuses if is_known else frozenset({401}), _expected_values(seen),
            )  # fmt: skip


def _expected_values(seen: "CheckContext") -> tuple[tuple[str, str | None], ...]:
    if seen.intent.call != "get":
        return ()
    return tuple(
        (clash.name, clash.expected)
        for clash in seen.contradictions
        # Of two readings that differ, nobody knows which is right.
        if clash.name and clash.cause != "read" and isinstance(clash.expected, str | None)
    )
