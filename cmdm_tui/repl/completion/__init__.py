"""Completion at the prompt: `rules` is the table of rules, by name; `suggest` applies it.

`body_cursor` finds the place inside a body, and `completer` gives the offers to prompt-toolkit.
What is offered inside SQL is in cmdm_tui.query.completion.
"""
