"""The sandbox's records, tokens and counts in one SQLite file, for one process.

`data_file` makes and checks the file, in a thread that `file_task` looks after; `store` serves it;
`keyset_pages` reads pages of records, `snapshots` saves and restores all of them.
"""
