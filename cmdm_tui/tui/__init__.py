"""The explorer: entities, fields and records of an account in a terminal.

`Explorer` (`app`) is the Textual application, `ProfileProvider` (`account_opener`) what it is
started with; `cassette_account` opens cassettes. `models/` holds the state without a screen,
`widgets/` the parts of screens, `screens/` the screens.

`commands` is how every screen declares its keys; the keys of the main screen are declared in
`screens/browse/commands.py`, those of every screen in `app_commands`. Footer, `palette` and help
read the same tables; `key_names` says how a key is written, and `key_order` passes keys on one by
one. Also: `messages` that more than one
widget knows, `theme`, `keymap` (keys that the user changed).
`front_compositor` draws what is in front, and nothing behind it.
`call_recording` records the calls of an account. `draft_keeper` keeps what was typed and not sent.
`tolerant_app` goes on after an unexpected error, `crash` is the report where it cannot.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmdm_tui.tui.account_opener import ProfileProvider
    from cmdm_tui.tui.app import Explorer

__all__ = ["Explorer", "ProfileProvider"]


def __getattr__(name: str) -> Any:
    """Import the explorer, and Textual with it, when first asked for: `--help` is fast."""
    if name == "Explorer":
        from cmdm_tui.tui.app import Explorer

        return Explorer
    if name == "ProfileProvider":
        from cmdm_tui.tui.account_opener import ProfileProvider

        return ProfileProvider
    raise AttributeError(name)
