"""The explorer's screens, each with its styles in one folder.

`start/` (the first screen, and the welcome), `sign_in/`, `browse/` (the main screen), `calls/` (the
requests of the run) and `dialogs/` (in front of the others).
"""
