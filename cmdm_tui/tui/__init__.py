"""The explorer: entities, fields and records of an account in a terminal."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cmdm_tui.tui.app import Explorer
    from cmdm_tui.tui.profile_provider import ProfileProvider

__all__ = ["Explorer", "ProfileProvider"]


def __getattr__(name: str) -> Any:
    """Import the explorer, and Textual with it, when it is first asked for."""
    if name == "Explorer":
        from cmdm_tui.tui.app import Explorer

        return Explorer
    if name == "Opening":
        from cmdm_tui.tui.profile_provider import ProfileProvider

        return ProfileProvider
    raise AttributeError(name)
