"""`cmdm doctor`: `command` runs the checks of the other files; each gives a `check.DoctorCheck`.

The checks: `configuration`, `network`, `service_check`, `terminal` (which
`cmdm fuzz` asks too), `versions`.
"""
