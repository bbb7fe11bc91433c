"""Completion of SQL, for every face that has an editor: nothing here makes a call.

`sql.suggest_sql` offers names and words for the end of a statement, by the table of `sql_rules`;
`offers` says what an offer is, and what completion may know. `sql_place` says what is around the
cursor: `tokens` are arranged by their brackets (`groups`), and `scope` finds the tables and columns
that can be named. `words` are SQL's, `functions` those of DuckDB, `field_names` those of every
entity; `matching` ranks what fits.
"""
