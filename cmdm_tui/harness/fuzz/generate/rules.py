"""What a user does in a session, a rule at a time: change something, then read it again.

A rule takes what it needs from the session's model, and creates it first where there is nothing to
work on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmdm_tui.harness.calls import (
    close_task,
    convert_lead,
    create_child,
    create_record,
    delete_record,
    get_record,
    update_record,
)
from cmdm_tui.harness.exchange import CALLS
from cmdm_tui.harness.fuzz.generate import law_actions
from cmdm_tui.harness.fuzz.generate.actions import Actions
from cmdm_tui.harness.fuzz.generate.trials import Trial
from cmdm_tui.harness.fuzz.generate.value_strategies import draw_properties, pick
from cmdm_tui.harness.fuzz.steps import AdvanceClock, SetCallsLeft
from cmdm_tui.harness.inputs import GROUPS

if TYPE_CHECKING:
    from cmdm_tui.harness.exchange import Call

_HOUR = 3_600
_LONGEST_WAIT = 7 * 24 * _HOUR
"""Seconds for which time is let pass at most."""
_MOST_DELETED = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that a user does, several requests at a time; `calls` are those it is about.

    A rule of twice the `weight` is drawn twice as often. `needs_writing` says that it changes
    records, `needs_control` that it changes the clock or the limits.
    """

    name: str
    run: Callable[[Actions], None]
    calls: "tuple[Call, ...]"
    weight: float = 1.0
    needs_writing: bool = True
    needs_control: bool = False


# Reading


def sign_in(actions: Actions) -> None:
    """Sign in again."""
    actions.sign_in()


def list_records(actions: Actions) -> None:
    """List all records of an entity, and some fields of them."""
    entity = actions.draw_entity()
    actions.list_all(entity)
    actions.list_some_fields(entity)


def walk_pages(actions: Actions) -> None:
    """Go through pages."""
    actions.walk_pages(actions.draw_entity())


def sort_records(actions: Actions) -> None:
    """Sort both ways."""
    actions.list_sorted(actions.draw_entity())


def read_records(actions: Actions) -> None:
    """Read a record more than once, and the field list."""
    entity = actions.draw_entity()
    record = actions.choose_record(entity)
    actions.read_record(entity, record)
    actions.list_all(entity)
    actions.read_record(entity, record)
    actions.read_fields(entity)


# Changing


def create_and_read(actions: Actions) -> None:
    """Create a record, and find it alone and among all."""
    entity = actions.draw_entity()
    made = actions.create_record(entity)
    actions.read_record(entity, made)
    if actions.flip():
        actions.list_all(entity)
    else:
        actions.read_total(entity)


def update_and_read(actions: Actions) -> None:
    """Update a record, read it, and do so again: with the same values, or with others."""
    entity = actions.draw_entity()
    record = actions.choose_record(entity)
    if not record:
        return
    actions.read_record(entity, record)
    request = update_record(entity, record, actions.draw_changes(entity))
    actions.session.take(request)
    actions.read_record(entity, record)
    for _ in range(1 + actions.choose(2)):
        if actions.flip():
            request = update_record(entity, record, actions.draw_changes(entity))
        actions.session.take(request)
        actions.read_record(entity, record)


def delete_and_read(actions: Actions) -> None:
    """Delete some records, and use what was deleted."""
    entity = actions.draw_entity()
    child = ("", "")
    for number in range(1 + actions.choose(_MOST_DELETED)):
        record = actions.choose_record(entity)
        if not record:
            return
        if number == 0 and actions.flip():
            child = create_child_of(actions, entity, record)
        actions.session.take(delete_record(entity, record))
        if number == 0:
            actions.read_record(entity, record)
    use_deleted(actions, entity)
    actions.list_all(entity)
    actions.read_record(*child)


def use_deleted(actions: Actions, entity: str) -> None:
    """Delete a deleted record again, or use it in another of the ways there are."""
    dead = actions.model.deleted_ids(entity)
    if not dead:
        return
    gone = pick(actions.draw, dead)
    if actions.flip():
        actions.session.take(delete_record(entity, gone))
    uses = [
        get_record(entity, gone),
        update_record(entity, gone, actions.draw_changes(entity)),
    ]
    if actions.has_entity("task"):
        uses.append(create_child("task", entity, gone, {"Subject": "x"}))
    if actions.has_entity("opportunity"):
        uses.append(create_child("opportunity", entity, gone, {"Name": "x"}))
    if entity == "lead":
        uses.append(convert_lead(gone))
    if entity == "task":
        uses.append(close_task(gone))
    actions.session.take(pick(actions.draw, uses))


def create_child_of(actions: Actions, entity: str, record: str) -> tuple[str, str]:
    """Create a task or an opportunity of a record; return what it is and its id."""
    child = pick(actions.draw, ["task", "opportunity"])
    if not actions.has_entity(child):
        return child, ""
    given = draw_properties(actions.draw, actions.fields_of(child), is_whole=True, most=1)
    return child, actions.create(create_child(child, entity, record, given), child)


def create_child_and_read(actions: Actions) -> None:
    """Create a child of a record, and read it, its parent and the total of such children."""
    entity = actions.draw_entity()
    record = actions.choose_record(entity)
    if not record:
        return
    child, made = create_child_of(actions, entity, record)
    actions.read_record(child, made)
    actions.read_record(entity, record)
    if actions.has_entity(child):
        actions.read_total(child)


