"""The main screen, `BrowseScreen`.

`panes` lays out its parts and does what commands ask of them. `commands` is the table of its keys,
`move_commands` and `order_commands` are the parts of it that go to a row or pane, and that sort.
`change_commands` are those that change records: `selection` says which they mean, `changed_rows`
shows what became of them. `draft_commands` puts what was typed in an earlier run where it was
typed. `screen` puts all together and passes messages from part to part.
"""
