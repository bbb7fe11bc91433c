"""What checks look at: one exchange, and the model of all exchanges before it."""

from dataclasses import dataclass
from functools import cached_property

from cmdm_tui.harness.exchange import VALID_INPUT, Exchange, Intent
from cmdm_tui.harness.oracle.answer_parser import ParsedAnswer, parse_answer
from cmdm_tui.harness.oracle.comparison import ComparedFact, MemberCount, RecordComparison
from cmdm_tui.harness.oracle.list_model import OrderKey
from cmdm_tui.harness.oracle.record_model import Cause, Contradiction, Miscount, RecordModel
from cmdm_tui.harness.oracle.service_model import ServiceModel

NOT_FOUND = 404
_STILL_VALID = {
    VALID_INPUT,
    "route:upper",
    "route:title",
    "route:mixed-case",
    "body:content-type-none",
    "body:content-type-text",
    "body:content-type-form",
    "body:content-type-latin1",
    "body:text-nfc",
    "body:text-nfd",
    "body:text-of-max-length",
    "body:number-beyond-2-53",
    "body:number-decimals",
    "parameter:unknown",
}
"""The input classes that must be answered as if nothing were odd."""


@dataclass
class CheckContext:
    """The latest exchange, and the model of all exchanges before it.

    The clashes and miscounts are worked out once, however many checks look at them.
    """

    model: ServiceModel
    exchange: Exchange

    @property
    def intent(self) -> Intent:
        """What was meant by the request."""
        return self.exchange.intent

    @cached_property
    def answer(self) -> ParsedAnswer:
        """What the answer says."""
        return parse_answer(self.exchange)

    @property
    def is_success(self) -> bool:
        """Whether the request was accepted."""
        return self.exchange.status in {200, 201}

    @property
    def earliest(self) -> float | None:
        """The Unix time before which the service cannot have looked at the request.

        An answer may be dated when the request came or when the answer goes, in whole seconds.
        """
        moment, exchange = self.exchange.moment, self.exchange
        return None if moment is None else moment - exchange.elapsed - exchange.moment_error

    @property
    def latest(self) -> float | None:
        """The Unix time by which the service must have looked at the request."""
        moment, exchange = self.exchange.moment, self.exchange
        return None if moment is None else moment + 1 + exchange.elapsed + exchange.moment_error

    @property
    def is_dated(self) -> bool:
        """Whether the service's clock, and not ours, says when the answer was given."""
        return not self.exchange.moment_error

    @property
    def is_record_read(self) -> bool:
        """Whether records were read, by a user who may."""
        return self.is_success and self.intent.call in {"get", "list"}

    @property
    def record(self) -> RecordModel | None:
        """What was known of the record the request is about."""
        return self.model.find_record(self.intent.entity, self.intent.external_id)

    @property
    def is_projected(self) -> bool:
        """Whether the list was asked for some fields only."""
        return self._comparison.is_projected

    @cached_property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """What in the answer contradicts what is known of records."""
        return self._comparison.contradictions

    @cached_property
    def compared(self) -> frozenset[ComparedFact]:
        """What kinds of facts about records the answer was compared with."""
        return self._comparison.compared

    @cached_property
    def miscounts(self) -> tuple[Miscount, ...]:
        """Where a list does not hold the records it should."""
        return self._count.miscounts

    @cached_property
    def counted(self) -> frozenset[Cause]:
        """What has happened to the records of the list since they were last counted.

        Empty where the answer was not compared with a count.
        """
        return self._count.counted

    def has_compared(self, cause: Cause, *, entity: str = "", of_field: bool | None = None) -> bool:
        """Return whether facts that are known for this cause were compared with the answer.

        Only with records of `entity`, where it is given; `of_field` says whether the fact is a
        field's value, or the record being there at all.
        """
        if entity and self.intent.entity != entity:
            return False
        compared = self.compared
        if of_field is not None:
            return (cause, of_field) in compared
        return (cause, True) in compared or (cause, False) in compared

    @cached_property
    def _comparison(self) -> RecordComparison:
        comparison = RecordComparison(self.model, self.exchange, self.answer)
        comparison.compare()
        return comparison

    @cached_property
    def _count(self) -> MemberCount:
        count = MemberCount(self.model, self.intent.entity)
        if self.order_key is not None and self.model.is_alone:
            count.compare(self.answer, is_whole=self.is_whole)
        return count

    @property
    def order_key(self) -> OrderKey | None:
        """The order a list was asked for; None for what is not a list."""
        query = self.intent.query
        if not self.is_success or self.intent.call != "list" or query is None:
            return None
        return query.get("sort_by"), query.get("sort_order", "asc")

    @property
    def page(self) -> tuple[int, int] | None:
        """The size and the number of the page asked for; None for all records."""
        query = self.intent.query
        if query is None or "page" not in query or "per_page" not in query:
            return None
        return int(query["per_page"]), int(query["page"])

    @property
    def is_whole(self) -> bool:
        """Whether the list has no pages, and holds as many records as its total says."""
        total = self.answer.total
        return self.page is None and (total is None or total == len(self.answer.rows))

    @cached_property
    def allowed_statuses(self) -> frozenset[int]:
        """The statuses that are right, by what was sent and what is known; empty for unknown."""
        intent, known = self.intent, self.record
        is_meant = intent.input_class in _STILL_VALID or intent.input_class.startswith("body:")
        if not intent.external_id or not is_meant or not intent.expected:
            return intent.expected
        if known is None or known.exists is None:
            return frozenset()
        is_odd = intent.input_class not in _STILL_VALID
        if known.exists is False:
            return intent.expected | {NOT_FOUND} if is_odd else frozenset({NOT_FOUND})
        if intent.call == "convert" and self._is_converted(known):
            return intent.expected | {400} if is_odd else frozenset({400})
        return intent.expected

    @staticmethod
    def _is_converted(known: RecordModel) -> bool:
        account = known.values.get("AccountExternalID")
        return bool(known.converted_account) or (account is not None and account.value is not None)
