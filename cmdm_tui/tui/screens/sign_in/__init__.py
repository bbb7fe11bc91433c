"""The parts of `cmdm_tui.tui.screens.sign_in.screen`."""
