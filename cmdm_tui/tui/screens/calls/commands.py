"""The commands of the calls screen: what each does, and the table of them."""

from dataclasses import replace

from cmdm_tui.operations.call_entry import CallEntry, LoggedBody
from cmdm_tui.operations.confirmation import is_destructive
from cmdm_tui.text import one_line
from cmdm_tui.tui.account_opener import AccountChoice
from cmdm_tui.tui.commands import Command, CommandTable
from cmdm_tui.tui.messages import AccountRequested
from cmdm_tui.tui.models.read_only import describe_read_only
from cmdm_tui.tui.screens.calls.panes import CallsPanes
from cmdm_tui.tui.screens.calls.snippets import list_copies
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.entry import EntryScreen
from cmdm_tui.tui.screens.export_commands import EXPORT
from cmdm_tui.tui.screens.grid_commands import (
    COLUMNS,
    COPY,
    FIND,
    MARKS,
    copy_rows,
    name_copy_forms,
    offer_copy,
)
from cmdm_tui.tui.widgets.call_pane import CallPane

_CANCEL, _SEND = "Cancel", "Send it again"


def can_send_again(screen: CallsPanes) -> bool:
    """Return whether the call under the cursor can be sent: a change only of this run."""
    call = screen.call
    if call is None or call.is_sign_in or not call.is_path_whole:
        return False
    return not call.is_change or not (screen.account.profile.read_only or screen.is_file)


def describe_again_needs(screen: CallsPanes) -> str:
    """Return why the call under the cursor cannot be sent again, after the word "needs"."""
    call = screen.call
    if call is None:
        return "a call"
    if call.is_sign_in:
        return "a call other than a sign-in: cmdm signs in by itself"
    if not call.is_path_whole:
        return "a call whose address is kept whole"
    read_only = describe_read_only(screen.account.profile)
    return read_only or "a call of this run: a change that a file holds is not sent"


def send_again(screen: CallsPanes) -> None:
    """Send the call under the cursor again: a change only once that is confirmed."""
    call = screen.call
    if call is None:
        return
    body = screen.source.log.read_request_body(call.key)
    if body.note or not body.is_whole:
        words = "Its body is not kept as it was sent, so it cannot be sent again."
        screen.notify(words, severity="warning", markup=False)
    elif call.is_change:
        _confirm(screen, call, body)
    else:
        screen.send_again(call, body.content or None)


def _confirm(screen: CallsPanes, call: CallEntry, body: LoggedBody) -> None:
    def answered(choice: str | None) -> None:
        if choice == _SEND:
            screen.send_again(call, body.content or None)

    question = _ask_again(call, screen.account.client.host)
    screen.open_dialog(ChoiceScreen(question, (_CANCEL, _SEND)), answered)


def _ask_again(call: CallEntry, host: str) -> str:
    what = one_line(f"{call.method} {call.path}", 120)
    if is_destructive(call.method, call.path):
        risk = "It deletes or converts a record."
    elif call.method == "POST":
        risk = "It may make a second record."
    else:
        risk = "It changes a record."
    return f"Send {what} to {one_line(host, 60)} again? {risk} It costs 1 call."


def copy(screen: CallsPanes) -> None:
    """Ask how to copy the marked rows, else what of the call under the cursor, and copy it."""
    call, grid = screen.call, screen.grid
    if len(grid.marks):
        offer_copy(screen, grid)
        return
    if call is None:
        return
    make_details = screen.source.log.prepare_details(call.key)
    forms = name_copy_forms(screen, grid)

    def answered(what: str | None) -> None:
        if what in forms:
            copy_rows(screen, grid, forms[what])
        elif what is not None:
            screen.copy_call(call, make_details, what)

    screen.open_dialog(
        ChoiceScreen("Copy of this call, or of its row", (*list_copies(call), *forms)), answered
    )


def open_file(screen: CallsPanes) -> None:
    """Ask for a cassette, and show its calls."""

    def answered(path: str | None) -> None:
        if path is not None:
            screen.open_file(path)

    screen.open_dialog(EntryScreen("Path of a cassette (YAML)", lambda _: ""), answered)


def browse_file(screen: CallsPanes) -> None:
    """Open the records that the calls of the cassette saw, offline and read-only."""
    if screen.file_path is not None:
        screen.post_message(AccountRequested(AccountChoice(cassette=screen.file_path.absolute())))


def show_details(screen: CallsPanes) -> None:
    """Put the focus into the call, or back into the list."""
    pane = screen.query_one(CallPane)
    screen.set_focus(screen.grid if pane.has_focus else pane)


def can_go_back(screen: CallsPanes) -> bool:
    """Return whether there is something to go back from on this screen."""
    return (
        screen.is_filter_open
        or bool(screen.source.filter_words)
        or screen.is_file
        or screen.query_one(CallPane).has_focus
    )


def go_back(screen: CallsPanes) -> None:
    """Go back a step: from the call to the list, to all calls, from a file to this run."""
    if screen.query_one(CallPane).has_focus:
        screen.set_focus(screen.grid)
    elif screen.is_filter_open or screen.source.filter_words:
        screen.close_filter(clears=True)
    elif screen.is_file:
        screen.close_file()


def _has_call(screen: CallsPanes) -> bool:
    return screen.call is not None


_COPY_ROWS, _COPY_CELL = COPY
COMMANDS = CommandTable[CallsPanes](
    "calls",
    *FIND,
    Command(
        "filter", "f", "Filter", "Show the calls that fit words: 4xx, get, slow, a path",
        lambda screen: screen.open_filter(), group="Find", footer_priority=8,
    ),
    Command(
        "again", "a", "Again", "Send this call again; a change is asked about first",
        send_again, can_send_again, group="Calls", cost="1 call", footer_priority=7,
        needs=describe_again_needs,
    ),
    Command(
        "follow", "z", "Newest", "Go to the newest call, and to each that comes",
        lambda screen: screen.follow(), _has_call, group="Find", needs="a call",
    ),
    Command(
        "open", "o", "Open file", "Show the calls of a cassette", open_file, group="Calls",
        footer_priority=5,
    ),
    Command(
        "browse_file", "b", "Its records", "Browse the records that the calls of this cassette saw",
        browse_file, lambda screen: screen.file_path is not None, group="Calls", footer_priority=5,
        needs="a cassette that is open",
    ),
    Command(
        "details", "d", "Details", "Go into the call, to scroll it, or back to the list",
        show_details, _has_call, is_in_footer=False, group="Find", needs="a call",
    ),
    *COLUMNS,
    *MARKS,
    replace(
        _COPY_ROWS, run=copy, footer_priority=8,
        description="Copy this call as curl, Python, C# or PHP, a part of it, or rows",
    ),
    _COPY_CELL,
    *EXPORT,
    Command(
        "back", "escape", "Back", "Go back: to the list, to all calls, to those of this run",
        go_back, can_go_back, is_in_footer=False, group="Find",
    ),
)  # fmt: skip
"""Every key of the calls screen, in the order of the footer and the help."""
