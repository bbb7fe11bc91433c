"""SQL over an API that has no filter, with its cost in calls shown before a query runs.

`engine.Engine` prepares and runs queries: `prepare` returns a `PlannedQuery` with its plan and
cost, `stream` a `RowStream`, `run` a whole `QueryResult`. SQL is read in `parsing/`, planned in
`planning/`, fetched in `fetching/` and `seek/`, and executed in `execution/`. `database/` is the
DuckDB that holds the records, `collation/` the account's order of text. `budget` counts the calls
of a run; `call_allowance` says when a person must allow them first. `row_selection` chooses rows
and columns of a result. `completion/` offers names and words to an editor, `sql_highlight` colours
them.

Used by other packages: `model.ColumnKind`, `model.Table`, `model.Column`, `model.Value`.
"""
