"""Completion at the prompt: `rules.py` is the table of rules, by name; `suggest` applies it.

`sql.py` offers inside SQL, `body_cursor.py` finds the place inside a body, and `completer.py` gives
the offers to prompt-toolkit.

Other files: `offers`. Used by other packages: `completer.StatementCompleter`.
"""
