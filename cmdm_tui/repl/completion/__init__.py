"""Completion at the prompt: `rules` is the table of rules, by name; `suggest` applies it.

`call_offers` and `command_offers` say what the rules offer, `body_cursor` finds the place inside a
body, and `file_names` the files. `session_completion` knows a session: `facts` are its names,
`use_counter` counts its words, and `field_reader` reads fields in the background. `completer` gives
the offers to prompt-toolkit. What is offered inside SQL is in cmdm_tui.query.completion.
"""
