"""Where a sandbox keeps its records, tokens and counts: in SQLite, or in PostgreSQL.

`store` says what a database must do, `sqlite.store` and `postgres.store` do it. `tables` and
`keyset_pages` hold what both share.

Used by other packages: `store.RecordOrder`, `tables.fill_names`, `store.Properties`, `store.Seed`.
"""
