"""The model: what the exchanges so far say of a service, kept apart from any implementation of it.

It is built of nothing but requests and answers. Checks compare each new answer with it; then the
answer is entered into it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cmdm_tui.api.quota import parse_whole_number
from cmdm_tui.harness.exchange import Exchange, Intent
from cmdm_tui.harness.oracle.contract import TABLE, FieldRule, learnt
from cmdm_tui.harness.oracle.facts import SOMETHING, Cause, Fact, Known
from cmdm_tui.harness.oracle.limits import Quota, has_moved
from cmdm_tui.harness.oracle.lists import Members, Order, OrderKey
from cmdm_tui.harness.oracle.reading import Reading, Row

Key = tuple[str, str]
CHILDREN = {"create-task": "task", "create-opportunity": "opportunity"}
UNAUTHORISED, TOO_MANY = 401, 429


@dataclass(slots=True)
class Ledger:
    """What is known of a service.

    `is_alone` tells that nobody else changes its records; without that, only what is known of
    records of one's own is held against it. `rules` are the fields of each entity.
    """

    is_alone: bool = True
    records: dict[Key, Known] = field(default_factory=dict[Key, Known])
    members: dict[str, Members] = field(default_factory=dict[str, Members])
    orders: dict[str, dict[OrderKey, Order]] = field(
        default_factory=dict[str, dict[OrderKey, Order]]
    )
    rules: dict[str, dict[str, FieldRule]] = field(default_factory=dict[str, dict[str, FieldRule]])
    described: dict[str, tuple[Row, ...]] = field(default_factory=dict[str, tuple[Row, ...]])
    homes: dict[str, str] = field(default_factory=dict[str, str])
    quota: Quota | None = None
    token_ends: int | None = None
    moment: float | None = None
    last: Exchange | None = None
    base: "Ledger | None" = None

    # Records

    def known(self, entity: str, external_id: str) -> Known | None:
        """Return what is known of a record, which is not to be changed; None for nothing."""
        found = self.records.get((entity, external_id))
        if found is None and self.base is not None:
            return self.base.known(entity, external_id)
        return found

    def home(self, external_id: str) -> str | None:
        """Return the entity whose record has this id, None where none is known to."""
        found = self.homes.get(external_id)
        return found if found is not None or self.base is None else self.base.home(external_id)

    def living(self, entity: str, *, own: bool = False) -> list[str]:
        """Return the ids of the records that are known to be there, oldest first."""
        return [
            external_id
            for (kind, external_id), known in self.everything()
            if kind == entity and known.is_there and (known.is_own or not own)
        ]

    def dead(self, entity: str) -> list[str]:
        """Return the ids of records that were deleted."""
        return [
            external_id
            for (kind, external_id), known in self.records.items()
            if kind == entity and known.is_there is False
        ]

    def everything(self) -> Iterable[tuple[Key, Known]]:
        """Yield every record that something is known of."""
        if self.base is not None:
            for key, known in self.base.everything():
                if key not in self.records:
                    yield key, known
        yield from self.records.items()

    def rules_of(self, entity: str) -> Mapping[str, FieldRule]:
        """Return the fields of an entity by name: as the service tells them, else the table's."""
        rules = self.rules.get(entity)
        if rules is None and self.base is not None:
            return self.base.rules_of(entity)
        if rules is None:
            rules = self.rules[entity] = {rule.name: rule for rule in TABLE.get(entity, ())}
        return rules

    def described_of(self, entity: str) -> tuple[Row, ...] | None:
        """Return the field list of an entity as it was told, None where it was not."""
        found = self.described.get(entity)
        if found is None and self.base is not None:
            return self.base.described_of(entity)
        return found

    def order(self, entity: str, key: OrderKey) -> Order:
        """Return what was seen of an entity in an order."""
        return self.orders.setdefault(entity, {}).setdefault(key, Order())

    def fork(self) -> "Ledger":
        """Return a ledger for a service whose records are again what they are in this one."""
        members = {
            entity: Members(None if kept.ids is None else list(kept.ids), kept.unnamed)
            for entity, kept in self.members.items()
        }
        return Ledger(self.is_alone, members=members, base=self)

    # Entering an exchange

    def enter(self, exchange: Exchange, reading: Reading) -> None:
        """Enter an exchange that checks have looked at."""
        self.last = exchange
        if exchange.moment is not None:
            self.moment = exchange.moment
        if exchange.intent.call != "authenticate" or exchange.status in {200, TOO_MANY}:
            self._enter_limits(exchange)
        if not exchange.status:
            self._doubt(exchange.intent)
        elif exchange.status in {200, 201}:
            self._enter_success(exchange, reading)
        elif exchange.method not in {"GET", "HEAD", "OPTIONS"}:
            self._enter_refusal(exchange)
        elif exchange.intent.call == "get" and exchange.status == 404:
            self._enter_absence(exchange.intent)

    def forget_limits(self) -> None:
        """Forget what was told of limits: they were changed from outside."""
        self.quota = None

    def _enter_limits(self, exchange: Exchange) -> None:
        limit, remaining, reset = (
            parse_whole_number(exchange.header(f"x-rate-limit-{name}"))
            for name in ("limit", "remaining", "reset")
        )
        if any(number is not None for number in (limit, remaining, reset)):
            before = None if self.quota is None else self.quota.reset
            self.quota = Quota(limit, remaining, _first_told(before, reset))
        elif not exchange.status:
            self.quota = None
        ends = parse_whole_number(exchange.header("x-token-reset"))
        is_own = exchange.intent.authorization in {"good", "sign-in"}
        if ends is not None and is_own and exchange.status not in {0, UNAUTHORISED}:
            self.token_ends = _first_told(self.token_ends, ends)

    def _enter_success(self, exchange: Exchange, reading: Reading) -> None:
        intent = exchange.intent
        if intent.authorization != "good":
            self._doubt(intent)
            return
        if intent.call in {"get", "list", "fields"}:
            self._enter_reading(intent, reading)
        elif intent.call in {"authenticate", "other"}:
            if exchange.method not in {"GET", "HEAD", "OPTIONS", "POST"}:
                self._doubt(intent)
        else:
            self._enter_change(intent, reading.made)

    def _enter_reading(self, intent: Intent, reading: Reading) -> None:
        if intent.call == "fields":
            self._enter_fields(intent, reading)
            return
        self._confirm(intent.entity, reading.rows)
        if intent.call == "list":
            self._enter_list(intent, reading)

    def _enter_change(self, intent: Intent, made: str) -> None:
        match intent.call:
            case "update":
                self._enter_update(intent)
            case "convert":
                self._enter_conversion(intent, made)
            case "close":
                self._enter_closing(intent)
            case "delete":
                self._enter_deletion(intent)
            case _:
                self._enter_create(intent, made)

    def _confirm(self, entity: str, rows: Iterable[Row]) -> None:
        for row in rows:
            known = self.known(entity, row.external_id)
            if known is None or known.is_there is not True:
                self.homes[row.external_id] = entity
                known = self.records[entity, row.external_id] = Known(is_own=False)
            elif self._is_confirmed(known, row):
                continue
            else:
                known = self._own(entity, row.external_id)
            known.values.update((name, Fact(value)) for name, value in row.properties.items())
            known.is_there, known.since = True, "read"
            known.attempts, known.is_changed, known.is_again = (), False, False

    @staticmethod
    def _is_confirmed(known: Known, row: Row) -> bool:
        if known.attempts or known.is_changed or known.since != "read":
            return False
        values = known.values
        return all(
            (fact := values.get(name)) is not None and fact.source == "read" and fact.value == value
            for name, value in row.properties.items()
        )

    def _own(self, entity: str, external_id: str) -> Known:
        key = (entity, external_id)
        found = self.records.get(key)
        if found is None:
            known = self.known(entity, external_id)
            found = self.records[key] = Known() if known is None else known.clone()
        return found

    def _enter_list(self, intent: Intent, reading: Reading) -> None:
        query = intent.query
        if query is None:
            return
        members = self.members.setdefault(intent.entity, Members())
        if not self.is_alone and reading.total != members.total:
            self.orders.pop(intent.entity, None)
        sort_by = query.get("sort_by")
        order = self.order(intent.entity, (sort_by, query.get("sort_order", "asc")))
        ids = tuple(row.external_id for row in reading.rows)
        order.total = reading.total
        if "page" in query:
            order.pages[int(query["per_page"]), int(query["page"])] = ids
        elif reading.total is None or reading.total == len(ids):
            order.whole = ids
            order.keys = _keys(sort_by, reading.rows)
            if sort_by is None and query.get("sort_order", "asc") == "asc":
                members.ids, members.unnamed = list(ids), 0
            elif members.ids is None or set(members.ids) != set(ids):
                members.ids = None
        if reading.total != members.total:
            members.ids = None
        members.since = ()

    def _enter_fields(self, intent: Intent, reading: Reading) -> None:
        if intent.query is None or "page" in intent.query:
            return
        if reading.total is not None and reading.total != len(reading.rows):
            return
        self.described[intent.entity] = reading.rows
        rules = dict(self.rules_of(intent.entity))
        found = [learnt(rules, row.properties) for row in reading.rows]
        if found and all(found):
            self.rules[intent.entity] = {rule.name: rule for rule in found if rule is not None}

    def _enter_create(self, intent: Intent, made: str) -> None:
        entity = CHILDREN.get(intent.call, intent.entity)
        self._changed(entity, "created")
        if not made:
            self.members.setdefault(entity, Members()).ids = None
            return
        values = {name: Fact(value, "created") for name, value in (intent.given or {}).items()}
        if intent.call in CHILDREN:
            values["RelatedEntity"] = Fact(intent.entity, "parent")
            values["RelatedExternalID"] = Fact(intent.external_id, "parent")
        self._add(entity, made, Known(values, since="created", is_own=True))

    def _add(self, entity: str, external_id: str, known: Known) -> None:
        self.records[entity, external_id] = known
        self.homes[external_id] = entity
        members = self.members.setdefault(entity, Members())
        if members.ids is not None and external_id not in members.ids:
            members.ids.append(external_id)

    def _enter_update(self, intent: Intent) -> None:
        known = self._own(intent.entity, intent.external_id)
        self._changed(intent.entity, "updated")
        known.values.pop("ModifiedDate", None)
        if intent.given is None:
            known.values.clear()
            return
        is_again = known.put == intent.given
        source: Cause = "again" if is_again else "updated"
        known.values.update((name, Fact(value, source)) for name, value in intent.given.items())
        known.is_changed, known.is_again, known.put = True, is_again, intent.given

    def _enter_conversion(self, intent: Intent, made: str) -> None:
        lead = self._own("lead", intent.external_id)
        for entity in ("lead", "account", "contact"):
            self._changed(entity, "converted")
        lead.values.pop("ModifiedDate", None)
        lead.values["Status"] = Fact("Converted", "converted")
        lead.put, lead.account, lead.since = None, made, "converted"
        self.members.setdefault("contact", Members()).unnamed += 1
        if not made:
            self.members.setdefault("account", Members()).ids = None
            return
        lead.values["AccountExternalID"] = Fact(made, "converted")
        values = {name: Fact(value, "converted") for name, value in (intent.given or {}).items()}
        company = lead.values.get("Company")
        if company is not None and company.value and intent.given is not None:
            values.setdefault("Name", Fact(company.value, "converted"))
        self._add("account", made, Known(values, since="converted", is_own=True))

    def _enter_closing(self, intent: Intent) -> None:
        known = self._own("task", intent.external_id)
        status, closed = known.values.get("Status"), known.values.get("ClosedDate")
        was_closed = status is not None and status.value == "Closed" and closed is not None
        if not (was_closed and closed is not None and closed.value is not None):
            self._changed("task", "closed")
            known.values.pop("ModifiedDate", None)
            known.values["ClosedDate"] = Fact(SOMETHING, "closed")
        else:
            for name in ("ClosedDate", "ModifiedDate"):
                if name in known.values:
                    known.values[name] = replace(known.values[name], source="closed")
        known.values["Status"] = Fact("Closed", "closed")
        known.put = None

    def _enter_deletion(self, intent: Intent) -> None:
        known = self._own(intent.entity, intent.external_id)
        known.is_there, known.since, known.attempts = False, "deleted", ()
        self._changed(intent.entity, "deleted")
        for kind in CHILDREN.values():
            self._orphan(kind, intent.external_id)
        members = self.members.setdefault(intent.entity, Members())
        if members.ids is not None:
            if intent.external_id in members.ids:
                members.ids.remove(intent.external_id)
            else:
                members.ids = None

    def _orphan(self, kind: str, parent: str) -> None:
        """Note whose parent was deleted: that they stay is a law of its own."""
        for external_id in self.living(kind):
            known = self.known(kind, external_id)
            named = None if known is None else known.values.get("RelatedExternalID")
            if named is not None and named.value == parent:
                self._own(kind, external_id).since = "parent"
                self._changed(kind, "parent")

    def _enter_refusal(self, exchange: Exchange) -> None:
        intent, cause = exchange.intent, refusal(exchange)
        if self.known(intent.entity, intent.external_id) is not None:
            known = self._own(intent.entity, intent.external_id)
            known.attempts = (*known.attempts, cause)
            if exchange.status == 404 and known.is_there and cause == "refused":
                known.is_there = None
        touched = {CHILDREN.get(intent.call, intent.entity)}
        if intent.call == "convert":
            touched |= {"account", "contact"}
        for entity in touched & self.members.keys():
            members = self.members[entity]
            members.since = (*members.since, cause)

    def _enter_absence(self, intent: Intent) -> None:
        known = self.known(intent.entity, intent.external_id)
        if known is not None and known.is_there and intent.authorization == "good":
            self._own(intent.entity, intent.external_id).is_there = None
            self.members.setdefault(intent.entity, Members()).ids = None

    def _changed(self, entity: str, cause: Cause) -> None:
        self.orders.pop(entity, None)
        members = self.members.setdefault(entity, Members())
        members.since = (*members.since, cause)

    def _doubt(self, intent: Intent) -> None:
        """Forget what a request may have changed, of which it is not known whether it did."""
        if intent.external_id:
            self.records[intent.entity, intent.external_id] = Known(is_there=None)
        entities = {CHILDREN.get(intent.call, intent.entity)}
        if intent.call == "convert":
            entities |= {"account", "contact"}
        for entity in entities:
            self.members[entity] = Members()
            self.orders.pop(entity, None)


def refusal(exchange: Exchange) -> Cause:
    """Return in which way a request was refused."""
    if exchange.status == TOO_MANY:
        return "over-limit"
    is_unknown = exchange.status == UNAUTHORISED or exchange.intent.authorization != "good"
    return "unauthorised" if is_unknown else "refused"


def _first_told(before: int | None, now: int | None) -> int | None:
    """Return the moment as it was told first, so that what moves a little each time is seen to."""
    return now if before is None or now is None or has_moved(before, now) else before


def _keys(sort_by: str | None, rows: tuple[Row, ...]) -> tuple[Any, ...] | None:
    if sort_by is None:
        return None
    if sort_by == "ExternalID":
        return tuple(row.external_id for row in rows)
    if any(sort_by not in row.properties for row in rows):
        return None
    return tuple(row.properties[sort_by] for row in rows)
