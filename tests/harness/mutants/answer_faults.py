"""Faults in statuses, shapes and the words of errors."""

import json

from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn, mutant, refuse


@mutant("NaN makes the server fail", "no-server-error")
async def nan_fails(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 500) if b":NaN" in asked.body and given.status == 400 else given


@mutant("a long id makes the server fail", "no-server-error")
async def long_id_fails(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 503) if len(asked.external_id) > 4_000 else given


@mutant("half a surrogate pair makes the server fail", "no-server-error")
async def surrogate_fails(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 500) if b"\\ud800" in asked.body and given.status == 400 else given


@mutant("a far page makes the server fail", "no-server-error")
async def far_page_fails(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 500) if len(asked.parameters.get("page", "")) > 15 and given.ok else given


@mutant("a body that is not JSON shows a traceback", "no-stack-trace")
async def traceback_told(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 400 and asked.body and asked.json() is None:
        trace = 'Traceback (most recent call last):\n  File "app.py", line 3, in read\n'
        return refuse(given, 400, trace)
    return given


@mutant("a quote in a field's name shows the database's error", "no-stack-trace")
async def database_error_told(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 400 and ("%22" in asked.query or "DROP" in asked.query):
        return refuse(given, 400, 'sqlite3.OperationalError: near """: syntax error')
    return given


@mutant("an unknown record is answered 400", "status-for-class")
async def unknown_is_400(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 400) if given.status == 404 and asked.call == "update" else given


@mutant("an unknown field is dropped in silence", "status-for-class")
async def unknown_field_dropped(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    body = asked.json()
    if asked.call == "create" and body and "NoSuchField" in body:
        return await inner(asked.with_json({k: v for k, v in body.items() if k != "NoSuchField"}))
    return await inner(asked)


@mutant("the last of two equal keys wins", "status-for-class")
async def duplicate_accepted(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    body = asked.json()
    return await inner(asked if body is None or not asked.is_writing else asked.with_json(body))


@mutant("a page of more than 1,000 is accepted", "status-for-class")
async def cap_ignored(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await inner(
        asked.with_changes(query=asked.query.replace("per_page=1001", "per_page=1000"))
    )


@mutant("page without per_page is accepted", "status-for-class")
async def partner_ignored(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    alone = asked.query == "page=1" and asked.call == "list"
    return await inner(asked.with_changes(query="per_page=10&page=1") if alone else asked)


@mutant("sort_order can be anything", "status-for-class")
async def any_order(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    is_odd = asked.query.startswith("sort_order=") and "asc" not in asked.query
    return await inner(
        asked.with_changes(query="") if is_odd and "desc" not in asked.query else asked
    )


@mutant("a bad body is answered 422", "documented-status")
async def status_422(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 422) if given.status == 400 and asked.is_writing else given


@mutant("a deletion is answered 204", "documented-status")
async def status_204(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "delete" and given.ok:
        given.status, given.body = 204, b""
    return given


@mutant("a create is answered 200", "success-status")
async def created_200(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    given.status = 200 if given.status == 201 else given.status
    return given


@mutant("a conversion is answered 201", "success-status")
async def converted_201(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    given.status = 201 if given.ok and asked.call == "convert" else given.status
    return given


@mutant("another method is answered 404", "status-for-class")
async def method_404(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 404) if given.status == 405 else given


@mutant("405 without Allow", "allow-names-methods")
async def no_allow(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return given.set_header("allow", None) if given.status == 405 else given


@mutant("405 of a record without Allow", "allow-names-methods")
async def no_allow_of_record(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_record = len(asked.segments) == 2
    return given.set_header("allow", None) if given.status == 405 and is_record else given


@mutant("a 404 has no body", "error-says-why")
async def empty_404(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 404:
        given.body = b""
    return given


@mutant("a 400 is a page of HTML", "error-says-why")
async def html_400(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 400:
        given.body = b"<html><h1>Bad request</h1></html>"
    return given


@mutant("a 400 names no field", "error-names-fault")
async def nameless_field(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_field = given.status == 400 and asked.is_writing and asked.json() is not None
    return refuse(given, 400, "Bad request.") if is_field else given


@mutant("a 400 names no parameter", "error-names-fault")
async def nameless_parameter(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return refuse(given, 400, "Bad request.") if given.status == 400 and asked.query else given


@mutant("totals are numbers", "documented-shape")
async def totals_numbers(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "list" and given.ok:
        body = given.json()
        return given.set_json(body | {"Total Records": int(body["Total Records"])})
    return given


@mutant("the field list says Total Pages", "documented-shape")
async def total_pages_of_fields(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    given.body = given.body.replace(b'"Total Page"', b'"Total Pages"')
    return given


@mutant("the list stands under the entity's name", "documented-shape")
async def list_key(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "list":
        given.body = given.body.replace(b'"Entity":', b'"Records":')
    return given


@mutant("the key of a conversion has no space", "documented-shape")
async def conversion_key(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    given.body = given.body.replace(b'{"Account ExternalID"', b'{"AccountExternalID"')
    return given


@mutant("an empty list is null", "documented-shape")
async def empty_is_null(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    given.body = given.body.replace(b'"Entity":[]', b'"Entity":null')
    return given


@mutant("records say that they are HTML", "says-json")
async def html_type(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return (
        given.set_header("content-type", "text/html") if asked.call == "get" and given.ok else given
    )


@mutant("a create says no type", "says-json")
async def no_type(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    return given.set_header("content-type", None) if asked.call == "create" else given


@mutant("numbers are JSON numbers", "values-are-text")
async def json_numbers(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and given.ok:
        body = given.json()
        properties = {
            name: float(value)
            if name in {"Score", "Employees", "Stock", "Amount"} and value
            else value
            for name, value in body["Properties"].items()
        }
        return given.set_json(body | {"Properties": properties})
    return given


@mutant("truths are JSON truths in lists", "values-are-text")
async def json_truths(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "list":
        given.body = given.body.replace(b':"true"', b":true").replace(b':"false"', b":false")
    return given


@mutant("new ids are longer", "external-id-form")
async def long_ids(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "create" and given.ok:
        return given.set_json({"ExternalID": given.json()["ExternalID"] + "1"})
    return given


@mutant("a child's id has small letters", "external-id-form")
async def small_ids(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "child" and given.ok:
        return given.set_json(json.loads(given.body.lower().replace(b"externalid", b"ExternalID")))
    return given
