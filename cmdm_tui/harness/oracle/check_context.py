"""What checks look at: one exchange, and the model of all exchanges before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cmdm_tui.harness.exchange import VALID_INPUT, Exchange, Intent
from cmdm_tui.harness.oracle.answer_parser import ListedRow, ParsedAnswer, parse_answer
from cmdm_tui.harness.oracle.list_model import EntityMembers, OrderKey
from cmdm_tui.harness.oracle.record_model import (
    MISSING_FIELD,
    NON_NULL,
    Cause,
    Contradiction,
    KnownValue,
    Miscount,
    RecordModel,
)
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
        return self.intent.query is not None and "fields" in self.intent.query

    @cached_property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """What in the answer contradicts what is known of records."""
        return tuple(self._find_contradictions())

    @cached_property
    def miscounts(self) -> tuple[Miscount, ...]:
        """Where a list does not hold the records it should."""
        return tuple(self._find_miscounts())

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

    def _find_contradictions(self) -> Iterator[Contradiction]:
        intent = self.intent
        if intent.call not in {"get", "list"} or intent.authorization != "good":
            return
        if self.is_success:
            for row in self.answer.rows:
                known = self.model.find_record(intent.entity, row.external_id)
                if known is not None and not self._may_be_changed_by_others(known, row):
                    yield from self._row_contradictions(known, row)
        elif intent.call == "get" and self.exchange.status == NOT_FOUND:
            known = self.record
            if known is not None and known.exists and not self._may_be_changed_by_others(known):
                cause = known.latest_cause() if known.last_change == "read" else known.last_change
                cause = self._or_neighbour(cause, intent.external_id)
                yield Contradiction(intent.entity, intent.external_id, "", "there", "gone", cause)

    def _may_be_changed_by_others(self, known: RecordModel, row: ListedRow | None = None) -> bool:
        """Return whether another user may have changed a record since it was read.

        An unchanged `ModifiedDate` shows that none has.
        """
        if self.model.is_alone or known.is_own:
            return False
        changed = known.values.get("ModifiedDate")
        if row is None or changed is None or changed.value is None:
            return True
        return bool(row.properties.get("ModifiedDate") != changed.value)

    def _row_contradictions(self, known: RecordModel, row: ListedRow) -> Iterator[Contradiction]:
        entity, listed = self.intent.entity, self.intent.call == "list"
        if known.exists is False:
            external_id = row.external_id
            yield Contradiction(
                entity, external_id, "", "gone", "there", "deleted", is_listed=listed
            )
            return
        properties = row.properties
        for name, fact in known.values.items():
            answered = properties.get(name, MISSING_FIELD)
            if answered is MISSING_FIELD and self.is_projected:
                continue
            if not _agrees(fact, answered):
                cause = self._or_neighbour(known.cause_of(fact), row.external_id)
                yield Contradiction(
                    entity, row.external_id, name, fact.value, answered, cause, listed,
                    self.is_projected,
                )  # fmt: skip

    def _or_neighbour(self, cause: Cause, external_id: str) -> Cause:
        """Blame a change of another record for what only reading had shown."""
        is_changed = self.model.is_other_changed(self.intent.entity, external_id)
        return "neighbour" if cause == "read" and is_changed else cause

    def _find_miscounts(self) -> Iterator[Miscount]:
        intent = self.intent
        members = self.model.members.get(intent.entity)
        if self.order_key is None or not self.model.is_alone or members is None:
            return
        total = self.answer.total
        if members.total is not None and total is not None and total != members.total:
            cause = members.likely_cause(is_over=total > members.total)
            entity, expected = intent.entity, members.total
            message = f"{entity} should have {expected} records, and {total} are reported"
            yield Miscount(intent.entity, "total", message, cause)
        if self.is_whole and members.ids is not None:
            yield from self._membership_miscounts(members, members.ids)

    def _membership_miscounts(
        self, members: EntityMembers, expected: list[str]
    ) -> Iterator[Miscount]:
        entity = self.intent.entity
        listed = [row.external_id for row in self.answer.rows]
        there = set(listed)
        missing = [external_id for external_id in expected if external_id not in there]
        extra = there - set(expected)
        if missing:
            known = self.model.find_record(entity, missing[0])
            cause = members.likely_cause(is_over=False)
            if known is not None and known.last_change != "read":
                cause = known.last_change
            elif known is not None and cause == "created":
                cause = known.latest_cause()
            message = f"{entity} {missing[0]} is missing from the list of all"
            yield Miscount(entity, "missing", message, cause)
        elif len(extra) > members.unnamed:
            unexpected = min(extra)
            known = self.model.find_record(entity, unexpected)
            cause = members.likely_cause(is_over=True)
            if known is not None and known.exists is False:
                cause = "deleted"
            message = f"{entity} {unexpected} is in the list of all, and nothing created it"
            yield Miscount(entity, "extra", message, cause)


def _agrees(fact: KnownValue, answered: object) -> bool:
    if fact.value is NON_NULL:
        return answered is not None and answered is not MISSING_FIELD
    if (
        isinstance(fact.value, str)
        and answered is not MISSING_FIELD
        and not isinstance(answered, str | None)
    ):
        # A text that comes back as a number, say: that it is not text is for another check.
        return True
    return bool(fact.value == answered)
