"""The parts of `cmdm_tui.sandbox.openapi.description`."""
