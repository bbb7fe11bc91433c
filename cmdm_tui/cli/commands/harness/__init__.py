"""The parts of `cmdm_tui.cli.commands.harness`."""
