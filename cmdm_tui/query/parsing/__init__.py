"""The parts of `cmdm_tui.query.parsing`."""
