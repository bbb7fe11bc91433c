"""A check of the oracle: what it looks at, what it found wrong, and who says that it is wrong."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from cmdm_tui.harness.exchange import Call, Certainty
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.quoted_value import QuotedValue
from cmdm_tui.harness.oracle.record_model import Contradiction, Miscount


@dataclass(frozen=True, slots=True)
class Held:
    """A verdict: the premise of a check held, so that it looked at the exchange."""


HELD: Final = Held()


@dataclass(frozen=True, slots=True)
class Breach:
    """A verdict: a sentence of the check is broken. The message holds no secret.

    `quotes` are the values of records that the message quotes.
    """

    message: str
    certainty: Certainty
    quotes: tuple[QuotedValue, ...] = ()


def documented(message: str, *quotes: QuotedValue) -> Breach:
    """Return a breach of what the vendor's documentation says."""
    return Breach(message, "documented", quotes)


def ours(message: str, *quotes: QuotedValue) -> Breach:
    """Return a breach of what the sandbox does where the documentation is silent."""
    return Breach(message, "ours", quotes)


def breach_of(fact: Contradiction | Miscount, words: str) -> Breach:
    """Return what is known to be wrong of records as a breach, with some words before it."""
    quotes = fact.quotes if isinstance(fact, Contradiction) else ()
    return Breach(f"{words}: {fact}.", fact.certainty, quotes)


Verdict = Held | Breach

READS: Final = frozenset[Call]({"get", "list"})
"""The calls that show records: at no other are records compared with what is known of them."""

LISTS: Final = frozenset[Call]({"list"})

CheckFunction = Callable[[CheckContext], Iterable[Verdict]]
"""Compares an exchange with all before it.

It yields nothing where its premise does not hold: then the exchange says nothing about the law.
Where it does hold, it yields `HELD`, and a fault for each sentence that is broken.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found wrong in one exchange, in a sentence without secrets.

    `certainty` says whether the sentence that is broken is documented: a check holds several, and
    not all of them are. `allowed_statuses` are those that would have been right, `values` those of
    fields (by name) in the record that came; both as far as they are known. `quotes` are the values
    of records in the message.
    """

    check: str
    message: str
    exchange: int
    call: str = "other"
    input_class: str = "valid"
    allowed_statuses: frozenset[int] = frozenset()
    values: tuple[tuple[str, str | None], ...] = ()
    certainty: Certainty = "ours"
    quotes: tuple[QuotedValue, ...] = ()

    @property
    def failure(self) -> str:
        """The name of the failure: the check and the call that broke it."""
        return f"{self.check} {self.call}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the checks say of one exchange: what is wrong, and which of them looked at it.

    `held_checks` are the names of the checks whose premise held; one that found something is among
    them.
    """

    findings: tuple[Finding, ...] = ()
    held_checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A named law of the API; `sentence` is the row or sentence of `api.md` it comes from.

    `certainty` is that of its surest sentence: each fault says its own. `calls` are those at which
    its premise can hold, None for all: at no other call is its function asked.
    """

    name: str
    sentence: str
    certainty: Certainty
    check_function: CheckFunction
    calls: frozenset[Call] | None = None

    def run(self, context: CheckContext) -> list[Finding] | None:
        """Return what is wrong with the exchange that was seen last.

        None where the premise does not hold: the check has nothing to say about the exchange.
        """
        verdicts = list(self.check_function(context))
        if not verdicts:
            return None
        return [
            self._make_finding(context, verdict)
            for verdict in verdicts
            if isinstance(verdict, Breach)
        ]

    def _make_finding(self, context: CheckContext, fault: Breach) -> Finding:
        exchange = context.exchange
        intent = exchange.intent
        is_known = intent.authorization in {"good", "sign-in"}
        statuses = context.allowed_statuses if is_known else frozenset({401})
        quotes = fault.quotes if self.certainty != "own" else _find_quotes(context, fault)
        return Finding(
            self.name, fault.message, exchange.number, intent.call, intent.input_class, statuses,
            _expected_values(context), fault.certainty, quotes,
        )  # fmt: skip


def _find_quotes(context: CheckContext, fault: Breach) -> tuple[QuotedValue, ...]:
    """Return the values in the contradictions that a check of the user's quotes."""
    named = (one for one in context.contradictions if one.name and str(one) in fault.message)
    return (*fault.quotes, *(quoted for one in named for quoted in one.quotes))


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
