"""The commands that change records: each makes a change set, which is shown before it is sent.

The screens that it opens are imported when first used: the explorer starts without them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.app import App

from cmdm_tui.api import Parent, Record
from cmdm_tui.changes.change_set import OWNED_ENTITIES, Change, ChangeKind
from cmdm_tui.changes.unchanged import is_closed, is_converted
from cmdm_tui.text import count_noun, one_line
from cmdm_tui.tui.commands import Command
from cmdm_tui.tui.models.read_only import describe_read_only
from cmdm_tui.tui.screens.browse.panes import BrowsePanes
from cmdm_tui.tui.screens.browse.selection import (
    count_unread_marks,
    selected_cell,
    selected_records,
    write_context,
)
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen

if TYPE_CHECKING:
    from cmdm_tui.tui.models.drafts import FormDraft
    from cmdm_tui.tui.screens.changes.apply_screen import ApplyResult

_OWNED = ("task", "opportunity")
_RECORD = "a record under the cursor, or marked ones"


def can_write(screen: BrowsePanes) -> bool:
    """Return whether the profile allows changes."""
    return not screen.account.profile.read_only


def _needs(what: str) -> Callable[[BrowsePanes], str]:
    """Return what says why a change cannot be made: the profile, else `what`."""

    def describe(screen: BrowsePanes) -> str:
        return describe_read_only(screen.account.profile) or what

    return describe


def can_edit(screen: BrowsePanes) -> bool:
    """Return whether records are selected that may be changed, or marked and not read now."""
    return can_write(screen) and bool(selected_records(screen) or count_unread_marks(screen))


def can_edit_cell(screen: BrowsePanes) -> bool:
    """Return whether the cursor is in a field that may be changed."""
    found = selected_cell(screen) if can_write(screen) else None
    if found is None:
        return False
    record, name = found
    known = screen.account.catalog.cached_fields(record.entity)
    return not any(one.read_only and one.name == name for one in known)


def can_make(screen: BrowsePanes) -> bool:
    """Return whether a record of the entity may be made."""
    return can_write(screen) and not screen.entities.has_focus_within


def can_make_owned(screen: BrowsePanes) -> bool:
    """Return whether one record is selected that a new task may belong to."""
    return can_write(screen) and len(selected_records(screen)) == 1


def can_convert(screen: BrowsePanes) -> bool:
    """Return whether leads are selected that are not converted yet."""
    records = selected_records(screen) if can_write(screen) else ()
    return any(
        one.entity.casefold() == "lead" and not is_converted(one.properties) for one in records
    )


def can_close(screen: BrowsePanes) -> bool:
    """Return whether tasks are selected that are not closed yet."""
    records = selected_records(screen) if can_write(screen) else ()
    return any(one.entity.casefold() == "task" and not is_closed(one.properties) for one in records)


def edit(screen: BrowsePanes) -> None:
    """Open the form of the selected record; of several, what is typed goes into all."""
    records = selected_records(screen)
    if records:
        open_form(screen, records[0].entity, records)
    else:
        _tell_unread_marks(screen)


def edit_cell(screen: BrowsePanes) -> None:
    """Edit the field under the cursor in its place."""
    found = selected_cell(screen)
    if found is not None:
        record, name = found
        open_form(screen, record.entity, (record,), only=name)


def make_record(screen: BrowsePanes) -> None:
    """Open the form of a new record of the entity."""
    open_form(screen, screen.entity)


def make_owned(screen: BrowsePanes) -> None:
    """Open the form of a new task or opportunity that belongs to the selected record."""
    (record,) = selected_records(screen)
    parent = Parent(record.entity, record.external_id)

    def chosen(entity: str | None) -> None:
        if entity is not None:
            open_form(screen, entity, parent=parent)

    name = one_line(f"{record.entity} {record.external_id}", 60)
    screen.open_dialog(ChoiceScreen(f"Make a new record that belongs to {name}:", _OWNED), chosen)


def delete(screen: BrowsePanes) -> None:
    """Show the deletion of the selected records."""
    _review_same(screen, ChangeKind.DELETE)


def convert(screen: BrowsePanes) -> None:
    """Show the conversion of the selected leads."""
    _review_same(screen, ChangeKind.CONVERT)


def close(screen: BrowsePanes) -> None:
    """Show the closing of the selected tasks."""
    _review_same(screen, ChangeKind.CLOSE)


def undo_last(screen: BrowsePanes) -> None:
    """Read what takes the last run of the account back, and show it."""
    from cmdm_tui.changes.errors import ChangeError
    from cmdm_tui.tui.screens.browse.changed_rows import show_result
    from cmdm_tui.tui.screens.changes.flow import undo_run

    writing = write_context(screen)
    try:
        run_id = writing.find_last_run()
    except ChangeError as error:
        screen.notify(str(error), severity="error", markup=False)
        return
    if run_id is None:
        screen.notify("There is no run of this account to take back.", markup=False)
    else:
        undo_run(_app_of(screen), writing, run_id, partial(show_result, screen))


def open_form(
    screen: BrowsePanes,
    entity: str,
    records: tuple[Record, ...] = (),
    *,
    parent: Parent | None = None,
    only: str | None = None,
    draft: "FormDraft | None" = None,
    restored: Callable[[], None] = lambda: None,
) -> None:
    """Open the form of records that were read, else of a new one.

    `draft` is what was typed into it before; `restored` is called once it is in the form.
    """
    from cmdm_tui.tui.screens.browse.changed_rows import show_result
    from cmdm_tui.tui.screens.changes.flow import take_result
    from cmdm_tui.tui.screens.edit.form_screen import FormScreen, FormSubject

    writing = write_context(screen)
    subject = FormSubject(entity, records, parent, only, draft)

    def answered(result: "ApplyResult | None") -> None:
        screen.show_quota()
        take_result(_app_of(screen), writing, result, partial(show_result, screen))

    def read_again(record: Record) -> None:
        screen.records.replace_record(record)
        if screen.record_pane.record in records:
            screen.record_pane.show_record(record)

    screen.open_dialog(FormScreen(writing, subject, read_again, restored), answered)


def _review_same(screen: BrowsePanes, kind: ChangeKind) -> None:
    from cmdm_tui.changes.from_form import make_same_set
    from cmdm_tui.tui.screens.browse.changed_rows import show_result
    from cmdm_tui.tui.screens.changes.flow import review_changes

    records = selected_records(screen)
    if not records:
        _tell_unread_marks(screen)
        return
    client, profile = screen.account.client, screen.account.profile
    made = make_same_set(
        Change(kind, records[0].entity),
        records,
        address=client.address,
        username=profile.credentials.username,
    )
    if kind is ChangeKind.DELETE and records[0].entity.casefold() not in OWNED_ENTITIES:
        note = screen.record_pane.related.describe_owned(records)
        made = replace(made, notes=(*made.notes, note))
    review_changes(_app_of(screen), write_context(screen), made, partial(show_result, screen))


def _tell_unread_marks(screen: BrowsePanes) -> None:
    unread = count_unread_marks(screen)
    if unread:
        words = f"{count_noun(unread, 'marked record')} not read in this order. Nothing is changed:"
        screen.notify(
            f"{words} u shows the order before, ctrl+n takes all marks off.", markup=False
        )


def _describe_cost(screen: BrowsePanes, each: int) -> str:
    return f"≤ {count_noun(each * len(selected_records(screen)), 'call')}"


def _describe_edit_cost(screen: BrowsePanes) -> str:
    known = screen.account.catalog.cached_fields(screen.entity)
    return _describe_cost(screen, 2) + ("" if known else ", and those for the fields")


def _app_of(screen: BrowsePanes) -> App[None]:
    return cast("App[None]", screen.app)


CHANGE_COMMANDS: tuple[Command[BrowsePanes], ...] = (
    Command(
        "edit", "e", "Edit", "Edit the record in a form; of marked records, all of them",
        edit, can_edit, group="Change", cost=_describe_edit_cost,
        needs=_needs(_RECORD), footer_priority=7,
    ),
    Command(
        "edit_cell", "i", "In place", "Edit the field under the cursor in its place",
        edit_cell, can_edit_cell, is_in_footer=False, group="Change", cost="≤ 2 calls",
        needs=_needs("the cursor in a field that can be changed"),
    ),
    Command(
        "new", "a", "New", "Make a new record of this entity", make_record, can_make,
        group="Change", cost="1 call", needs=_needs("the focus in the records"),
    ),
    Command(
        "new_owned", "A", "New task", "Make a new task or opportunity of this record",
        make_owned, can_make_owned, is_in_footer=False, group="Change", cost="1 call",
        needs=_needs("one record"),
    ),
    Command(
        "delete", "x", "Delete", "Delete the record, or those that are marked", delete, can_edit,
        group="Change", cost=lambda screen: _describe_cost(screen, 2),
        needs=_needs(_RECORD), footer_priority=5,
    ),
    Command(
        "convert", "C", "Convert", "Convert the lead into an account",
        convert, can_convert, is_in_footer=False, group="Change",
        cost=lambda screen: _describe_cost(screen, 2), needs=_needs("a lead that is not converted"),
    ),
    Command(
        "close", "D", "Close", "Close the task", close, can_close, is_in_footer=False,
        group="Change", cost=lambda screen: _describe_cost(screen, 1),
        needs=_needs("a task that is not closed"),
    ),
    Command(
        "undo", "U", "Undo", "Take the last changes back; shown first, and sent when you apply it",
        undo_last, can_write, is_in_footer=False, group="Change",
        cost="1 call a record, then those shown", needs=_needs(""),
    ),
)  # fmt: skip
"""Every one is shown before it is sent, and none is there for a read-only profile."""
