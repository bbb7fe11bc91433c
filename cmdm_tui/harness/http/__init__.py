"""The parts of `cmdm_tui.harness.http`."""
