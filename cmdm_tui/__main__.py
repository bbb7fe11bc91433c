"""`python -m cmdm_tui` is the same command as `cmdm`."""

from cmdm_tui.cli import main

main()
