"""The screens and widgets whose keys a keymap can change."""

from textual.dom import DOMNode

from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.calls.screen import CallsScreen
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.changes.screen import ChangesScreen
from cmdm_tui.tui.screens.compare.screen import CompareScreen
from cmdm_tui.tui.screens.query.screen import QueryScreen
from cmdm_tui.tui.screens.sign_in.screen import SignInScreen
from cmdm_tui.tui.screens.start.screen import StartScreen
from cmdm_tui.tui.screens.start.welcome import WelcomeScreen
from cmdm_tui.tui.widgets.grid import Grid
from cmdm_tui.tui.widgets.property_list import PropertyList

KEYMAP_OWNERS: tuple[type[DOMNode], ...] = (
    BrowseScreen, CallsScreen, ChangesScreen, CompareScreen, Grid, PreviewScreen,
    PropertyList, QueryScreen, StartScreen, WelcomeScreen, SignInScreen,
)  # fmt: skip
