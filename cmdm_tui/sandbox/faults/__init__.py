"""The parts of `cmdm_tui.sandbox.faults.plan`."""
