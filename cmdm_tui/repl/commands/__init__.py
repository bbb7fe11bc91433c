"""The backslash commands: dispatch, completion and help read the table of them, `command_table`.

`command` is what a command is: its arguments by kind, help, example, what it may touch. The
commands themselves are in files by topic: those on the `catalog`, on `changes`, on the last
`results`, of `charts` of it, those that run `scripts`, on `saved_queries`, on the last statement
and costs (`queries`), on `variables`, on the `settings`, on the `calls` made and on the `session`;
`help_text` describes them. Public: `BackslashCommand`, `find_command` (`command_table`).
"""
