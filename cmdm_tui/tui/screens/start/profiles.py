"""A dialog that offers the accounts: the profiles, the demo, and a sign-in that makes a profile."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from cmdm_tui.text import one_line
from cmdm_tui.tui.account_opener import AccountChoice, ProfileSummary
from cmdm_tui.tui.dialog_screen import DialogScreen
from cmdm_tui.tui.offline_account import OfflineAccount
from cmdm_tui.tui.theme import format_mark
from cmdm_tui.tui.widgets.safe_option_list import SafeOptionList

SIGN_IN: Literal["sign-in"] = "sign-in"

_GAP = Content("  ")


class ProfilesScreen(DialogScreen[AccountChoice | Literal["sign-in"] | None]):
    """Lists the accounts to choose from, the cursor on the one that is open.

    The answer is the account to open, `SIGN_IN`, or None to stay. `trouble` says, safe and on one
    line, why profiles are missing from the list. An `offline` account is the first.
    """

    CSS_PATH = "../dialogs/ask.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="profiles.cancel", tooltip="Stay where you are"),
        Binding("j", "next", show=False, id="profiles.next"),
        Binding("k", "previous", show=False, id="profiles.previous"),
    ]

    def __init__(
        self,
        profiles: Sequence[ProfileSummary],
        current: str | None,
        trouble: str = "",
        offline: OfflineAccount | None = None,
    ) -> None:
        super().__init__()
        self._accounts: list[tuple[ProfileSummary, AccountChoice]] = [
            (one, AccountChoice(profile=one.name)) for one in profiles
        ]
        if offline is not None:
            found = offline.profile
            shown = ProfileSummary(found.name, offline.origin, found.colour, found.read_only)
            self._accounts.insert(0, (shown, AccountChoice(offline=offline)))
        self._current = current
        self._trouble = trouble
        self._choices: list[AccountChoice | Literal["sign-in"]] = [
            *(choice for _, choice in self._accounts),
            AccountChoice(is_demo=True),
            SIGN_IN,
        ]

    @property
    def enter_label(self) -> str:
        """What Enter does in it."""
        return "Open it"

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(id="dialogue") as dialogue:
            dialogue.border_title = Content("Switch account")
            if self._trouble:
                yield Label(self._trouble, markup=False)
            options = [Option(self._describe(one)) for one, _ in self._accounts]
            options.append(Option(Content("Demo  made-up records on this machine")))
            options.append(Option(Content("Sign in with another account …")))
            yield SafeOptionList(*options, markup=False, compact=True, id="profiles")

    def on_mount(self) -> None:
        """Put the cursor on the account that is open."""
        names = [one.name for one, _ in self._accounts]
        at = names.index(self._current) if self._current in names else 0
        self.query_one(OptionList).highlighted = at

    def _describe(self, profile: ProfileSummary) -> Content:
        parts = [format_mark(profile.name, profile.colour, read_only=profile.read_only)]
        parts.append(Content.styled(one_line(profile.url, 40), "$text-muted"))
        if profile.name == self._current:
            parts.append(Content.styled("open now", "$text-success"))
        return _GAP.join(parts)

    @on(OptionList.OptionSelected)
    def _take(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._choices[event.option_index])

    def action_next(self) -> None:
        """Move the cursor down."""
        self.query_one(OptionList).action_cursor_down()

    def action_previous(self) -> None:
        """Move the cursor up."""
        self.query_one(OptionList).action_cursor_up()

    def action_cancel(self) -> None:
        """Stay in the account that is open."""
        self.dismiss(None)
