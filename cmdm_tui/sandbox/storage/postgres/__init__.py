"""The sandbox's records, tokens and counts in a PostgreSQL database, for any number of processes.

Needs the extra `cmdm-tui[postgres]`. Everything is in the schema `cmdm_sandbox`. `database` makes
and checks it, `store` serves it through the connections of `pool`; `keyset_pages` reads pages of
records, `snapshots` saves and restores all of them. `address` reads the database's address,
`statements` has the SQL, `keys` the sort keys.
"""
