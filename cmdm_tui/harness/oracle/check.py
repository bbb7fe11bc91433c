"""A check of the oracle: its name, the sentence it comes from, and how sure that sentence is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cmdm_tui.harness.oracle.ledger import Seen

Certainty = Literal["documented", "ours"]
"""`documented` is what the vendor's documentation says; `ours` is what the sandbox makes of its
silence (`api.md`), which another service may do otherwise."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found wrong in one exchange, in a sentence without secrets."""

    check: str
    message: str
    exchange: int
    call: str = "other"
    input_class: str = "valid"

    @property
    def failure(self) -> str:
        """What tells this failure from others: the check and the call that broke it."""
        return f"{self.check} {self.call}"


Judge = Callable[["Seen"], Iterable[str]]
"""Looks at an exchange in the light of all before it, and yields a sentence for each fault."""


@dataclass(frozen=True, slots=True)
class Check:
    """A named law of the API; `sentence` is the row or sentence of `api.md` it stands on."""

    name: str
    sentence: str
    certainty: Certainty
    judge: Judge

    def findings(self, seen: "Seen") -> Iterable[Finding]:
        """Yield what is wrong with the exchange that was seen last."""
        for message in self.judge(seen):
            exchange = seen.exchange
            intent = exchange.intent
            yield Finding(self.name, message, exchange.number, intent.call, intent.input_class)
