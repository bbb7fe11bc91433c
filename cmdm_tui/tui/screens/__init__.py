"""The explorer's screens, each with its styles in one folder.

`start/` (the first screen, and the welcome), `sign_in/`, `browse/` (the main screen), `changes/`
(what is about to be sent, and what was), and `edit/` and `dialogs/` (in front of the others).
"""
