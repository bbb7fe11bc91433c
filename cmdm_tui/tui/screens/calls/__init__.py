"""The screen of calls, `CallsScreen`: every request of this run, or those of a cassette.

`panes` lays out its parts and does what commands ask of them, `snippets` copies a call as source
code, `commands` is the table of its keys, `screen` puts them together.
"""
