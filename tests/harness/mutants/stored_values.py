"""What faults in stored values share: the record a call is about, and values stored otherwise."""

from collections.abc import Callable
from typing import Any

from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn

NUMERIC = frozenset(
    {"Employees", "AnnualRevenue", "Score", "EstimatedValue", "Amount", "Probability", "Capacity",
     "Price", "Stock"}
)  # fmt: skip
TEXTS = frozenset(
    {"Name", "FirstName", "LastName", "Company", "JobTitle", "Address", "City", "County",
     "PostCode", "Country", "Owner", "Notes", "Description", "Subject", "Title", "Venue", "SKU"}
)  # fmt: skip
LONG_TEXTS = frozenset({"Notes", "Description"})

Respell = Callable[[str], str]


def at(asked: FaultRequest, method: str, path: str) -> FaultRequest:
    """Return a call of the same user without a body."""
    return asked.with_changes(method=method, path=f"/api/v1/{path}", query="", body=b"")


async def read(asked: FaultRequest, inner: SendOn, path: str) -> dict[str, Any] | None:
    """Return the properties of a record, None where it is not there."""
    given = await inner(at(asked, "GET", path))
    return given.json()["Properties"] if given.ok else None


async def update(
    asked: FaultRequest, inner: SendOn, path: str, given: dict[str, Any]
) -> FaultAnswer:
    """Change a record."""
    return await inner(at(asked, "PUT", path).with_json(given))


async def rows_of(asked: FaultRequest, inner: SendOn, entity: str) -> list[dict[str, Any]]:
    """Return all records of an entity, in the order of their creation."""
    given = await inner(at(asked, "GET", entity))
    return given.rows() if given.ok else []


def changed_record(given: FaultAnswer, **values: Any) -> FaultAnswer:
    """Return an answer to a reading with other values."""
    body = given.json()
    return given.set_json(body | {"Properties": body["Properties"] | values})


def record_of(asked: FaultRequest, given: FaultAnswer) -> str:
    """Return the entity and the id of what was written; empty for another call."""
    if not given.ok or asked.call not in {"create", "child", "update"}:
        return ""
    if asked.call == "update":
        return f"{asked.entity}/{asked.external_id}"
    entity = asked.segments[2].lower() if asked.call == "child" else asked.entity
    return f"{entity}/{given.json()['ExternalID']}"


async def store_otherwise(
    asked: FaultRequest, inner: SendOn, names: frozenset[str], respell: Respell
) -> FaultAnswer:
    """Store the values of some fields in another spelling than they were sent in."""
    given = await inner(asked)
    path, body = record_of(asked, given), asked.json()
    if path and body:
        sent = {k: v for k, v in body.items() if k in names and isinstance(v, str)}
        changed = {k: other for k, v in sent.items() if (other := respell(v)) != v}
        if changed:
            await update(asked, inner, path, changed)
    return given
