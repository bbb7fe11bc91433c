"""The model of a service: what the exchanges so far say about it.

It is built from requests and answers alone, and shares no code with the sandbox. Checks compare
each new answer with it; then the answer is added to it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.exchange import Exchange, Intent
from cmdm_tui.harness.oracle.accepted_changes import CHILD_ENTITIES, enter_change
from cmdm_tui.harness.oracle.answer_parser import ListedRow, ParsedAnswer
from cmdm_tui.harness.oracle.contract import FIELD_TABLE, FieldRule, merge_field_rule
from cmdm_tui.harness.oracle.list_model import EntityMembers, ObservedOrder, OrderKey
from cmdm_tui.harness.oracle.record_model import (
    Cause,
    KnownValue,
    RecordModel,
    RefusedRequest,
)
from cmdm_tui.harness.oracle.service_limits import ServiceLimits, keep_first, parse_limits

RecordKey = tuple[str, str]

UNAUTHORISED, TOO_MANY = 401, 429


@dataclass(slots=True)
class ServiceModel:
    """What is known of a service.

    `is_alone` says that no one else changes its records; otherwise only what is known of
    records of one's own is held against it. `writes` is the number of changes that were accepted,
    or may have been, and `kept_fields` are those (by entity and name) that were read as they were
    given. `sign_in_refusal` is what the first sign-in with wrong credentials was answered.
    """

    is_alone: bool = True
    records: dict[RecordKey, RecordModel] = field(default_factory=dict[RecordKey, RecordModel])
    members: dict[str, EntityMembers] = field(default_factory=dict[str, EntityMembers])
    orders: dict[str, dict[OrderKey, ObservedOrder]] = field(
        default_factory=dict[str, dict[OrderKey, ObservedOrder]]
    )
    fields: dict[str, dict[str, FieldRule]] = field(default_factory=dict[str, dict[str, FieldRule]])
    field_lists: dict[str, tuple[ListedRow, ...]] = field(
        default_factory=dict[str, tuple[ListedRow, ...]]
    )
    entities_by_id: dict[str, str] = field(default_factory=dict[str, str])
    quota: ServiceLimits | None = None
    token_ends: int | None = None
    latest_time: float | None = None
    last: Exchange | None = None
    sign_in_refusal: bytes | None = None
    base: "ServiceModel | None" = None
    writes: int = 0
    kept_fields: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    # Records

    def find_record(self, entity: str, external_id: str) -> RecordModel | None:
        """Return what is known of a record, which is not to be changed; None for nothing."""
        found = self.records.get((entity, external_id))
        if found is None and self.base is not None:
            return self.base.find_record(entity, external_id)
        return found

    def entity_of(self, external_id: str) -> str | None:
        """Return the entity whose record has this id, None where none is known to."""
        found = self.entities_by_id.get(external_id)
        return found if found is not None or self.base is None else self.base.entity_of(external_id)

    def existing_ids(self, entity: str, *, own: bool = False) -> list[str]:
        """Return the ids of the records that are known to be there, oldest first."""
        return [
            external_id
            for (kind, external_id), known in self.iterate_records()
            if kind == entity and known.exists and (known.is_own or not own)
        ]

    def deleted_ids(self, entity: str) -> list[str]:
        """Return the ids of records that were deleted."""
        return [
            external_id
            for (kind, external_id), known in self.records.items()
            if kind == entity and known.exists is False
        ]

    def iterate_records(self) -> Iterable[tuple[RecordKey, RecordModel]]:
        """Yield every record that something is known of."""
        if self.base is not None:
            records = self.records
            yield from (one for one in self.base.iterate_records() if one[0] not in records)
        yield from self.records.items()

    def fields_of(self, entity: str) -> Mapping[str, FieldRule]:
        """Return the fields of an entity by name: the service's, or else the table's."""
        rules = self.fields.get(entity)
        if rules is None and self.base is not None:
            return self.base.fields_of(entity)
        if rules is None:
            rules = self.fields[entity] = {rule.name: rule for rule in FIELD_TABLE.get(entity, ())}
        return rules

    def field_list_of(self, entity: str) -> tuple[ListedRow, ...] | None:
        """Return the field list of an entity as the service gave it, None where it did not."""
        found = self.field_lists.get(entity)
        if found is None and self.base is not None:
            return self.base.field_list_of(entity)
        return found

    def observed_order(self, entity: str, key: OrderKey) -> ObservedOrder:
        """Return what was seen of an entity in an order."""
        return self.orders.setdefault(entity, {}).setdefault(key, ObservedOrder())

    def fork(self) -> "ServiceModel":
        """Return a model of a service whose records are again what they are in this one."""
        members = {
            entity: EntityMembers(
                None if kept.ids is None else list(kept.ids), kept.unnamed, seen_at=self.writes
            )
            for entity, kept in self.members.items()
        }
        return ServiceModel(
            self.is_alone, members=members, base=self, writes=self.writes,
            kept_fields=self.kept_fields, sign_in_refusal=self.sign_in_refusal,
        )  # fmt: skip

    # Entering an exchange

    def add(self, exchange: Exchange, answer: ParsedAnswer) -> None:
        """Enter an exchange that checks have looked at."""
        self.last = exchange
        if exchange.moment is not None:
            self.latest_time = exchange.moment
        if exchange.intent.call != "authenticate" or exchange.status in {200, TOO_MANY}:
            self._add_limits(exchange)
        if exchange.intent.call == "authenticate" and exchange.status == UNAUTHORISED:
            self.sign_in_refusal = self.sign_in_refusal or exchange.body
        if not exchange.status:
            self._forget_affected(exchange.intent)
        elif exchange.status in {200, 201}:
            self._add_success(exchange, answer)
        elif exchange.method not in {"GET", "HEAD", "OPTIONS"}:
            self._add_refusal(exchange)
        elif exchange.intent.call == "get" and exchange.status == 404:
            self._add_absence(exchange.intent)

    def forget_limits(self) -> None:
        """Forget the limits: they were changed from outside."""
        self.quota = None

    def _add_limits(self, exchange: Exchange) -> None:
        limits = parse_limits(exchange)
        if limits.is_given:
            before = None if self.quota is None else self.quota.reset
            self.quota = replace(limits, reset=keep_first(before, limits.reset))
        elif not exchange.status:
            self.quota = None
        ends = parse_whole_number(exchange.header("x-token-reset"))
        is_own = exchange.intent.authorization in {"good", "sign-in"}
        if ends is not None and is_own and exchange.status not in {0, UNAUTHORISED}:
            self.token_ends = keep_first(self.token_ends, ends)

    def _add_success(self, exchange: Exchange, answer: ParsedAnswer) -> None:
        intent = exchange.intent
        if intent.authorization != "good":
            self._forget_affected(intent)
            return
        if intent.call in {"get", "list", "fields"}:
            self._add_read(intent, answer)
        elif intent.call in {"authenticate", "other"}:
            if exchange.method not in {"GET", "HEAD", "OPTIONS", "POST"}:
                self._forget_affected(intent)
        else:
            # One change may have an effect on other records, of which nothing is documented.
            self.writes += 1
            self.orders.clear()
            enter_change(self, intent, answer.created_id)

    def _add_read(self, intent: Intent, answer: ParsedAnswer) -> None:
        if intent.call == "fields":
            self._add_field_list(intent, answer)
            return
        self._confirm_rows(intent.entity, answer.rows)
        if intent.call == "list":
            self._add_list(intent, answer)

    def _confirm_rows(self, entity: str, rows: Iterable[ListedRow]) -> None:
        for row in rows:
            known = self.find_record(entity, row.external_id)
            if known is None or known.exists is not True:
                self.entities_by_id[row.external_id] = entity
                known = self.records[entity, row.external_id] = RecordModel(is_own=False)
            elif self._is_confirmed(known, row):
                if (entity, row.external_id) in self.records:
                    known.seen_at = self.writes
                continue
            else:
                known = self.writable_record(entity, row.external_id)
            self._note_kept_fields(entity, known, row)
            known.values.update((name, KnownValue(value)) for name, value in row.properties.items())
            known.exists, known.last_change, known.seen_at = True, "read", self.writes
            known.refusals, known.is_updated, known.is_update_repeated = (), False, False

    def _note_kept_fields(self, entity: str, known: RecordModel, row: ListedRow) -> None:
        """Note which fields are read as they were given: they are stored, and not computed."""
        for name in known.written & row.properties.keys():
            value = row.properties[name]
            fact = known.values.get(name)
            if value is not None and fact is not None and fact.value == value:
                self.kept_fields.add((entity, name))

    @staticmethod
    def _is_confirmed(known: RecordModel, row: ListedRow) -> bool:
        if known.refusals or known.is_updated or known.last_change != "read":
            return False
        values = known.values
        return all(
            (fact := values.get(name)) is not None and fact.source == "read" and fact.value == value
            for name, value in row.properties.items()
        )

    def writable_record(self, entity: str, external_id: str) -> RecordModel:
        """Return what is known of a record, to be changed."""
        key = (entity, external_id)
        found = self.records.get(key)
        if found is None:
            known = self.find_record(entity, external_id)
            found = self.records[key] = RecordModel() if known is None else known.clone()
        return found

    def _add_list(self, intent: Intent, answer: ParsedAnswer) -> None:
        query = intent.query
        if query is None or not answer.has_list:
            return
        members = self.members.setdefault(intent.entity, EntityMembers())
        if not self.is_alone and answer.total != members.total:
            self.orders.pop(intent.entity, None)
        sort_by = query.get("sort_by")
        order = self.observed_order(intent.entity, (sort_by, query.get("sort_order", "asc")))
        ids = tuple(row.external_id for row in answer.rows)
        order.total = answer.total
        if "page" in query:
            order.pages[int(query["per_page"]), int(query["page"])] = ids
        elif answer.total is None or answer.total == len(ids):
            order.whole = ids
            order.values = _sort_values(sort_by, answer.rows)
            if sort_by is None and query.get("sort_order", "asc") == "asc":
                members.ids, members.unnamed = list(ids), 0
            elif members.ids is None or set(members.ids) != set(ids):
                members.ids = None
        if answer.total != members.total:
            members.ids = None
        members.changes, members.seen_at = (), self.writes

    def _add_field_list(self, intent: Intent, answer: ParsedAnswer) -> None:
        if intent.query is None or "page" in intent.query:
            return
        if answer.total is not None and answer.total != len(answer.rows):
            return
        self.field_lists[intent.entity] = answer.rows
        rules = dict(self.fields_of(intent.entity))
        found = [merge_field_rule(rules, row.properties) for row in answer.rows]
        if found and all(found):
            self.fields[intent.entity] = {rule.name: rule for rule in found if rule is not None}

    def add_record(self, entity: str, external_id: str, known: RecordModel) -> None:
        """Enter a record that a request created."""
        known.seen_at = self.writes
        self.records[entity, external_id] = known
        self.entities_by_id[external_id] = entity
        members = self.members.setdefault(entity, EntityMembers())
        if members.ids is not None and external_id not in members.ids:
            members.ids.append(external_id)

    def _add_refusal(self, exchange: Exchange) -> None:
        intent, cause = exchange.intent, refusal_cause(exchange)
        if self.find_record(intent.entity, intent.external_id) is not None:
            known = self.writable_record(intent.entity, intent.external_id)
            refused = RefusedRequest(cause, intent.call, intent.given)
            known.refusals = (*known.refusals, refused)
            if exchange.status == 404 and known.exists and cause == "refused":
                known.exists = None
        touched = {CHILD_ENTITIES.get(intent.call, intent.entity)}
        if intent.call == "convert":
            touched |= {"account", "contact"}
        for entity in touched & self.members.keys():
            members = self.members[entity]
            members.changes = (*members.changes, cause)

    def _add_absence(self, intent: Intent) -> None:
        known = self.find_record(intent.entity, intent.external_id)
        if known is not None and known.exists and intent.authorization == "good":
            self.writable_record(intent.entity, intent.external_id).exists = None
            self.members.setdefault(intent.entity, EntityMembers()).ids = None

    def mark_changed(self, entity: str, cause: Cause) -> None:
        """Note that something has happened to the records of an entity."""
        members = self.members.setdefault(entity, EntityMembers())
        members.changes = (*members.changes, cause)

    def _forget_affected(self, intent: Intent) -> None:
        """Forget what a request may have changed, of which it is not known whether it did."""
        self.writes += 1
        if intent.external_id:
            self.records[intent.entity, intent.external_id] = RecordModel(exists=None)
        entities = {CHILD_ENTITIES.get(intent.call, intent.entity)}
        if intent.call == "convert":
            entities |= {"account", "contact"}
        for entity in entities:
            self.members[entity] = EntityMembers()
        self.orders.clear()


def refusal_cause(exchange: Exchange) -> Cause:
    """Return in which way a request was refused."""
    if exchange.status == TOO_MANY:
        return "over-limit"
    is_unknown = exchange.status == UNAUTHORISED or exchange.intent.authorization != "good"
    return "unauthorised" if is_unknown else "refused"


def _sort_values(sort_by: str | None, rows: tuple[ListedRow, ...]) -> tuple[Any, ...] | None:
    if sort_by is None:
        return None
    if sort_by == "ExternalID":
        return tuple(row.external_id for row in rows)
    if any(sort_by not in row.properties for row in rows):
        return None
    return tuple(row.properties[sort_by] for row in rows)
