"""`cmdm doctor`: `command.py` runs the checks of the other files, a `DoctorCheck` each."""
