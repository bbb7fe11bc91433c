"""The parts of `cmdm_tui.harness.fuzz.execute`."""
