"""The parts of `cmdm_tui.redaction`."""
