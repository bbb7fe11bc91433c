"""The parts of `cmdm_tui.sandbox.variants`."""
