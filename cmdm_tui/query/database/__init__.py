"""The DuckDB of the engine: `duckdb_session` opens and locks it, `loader` fills it.

`duckdb_functions` lists what it can. `casts` decides the type of each column, `iso_times` reads
dates and times, and `python_values` turns what DuckDB gives into Python's values. `local_files`
opens a database for one query, with the files that the query names.

Used by other packages: `duckdb_session.DuckDBSession`, `duckdb_session.RowValues`,
`duckdb_session.QueryDatabase`.
"""
