"""The parts of `cmdm_tui.sandbox.storage.sqlite`."""
