"""Changes to records that are shown, confirmed, applied, kept in a journal and taken back.

`change_set` holds what is to be changed: `ChangeSet`, `Change`. `validate` checks it against the
fields of the entities, `unchanged` leaves out what is there already, `lookup_check` what names no
record, `preview` counts and prices it, and `change_file` keeps it in a file. `apply` sends it:
`ChangeApplier` follows `schedule` and `quota_gate`, `change_sender` brings one change to its state,
`record_check` compares its record, `outcome` finds out what became of a call without an answer.
`journal` keeps what was sent (`journal_entry`, `journal_file`), `refused` makes a change set of
what was not done, and `undo` the one that takes a run back: `remake` makes deleted records again,
and `references` finds what points at them. `from_sql` makes the change set of a statement,
`from_form` that of one record.
"""
