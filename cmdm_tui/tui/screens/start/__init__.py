"""The parts of `cmdm_tui.tui.screens.start.screen`."""
