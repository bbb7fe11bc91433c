"""A small application that shows the calls screen of one account, as the explorer does."""

import httpx

from cmdm_tui.api import Event
from cmdm_tui.catalog import Account
from cmdm_tui.config import Profile
from cmdm_tui.operations.call_log import CallLog
from cmdm_tui.tui.app_commands import APP_COMMANDS
from cmdm_tui.tui.commands import CommandApp
from cmdm_tui.tui.messages import ClientEvent
from cmdm_tui.tui.screens.calls.screen import CallsScreen
from cmdm_tui.tui.theme import THEMES


class CallsApp(CommandApp):
    """Opens an account, logs its calls and shows them; `copied` are the texts of the clipboard."""

    APP_COMMANDS = APP_COMMANDS
    BINDINGS = APP_COMMANDS.bindings

    def __init__(self, profile: Profile, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__()
        self.log_of_calls = CallLog()
        self.account = Account.open(
            profile, catalogs=None, transport=transport, listener=self.forward_event
        )
        self.calls = CallsScreen(self.account, self.log_of_calls)
        self.copied: list[str] = []

    def on_mount(self) -> None:
        self.register_theme(THEMES[0])
        self.theme = THEMES[0].name
        self.push_screen(self.calls)

    def forward_event(self, event: Event) -> None:
        self.log_of_calls.add_event(event)
        if self.is_running and self.calls.is_mounted:
            self.calls.post_message(ClientEvent(event))

    @property
    def main_screen_names(self) -> frozenset[str]:
        return frozenset({"calls"})

    def cancel_calls(self) -> int:
        return self.account.client.cancel_calls()

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)
        super().copy_to_clipboard(text)

    async def on_unmount(self) -> None:
        await self.account.close()
