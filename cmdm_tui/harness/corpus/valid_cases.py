"""Calls with which nothing is wrong: each of each entity, and what must hold afterwards."""

from collections.abc import Iterator

from cmdm_tui.harness.calls import create_record, delete_record, update_record
from cmdm_tui.harness.cases.format import Case, CaseStep, Certainty
from cmdm_tui.harness.corpus.case_steps import (
    create_step,
    find_step,
    json_text,
    make_step,
    make_valid_call,
    placeholder,
    read_step,
    sign_in_step,
)
from cmdm_tui.harness.corpus.sample_entities import ENTITIES, SampleWords
from cmdm_tui.harness.exchange import Call

_CHILDREN: tuple[Call, ...] = ("create-task", "create-opportunity")


def valid_cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    yield _case(
        "authenticate-valid",
        "Signing in gives a token that is good for a call.",
        "authenticate",
        "authenticate",
        sign_in_step(),
        read_step("/lead?per_page=1&page=1"),
    )
    for entity in ENTITIES:
        yield from _read_cases(entity)
        yield from _write_cases(entity, SampleWords(seed, f"ordinary {entity}"))
    for parent in ("account", "lead", "contact", "event"):
        yield from _child_cases(parent, SampleWords(seed, f"children {parent}"))
    yield from _conversion_cases(SampleWords(seed, "converting"))
    yield from _closing_cases(SampleWords(seed, "closing"))


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


def _read_cases(entity: str) -> Iterator[Case]:
    found = read_step(f"/{entity}/${{{entity}}}", values={"/ExternalID": f"${{{entity}}}"})
    yield _case(
        f"get-{entity}",
        f"A record of {entity} is retrieved.",
        "get",
        "retrieve one",
        find_step(entity),
        found,
    )
    pages = [read_step(f"/{entity}?per_page=2&page={page}") for page in (1, 2)]
    yield _case(f"list-{entity}", f"Two pages of {entity}.", "list", "retrieve many", *pages)
    if ENTITIES[entity].has_field_list:
        # All of them: a client relies on what a field says about itself.
        yield _case(
            f"fields-{entity}",
            f"The fields of {entity}.",
            "fields",
            "retrieve fields",
            read_step(f"/{entity}/fields"),
        )


def _write_cases(entity: str, words: SampleWords) -> Iterator[Case]:
    kind = ENTITIES[entity]
    properties = words.fill({**kind.required, **kind.optional})
    path = f"/{entity}/${{{entity}}}"
    kept = {f"/Properties/{name}": value for name, value in properties.items()}
    creating = make_step(create_record(entity, properties), capture={entity: "/ExternalID"})
    yield _case(
        f"create-{entity}",
        f"A record of {entity} is created with every kind of value.",
        "create",
        "create",
        creating,
        read_step(path, values=kept),
    )
    changed = next(iter(kind.optional))
    others = {
        pointer: value for pointer, value in kept.items() if pointer != f"/Properties/{changed}"
    }
    emptied = read_step(path, values=others, nulls=(f"/Properties/{changed}",))
    clearing = make_step(update_record(entity, placeholder(entity), {changed: None}))
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
    total = f"/{entity}?per_page=1&page=1&fields={kind.name_field}"
    gone = read_step(path, status=404)
    deletion = delete_record(entity, placeholder(entity))
    yield _case(
        f"delete-{entity}",
        f"A record of {entity} is deleted: gone, and gone from the list.",
        "delete",
        "delete",
        create_step(entity, words),
        read_step(total),
        make_step(deletion),
        gone,
        read_step(total),
        make_step(deletion, status=404),
    )


def _child_cases(parent: str, words: SampleWords) -> Iterator[Case]:
    for call in _CHILDREN:
        child = call.removeprefix("create-")
        one = make_valid_call(call, words, parent)
        named = {
            "/Properties/RelatedEntity": parent,
            "/Properties/RelatedExternalID": f"${{{parent}}}",
        }
        steps = (*one.before, one.step, read_step(f"/{child}/${{{child}}}", values=named))
        yield _case(
            f"create-{child}-of-{parent}",
            f"A {child} of a record of {parent} names it.",
            call,
            "parent of a task or opportunity",
            *steps,
            certainty="ours",
        )
    task = make_valid_call("create-task", words, parent)
    after = (
        make_step(delete_record(parent, placeholder(parent))),
        read_step("/task/${task}", values={"/Properties/RelatedExternalID": f"${{{parent}}}"}),
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


def _conversion_cases(words: SampleWords) -> Iterator[Case]:
    one = make_valid_call("convert", words)
    lead = read_step(
        "/lead/${lead}",
        values={"/Properties/Status": "Converted", "/Properties/AccountExternalID": "${account}"},
    )
    account = read_step("/account/${account}")
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
    contact = read_step(
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
    overriding = one.with_changes(body=other)
    kept = {"/Properties/Name": "Another name ${mark}", "/Properties/Industry": "Legal"}
    yield _case(
        "convert-lead-overriding",
        "The body of a conversion overrides account fields.",
        "convert",
        "convert a lead",
        *one.before,
        overriding,
        read_step("/account/${account}", values=kept),
        certainty="ours",
    )
    yield _case(
        "convert-lead-twice",
        "A lead is converted once.",
        "convert",
        "convert a lead",
        *one.before,
        one.step,
        one.refused_step(400),
        certainty="ours",
    )
    bodiless = one.with_changes(body=None, headers=())
    yield _case(
        "convert-lead-without-body",
        "A conversion needs no body.",
        "convert",
        "convert a lead",
        *one.before,
        bodiless,
        account,
    )


def _closing_cases(words: SampleWords) -> Iterator[Case]:
    one = make_valid_call("close", words)
    closed = read_step("/task/${task}", values={"/Properties/Status": "Closed"})
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
    bodiless = one.with_changes(body=None, headers=())
    yield _case(
        "close-task-without-body",
        "Closing needs no body.",
        "close",
        "close a task",
        *one.before,
        bodiless,
        closed,
    )
