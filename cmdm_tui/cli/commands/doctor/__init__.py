"""`cmdm doctor`: `command.py` runs the checks of the other files, a `DoctorCheck` each.

Other files: `check`, `configuration`, `network`, `service_check`, `terminal`, `versions`. Used by
other packages: `terminal.can_show_screens`.
"""
