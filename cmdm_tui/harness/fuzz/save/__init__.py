"""The parts of `cmdm_tui.harness.fuzz.save`."""
