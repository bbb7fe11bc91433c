"""The explorer's screens.

`start/` opens an account, and `sign_in/` asks for one. `browse/` shows its records, `compare/`
some of them side by side, `query/` runs SQL over them, `calls/` shows the requests of the run, and
`changes/` what is about to be changed and what was. `edit/` holds the forms, and `dialogs/` what is
shown in front of a screen. `grid_screen` is what a screen with a grid has, `grid_commands` what can
be done there.
"""
