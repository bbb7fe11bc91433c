"""The account's order of text in DuckDB: `macros` defines it, `rewrite` makes a query use it."""
