"""The parts of `cmdm_tui.sandbox.http`."""
