"""The DuckDB of the engine: `duckdb_session` opens and locks it, `loader` fills it.

`casts` decides the type of each column.

Used by other packages: `duckdb_session.DuckDBSession`, `duckdb_session.RowValues`,
`duckdb_session.QueryDatabase`, `duckdb_session.result_type`.
"""
