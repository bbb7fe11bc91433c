"""What a user does, several requests at a time: change something, then look whether it is so.

Both the stateless properties and the state machine are made of these. Each takes what it needs from
the session's ledger, so that a move without anything to work on makes it first.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from cmdm_tui.harness.fuzz.asking import (
    Limit,
    Request,
    Wait,
    close,
    convert,
    create,
    create_of,
    delete,
    fields,
    get,
    many,
    sign_in,
    update,
)
from cmdm_tui.harness.fuzz.session import Session
from cmdm_tui.harness.fuzz.values import Draw, index, pick, properties
from cmdm_tui.harness.oracle.contract import WITHOUT_FIELD_LIST, FieldRule
from cmdm_tui.harness.oracle.ledger import Ledger

_HOUR = 3_600
_MOST_LISTED = 300
"""Records of an entity up to which a move lists all of them, and not the first page."""

_COINS = st.booleans()


class Moves:
    """The moves of one example on `session`, drawing what they need."""

    def __init__(self, session: Session, draw: Draw) -> None:
        self.session = session
        self.draw = draw
        self._made: dict[str, list[str]] = {}

    @property
    def ledger(self) -> Ledger:
        """What is known by now."""
        return self.session.ledger

    def coin(self) -> bool:
        """Draw a yes or a no."""
        return bool(self.draw(_COINS))

    def entity(self) -> str:
        """Draw an entity."""
        return pick(self.draw, self.session.entities)

    def rules(self, entity: str) -> Mapping[str, FieldRule]:
        """Return the fields of an entity."""
        return self.ledger.rules_of(entity)

    # Records to work on

    def record(self, entity: str) -> str:
        """Return the id of a record: one of this example's, or one that may be used, or a new one.

        Where nothing may be written it is one that was listed. Empty where there is none.
        """
        made = [one for one in self._made.get(entity, []) if self._is_there(entity, one)]
        if made and (len(made) > 2 or self.coin()):
            return pick(self.draw, made)
        if self.session.target.restores or not self.session.target.may_write:
            there = self.ledger.living(entity)
            if there and (not self.session.target.may_write or self.coin()):
                return pick(self.draw, there[:50])
        if not self.session.target.may_write:
            return ""
        return self.created(entity)

    def _is_there(self, entity: str, external_id: str) -> bool:
        known = self.ledger.known(entity, external_id)
        return known is not None and known.is_there is True

    def created(self, entity: str, given: Mapping[str, Any] | None = None) -> str:
        """Create a record and return its id, empty where it was refused."""
        if given is None:
            given = properties(self.draw, self.rules(entity), is_whole=True)
        made = self._id_of(create(entity, given), "ExternalID")
        return self._keep(entity, made)

    def _keep(self, entity: str, made: str) -> str:
        if made:
            self._made.setdefault(entity, []).append(made)
        return made

    def _id_of(self, request: Request, key: str) -> str:
        exchange = self.session.do(request)
        if exchange is None or exchange.status not in {200, 201}:
            return ""
        content = exchange.json
        value = content.get(key) if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return value if isinstance(value, str) else ""

    def changes(self, entity: str) -> dict[str, Any]:
        """Draw what an update may say."""
        return properties(self.draw, self.rules(entity), is_whole=False)

    # Looking

    def look(self, entity: str, external_id: str) -> None:
        """Read one record."""
        if external_id:
            self.session.do(get(entity, external_id))

    def count(self, entity: str) -> None:
        """Ask for the total."""
        self.session.do(many(entity, {"per_page": "1", "page": "1"}))

    def list_all(self, entity: str, extra: Mapping[str, str] | None = None) -> None:
        """List all records, or the first page where they are many."""
        query = dict(extra or {})
        if not self._are_few(entity):
            query |= {"per_page": "50", "page": "1"}
        self.session.do(many(entity, query))

    def _are_few(self, entity: str) -> bool:
        members = self.ledger.members.get(entity)
        total = None if members is None else members.total
        return total is not None and total <= _MOST_LISTED

    def walk(self, entity: str) -> None:
        """Go through the pages of a list, to the one past the last."""
        members = self.ledger.members.get(entity)
        total = None if members is None else members.total
        query: dict[str, str] = {}
        if self.coin():
            query |= self.sorting(entity)
        if self.coin():
            self.list_all(entity, query)
        size = (
            1 + self.draw(index(9)) if total is None else max(1, total // (2 + self.draw(index(3))))
        )
        size = min(size, 100)
        last = 3 if total is None else -(-total // size) + 1
        for number in range(1, min(last, 6) + 1):
            self.session.do(many(entity, query | {"per_page": str(size), "page": str(number)}))
        if last > 6:
            for number in (last - 1, last):
                self.session.do(many(entity, query | {"per_page": str(size), "page": str(number)}))

    def sorting(self, entity: str) -> dict[str, str]:
        """Draw an order."""
        names = [*self.rules(entity), "ExternalID"]
        return {"sort_by": pick(self.draw, names), "sort_order": pick(self.draw, ["asc", "desc"])}

    def sort(self, entity: str) -> None:
        """List in an order and in its reverse, beside the list as it is."""
        name = self.sorting(entity)["sort_by"]
        self.list_all(entity)
        for order in ("asc", "desc"):
            self.list_all(entity, {"sort_by": name, "sort_order": order})
        if self.coin():
            self.list_all(entity, {"sort_order": "desc"})

    def project(self, entity: str) -> None:
        """List with some fields chosen."""
        names = [*self.rules(entity), "ExternalID"]
        chosen = [pick(self.draw, names) for _ in range(1 + self.draw(index(3)))]
        query = {"fields": ",".join(dict.fromkeys(chosen))}
        if self.coin():
            query |= {"sort_by": chosen[0]}
        if self.coin():
            query |= {"per_page": "10", "page": "1"}
        self.session.do(many(entity, query))

    def read_fields(self, entity: str) -> None:
        """Read the field list, whole and in pages."""
        size = str(1 + self.draw(index(8)))
        self.session.do(fields(entity))
        if entity != WITHOUT_FIELD_LIST:
            for number in ("1", "2", "9"):
                self.session.do(fields(entity, {"per_page": size, "page": number}))

    def read_twice(self, entity: str) -> None:
        """Read a record twice, and among others."""
        record = self.record(entity)
        self.look(entity, record)
        self.list_all(entity)
        self.look(entity, record)

    # Changing

    def create_and_look(self, entity: str) -> None:
        """Create a record, and find it alone and among all."""
        made = self.created(entity)
        self.look(entity, made)
        if self.coin():
            self.list_all(entity)
        else:
            self.count(entity)

    def update_and_look(self, entity: str) -> None:
        """Update a record once and, in half of all cases, twice."""
        record = self.record(entity)
        if not record:
            return
        self.look(entity, record)
        request = update(entity, record, self.changes(entity))
        self.session.do(request)
        self.look(entity, record)
        if self.coin():
            self.session.do(request)
            self.look(entity, record)

    def delete_and_look(self, entity: str) -> None:
        """Delete a record, then use what is dead."""
        record = self.record(entity)
        if not record:
            return
        child = self.child_of(entity, record) if self.coin() else ("", "")
        self.session.do(delete(entity, record))
        self.look(entity, record)
        self.session.do(delete(entity, record))
        self.use_dead(entity)
        self.list_all(entity)
        self.look(*child)

    def use_dead(self, entity: str) -> None:
        """Use a record that was deleted in any way there is."""
        dead = self.ledger.dead(entity)
        if not dead:
            return
        gone = pick(self.draw, dead)
        given = self.changes(entity)
        uses = [
            get(entity, gone),
            update(entity, gone, given),
            delete(entity, gone),
            create_of("task", entity, gone, {"Subject": "x"}),
            create_of("opportunity", entity, gone, {"Name": "x"}),
        ]
        if entity == "lead":
            uses.append(convert(gone))
        if entity == "task":
            uses.append(close(gone))
        request = pick(self.draw, uses)
        self.session.do(request)

    def child_of(self, entity: str, record: str) -> tuple[str, str]:
        """Create a task or an opportunity of a record; return what it is and its id."""
        child = pick(self.draw, ["task", "opportunity"])
        if child not in self.session.entities:
            return child, ""
        given = properties(self.draw, self.rules(child), is_whole=True, most=1)
        made = self._id_of(create_of(child, entity, record, given), "ExternalID")
        return child, self._keep(child, made)

    def child_and_look(self, entity: str) -> None:
        """Create a child of a record, and read it, its parent and all of its kind."""
        record = self.record(entity)
        if not record:
            return
        child, made = self.child_of(entity, record)
        self.look(child, made)
        self.look(entity, record)
        self.count(child)

    def convert_and_look(self) -> None:
        """Convert a lead, look at what was made, and try again."""
        # The contact of a conversion is not told, and so could not be deleted again.
        if "lead" not in self.session.entities or self.session.target.is_to_be_cleaned:
            return
        lead = self.created("lead") if self.coin() else self.record("lead")
        if not lead:
            return
        self.look("lead", lead)
        given = None
        if self.coin():
            given = {"Description": pick(self.draw, ["Made of a lead", "ß", "x"])}
        request = convert(lead, given)
        account = self._id_of(request, "Account ExternalID")
        self._keep("account", account)
        self.look("account", account)
        self.look("lead", lead)
        self.session.do(convert(lead))
        self.look("lead", lead)
        for entity in ("contact", "account"):
            self.list_all(entity)

    def close_and_look(self) -> None:
        """Close a task, read it, and close it again."""
        if "task" not in self.session.entities:
            return
        task = self.record("task")
        if not task:
            return
        self.look("task", task)
        self.session.do(close(task, pick(self.draw, [b"", b"{}"])))
        self.look("task", task)
        if self.coin() and self.session.control is not None:
            self.session.do(Wait(2.0))
        self.session.do(close(task))
        self.look("task", task)

    # Time and limits

    def wait(self) -> None:
        """Let an hour pass, or the rest of the token's life, and go on."""
        session, ends = self.session, self.ledger.token_ends
        if session.control is None:
            return
        entity = self.entity()
        if self.coin() or ends is None or self.ledger.moment is None:
            session.do(Wait(float(pick(self.draw, [60, 600, _HOUR - 60]))))
        else:
            session.do(Wait(ends - self.ledger.moment + pick(self.draw, [-5, 0, 5])))
        self.count(entity)
        ends, moment = self.ledger.token_ends, self.ledger.moment
        if ends is not None and moment is not None and moment >= ends:
            session.do(create(entity, properties(self.draw, self.rules(entity), is_whole=True)))
            session.renew()
            self.count(entity)

    def exhaust(self) -> None:
        """Use up the calls of the hour, go on regardless, and wait for the next hour."""
        session = self.session
        if session.control is None:
            return
        entity = self.entity()
        record = self.record(entity)
        self.look(entity, record)
        left = self.draw(index(4))
        session.do(Limit(left))
        for _ in range(left):
            self.look(entity, record)
        if not record:
            return
        attempts = [
            create(entity, properties(self.draw, self.rules(entity), is_whole=True)),
            update(entity, record, self.changes(entity)),
            delete(entity, record),
        ]
        session.do(pick(self.draw, attempts))
        session.do(pick(self.draw, attempts))
        session.do(Wait(float(_HOUR)))
        self.count(entity)
        if self.is_signed_out():
            session.renew()
            self.count(entity)
        self.look(entity, record)

    def is_signed_out(self) -> bool:
        """Tell whether the token has ended by now."""
        ends, moment = self.ledger.token_ends, self.ledger.moment
        return ends is not None and moment is not None and moment >= ends

    def sign_in(self) -> None:
        """Sign in anew."""
        self.session.do(sign_in())
