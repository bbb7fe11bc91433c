"""The explorer's screens, each with its styles in one folder.

`start/` (the first screen, and the welcome), `sign_in/`, `browse/` (the main screen), `compare/`
(records side by side), `calls/` (the requests of the run), `changes/` (what is about to be sent,
and what was), and `edit/` and `dialogs/` (in front of the others). `grid_screen` is what a screen
with a grid has, `grid_commands` what can be done there.
"""
