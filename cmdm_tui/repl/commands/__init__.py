"""The backslash commands: dispatch, completion and help read the table of them, `command_table`.

The commands themselves are in files by topic: those on the `catalog`, on `changes`, on the last
`results`, on the `session`, and on its `settings`. Public: `BackslashCommand`, `find_command`
(`command_table`).
"""
