"""The parts of `cmdm_tui.tui.screens.browse.screen`."""
