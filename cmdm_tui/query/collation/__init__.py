"""The account's order of text in DuckDB: `macros` defines it, `rewrite` makes a query use it.

Other files: `list_order`. Used by other packages: `rewrite.title_projections`,
`macros.macro_statements`, `macros.full_macro_statements`, `macros.may_hold_special`,
`macros.special_characters`.
"""