def convert_and_read(actions: Actions) -> None:
    """Convert a lead, read what was created, and try again."""
    session = actions.session
    # A conversion does not name its contact, which could not be deleted again.
    if not actions.can_convert():
        return
    is_new = actions.flip()
    lead = actions.create_record("lead") if is_new else actions.choose_record("lead")
    if not lead:
        return
    if not is_new:
        actions.read_record("lead", lead)
    given = None
    if actions.flip():
        given = {"Description": pick(actions.draw, ["Made of a lead", "ß", "x"])}
    account = actions.create(convert_lead(lead, given), "account", "Account ExternalID")
    actions.read_record("account", account)
    actions.read_record("lead", lead)
    if actions.flip():
        session.take(convert_lead(lead))
        actions.read_record("lead", lead)
    entity = pick(actions.draw, ["contact", "account"])
    if not actions.has_entity(entity):
        return
    if actions.flip():
        actions.list_all(entity)
    else:
        actions.read_total(entity)


def close_and_read(actions: Actions) -> None:
    """Close a task, read it, and close it again."""
    session = actions.session
    if not actions.has_entity("task"):
        return
    task = actions.choose_record("task")
    if not task:
        return
    if actions.flip():
        actions.read_record("task", task)
    session.take(close_task(task, pick(actions.draw, [b"", b"{}"])))
    actions.read_record("task", task)
    if actions.flip() and session.service.is_restored:
        session.take(AdvanceClock(2.0))
    session.take(close_task(task))
    actions.read_record("task", task)


def send_odd_requests(actions: Actions) -> None:
    """Send odd requests in the middle of all this."""
    calls: list[Call] = [call for call in CALLS if call not in {"authenticate", "other"}]
    Trial(pick(actions.draw, calls), pick(actions.draw, GROUPS)).run(actions, most=4)


# Time and limits


def let_time_pass(actions: Actions) -> None:
    """Let an hour pass, or the rest of the token's life, and go on."""
    session, ends = actions.session, actions.model.token_ends
    entity = actions.draw_entity()
    waits = [60.0, _HOUR - 60.0]
    if ends is not None and actions.model.latest_time is not None:
        left = ends - actions.model.latest_time
        waits += [left - 200, left - 20, left - 5, left, left + 5]
    # A faulty service may tell an end that no clock reaches.
    possible = [wait for wait in waits if 0 < wait <= _LONGEST_WAIT]
    session.take(AdvanceClock(pick(actions.draw, possible)))
    actions.read_total(entity)
    if actions.is_signed_out():
        given = draw_properties(actions.draw, actions.fields_of(entity), is_whole=True)
        session.take(create_record(entity, given))
        session.sign_in_again()
        actions.read_total(entity)


def use_up_quota(actions: Actions) -> None:
    """Use up the calls of the hour, continue anyway, and wait for the next hour."""
    session = actions.session
    entity = actions.draw_entity()
    record = actions.choose_record(entity)
    actions.read_record(entity, record)
    left = actions.choose(4)
    session.take(SetCallsLeft(left))
    for _ in range(left):
        actions.read_record(entity, record)
    if not record:
        return
    whole = draw_properties(actions.draw, actions.fields_of(entity), is_whole=True)
    attempts = [
        create_record(entity, whole),
        update_record(entity, record, actions.draw_changes(entity)),
        delete_record(entity, record),
    ]
    session.take(pick(actions.draw, attempts))
    session.take(pick(actions.draw, attempts))
    session.take(AdvanceClock(float(_HOUR)))
    actions.read_total(entity)
    if actions.is_signed_out():
        session.sign_in_again()
        actions.read_total(entity)
    actions.read_record(entity, record)


RULES = (
    # Twenty-four of them, and slow: once in a run of 5,000 requests.
    Rule("credentials", law_actions.try_credentials, ("authenticate",), 0.08, needs_control=True),
    Rule("others", law_actions.update_among_others, ("update",), 1.5),
    Rule("closed", law_actions.update_closed_task, ("close",), 1.0),
    Rule("refused-update", law_actions.refuse_updates, ("update",), 2.0),
    Rule("refused-creation", law_actions.refuse_creations, ("create",), 1.5),
    Rule("kept", law_actions.keep_values, ("create", "update"), 2.5),
    Rule("numbers", law_actions.order_numbers, ("list",), 1.0),
    Rule("texts", law_actions.order_texts, ("list",), 0.75),
    # A sign-in is slow on purpose.
    Rule("sign-in", sign_in, ("authenticate",), 0.25, needs_writing=False),
    Rule("list", list_records, ("list",), 1.5, needs_writing=False),
    Rule("walk", walk_pages, ("list",), 1.5, needs_writing=False),
    Rule("sort", sort_records, ("list",), 2.0, needs_writing=False),
    Rule("read", read_records, ("get", "fields"), 1.0, needs_writing=False),
    Rule("create", create_and_read, ("create",), 1.5),
    Rule("update", update_and_read, ("update",), 4.6),
    Rule("delete", delete_and_read, ("delete",), 7.0),
    Rule("child", create_child_and_read, ("create-task", "create-opportunity"), 1.5),
    Rule("convert", convert_and_read, ("convert",), 11.75),
    Rule("close", close_and_read, ("close",), 12.25),
    Rule("odd", send_odd_requests, (), 1.0),
    Rule("wait", let_time_pass, (), 1.5, needs_control=True),
    Rule("exhaust", use_up_quota, (), 0.75, needs_control=True),
)
"""Every rule. Each change that can be accepted comes up often enough to be judged."""
