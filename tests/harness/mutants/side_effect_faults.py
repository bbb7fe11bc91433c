"""Faults that change what was not named: other records, closed tasks, what was refused."""

from typing import Any

from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn, mutant
from tests.harness.mutants.stored_values import at, changed_record, read, rows_of, update

OTHERS, CLOSED, REFUSED = "others-untouched", "closed-after-update", "refused-changes-nothing"


def _plain(asked: FaultRequest) -> dict[str, Any]:
    """Return the fields of an update that any record takes."""
    return {k: v for k, v in (asked.json() or {}).items() if isinstance(v, str | None)}


async def _neighbours(asked: FaultRequest, inner: SendOn) -> list[dict[str, Any]]:
    rows = await rows_of(asked, inner, asked.entity)
    return [row for row in rows if row["ExternalID"] != asked.external_id]


# Other records


@mutant("an update is made to the record before it too", OTHERS)
async def updates_previous(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "update" and given.ok:
        rows = await rows_of(asked, inner, asked.entity)
        ids = [row["ExternalID"] for row in rows]
        place = ids.index(asked.external_id) if asked.external_id in ids else 0
        if place:
            await update(asked, inner, f"{asked.entity}/{ids[place - 1]}", _plain(asked))
    return given


@mutant("an update is made to every record of the same owner", OTHERS)
async def updates_same_owner(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    before = None
    given = await inner(asked)
    if asked.call == "update" and given.ok:
        before = await read(asked, inner, f"{asked.entity}/{asked.external_id}")
    if before is not None:
        for row in await _neighbours(asked, inner):
            if row["Properties"].get("Owner") == before.get("Owner"):
                path = f"{asked.entity}/{row['ExternalID']}"
                await update(asked, inner, path, _plain(asked))
    return given


@mutant("an update is made to the oldest record too", OTHERS)
async def updates_oldest(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "update" and given.ok:
        for row in (await _neighbours(asked, inner))[:1]:
            await update(asked, inner, f"{asked.entity}/{row['ExternalID']}", _plain(asked))
    return given


@mutant("an update is dated in every record of its entity", OTHERS)
async def dates_all(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "update" and given.ok:
        asked.memory["dated", asked.entity] = True
    if asked.call == "get" and given.ok and ("dated", asked.entity) in asked.memory:
        return changed_record(given, ModifiedDate="2027-01-01T00:00:00Z")
    return given


@mutant("a lead's update is copied to contacts of its name", OTHERS)
async def copies_to_contacts(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "update" and asked.entity == "lead" and given.ok:
        for row in (await rows_of(asked, inner, "contact"))[:3]:
            await update(asked, inner, f"contact/{row['ExternalID']}", {"City": "Moved"})
    return given


@mutant("a task's creation notes it in its parent", OTHERS)
async def notes_in_parent(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "child" and given.ok:
        parent = f"{asked.entity}/{asked.segments[1]}"
        field = "Description" if asked.entity == "account" else "Notes"
        await update(asked, inner, parent, {field: "A task was created."})
    return given


@mutant("closing a task closes the oldest open one too", OTHERS)
async def closes_oldest(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "close" and given.ok:
        rows = await rows_of(asked, inner, "task")
        still_open = [row for row in rows if row["Properties"]["Status"] != "Closed"]
        for row in still_open[:1]:
            await inner(at(asked, "PUT", f"task/close/{row['ExternalID']}"))
    return given


@mutant("a conversion converts other leads of the company", OTHERS)
async def converts_company(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        for row in (await rows_of(asked, inner, "lead"))[:4]:
            if row["ExternalID"] != asked.external_id:
                await update(asked, inner, f"lead/{row['ExternalID']}", {"Status": "Qualified"})
    return given


@mutant("a deletion empties what named the record", OTHERS)
async def deletion_unlinks(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "delete" and given.ok:
        for row in (await rows_of(asked, inner, asked.entity))[:2]:
            field = "Venue" if asked.entity == "event" else "Owner"
            field = "Category" if asked.entity == "product" else field
            await update(asked, inner, f"{asked.entity}/{row['ExternalID']}", {field: None})
    return given


# Closed tasks


async def _after_update_of_closed(
    asked: FaultRequest, inner: SendOn, changes: dict[str, Any]
) -> FaultAnswer:
    is_update = asked.call == "update" and asked.entity == "task"
    before = await read(asked, inner, f"task/{asked.external_id}") if is_update else None
    given = await inner(asked)
    body = asked.json() or {}
    was_closed = before is not None and before["Status"] == "Closed"
    if was_closed and given.ok and "Status" not in body:
        await update(asked, inner, f"task/{asked.external_id}", changes)
        asked.memory["updated", asked.external_id] = True
    return given


@mutant("an update opens a closed task", CLOSED)
async def update_opens(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await _after_update_of_closed(asked, inner, {"Status": "Open"})


@mutant("an update sets a closed task back to in progress", CLOSED)
async def update_in_progress(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    is_urgent = (asked.json() or {}).get("Priority") is not None
    changes = {"Status": "In progress"}
    return await (_after_update_of_closed(asked, inner, changes) if is_urgent else inner(asked))


@mutant("an update empties the status of a closed task", CLOSED)
async def update_empties_status(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await _after_update_of_closed(asked, inner, {"Status": None})


async def _closed_read_as(asked: FaultRequest, inner: SendOn, date: str | None) -> FaultAnswer:
    given = await _after_update_of_closed(asked, inner, {"Status": "Closed"})
    is_marked = ("updated", asked.external_id) in asked.memory
    if asked.call == "get" and asked.entity == "task" and given.ok and is_marked:
        return changed_record(given, ClosedDate=date)
    return given


@mutant("an update takes the date of closing away", CLOSED)
async def update_undates(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await _closed_read_as(asked, inner, None)


@mutant("an update dates the closing again", CLOSED)
async def update_redates(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await _closed_read_as(asked, inner, "2026-06-30T12:00:00Z")


# What was refused


def _without(body: dict[str, Any], message: bytes) -> dict[str, Any]:
    """Return the fields that stand before the one at fault."""
    kept: dict[str, Any] = {}
    for name, value in body.items():
        if name.encode() in message:
            return kept
        kept[name] = value
    return kept


@mutant("an update stores what stands before the fault", REFUSED)
async def stores_until_fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json()
    if asked.call == "update" and given.status == 400 and body:
        kept = _without(body, given.body)
        if kept:
            await inner(asked.with_json(kept))
    return given


@mutant("an update with an unknown field stores the others", REFUSED)
async def stores_known(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json() or {}
    if asked.call == "update" and given.status == 400 and "NoSuchField" in body:
        await inner(asked.with_json({k: v for k, v in body.items() if k != "NoSuchField"}))
    return given


@mutant("an update with too long a text stores its beginning", REFUSED)
async def stores_beginning(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json() or {}
    if asked.call == "update" and given.status == 400 and b"longer" in given.body:
        cut = {k: v[:255] if isinstance(v, str) else v for k, v in body.items()}
        await inner(asked.with_json(cut))
    return given


@mutant("a refused update empties the field at fault", REFUSED)
async def empties_fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json() or {}
    if asked.call == "update" and given.status == 400:
        for name in body:
            if name.encode() in given.body:
                await inner(asked.with_json({name: None}))
    return given


@mutant("a refused conversion has made its account", REFUSED)
async def refused_conversion_account(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.status == 400 and asked.json():
        await inner(at(asked, "POST", "account").with_json({"Name": "Half a conversion"}))
    return given


@mutant("a refused conversion has marked its lead", REFUSED)
async def refused_conversion_lead(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.status == 400 and asked.json():
        await update(asked, inner, f"lead/{asked.external_id}", {"Status": "Qualified"})
    return given


@mutant("a refused task of a record is stored", REFUSED)
async def refused_child_stored(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json()
    if asked.call == "child" and given.status == 400 and body:
        kept = {k: v for k, v in body.items() if k != "NoSuchField"}
        await inner(asked.with_json(kept))
    return given


@mutant("a refused create leaves an empty record", REFUSED)
async def refused_create_empty(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "create" and given.status == 400 and asked.json():
        names = {"lead": "LastName", "contact": "LastName", "task": "Subject", "event": "Title"}
        made = {names.get(asked.entity, "Name"): "?"} | (
            {"SKU": "?"} if asked.entity == "product" else {}
        )
        await inner(asked.with_json(made))
    return given
