"""The explorer's screens.

`start/` opens an account, and `sign_in/` asks for one. `browse/` shows its records, `query/` runs
SQL over them, and `changes/` shows what is about to be changed and what was. `edit/` holds the
forms, and `dialogs/` what is shown in front of a screen.
"""
