"""The main screen, `BrowseScreen`.

`panes` lays out its parts and does what commands ask of them, `commands` is the table of its keys,
`screen` puts both together and passes messages from part to part. `change_commands` are those that
change records: `selection` says which they mean, `changed_rows` shows what became of them.
"""
