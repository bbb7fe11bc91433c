"""Changes on their way to the service, and the runs that were sent.

`preview_screen` shows what is about to be sent, `apply_screen` sends it and says what became of it,
`undo_screen` reads what takes a run back. `flow` puts them one after the other for a command.
`screen` is the main screen of the journal's runs, and `run_lists` are its parts.
"""
