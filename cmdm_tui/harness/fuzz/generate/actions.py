"""The steps that trials and the rules of sessions are made of: choose a record, create, read, list.

Each takes what it needs from the session's model, and creates it first where there is nothing to
work on.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from cmdm_tui.harness.calls import (
    CallRequest,
    create_record,
    get_record,
    list_fields,
    list_records,
    sign_in,
)
from cmdm_tui.harness.fuzz.execute.fuzz_session import FuzzSession
from cmdm_tui.harness.fuzz.generate.value_strategies import Draw, draw_properties, indexes, pick
from cmdm_tui.harness.oracle.contract import ENTITY_WITHOUT_FIELD_LIST, FieldRule
from cmdm_tui.harness.oracle.service_model import ServiceModel

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
        return self.create(create_record(entity, given), entity)

    def create(self, request: CallRequest, entity: str, key: str = "ExternalID") -> str:
        """Send a request that creates a record of `entity`; return its id, empty for none."""
        made = self._send_and_read_id(request, key)
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

    def has_entity(self, entity: str) -> bool:
        """Return whether the service has an entity, as far as is known."""
        return entity in self.session.entities

    def can_convert(self) -> bool:
        """Return whether leads may be converted: the contact of a conversion is not named.

        So it could not be deleted again.
        """
        return self.has_entity("lead") and not self.session.service.is_to_be_cleaned

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

    # Time

    def is_signed_out(self) -> bool:
        """Return whether the token has ended by now."""
        ends, moment = self.model.token_ends, self.model.latest_time
        return ends is not None and moment is not None and moment >= ends

    def sign_in(self) -> None:
        """Sign in again."""
        self.session.take(sign_in())
