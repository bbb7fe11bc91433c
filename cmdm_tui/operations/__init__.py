"""What a person can ask for, written once for all faces: command line, prompt, explorer, Python.

An operation does no input or output itself. It asks and informs through a `Prompter`
(`prompter`), which each face implements. `query` runs a query: `QueryOperation`, `CallPolicy`,
`QueryOutcome`. `write` sends changes, `confirmation` says what is asked before, `change_texts`
describes them, `journal_rows` lists the runs, `account_runs` finds those of an account; `data`
makes changes of a file, `related_import` of several, `copy` of records of another account, and
`statement` of SQL, and `lookups` checks what they name. `call_log` keeps the calls of a run for
whoever shows them (`call_entry`, bounded by `kept_bodies`; `call_use` counts them by the minute).
`fetch_progress` says how far a fetch has come, `interrupts` holds what Ctrl-C does meanwhile.
`statement_history` keeps what was typed, and `saved_queries` the queries that were given a name.
`module_loading` imports what is heavy.

`charts/` draws the values of a result.

Of a program: `program_changes` collects what it asks for, `change_requests` makes a change set of
that (`record_lookup` reads the records), `program_writer` sends it, `applied_changes` says what
became of it.
"""
