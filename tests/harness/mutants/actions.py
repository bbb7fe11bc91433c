"""Faults in children, conversions, closed tasks and paths."""

from tests.harness.mutants.kit import Asked, Given, Inner, mutant, refused


def _at(asked: Asked, method: str, path: str) -> Asked:
    return asked.of(method=method, path=f"/api/v1/{path}", query="", body=b"")


@mutant("a child does not name its parent", "child-names-parent")
async def parentless(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "child" and given.ok:
        return await inner(asked.of(path=f"/api/v1/{asked.segments[2]}"))
    return given


@mutant("a child names another kind of parent", "child-names-parent")
async def other_parent(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "get":
        given.body = given.body.replace(b'"RelatedEntity":"lead"', b'"RelatedEntity":"Lead"')
        given.body = given.body.replace(b'"RelatedEntity":"account"', b'"RelatedEntity":"Account"')
    return given


@mutant("opportunities lose the id of their parent", "child-names-parent")
async def parent_id_lost(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "get" and asked.entity == "opportunity" and given.ok:
        body = given.json()
        return given.say(body | {"Properties": body["Properties"] | {"RelatedExternalID": None}})
    return given


@mutant("a lead can be converted again", "converts-once")
async def converts_again(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "convert" and given.status == 400:
        lead = await inner(_at(asked, "GET", f"lead/{asked.external_id}"))
        if lead.ok and lead.json()["Properties"]["AccountExternalID"]:
            body = (asked.json() or {}) | {"Name": "Again"}
            made = await inner(_at(asked, "POST", "account").saying(body))
            if made.ok:
                return given.say({"Account ExternalID": made.json()["ExternalID"]}, 200)
    return given


@mutant("converting again tells the first account", "converts-once")
async def tells_first_account(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        asked.memory[asked.external_id] = given.json()
    elif asked.call == "convert" and asked.external_id in asked.memory and given.status == 400:
        return given.say(asked.memory[asked.external_id], 200)
    return given


@mutant("the account of a conversion does not exist", "conversion-makes-account")
async def no_account(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        await inner(_at(asked, "DELETE", f"account/{given.json()['Account ExternalID']}"))
    return given


@mutant("the account of a conversion ignores what was asked", "conversion-fills-account")
async def account_ignores(asked: Asked, inner: Inner) -> Given:
    is_asking = asked.call == "convert" and asked.json()
    given = await inner(asked)
    if is_asking and given.ok:
        account = f"account/{given.json()['Account ExternalID']}"
        await inner(_at(asked, "PUT", account).saying({"Description": None}))
    return given


@mutant("the account of a conversion has another name", "conversion-fills-account")
async def account_renamed(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        account = f"account/{given.json()['Account ExternalID']}"
        await inner(_at(asked, "PUT", account).saying({"Name": "Unnamed"}))
    return given


@mutant("a conversion tells an account that was there before", "conversion-makes-account")
async def old_account(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        listed = await inner(_at(asked, "GET", "account").of(query="per_page=1&page=1"))
        if listed.ok and listed.rows():
            return given.say({"Account ExternalID": listed.rows()[0]["ExternalID"]})
    return given


@mutant("a converted lead is not marked", "conversion-marks-lead")
async def lead_unmarked(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        path = f"lead/{asked.external_id}"
        await inner(_at(asked, "PUT", path).saying({"Status": "Qualified"}))
    return given


@mutant("a converted lead is deleted", "conversion-marks-lead")
async def lead_deleted(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "convert" and given.ok:
        await inner(_at(asked, "DELETE", f"lead/{asked.external_id}"))
    return given


@mutant("a converted lead names no account", "conversion-marks-lead")
async def lead_without_account(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "get" and asked.entity == "lead" and given.ok:
        body = given.json()
        return given.say(body | {"Properties": body["Properties"] | {"AccountExternalID": None}})
    return given


@mutant("closing a task does nothing", "closed-stays-closed")
async def close_not_done(asked: Asked, inner: Inner) -> Given:
    if asked.call == "close":
        given = await inner(_at(asked, "GET", f"task/{asked.external_id}"))
        if given.ok and given.json()["Properties"]["Status"] != "Closed":
            return given.say({"Message": "Record updated."})
    return await inner(asked)


@mutant("a closed task has no date of closing", "closed-stays-closed")
async def no_closed_date(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "get" and asked.entity == "task" and given.ok:
        body = given.json()
        return given.say(body | {"Properties": body["Properties"] | {"ClosedDate": None}})
    return given


@mutant("closing again opens a task", "closed-stays-closed")
async def close_toggles(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "close" and given.ok:
        is_again = asked.memory.get(asked.external_id, False)
        asked.memory[asked.external_id] = not is_again
        if is_again:
            path = f"task/{asked.external_id}"
            await inner(_at(asked, "PUT", path).saying({"Status": "Open"}))
    return given


@mutant("closing again moves the date of closing", "closed-stays-closed")
async def close_redates(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "close" and given.ok:
        asked.memory[asked.external_id] = asked.memory.get(asked.external_id, 0) + 1
    if asked.call == "get" and given.ok and asked.memory.get(asked.external_id, 0) > 1:
        body = given.json()
        later = {"ClosedDate": f"2027-01-01T00:00:{asked.memory[asked.external_id] % 60:02}Z"}
        return given.say(body | {"Properties": body["Properties"] | later})
    return given


@mutant("a task closes once", "close-again")
async def closes_once(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "close" and given.ok:
        if asked.memory.get(asked.external_id):
            return refused(given, 400, "The task is closed.")
        asked.memory[asked.external_id] = True
    return given


@mutant("a closed task is not found when it is closed again", "close-again")
async def closed_not_found(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "close" and given.ok:
        if asked.memory.get(asked.external_id):
            return refused(given, 404)
        asked.memory[asked.external_id] = True
    return given


@mutant("case matters when a task is closed", "route-case")
async def case_of_close(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    is_odd = asked.call == "close" and asked.segments[:2] != ["task", "close"]
    return refused(given, 404) if is_odd and given.ok else given


@mutant("case matters when records are read", "route-case")
async def case_of_reading(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    is_odd = asked.method == "GET" and asked.segments[0] != asked.entity
    return refused(given, 404) if is_odd and given.ok else given


@mutant("case matters when children are created", "route-case")
async def case_of_children(asked: Asked, inner: Inner) -> Given:
    if asked.call == "child" and asked.segments[2] not in {"task", "opportunity"}:
        return refused(await inner(_at(asked, "GET", "lead")), 404)
    return await inner(asked)


async def _capital_id(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if given.status == 404 and asked.external_id != asked.external_id.upper():
        before, _, _ = asked.path.rpartition("/")
        return await inner(asked.of(path=f"{before}/{asked.external_id.upper()}"))
    return given


@mutant("ids are found whatever their case", "id-case")
async def id_case_of_reading(asked: Asked, inner: Inner) -> Given:
    return await (_capital_id(asked, inner) if asked.call == "get" else inner(asked))


@mutant("ids are updated whatever their case", "id-case")
async def id_case_of_update(asked: Asked, inner: Inner) -> Given:
    return await (_capital_id(asked, inner) if asked.call == "update" else inner(asked))


@mutant("requests are cut off", "answers")
async def cut_off(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if given.status == 413 or (given.ok and asked.call == "fields" and _is_deep(asked)):
        given.set("content-length", str(len(given.body) + 10))
    return given


def _is_deep(asked: Asked) -> bool:
    return "page=9" in asked.query


@mutant("a deletion is not answered", "answers")
async def no_answer(asked: Asked, inner: Inner) -> Given:
    given = await inner(asked)
    if asked.call == "delete" and given.ok:
        given.set("content-length", "4000")
    return given
