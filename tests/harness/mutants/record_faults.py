"""Faults in what is stored, and in what is answered of it."""

from typing import Any

from tests.harness.mutants.faulty_app import (
    ENTITIES,
    FaultAnswer,
    FaultRequest,
    SendOn,
    mutant,
    refuse,
)
from tests.harness.mutants.stored_values import TEXTS, record_of, store_otherwise, update


async def current(asked: FaultRequest, inner: SendOn) -> dict[str, Any] | None:
    """Return the properties of the record that a call is about."""
    path = f"/api/v1/{asked.entity}/{asked.external_id}"
    given = await inner(asked.with_changes(method="GET", path=path, query="", body=b""))
    return given.json()["Properties"] if given.ok else None


def _changed_record(given: FaultAnswer, **values: Any) -> FaultAnswer:
    body = given.json()
    return given.set_json(body | {"Properties": body["Properties"] | values})


@mutant("a create loses its last field", "create-then-get")
async def loses_last_field(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json()
    if asked.call == "create" and given.ok and body and len(body) > 1:
        await update(asked, inner, record_of(asked, given), {[*body][-1]: None})
    return given


@mutant("a create trims text", "create-then-get")
async def trims(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    if asked.call != "create":
        return await inner(asked)
    return await store_otherwise(asked, inner, TEXTS, lambda text: text.strip()[:20] or text)


@mutant("a create is told and not done", "create-then-get")
async def create_not_done(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "create" and given.ok:
        made = given.json()["ExternalID"]
        path = f"{asked.path}/{made}"
        await inner(asked.with_changes(method="DELETE", path=path, body=b""))
    return given


@mutant("an update is told and not done", "update-then-get")
async def update_not_done(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    if asked.call != "update":
        return await inner(asked)
    before = await current(asked, inner)
    given = await inner(asked)
    if given.ok and before is not None:
        kept = {k: before[k] for k in asked.json() or {} if k in before}
        await inner(asked.with_json(kept))
    return given


@mutant("an update stores its first field alone", "update-then-get")
async def update_first_field(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    body = asked.json()
    if asked.call == "update" and body and len(body) > 1:
        return await inner(asked.with_json(dict(list(body.items())[:1])))
    return await inner(asked)


@mutant("an update cannot empty a field", "update-then-get")
async def update_ignores_null(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    body = asked.json()
    kept = {k: v for k, v in (body or {}).items() if v is not None}
    if asked.call == "update" and body and kept and len(kept) < len(body):
        return await inner(asked.with_json(kept))
    return await inner(asked)


@mutant("an update empties the other fields", "update-leaves-others")
async def update_replaces(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    body = asked.json()
    before = await current(asked, inner) if asked.call == "update" else None
    given = await inner(asked)
    if before is not None and given.ok and body is not None:
        for name, value in before.items():
            if value is not None and name not in body:
                await inner(asked.with_json({name: None}))
    return given


@mutant("an update changes the owner", "update-leaves-others")
async def update_owner(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    body = asked.json()
    given = await inner(asked)
    if asked.call == "update" and given.ok and body is not None and "City" not in body:
        await inner(asked.with_json({"City": "Elsewhere"}))
    return given


@mutant("an update sets the date of creation", "update-leaves-others")
async def update_created_date(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "update" and given.ok:
        asked.memory[asked.external_id] = True
    if asked.call == "get" and given.ok and asked.external_id in asked.memory:
        return _changed_record(given, CreatedDate="2026-01-01T00:00:00Z")
    return given


def _is_repeated(asked: FaultRequest, given: FaultAnswer) -> bool:
    if asked.call != "update":
        return False
    key = ("put", asked.external_id)
    is_again = asked.memory.get(key) == asked.body
    if given.ok:
        asked.memory[key] = asked.body
    return is_again


@mutant("an update cannot be repeated", "put-twice")
async def update_once(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_again = _is_repeated(asked, given)
    return refuse(given, 400, "Nothing changes.") if is_again and given.ok else given


@mutant("a repeated update empties a field", "put-twice")
async def update_twice_empties(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if _is_repeated(asked, given) and given.ok:
        body = asked.json() or {}
        for name in ("Owner", "City", "Notes", "Venue", "Price"):
            if name not in body:
                await inner(asked.with_json({name: None}))
    return given


@mutant("a refused create is stored without what is wrong", "refused-changes-nothing")
async def refused_create_stored(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json()
    if asked.call == "create" and given.status == 400 and body:
        wrong = {"NoSuchField", "CreatedDate", "ModifiedDate"}
        await inner(asked.with_json({k: v for k, v in body.items() if k not in wrong}))
    return given


@mutant("a refused update is half done", "refused-changes-nothing")
async def refused_update_half_done(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json()
    if asked.call == "update" and given.status == 400 and body:
        for name, value in body.items():
            await inner(asked.with_json({name: value}))
    return given


@mutant("a refused update is noted as a change", "refused-changes-nothing")
async def refused_update_dated(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "update" and given.status == 400:
        asked.memory[asked.external_id] = True
    if asked.call == "get" and given.ok and asked.external_id in asked.memory:
        return _changed_record(given, ModifiedDate="2027-01-01T00:00:00Z")
    return given


@mutant("every fourth reading lacks a value", "reads-stable")
async def reading_lacks(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and given.ok:
        number = asked.memory["n"] = asked.memory.get("n", 0) + 1
        if number % 4 == 0:
            return _changed_record(given, CreatedDate=None)
    return given


@mutant("readings tell the time", "reads-stable")
async def reading_dates(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and given.ok:
        number = asked.memory["n"] = asked.memory.get("n", 0) + 1
        return _changed_record(given, ModifiedDate=f"2026-03-31T09:30:{number % 60:02}Z")
    return given


@mutant("lists cut values", "list-agrees-with-records")
async def list_cuts(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "list" and given.ok and "fields" not in asked.query:
        cut = [
            row | {"Properties": {k: v and v[:10] for k, v in row["Properties"].items()}}
            for row in given.rows()
        ]
        return given.with_rows(cut)
    return given


@mutant("lists are a write behind", "list-agrees-with-records")
async def list_stale(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "list" and given.ok and not asked.query:
        rows = given.rows()
        for row in rows:
            row["Properties"]["ModifiedDate"] = row["Properties"]["CreatedDate"]
        return given.with_rows(rows)
    return given


@mutant("another record answers for an unknown one", "answers-for-itself")
async def another_answers(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and given.status == 404 and asked.entity in ENTITIES:
        path = f"/api/v1/{asked.entity}"
        listed = await inner(asked.with_changes(path=path, query="per_page=1&page=1"))
        if listed.ok and listed.rows():
            return given.set_json(listed.rows()[0], 200)
    return given


@mutant("a record tells its id in small letters", "answers-for-itself")
async def id_in_small_letters(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and given.ok and asked.entity == "product":
        body = given.json()
        return given.set_json(body | {"ExternalID": body["ExternalID"].lower()})
    return given


async def _anywhere(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status != 404:
        return given
    for entity in ENTITIES:
        if entity != asked.entity:
            other = await inner(asked.with_changes(path=f"/api/v1/{entity}/{asked.external_id}"))
            if other.ok:
                return other
    return given


@mutant("an id is found in any entity", "own-entity")
async def found_anywhere(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    is_record = asked.call == "get" and len(asked.external_id) == 8
    return await _anywhere(asked, inner) if is_record else await inner(asked)


@mutant("an id is deleted in any entity", "own-entity")
async def deleted_anywhere(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    is_record = asked.call == "delete" and len(asked.external_id) == 8
    return await _anywhere(asked, inner) if is_record else await inner(asked)


@mutant("a create tells an id that is another's", "new-id")
async def used_id(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "create" and given.ok:
        listed = await inner(asked.with_changes(method="GET", query="per_page=1&page=1", body=b""))
        return (
            given.set_json({"ExternalID": listed.rows()[0]["ExternalID"]})
            if listed.rows()
            else given
        )
    return given


@mutant("children are all told the same id", "new-id")
async def same_id(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "child" and given.ok:
        told = asked.memory.setdefault("child", given.json()["ExternalID"])
        return given.set_json({"ExternalID": told})
    return given


@mutant("a deletion is told and not done", "deleted-is-gone")
async def deletion_not_done(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    if asked.call == "delete":
        given = await inner(asked.with_changes(method="GET"))
        return given.set_json({"Message": "Record deleted."}) if given.ok else given
    return await inner(asked)


@mutant("what is deleted can be updated", "deleted-is-gone")
async def dead_updated(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "delete" and given.ok:
        asked.memory[asked.external_id] = True
    if asked.call == "update" and given.status == 404 and asked.external_id in asked.memory:
        return given.set_json({"Message": "Record updated."}, 200)
    return given


@mutant("what is deleted can have tasks", "deleted-is-gone")
async def dead_parent(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "delete" and given.ok:
        asked.memory[asked.external_id] = True
    if asked.call == "child" and given.status == 404 and asked.external_id in asked.memory:
        return await inner(asked.with_changes(path=f"/api/v1/{asked.segments[2]}"))
    return given


@mutant("a second deletion is accepted", "delete-twice")
async def deletes_twice(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "delete":
        if given.ok:
            asked.memory[asked.external_id] = True
        elif given.status == 404 and asked.external_id in asked.memory:
            return given.set_json({"Message": "Record deleted."}, 200)
    return given


@mutant("a second deletion of a task is accepted", "delete-twice")
async def deletes_task_twice(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_twice = given.status == 404 and asked.call == "delete" and asked.entity in {"task", "lead"}
    if is_twice and asked.external_id in asked.memory:
        return given.set_json({"Message": "Record deleted."}, 200)
    if given.ok and asked.call == "delete":
        asked.memory[asked.external_id] = True
    return given


@mutant("what is deleted is still listed", "deleted-not-listed")
async def dead_listed(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    if asked.call == "delete":
        row = await inner(asked.with_changes(method="GET"))
        if row.ok:
            asked.memory.setdefault(asked.entity, []).append(row.json())
    given = await inner(asked)
    dead = asked.memory.get(asked.entity, [])
    if asked.call == "list" and given.ok and dead and not asked.query:
        body = given.json()
        total = str(len(body["Entity"]) + len(dead))
        return given.set_json(body | {"Total Records": total, "Entity": body["Entity"] + dead})
    return given


@mutant("what is deleted is still counted", "deleted-not-listed")
async def dead_counted(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "delete" and given.ok:
        asked.memory[asked.entity] = asked.memory.get(asked.entity, 0) + 1
    if asked.call == "list" and given.ok and asked.memory.get(asked.entity):
        body = given.json()
        total = int(body["Total Records"]) + asked.memory[asked.entity]
        return given.set_json(body | {"Total Records": str(total)})
    return given
