"""The explorer's commands: one table, from which keys, footer, help and palette are made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding, BindingType

from cmdm_tui.tui.screens.browse import commands as browse

if TYPE_CHECKING:
    from cmdm_tui.tui.screens.browse.screen import BrowseScreen

_KEY_NAMES = {"question_mark": "?", "escape": "esc"}


def _always(_: "BrowseScreen") -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do: its key, a word for the footer, and a sentence for help and palette."""

    id: str
    key: str
    label: str
    description: str
    run: Callable[["BrowseScreen"], None]
    is_available: Callable[["BrowseScreen"], bool] = _always
    is_in_footer: bool = True

    @property
    def shown_key(self) -> str:
        """The key as it stands on a keyboard."""
        return _KEY_NAMES.get(self.key, self.key)

    @property
    def binding(self) -> Binding:
        """The key's binding; its action is `command`, with the command's id."""
        return Binding(
            self.key,
            f"command('{self.id}')",
            self.label,
            show=self.is_in_footer,
            key_display=_KEY_NAMES.get(self.key),
            id=f"browse.{self.id}",
            tooltip=self.description,
        )


COMMANDS = (
    Command(
        "sort", "s", "Sort", "Let the service sort by this column; again turns it round",
        browse.sort, browse.can_sort,
    ),
    Command(
        "unsort", "u", "Unsort", "Go back to the service's own order",
        browse.unsort, lambda screen: screen.records.is_sorted, is_in_footer=False,
    ),
    Command(
        "fields", "f", "Fields", "Show the entity's fields, or its records again",
        browse.toggle_fields,
    ),
    Command(
        "related", "g", "Related", "Show what is related to this record; again to find it",
        browse.show_related, lambda screen: screen.record_pane.record is not None,
    ),
    Command(
        "open", "o", "By id", "Open a record of this entity by its external id",
        browse.open_by_id,
    ),
    Command("add", "a", "Add", "Add a custom entity by its name", browse.add_entity),
    Command(
        "forget", "x", "Forget", "Forget the custom entity under the cursor",
        browse.forget_entity, browse.can_forget,
    ),
    Command(
        "refresh", "r", "Refresh", "Read anew what has the focus: records, fields, record, counts",
        browse.refresh_focused,
    ),
    Command(
        "retry", "t", "Retry", "Try again what failed",
        browse.retry_failed, lambda screen: any(part.has_failed for part in screen.parts),
    ),
    Command(
        "missing", "m", "Missing", "Read the pages again for records that overlapping pages hid",
        lambda screen: screen.records.read_missing(), lambda screen: screen.records.has_missing,
    ),
    Command(
        "entities", "e", "Entities", "Go to the list of entities",
        lambda screen: screen.entities.take_focus(), is_in_footer=False,
    ),
    Command(
        "back", "escape", "Back", "Go back to the records",
        browse.go_back, browse.can_go_back, is_in_footer=False,
    ),
    Command(
        "leave", "w", "Other ways in", "Leave this account for the demo or another sign-in",
        browse.switch_account, is_in_footer=False,
    ),
    Command("help", "question_mark", "Help", "List the keys", browse.show_help),
)  # fmt: skip

COMMANDS_BY_ID = {command.id: command for command in COMMANDS}

BINDINGS: list[BindingType] = [command.binding for command in COMMANDS]


def available_commands(screen: "BrowseScreen") -> frozenset[str]:
    """Return the ids of the commands that can be run just now."""
    return frozenset(command.id for command in COMMANDS if command.is_available(screen))
