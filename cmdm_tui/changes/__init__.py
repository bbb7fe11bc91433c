"""Changes to records that are shown, confirmed, applied, kept in a journal and taken back.

`change_set` holds what is to be changed: `ChangeSet`, `Change`. `validate` checks it against the
fields of the entities, `preview` counts and prices it, `change_file` keeps it in a file, `apply`
sends it, `journal` keeps what was sent, and `undo` makes the change set that takes it back.
"""
