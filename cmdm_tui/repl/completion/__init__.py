"""Completion at the prompt: `rules` is the table of rules, by name; `suggest` applies it.

`sql` offers inside SQL, `body_cursor` finds the place inside a body; `offers` says what an offer
is, and `completer` gives the offers to prompt-toolkit.
"""
