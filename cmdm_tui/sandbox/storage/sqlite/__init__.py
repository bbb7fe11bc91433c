"""The sandbox's records, tokens and counts in one SQLite file, for one process.

`data_file` makes and checks the file, `store` serves it; `keyset_pages` reads pages of records,
`snapshots` saves and restores all of them.

Used by other packages: `data_file.SeedProgress`, `data_file.check_data_file`,
`data_file.create_data_file`, `store.SqliteStore`.
"""
