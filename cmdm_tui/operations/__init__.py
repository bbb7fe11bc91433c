"""What a person can ask for, written once for all faces: command line, prompt, explorer.

An operation does no input or output itself. It asks and informs through a `Prompter`
(`prompter`), which each face implements. `query` runs a query: `QueryOperation`, `CallPolicy`,
`QueryOutcome`. `write` sends changes, `confirmation` says what is asked before, `change_texts`
describes them; `data` makes changes of a file, `related_import` of several, `copy` of records of
another account, and `statement` of SQL. `interrupts` holds what Ctrl-C does meanwhile.
"""
