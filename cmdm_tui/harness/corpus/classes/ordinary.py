"""Calls with which nothing is wrong: each of each entity, and what must hold afterwards."""

from collections.abc import Iterator

from cmdm_tui.harness.cases.format import Case, CaseStep, Certainty
from cmdm_tui.harness.corpus.calls import (
    delete,
    finding,
    get,
    json_text,
    making,
    post,
    put,
    sign_in,
    valid,
)
from cmdm_tui.harness.corpus.entities import ENTITIES, Chance
from cmdm_tui.harness.exchange import Call

_CHILDREN: tuple[Call, ...] = ("create-task", "create-opportunity")


def cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    yield _case(
        "authenticate-valid",
        "Signing in gives a token that is good for a call.",
        "authenticate",
        "authenticate",
        sign_in(),
        get("/lead?per_page=1&page=1"),
    )
    for entity in ENTITIES:
        yield from _reading(entity)
        yield from _writing(entity, Chance(seed, f"ordinary {entity}"))
    for parent in ("account", "lead", "contact", "event"):
        yield from _children(parent, Chance(seed, f"children {parent}"))
    yield from _converting(Chance(seed, "converting"))
    yield from _closing(Chance(seed, "closing"))


def _case(
    name: str,
    summary: str,
    call: Call,
    source: str,
    *steps: CaseStep,
    certainty: Certainty = "documented",
) -> Case:
    return Case(
        name=name, summary=summary, endpoint=call, source=source, certainty=certainty, steps=steps
    )


def _reading(entity: str) -> Iterator[Case]:
    found = get(f"/{entity}/${{{entity}}}", values={"/ExternalID": f"${{{entity}}}"})
    yield _case(
        f"get-{entity}",
        f"A record of {entity} is retrieved.",
        "get",
        "retrieve one",
        finding(entity),
        found,
    )
    pages = [get(f"/{entity}?per_page=2&page={page}") for page in (1, 2)]
    yield _case(f"list-{entity}", f"Two pages of {entity}.", "list", "retrieve many", *pages)
    if ENTITIES[entity].has_field_list:
        # All of them, as what a field says of itself is what a client goes by.
        yield _case(
            f"fields-{entity}",
            f"The fields of {entity}.",
            "fields",
            "retrieve fields",
            get(f"/{entity}/fields"),
        )


def _writing(entity: str, chance: Chance) -> Iterator[Case]:
    kind = ENTITIES[entity]
    properties = chance.filled({**kind.required, **kind.others})
    path = f"/{entity}/${{{entity}}}"
    kept = {f"/Properties/{name}": value for name, value in properties.items()}
    creating = post(f"/{entity}", json_text(properties), capture={entity: "/ExternalID"})
    yield _case(
        f"create-{entity}",
        f"A record of {entity} is created with every kind of value.",
        "create",
        "create",
        creating,
        get(path, values=kept),
    )
    changed = next(iter(kind.others))
    others = {
        pointer: value for pointer, value in kept.items() if pointer != f"/Properties/{changed}"
    }
    emptied = get(path, values=others, nulls=(f"/Properties/{changed}",))
    clearing = put(path, json_text({changed: None}))
    yield _case(
        f"update-{entity}",
        f"A field of {entity} is emptied, twice; the others stay.",
        "update",
        "update",
        creating,
        clearing,
        emptied,
        clearing,
        emptied,
    )
    total = f"/{entity}?per_page=1&page=1&fields={kind.naming}"
    gone = get(path, status=404)
    yield _case(
        f"delete-{entity}",
        f"A record of {entity} is deleted: gone, and gone from the list.",
        "delete",
        "delete",
        making(entity, chance),
        get(total),
        delete(path),
        gone,
        get(total),
        delete(path, status=404),
    )


def _children(parent: str, chance: Chance) -> Iterator[Case]:
    for call in _CHILDREN:
        child = call.removeprefix("create-")
        one = valid(call, chance, parent)
        named = {
            "/Properties/RelatedEntity": parent,
            "/Properties/RelatedExternalID": f"${{{parent}}}",
        }
        steps = (*one.before, one.step, get(f"/{child}/${{{child}}}", values=named))
        yield _case(
            f"create-{child}-of-{parent}",
            f"A {child} of a record of {parent} names it.",
            call,
            "parent of a task or opportunity",
            *steps,
            certainty="ours",
        )
    task = valid("create-task", chance, parent)
    after = (
        delete(f"/{parent}/${{{parent}}}"),
        get("/task/${task}", values={"/Properties/RelatedExternalID": f"${{{parent}}}"}),
    )
    yield _case(
        f"delete-{parent}-with-task",
        f"A task stays when its {parent} is deleted.",
        "delete",
        "delete",
        *task.before,
        task.step,
        *after,
        certainty="ours",
    )


def _converting(chance: Chance) -> Iterator[Case]:
    one = valid("convert", chance)
    lead = get(
        "/lead/${lead}",
        values={"/Properties/Status": "Converted", "/Properties/AccountExternalID": "${account}"},
    )
    account = get("/account/${account}")
    yield _case(
        "convert-lead",
        "A converted lead stays and names its account.",
        "convert",
        "convert a lead",
        *one.before,
        one.step,
        account,
        lead,
        certainty="ours",
    )
    newest = "/contact?fields=LastName,AccountExternalID&per_page=1&page=1&sort_order=desc"
    contact = get(
        newest,
        capture={"new_contact": "/Entity/0/ExternalID"},
        values={"/Entity/0/Properties/AccountExternalID": "${account}"},
    )
    yield _case(
        "convert-lead-contact",
        "A conversion makes a contact of the person.",
        "convert",
        "convert a lead",
        *one.before,
        one.step,
        contact,
        certainty="ours",
    )
    other = json_text({"Name": "Another name ${mark}", "Industry": "Legal"})
    overriding = one.but(body=other)
    kept = {"/Properties/Name": "Another name ${mark}", "/Properties/Industry": "Legal"}
    yield _case(
        "convert-lead-overriding",
        "The body of a conversion overrides account fields.",
        "convert",
        "convert a lead",
        *one.before,
        overriding,
        get("/account/${account}", values=kept),
        certainty="ours",
    )
    yield _case(
        "convert-lead-twice",
        "A lead is converted once.",
        "convert",
        "convert a lead",
        *one.before,
        one.step,
        one.refused(400),
        certainty="ours",
    )
    bodiless = one.but(body=None, headers=())
    yield _case(
        "convert-lead-without-body",
        "A conversion needs no body.",
        "convert",
        "convert a lead",
        *one.before,
        bodiless,
        account,
    )


def _closing(chance: Chance) -> Iterator[Case]:
    one = valid("close", chance)
    closed = get("/task/${task}", values={"/Properties/Status": "Closed"})
    yield _case(
        "close-task",
        "A closed task says so, and when.",
        "close",
        "close a task",
        *one.before,
        one.step,
        closed,
        certainty="ours",
    )
    yield _case(
        "close-task-twice",
        "A task that is closed stays closed.",
        "close",
        "close a task",
        *one.before,
        one.step,
        one.step,
        closed,
        certainty="ours",
    )
    bodiless = one.but(body=None, headers=())
    yield _case(
        "close-task-without-body",
        "Closing needs no body.",
        "close",
        "close a task",
        *one.before,
        bodiless,
        closed,
    )
