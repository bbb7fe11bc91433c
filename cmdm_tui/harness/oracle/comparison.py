"""Compares an answer with what is known of records: value by value, and by their number."""

from dataclasses import dataclass, field
from typing import Literal

from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.oracle.answer_parser import OK, ListedRow, ParsedAnswer
from cmdm_tui.harness.oracle.evidence import absence_certainty, count_certainty, value_certainty
from cmdm_tui.harness.oracle.list_model import EntityMembers
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

ComparedFact = tuple[Cause, bool]
"""Why a fact is known, and whether it is a field's value; else it is that the record is there."""

_SUCCESSES = frozenset({OK, 201})
_NOT_FOUND = 404


@dataclass
class RecordComparison:
    """The records of an answer, compared with what is known of them.

    `compared` says with what kinds of facts, whether they agreed or not.
    """

    model: ServiceModel
    exchange: Exchange
    answer: ParsedAnswer
    _contradictions: list[Contradiction] = field(default_factory=list[Contradiction])
    _compared: set[ComparedFact] = field(default_factory=set[ComparedFact])

    @property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """What in the answer contradicts what is known."""
        return tuple(self._contradictions)

    @property
    def compared(self) -> frozenset[ComparedFact]:
        """What was compared."""
        return frozenset(self._compared)

    @property
    def is_projected(self) -> bool:
        """Whether some fields only were asked for, or may have been by a query that is odd."""
        intent = self.exchange.intent
        return intent.call == "list" and (intent.query is None or "fields" in intent.query)

    def compare(self) -> None:
        """Compare the answer, where it is one to a reading by a user who may."""
        intent, status = self.exchange.intent, self.exchange.status
        if intent.call not in {"get", "list"} or intent.authorization != "good":
            return
        if status in _SUCCESSES:
            for row in self.answer.rows:
                known = self.model.find_record(intent.entity, row.external_id)
                if known is not None and not self._may_be_changed_by_others(known, row):
                    self._compare_row(known, row)
        elif intent.call == "get" and status == _NOT_FOUND:
            self._compare_absence()

    def _compare_absence(self) -> None:
        intent = self.exchange.intent
        known = self.model.find_record(intent.entity, intent.external_id)
        if known is None or not known.exists or self._may_be_changed_by_others(known):
            return
        cause = self._or_neighbour(_cause_of_being_there(known), known)
        self._compared.add((cause, False))
        certainty = absence_certainty(self.model, known, cause)
        self._contradictions.append(
            Contradiction(
                intent.entity, intent.external_id, "", "there", "gone", cause, certainty=certainty
            )
        )

    def _or_neighbour(self, cause: Cause, known: RecordModel) -> Cause:
        """Blame a change of another record for what only reading had shown."""
        if cause != "read" or known.seen_at == self.model.writes or known.is_touched:
            return cause
        return "neighbour"

    def _may_be_changed_by_others(self, known: RecordModel, row: ListedRow | None = None) -> bool:
        """Return whether another user is likely to have changed a record since it was read.

        An unchanged `ModifiedDate` says that none has, but proves nothing: it may be in seconds.
        """
        if self.model.is_alone or known.is_own:
            return False
        changed = known.values.get("ModifiedDate")
        if row is None or changed is None or changed.value is None:
            return True
        return bool(row.properties.get("ModifiedDate") != changed.value)

    def _compare_row(self, known: RecordModel, row: ListedRow) -> None:
        entity, is_listed = self.exchange.intent.entity, self.exchange.intent.call == "list"
        if known.exists is False:
            self._compared.add(("deleted", False))
            self._contradictions.append(
                Contradiction(entity, row.external_id, "", "gone", "there", "deleted", is_listed)
            )
            return
        if not is_listed:
            self._compared.add((_cause_of_being_there(known), False))
        latest = self._or_neighbour(known.latest_cause(), known)
        properties, is_projected = row.properties, self.is_projected
        causes: set[Cause] = set()
        for name, fact in known.values.items():
            answered = properties.get(name, MISSING_FIELD)
            if answered is MISSING_FIELD and is_projected:
                continue
            cause = fact.source if fact.source != "read" else latest
            causes.add(cause)
            if fact.value != answered and not _agrees(fact, answered):
                certainty = value_certainty(self.model, entity, known, name, fact, answered)
                self._contradictions.append(
                    Contradiction(
                        entity, row.external_id, name, fact.value, answered, cause, is_listed,
                        is_projected, certainty,
                    )
                )  # fmt: skip
        self._compared.update((cause, True) for cause in causes)


@dataclass
class MemberCount:
    """The records of a list, compared with those that the entity should have.

    `counted` is what has happened to them since they were last counted, empty where nothing was
    compared.
    """

    model: ServiceModel
    entity: str
    _miscounts: list[Miscount] = field(default_factory=list[Miscount])
    _counted: set[Cause] = field(default_factory=set[Cause])

    @property
    def miscounts(self) -> tuple[Miscount, ...]:
        """Where the list does not hold the records it should."""
        return tuple(self._miscounts)

    @property
    def counted(self) -> frozenset[Cause]:
        """What has happened to the records."""
        return frozenset(self._counted)

    def compare(self, answer: ParsedAnswer, *, is_whole: bool) -> None:
        """Compare a list; `is_whole` says that it has no pages."""
        members, total = self.model.members.get(self.entity), answer.total
        if members is None:
            return
        if members.total is not None and total is not None:
            self._counted.update(members.changes or ("read",))
            if total != members.total:
                cause = members.likely_cause(is_over=total > members.total)
                message = (
                    f"{self.entity} should have {members.total} records, and {total} are reported"
                )
                self._add("total", message, cause, members)
        if is_whole and answer.has_list and members.ids is not None:
            self._compare_members(answer, members, members.ids)

    def _add(
        self,
        kind: Literal["extra", "missing", "total"],
        message: str,
        cause: Cause,
        members: EntityMembers,
    ) -> None:
        certainty = count_certainty(self.model, members, cause)
        self._miscounts.append(Miscount(self.entity, kind, message, cause, certainty))

    def _compare_members(
        self, answer: ParsedAnswer, members: EntityMembers, expected: list[str]
    ) -> None:
        entity = self.entity
        listed = [row.external_id for row in answer.rows]
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
            self._add("missing", message, cause, members)
        elif len(extra) > members.unnamed:
            unexpected = min(extra)
            known = self.model.find_record(entity, unexpected)
            cause = members.likely_cause(is_over=True)
            if known is not None and known.exists is False:
                cause = "deleted"
            message = f"{entity} {unexpected} is in the list of all, and nothing created it"
            self._add("extra", message, cause, members)


def _cause_of_being_there(known: RecordModel) -> Cause:
    """Return why a record is known to be there."""
    return known.latest_cause() if known.last_change == "read" else known.last_change


def _agrees(fact: KnownValue, answered: object) -> bool:
    if fact.value is NON_NULL:
        return answered is not None and answered is not MISSING_FIELD
    # A text that comes back as a number, say: that it is not text is for another check.
    return (
        isinstance(fact.value, str)
        and answered is not MISSING_FIELD
        and not isinstance(answered, str | None)
    )
