"""Where a sandbox keeps its records, tokens and counts: in SQLite, or in PostgreSQL.

`store` says what a database must do; `sqlite/` and `postgres/` each do it. `tables` and
`keyset_pages` hold what both share.
"""
