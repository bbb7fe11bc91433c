"""The parts of `cmdm_tui.tui.models`."""
