"""The DuckDB of the engine: `duckdb_session` opens and locks it, `loader` fills it.

`casts` decides the type of each column.
"""
