"""What a user does, several requests at a time: change something, then read it again.

Trials and the state machine are made of these. Each takes what it needs from the session's model,
and creates it first where there is nothing to work on.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from cmdm_tui.harness.calls import (
    CallRequest,
    close_task,
    convert_lead,
    create_child,
    create_record,
    delete_record,
    get_record,
    list_fields,
    list_records,
    sign_in,
    update_record,
)
from cmdm_tui.harness.fuzz.execute.fuzz_session import FuzzSession
from cmdm_tui.harness.fuzz.generate.value_strategies import Draw, draw_properties, indexes, pick
from cmdm_tui.harness.fuzz.steps import AdvanceClock, SetCallsLeft
from cmdm_tui.harness.oracle.contract import ENTITY_WITHOUT_FIELD_LIST, FieldRule
from cmdm_tui.harness.oracle.service_model import ServiceModel

_HOUR = 3_600
_MOST_LISTED = 300
"""Records of an entity up to which all of them are listed, and not the first page."""

_BOOLEANS = st.booleans()


class Actions:
    """The actions of one example on `session`; `draw` draws what they need."""

    def __init__(self, session: FuzzSession, draw: Draw) -> None:
        self.session = session
        self.draw = draw
        self._created_ids: dict[str, list[str]] = {}

    @property
    def model(self) -> ServiceModel:
        """The model of the service."""
        return self.session.model

    def flip(self) -> bool:
        """Draw True or False."""
        return bool(self.draw(_BOOLEANS))

    def choose(self, size: int) -> int:
        """Draw a place in a list of this size."""
        return int(self.draw(indexes(size)))

    def draw_entity(self) -> str:
        """Draw an entity."""
        return pick(self.draw, self.session.entities)

    def fields_of(self, entity: str) -> Mapping[str, FieldRule]:
        """Return the fields of an entity."""
        return self.model.fields_of(entity)

    # Records to work on

    def choose_record(self, entity: str) -> str:
        """Return the id of a record: one of this example's, another one, or a new one.

        Where nothing may be written it is one that was listed. Empty where there is none.
        """
        made = [one for one in self._created_ids.get(entity, []) if self._exists(entity, one)]
        if made and (len(made) > 2 or self.flip()):
            return pick(self.draw, made)
        if self.session.service.is_restored or not self.session.service.may_write:
            there = self.model.existing_ids(entity)
            if there and (not self.session.service.may_write or self.flip()):
                return pick(self.draw, there[:50])
        if not self.session.service.may_write:
            return ""
        return self.create_record(entity)

    def _exists(self, entity: str, external_id: str) -> bool:
        known = self.model.find_record(entity, external_id)
        return known is not None and known.exists is True

    def create_record(self, entity: str, given: Mapping[str, Any] | None = None) -> str:
        """Create a record and return its id, empty where it was refused."""
        if given is None:
            given = draw_properties(self.draw, self.fields_of(entity), is_whole=True)
        made = self._send_and_read_id(create_record(entity, given), "ExternalID")
        return self._remember(entity, made)

    def _remember(self, entity: str, made: str) -> str:
        if made:
            self._created_ids.setdefault(entity, []).append(made)
        return made

    def _send_and_read_id(self, request: CallRequest, key: str) -> str:
        exchange = self.session.take(request)
        if exchange is None or exchange.status not in {200, 201}:
            return ""
        content = exchange.json
        value = content.get(key) if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return value if isinstance(value, str) else ""

    def draw_changes(self, entity: str) -> dict[str, Any]:
        """Draw the properties of an update."""
        return draw_properties(self.draw, self.fields_of(entity), is_whole=False)

    # Reading

    def read_record(self, entity: str, external_id: str) -> None:
        """Read one record."""
        if external_id:
            self.session.take(get_record(entity, external_id))

    def read_total(self, entity: str) -> None:
        """Read the total of an entity."""
        self.session.take(list_records(entity, {"per_page": "1", "page": "1"}))

    def list_all(self, entity: str, extra: Mapping[str, str] | None = None) -> None:
        """List all records, or the first page where they are many."""
        query = dict(extra or {})
        if not self._are_few(entity):
            query |= {"per_page": "50", "page": "1"}
        self.session.take(list_records(entity, query))

    def _are_few(self, entity: str) -> bool:
        members = self.model.members.get(entity)
        total = None if members is None else members.total
        return total is not None and total <= _MOST_LISTED

    def walk_pages(self, entity: str) -> None:
        """Go through the pages of a list, to the one past the last."""
        members = self.model.members.get(entity)
        total = None if members is None else members.total
        query: dict[str, str] = {}
        if self.flip():
            query |= self.draw_sorting(entity)
        if self.flip():
            self.list_all(entity, query)
        size = 1 + self.choose(9) if total is None else max(1, total // (2 + self.choose(3)))
        size = min(size, 100)
        last = 3 if total is None else -(-total // size) + 1
        for number in range(1, min(last, 6) + 1):
            self.session.take(
                list_records(entity, query | {"per_page": str(size), "page": str(number)})
            )
        if last > 6:
            for number in (last - 1, last):
                self.session.take(
                    list_records(entity, query | {"per_page": str(size), "page": str(number)})
                )

    def draw_sorting(self, entity: str) -> dict[str, str]:
        """Draw an order."""
        names = [*self.fields_of(entity), "ExternalID"]
        return {"sort_by": pick(self.draw, names), "sort_order": pick(self.draw, ["asc", "desc"])}

    def list_sorted(self, entity: str) -> None:
        """List in an order, in its reverse, and without an order."""
        name = self.draw_sorting(entity)["sort_by"]
        self.list_all(entity)
        for order in ("asc", "desc"):
            self.list_all(entity, {"sort_by": name, "sort_order": order})
        if self.flip():
            self.list_all(entity, {"sort_order": "desc"})

    def list_some_fields(self, entity: str) -> None:
        """List with some fields chosen."""
        names = [*self.fields_of(entity), "ExternalID"]
        chosen = [pick(self.draw, names) for _ in range(1 + self.choose(3))]
        query = {"fields": ",".join(dict.fromkeys(chosen))}
        if self.flip():
            query |= {"sort_by": chosen[0]}
        if self.flip():
            query |= {"per_page": "10", "page": "1"}
        self.session.take(list_records(entity, query))

    def read_fields(self, entity: str) -> None:
        """Read the field list, whole and in pages."""
        size = str(1 + self.choose(8))
        self.session.take(list_fields(entity))
        if entity != ENTITY_WITHOUT_FIELD_LIST:
            for number in ("1", "2", "9"):
                self.session.take(list_fields(entity, {"per_page": size, "page": number}))

    def read_twice(self, entity: str) -> None:
        """Read a record twice, and among others."""
        record = self.choose_record(entity)
        self.read_record(entity, record)
        self.list_all(entity)
        self.read_record(entity, record)

    # Changing

    def create_and_read(self, entity: str) -> None:
        """Create a record, and find it alone and among all."""
        made = self.create_record(entity)
        self.read_record(entity, made)
        if self.flip():
            self.list_all(entity)
        else:
            self.read_total(entity)

    def update_and_read(self, entity: str) -> None:
        """Update a record once and, in half of all cases, twice."""
        record = self.choose_record(entity)
        if not record:
            return
        self.read_record(entity, record)
        request = update_record(entity, record, self.draw_changes(entity))
        self.session.take(request)
        self.read_record(entity, record)
        if self.flip():
            self.session.take(request)
            self.read_record(entity, record)

    def delete_and_read(self, entity: str) -> None:
        """Delete a record, then use it."""
        record = self.choose_record(entity)
        if not record:
            return
        child = self.create_child(entity, record) if self.flip() else ("", "")
        self.session.take(delete_record(entity, record))
        self.read_record(entity, record)
        self.session.take(delete_record(entity, record))
        self.use_deleted(entity)
        self.list_all(entity)
        self.read_record(*child)

    def use_deleted(self, entity: str) -> None:
        """Use a deleted record in one of the ways there are."""
        dead = self.model.deleted_ids(entity)
        if not dead:
            return
        gone = pick(self.draw, dead)
        given = self.draw_changes(entity)
        uses = [
            get_record(entity, gone),
            update_record(entity, gone, given),
            delete_record(entity, gone),
            create_child("task", entity, gone, {"Subject": "x"}),
            create_child("opportunity", entity, gone, {"Name": "x"}),
        ]
        if entity == "lead":
            uses.append(convert_lead(gone))
        if entity == "task":
            uses.append(close_task(gone))
        request = pick(self.draw, uses)
        self.session.take(request)

    def create_child(self, entity: str, record: str) -> tuple[str, str]:
        """Create a task or an opportunity of a record; return what it is and its id."""
        child = pick(self.draw, ["task", "opportunity"])
        if child not in self.session.entities:
            return child, ""
        given = draw_properties(self.draw, self.fields_of(child), is_whole=True, most=1)
        made = self._send_and_read_id(create_child(child, entity, record, given), "ExternalID")
        return child, self._remember(child, made)

    def create_child_and_read(self, entity: str) -> None:
        """Create a child of a record, and read it, its parent and the total of such children."""
        record = self.choose_record(entity)
        if not record:
            return
        child, made = self.create_child(entity, record)
        self.read_record(child, made)
        self.read_record(entity, record)
        self.read_total(child)

    def convert_and_read(self) -> None:
        """Convert a lead, read what was created, and try again."""
        # A conversion does not name its contact, which could not be deleted again.
        if "lead" not in self.session.entities or self.session.service.is_to_be_cleaned:
            return
        lead = self.create_record("lead") if self.flip() else self.choose_record("lead")
        if not lead:
            return
        self.read_record("lead", lead)
        given = None
        if self.flip():
            given = {"Description": pick(self.draw, ["Made of a lead", "ß", "x"])}
        request = convert_lead(lead, given)
        account = self._send_and_read_id(request, "Account ExternalID")
        self._remember("account", account)
        self.read_record("account", account)
        self.read_record("lead", lead)
        self.session.take(convert_lead(lead))
        self.read_record("lead", lead)
        for entity in ("contact", "account"):
            self.list_all(entity)

    def close_and_read(self) -> None:
        """Close a task, read it, and close it again."""
        if "task" not in self.session.entities:
            return
        task = self.choose_record("task")
        if not task:
            return
        self.read_record("task", task)
        self.session.take(close_task(task, pick(self.draw, [b"", b"{}"])))
        self.read_record("task", task)
        if self.flip() and self.session.service.is_restored:
            self.session.take(AdvanceClock(2.0))
        self.session.take(close_task(task))
        self.read_record("task", task)

    # Time and limits

    def let_time_pass(self) -> None:
        """Let an hour pass, or the rest of the token's life, and go on."""
        session, ends = self.session, self.model.token_ends
        if not session.service.is_restored:
            return
        entity = self.draw_entity()
        if self.flip() or ends is None or self.model.latest_time is None:
            session.take(AdvanceClock(float(pick(self.draw, [60, 600, _HOUR - 60]))))
        else:
            session.take(AdvanceClock(ends - self.model.latest_time + pick(self.draw, [-5, 0, 5])))
        self.read_total(entity)
        ends, moment = self.model.token_ends, self.model.latest_time
        if ends is not None and moment is not None and moment >= ends:
            session.take(
                create_record(
                    entity, draw_properties(self.draw, self.fields_of(entity), is_whole=True)
                )
            )
            session.sign_in_again()
            self.read_total(entity)

    def use_up_quota(self) -> None:
        """Use up the calls of the hour, continue anyway, and wait for the next hour."""
        session = self.session
        if not session.service.is_restored:
            return
        entity = self.draw_entity()
        record = self.choose_record(entity)
        self.read_record(entity, record)
        left = self.choose(4)
        session.take(SetCallsLeft(left))
        for _ in range(left):
            self.read_record(entity, record)
        if not record:
            return
        attempts = [
            create_record(
                entity, draw_properties(self.draw, self.fields_of(entity), is_whole=True)
            ),
            update_record(entity, record, self.draw_changes(entity)),
            delete_record(entity, record),
        ]
        session.take(pick(self.draw, attempts))
        session.take(pick(self.draw, attempts))
        session.take(AdvanceClock(float(_HOUR)))
        self.read_total(entity)
        if self.is_signed_out():
            session.sign_in_again()
            self.read_total(entity)
        self.read_record(entity, record)

    def is_signed_out(self) -> bool:
        """Return whether the token has ended by now."""
        ends, moment = self.model.token_ends, self.model.latest_time
        return ends is not None and moment is not None and moment >= ends

    def sign_in(self) -> None:
        """Sign in again."""
        self.session.take(sign_in())
