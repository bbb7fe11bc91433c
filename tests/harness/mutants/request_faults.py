"""Faults in what is accepted: bodies, values, ids, pages and orders that are wrong."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from tests.harness.mutants.faulty_app import (
    ENTITIES,
    FaultAnswer,
    FaultRequest,
    SendOn,
    mutant,
    refuse,
)

STATUS = "status-for-class"
Repair = Callable[[FaultRequest], FaultRequest | None]


def _accepts(name: str, repair: Repair, aims: str = STATUS) -> None:
    """Plant a fault that takes a refused request for the one that `repair` makes of it."""

    async def fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        repaired = repair(asked) if given.status in {400, 404} else None
        return given if repaired is None else await inner(repaired)

    mutant(name, aims)(fault)


# Bodies


def _body(repair: Callable[[bytes], bytes]) -> Repair:
    def change(asked: FaultRequest) -> FaultRequest | None:
        body = repair(asked.body)
        return asked.with_changes(body=body) if asked.is_writing and body != asked.body else None

    return change


def _values(repair: Callable[[str, Any], Any]) -> Repair:
    def change(asked: FaultRequest) -> FaultRequest | None:
        body = asked.json()
        if not asked.is_writing or not body:
            return None
        repaired = {name: repair(name, value) for name, value in body.items()}
        return asked.with_json(repaired) if repaired != body else None

    return change


def _to_last_brace(body: bytes) -> bytes:
    return body[: body.rfind(b"}") + 1] if body.startswith(b"{") else body


_accepts("a byte order mark is skipped", _body(lambda body: body.removeprefix(b"\xef\xbb\xbf")))
_accepts("NaN is taken for null", _body(lambda body: body.replace(b":NaN", b":null")))
_accepts("what follows the body is not looked at", _body(_to_last_brace))
_accepts("a raw line break in a text is kept", _body(lambda body: body.replace(b"\n", b"\\n")))
_accepts("what is not UTF-8 is read as Latin-1",
         _body(lambda body: body.decode("latin-1").encode()))  # fmt: skip
_accepts("numbers are taken for text",
         _values(lambda _, value: str(value) if type(value) is int else value))  # fmt: skip
_accepts("truths are taken for text",
         _values(lambda _, one: str(one).lower() if type(one) is bool else one))  # fmt: skip
_accepts("a list is taken for its first text",
         _body(lambda body: body.replace(b'["x"]', b'"x"')))  # fmt: skip
_accepts("too long a text is cut",
         _values(lambda _, value: value[:255] if isinstance(value, str) else value))  # fmt: skip
_accepts("Booleans can be yes and no",
         _values(lambda _, value: {"yes": "true", "True": "true", "1": "true", "0": "false"}.get(
             value, value) if isinstance(value, str) else value))  # fmt: skip
_accepts("a required field can be emptied",
         _values(lambda _, value: "-" if value in {None, ""} else value)
         )  # fmt: skip


def _rolled(_: str, value: Any) -> Any:
    if value == "2026-02-30":
        return str(date(2026, 2, 28) + timedelta(days=2))
    return value


_accepts("the 30th of February is a day in March", _values(_rolled))


def _without_read_only(asked: FaultRequest) -> FaultRequest | None:
    body = asked.json() or {}
    dated = {"CreatedDate", "ModifiedDate", "ClosedDate"}
    kept = {name: value for name, value in body.items() if name not in dated}
    return asked.with_json(kept) if kept and kept != body and asked.is_writing else None


_accepts("read-only fields are dropped in silence", _without_read_only)


def _any_option(name: str, value: Any) -> Any:
    is_option = name in {"Status", "Priority", "Type", "Rating", "Source", "Stage"}
    return None if is_option and isinstance(value, str) else value


_accepts("a picklist takes any text, and stores none", _values(_any_option))


@mutant("an update of nothing is accepted", STATUS)
async def empty_update(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_empty = asked.call == "update" and given.status == 400 and asked.body == b"{}"
    return given.set_json({"Message": "Record updated."}, 200) if is_empty else given


@mutant("field names match without case", STATUS)
async def names_without_case(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json()
    if given.status == 400 and asked.is_writing and body and "lastname" in body:
        kept = {k: v for k, v in body.items() if k != "lastname"}
        kept |= {"LastName": body["lastname"]} if asked.entity in {"lead", "contact"} else {}
        return await inner(asked.with_json(kept)) if kept else given
    return given


@mutant("a large body is answered 400", STATUS)
async def large_is_400(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 400) if given.status == 413 else given


@mutant("half a body makes the server fail", "no-server-error")
async def cut_fails(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_cut = asked.body.startswith(b"{") and not asked.body.rstrip().endswith(b"}")
    return refuse(given, 500) if given.status == 400 and is_cut else given


@mutant("an array makes the server fail", "no-server-error")
async def array_fails(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 500) if given.status == 400 and asked.body.startswith(b"[") else given


@mutant("an id with a NUL makes the server fail", "no-server-error")
async def nul_id_fails(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 500) if given.status == 404 and "%00" in asked.path else given


# Ids


def _id(pattern: str, replacement: str) -> Repair:
    found = re.compile(pattern)

    def change(asked: FaultRequest) -> FaultRequest | None:
        path = found.sub(replacement, asked.path)
        return asked.with_changes(path=path) if path != asked.path else None

    return change


_accepts("what follows an id is not looked at", _id(r"/([0-9A-Z]{8})-X", r"/\1"))
_accepts("an id ends at a NUL", _id(r"/([0-9A-Z]{8})%00", r"/\1"))
_accepts("blanks after an id are cut", _id(r"/([0-9A-Z]{8})%20", r"/\1"))
_accepts("a plus before an id is a blank, and cut", _id(r"/\+([0-9A-Z]{8})", r"/\1"))


@mutant("underscores in an id stand for anything", STATUS)
async def id_is_pattern(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and asked.external_id == "_" * 8 and asked.entity in ENTITIES:
        path = f"/api/v1/{asked.entity}"
        listed = await inner(asked.with_changes(path=path, query="per_page=1&page=1"))
        if listed.ok and listed.rows():
            return given.set_json(listed.rows()[0], 200)
    return given


@mutant("an unknown id is deleted without a word", STATUS)
async def deletes_unknown(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_unknown = asked.call == "delete" and given.status == 404 and asked.entity in ENTITIES
    return given.set_json({"Message": "Record deleted."}, 200) if is_unknown else given


@mutant("an update of an unknown id creates a record", STATUS)
async def upserts(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "update" and given.status == 404 and asked.entity in ENTITIES:
        made = await inner(asked.with_changes(method="POST", path=f"/api/v1/{asked.entity}"))
        if made.ok:
            return given.set_json({"Message": "Record updated."}, 200)
    return given


# Pages and orders


def _query(pattern: str, replacement: str) -> Repair:
    found = re.compile(pattern)

    def change(asked: FaultRequest) -> FaultRequest | None:
        query = found.sub(replacement, asked.query)
        return asked.with_changes(query=query) if query != asked.query else None

    return change


_accepts("page 0 is the first", _query(r"\bpage=0$", "page=1"))
_accepts("a negative page counts as it would without its sign", _query(r"page=-", "page="))
_accepts("a fraction of a page is cut", _query(r"page=([0-9]+)\.[0-9]+", r"page=\1"))
_accepts("a page that is a word is the first", _query(r"page=(?:one|ten|0x1)", "page=1"))
_accepts("sort_order is read without case", _query("sort_order=DESC", "sort_order=desc"))
_accepts("an unknown field to sort by is not looked at",
         _query(r"sort_by=NoSuchField&?", ""))  # fmt: skip
_accepts("an unknown field among those chosen is left out",
         _query(r"fields=(ExternalID,)?NoSuchField", "fields=ExternalID"))  # fmt: skip
_accepts("blanks among the fields chosen are cut", _query(r",%20", ","))


@mutant("a page of no size is the whole list", STATUS)
async def zero_is_all(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    is_zero = asked.query in {"per_page=0&page=1", "per_page=00&page=1"}
    return await inner(asked.with_changes(query="") if is_zero else asked)


@mutant("of two pages asked for, the last is given, and of the size none", "no-server-error")
async def repeated_fails(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 500) if asked.query.count("per_page=") > 1 else given


# Answers


@mutant("an update answers with the record", "documented-shape")
async def update_answers_record(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "update" and given.ok:
        return given.set_json({"ExternalID": asked.external_id, "Properties": asked.json() or {}})
    return given


@mutant("a deletion answers with nothing", "documented-shape")
async def deletion_empty(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "delete" and given.ok:
        given.body = b""
    return given


@mutant("a record's fields stand outside of Properties", "documented-shape")
async def flat_record(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and given.ok:
        body = given.json()
        return given.set_json({"ExternalID": body["ExternalID"], **body["Properties"]})
    return given


@mutant("an error is a list of messages", "error-says-why")
async def error_list(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 400:
        given.body = json.dumps([given.json()]).encode()
    return given


@mutant("deleting a lead deletes its tasks", "child-names-parent")
async def cascades(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "delete" and given.ok:
        plain = asked.with_changes(method="GET", body=b"", query="")
        for kind in ("task", "opportunity"):
            listed = await inner(plain.with_changes(path=f"/api/v1/{kind}"))
            for row in listed.rows() if listed.ok else []:
                if row["Properties"]["RelatedExternalID"] == asked.external_id:
                    path = f"/api/v1/{kind}/{row['ExternalID']}"
                    await inner(asked.with_changes(path=path))
    return given


@mutant("a conversion makes no contact", "conversion-marks-lead")
async def no_contact(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        plain = asked.with_changes(method="GET", path="/api/v1/contact", body=b"")
        newest = await inner(plain.with_changes(query="per_page=1&page=1&sort_order=desc"))
        if newest.ok and newest.rows():
            path = f"/api/v1/contact/{newest.rows()[0]['ExternalID']}"
            await inner(asked.with_changes(method="DELETE", path=path, body=b""))
    return given


@mutant("dates are sorted by their day", "sort-ordered")
async def dates_by_day(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    from tests.harness.mutants.list_faults import resorted, sorts_by

    given = await inner(asked)
    field = sorts_by(asked, given)
    is_date = field in {"Birthday", "DueDate", "CloseDate", "LaunchDate", "LastContacted"}
    return resorted(asked, given, field, lambda one: (one or "")[8:]) if is_date else given


@mutant("options are sorted as they are listed", "sort-ordered")
async def options_as_listed(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    from tests.harness.mutants.list_faults import resorted, sorts_by

    given = await inner(asked)
    order = ["Low", "Normal", "High", "Hot", "Warm", "Cold", "Prospecting", "Proposal"]
    order += ["Negotiation", "Won", "Lost", "New", "Contacted", "Qualified", "Unqualified"]
    field = sorts_by(asked, given)
    if field not in {"Priority", "Rating", "Stage"}:
        return given
    return resorted(asked, given, field, lambda one: order.index(one) if one in order else -1)
