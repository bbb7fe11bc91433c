"""The parts of `cmdm_tui.config.secrets`."""
