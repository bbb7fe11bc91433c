"""Reads SQL: `statement.parse` checks it and returns a statement as a tree.

`read_only` refuses what does more than read, `references` finds the entities and columns used, and
`query_shape` recognises queries that need less than every record. `file_sources` finds the local
files that a query names, and `parameters` puts values into it. `statement_forms` makes queries of
SUMMARIZE and PIVOT, and splits scripts. `write_statement.read_statements` reads a text in which
statements may change records, too, and `condition` what comes after WHERE alone.

Other files: `column_titles`, `dialect`, `identifiers`, `normalize`, `refused_statements`,
`unquoted_text`, `write_calls`, `write_clauses`, `write_forms`, `write_parts`. Used by other
packages: `query_shape.QueryShape`, `dialect.DIALECT`, `identifiers.nearest_names`,
`identifiers.SCHEMA`, `parameters.Parameters`, `file_sources.FileSource`.
"""
