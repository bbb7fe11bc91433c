"""Faults in children, conversions, closed tasks and paths."""

from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn, mutant, refuse


def _at(asked: FaultRequest, method: str, path: str) -> FaultRequest:
    return asked.with_changes(method=method, path=f"/api/v1/{path}", query="", body=b"")


@mutant("a child does not name its parent", "child-names-parent")
async def parentless(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "child" and given.ok:
        return await inner(asked.with_changes(path=f"/api/v1/{asked.segments[2]}"))
    return given


@mutant("a child names another kind of parent", "child-names-parent")
async def other_parent(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get":
        given.body = given.body.replace(b'"RelatedEntity":"lead"', b'"RelatedEntity":"Lead"')
        given.body = given.body.replace(b'"RelatedEntity":"account"', b'"RelatedEntity":"Account"')
    return given


@mutant("opportunities lose the id of their parent", "child-names-parent")
async def parent_id_lost(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and asked.entity == "opportunity" and given.ok:
        body = given.json()
        return given.set_json(
            body | {"Properties": body["Properties"] | {"RelatedExternalID": None}}
        )
    return given


@mutant("a lead can be converted again", "converts-once")
async def converts_again(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.status == 400:
        lead = await inner(_at(asked, "GET", f"lead/{asked.external_id}"))
        if lead.ok and lead.json()["Properties"]["AccountExternalID"]:
            body = (asked.json() or {}) | {"Name": "Again"}
            made = await inner(_at(asked, "POST", "account").with_json(body))
            if made.ok:
                return given.set_json({"Account ExternalID": made.json()["ExternalID"]}, 200)
    return given


@mutant("converting again tells the first account", "converts-once")
async def tells_first_account(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        asked.memory[asked.external_id] = given.json()
    elif asked.call == "convert" and asked.external_id in asked.memory and given.status == 400:
        return given.set_json(asked.memory[asked.external_id], 200)
    return given


@mutant("the account of a conversion does not exist", "conversion-makes-account")
async def no_account(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        await inner(_at(asked, "DELETE", f"account/{given.json()['Account ExternalID']}"))
    return given


@mutant("the account of a conversion ignores what was asked", "conversion-fills-account")
async def account_ignores(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    is_asking = asked.call == "convert" and asked.json()
    given = await inner(asked)
    if is_asking and given.ok:
        account = f"account/{given.json()['Account ExternalID']}"
        await inner(_at(asked, "PUT", account).with_json({"Description": None}))
    return given


@mutant("the account of a conversion has another name", "conversion-fills-account")
async def account_renamed(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        account = f"account/{given.json()['Account ExternalID']}"
        await inner(_at(asked, "PUT", account).with_json({"Name": "Unnamed"}))
    return given


@mutant("a conversion tells an account that was there before", "conversion-makes-account")
async def old_account(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        listed = await inner(_at(asked, "GET", "account").with_changes(query="per_page=1&page=1"))
        if listed.ok and listed.rows():
            return given.set_json({"Account ExternalID": listed.rows()[0]["ExternalID"]})
    return given


@mutant("a converted lead is not marked", "conversion-marks-lead")
async def lead_unmarked(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        path = f"lead/{asked.external_id}"
        await inner(_at(asked, "PUT", path).with_json({"Status": "Qualified"}))
    return given


@mutant("a converted lead is deleted", "conversion-marks-lead")
async def lead_deleted(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        await inner(_at(asked, "DELETE", f"lead/{asked.external_id}"))
    return given


@mutant("a converted lead names no account", "conversion-marks-lead")
async def lead_without_account(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and asked.entity == "lead" and given.ok:
        body = given.json()
        return given.set_json(
            body | {"Properties": body["Properties"] | {"AccountExternalID": None}}
        )
    return given


@mutant("closing a task does nothing", "closed-stays-closed")
async def close_not_done(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    if asked.call == "close":
        given = await inner(_at(asked, "GET", f"task/{asked.external_id}"))
        if given.ok and given.json()["Properties"]["Status"] != "Closed":
            return given.set_json({"Message": "Record updated."})
    return await inner(asked)


@mutant("a closed task has no date of closing", "closed-stays-closed")
async def no_closed_date(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "get" and asked.entity == "task" and given.ok:
        body = given.json()
        return given.set_json(body | {"Properties": body["Properties"] | {"ClosedDate": None}})
    return given


@mutant("closing again opens a task", "closed-stays-closed")
async def close_toggles(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "close" and given.ok:
        is_again = asked.memory.get(asked.external_id, False)
        asked.memory[asked.external_id] = not is_again
        if is_again:
            path = f"task/{asked.external_id}"
            await inner(_at(asked, "PUT", path).with_json({"Status": "Open"}))
    return given


@mutant("closing again moves the date of closing", "closed-stays-closed")
async def close_redates(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "close" and given.ok:
        asked.memory[asked.external_id] = asked.memory.get(asked.external_id, 0) + 1
    if asked.call == "get" and given.ok and asked.memory.get(asked.external_id, 0) > 1:
        body = given.json()
        later = {"ClosedDate": f"2027-01-01T00:00:{asked.memory[asked.external_id] % 60:02}Z"}
        return given.set_json(body | {"Properties": body["Properties"] | later})
    return given


@mutant("a task closes once", "close-again")
async def closes_once(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "close" and given.ok:
        if asked.memory.get(asked.external_id):
            return refuse(given, 400, "The task is closed.")
        asked.memory[asked.external_id] = True
    return given


@mutant("a closed task is not found when it is closed again", "close-again")
async def closed_not_found(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "close" and given.ok:
        if asked.memory.get(asked.external_id):
            return refuse(given, 404)
        asked.memory[asked.external_id] = True
    return given


@mutant("case matters when a task is closed", "route-case")
async def case_of_close(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_odd = asked.call == "close" and asked.segments[:2] != ["task", "close"]
    return refuse(given, 404) if is_odd and given.ok else given


@mutant("case matters when records are read", "route-case")
async def case_of_reading(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    is_odd = asked.method == "GET" and asked.segments[0] != asked.entity
    return refuse(given, 404) if is_odd and given.ok else given


@mutant("case matters when children are created", "route-case")
async def case_of_children(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    if asked.call == "child" and asked.segments[2] not in {"task", "opportunity"}:
        return refuse(await inner(_at(asked, "GET", "lead")), 404)
    return await inner(asked)


async def _capital_id(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 404 and asked.external_id != asked.external_id.upper():
        before, _, _ = asked.path.rpartition("/")
        return await inner(asked.with_changes(path=f"{before}/{asked.external_id.upper()}"))
    return given


@mutant("ids are found whatever their case", "id-case")
async def id_case_of_reading(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await (_capital_id(asked, inner) if asked.call == "get" else inner(asked))


@mutant("ids are updated whatever their case", "id-case")
async def id_case_of_update(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    return await (_capital_id(asked, inner) if asked.call == "update" else inner(asked))


@mutant("requests are cut off", "answers")
async def cut_off(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if given.status == 413 or (given.ok and asked.call == "fields" and _is_deep(asked)):
        given.set_header("content-length", str(len(given.body) + 10))
    return given


def _is_deep(asked: FaultRequest) -> bool:
    return "page=9" in asked.query


@mutant("a deletion is not answered", "answers")
async def no_answer(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    if asked.call == "delete" and given.ok:
        given.set_header("content-length", "4000")
    return given
