"""The parts of `cmdm_tui.repl.completion`."""
