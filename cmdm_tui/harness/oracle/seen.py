"""One exchange seen in the light of all before it: what checks look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cmdm_tui.harness.exchange import VALID_INPUT, Exchange, Intent
from cmdm_tui.harness.oracle.facts import ABSENT, SOMETHING, Clash, Fact, Known, Miscount
from cmdm_tui.harness.oracle.ledger import Ledger
from cmdm_tui.harness.oracle.lists import Members, OrderKey
from cmdm_tui.harness.oracle.reading import Reading, Row, reading

NOT_FOUND = 404
_MEANT = {VALID_INPUT, "route:case", "body:other-content-type", "parameter:unknown"}
"""The input classes that are to be answered as if nothing were odd."""


@dataclass
class Seen:
    """The latest exchange, and the ledger of all before it.

    The clashes and miscounts are worked out once, however many checks look at them.
    """

    ledger: Ledger
    exchange: Exchange

    @property
    def intent(self) -> Intent:
        """What was meant by the request."""
        return self.exchange.intent

    @cached_property
    def reading(self) -> Reading:
        """What the answer says."""
        return reading(self.exchange)

    @property
    def is_success(self) -> bool:
        """Whether the request was accepted."""
        return self.exchange.status in {200, 201}

    @property
    def earliest(self) -> float | None:
        """The Unix time before which the service cannot have looked at the request.

        An answer may be dated when the request came or when the answer goes, in whole seconds.
        """
        moment = self.exchange.moment
        return None if moment is None else moment - self.exchange.elapsed

    @property
    def latest(self) -> float | None:
        """The Unix time by which the service must have looked at the request."""
        moment = self.exchange.moment
        return None if moment is None else moment + 1 + self.exchange.elapsed

    @property
    def is_read(self) -> bool:
        """Whether records were read, by a user who may."""
        return self.is_success and self.intent.call in {"get", "list"}

    @property
    def known(self) -> Known | None:
        """What was known of the record the request is about."""
        return self.ledger.known(self.intent.entity, self.intent.external_id)

    @property
    def is_projected(self) -> bool:
        """Whether the list was asked for some fields only."""
        return self.intent.query is not None and "fields" in self.intent.query

    @cached_property
    def clashes(self) -> tuple[Clash, ...]:
        """What in the answer contradicts what is known of records."""
        return tuple(self._clashes())

    @cached_property
    def miscounts(self) -> tuple[Miscount, ...]:
        """Where a list does not hold the records it should."""
        return tuple(self._miscounts())

    @property
    def order_key(self) -> OrderKey | None:
        """The order a list was asked for; None for what is no list."""
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
        """Whether the list has no pages, and holds as many records as it tells."""
        total = self.reading.total
        return self.page is None and (total is None or total == len(self.reading.rows))

    @cached_property
    def right(self) -> frozenset[int]:
        """The statuses that are right, by what was sent and what is known; empty for unknown."""
        intent, known = self.intent, self.known
        is_meant = intent.input_class in _MEANT or intent.input_class.startswith("body:")
        if not intent.external_id or not is_meant or not intent.expected:
            return intent.expected
        if known is None or known.is_there is None:
            return frozenset()
        is_odd = intent.input_class not in _MEANT
        if known.is_there is False:
            return intent.expected | {NOT_FOUND} if is_odd else frozenset({NOT_FOUND})
        if intent.call == "convert" and self._is_converted(known):
            return intent.expected | {400} if is_odd else frozenset({400})
        return intent.expected

    @staticmethod
    def _is_converted(known: Known) -> bool:
        account = known.values.get("AccountExternalID")
        return bool(known.account) or (account is not None and account.value is not None)

    def _clashes(self) -> Iterator[Clash]:
        intent = self.intent
        if intent.call not in {"get", "list"} or intent.authorization != "good":
            return
        if self.is_success:
            for row in self.reading.rows:
                known = self.ledger.known(intent.entity, row.external_id)
                if known is not None and not self._is_perhaps_anothers(known, row):
                    yield from self._row_clashes(known, row)
        elif intent.call == "get" and self.exchange.status == NOT_FOUND:
            known = self.known
            if known is not None and known.is_there and not self._is_perhaps_anothers(known):
                cause = known.cause() if known.since == "read" else known.since
                yield Clash(intent.entity, intent.external_id, "", "there", "gone", cause)

    def _is_perhaps_anothers(self, known: Known, row: Row | None = None) -> bool:
        """Tell whether somebody else may have changed a record since it was read.

        A date of change that has not moved says that nobody has.
        """
        if self.ledger.is_alone or known.is_own:
            return False
        changed = known.values.get("ModifiedDate")
        if row is None or changed is None or changed.value is None:
            return True
        return bool(row.properties.get("ModifiedDate") != changed.value)

    def _row_clashes(self, known: Known, row: Row) -> Iterator[Clash]:
        entity, listed = self.intent.entity, self.intent.call == "list"
        if known.is_there is False:
            external_id = row.external_id
            yield Clash(entity, external_id, "", "gone", "there", "deleted", is_listed=listed)
            return
        properties = row.properties
        for name, fact in known.values.items():
            told = properties.get(name, ABSENT)
            if told is ABSENT and self.is_projected:
                continue
            if not _agrees(fact, told):
                cause = known.cause_of(fact)
                yield Clash(
                    entity, row.external_id, name, fact.value, told, cause, listed,
                    self.is_projected,
                )  # fmt: skip

    def _miscounts(self) -> Iterator[Miscount]:
        intent = self.intent
        members = self.ledger.members.get(intent.entity)
        if self.order_key is None or not self.ledger.is_alone or members is None:
            return
        total = self.reading.total
        if members.total is not None and total is not None and total != members.total:
            cause = members.blame(is_over=total > members.total)
            told = f"{intent.entity} should have {members.total} records, and {total} are told"
            yield Miscount(intent.entity, "total", told, cause)
        if self.is_whole and members.ids is not None:
            yield from self._strays(members, members.ids)

    def _strays(self, members: Members, expected: list[str]) -> Iterator[Miscount]:
        entity = self.intent.entity
        listed = [row.external_id for row in self.reading.rows]
        there = set(listed)
        missing = [external_id for external_id in expected if external_id not in there]
        extra = there - set(expected)
        if missing:
            known = self.ledger.known(entity, missing[0])
            cause = members.blame(is_over=False)
            if known is not None and known.since != "read":
                cause = known.since
            elif known is not None and cause == "created":
                cause = known.cause()
            told = f"{entity} {missing[0]} is missing from the list of all"
            yield Miscount(entity, "missing", told, cause)
        elif len(extra) > members.unnamed:
            strange = min(extra)
            known = self.ledger.known(entity, strange)
            cause = members.blame(is_over=True)
            if known is not None and known.is_there is False:
                cause = "deleted"
            told = f"{entity} {strange} is in the list of all, and nothing made it"
            yield Miscount(entity, "extra", told, cause)


def _agrees(fact: Fact, told: object) -> bool:
    if fact.value is SOMETHING:
        return told is not None and told is not ABSENT
    if isinstance(fact.value, str) and told is not ABSENT and not isinstance(told, str | None):
        # A text that comes back as a number, say: that it is no text is for another check.
        return True
    return bool(fact.value == told)
