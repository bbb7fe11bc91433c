"""The explorer: entities, fields and records of an account in a terminal.

`Explorer` (app.py) is the Textual application, `ProfileProvider` what it is started with.
`models/` holds the state without a screen, `widgets/` the parts of screens, `screens/` the screens,
and `commands.py` is how a screen declares its keys.

Other central files: `messages`, `account_opener`, `app`, `theme`.
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
