"""Plans a query: `preparer.QueryPreparer` binds it, lists its plans, and chooses the cheapest.

`plan` holds the steps, `plan_choice` chooses among the plans of `scan_plans`, `join_lookup`,
`seek_plans`, `file_plans`, for which `file_keys` finds what a local file asks for, and
`composed_plans`, for which `record_needs` finds which records can change the answer, and
`item_conditions` what each join asks of them; both search for values by `key_search`. `schema`
finds out the columns of an entity. `readings` reads text as another kind where a query compares it
with one: `operand_reader` puts it there, `name_scopes` and `value_kinds` say where that is;
`stored_text` finds the text of a typed field through subqueries; `products` keeps products of many
numbers from an overflow; `column_summary` writes SUMMARIZE as a query.

Other central files: `planned_query`. Used by other packages: `planned_query.PlannedQuery`,
`plan.SeekStep`, `plan.BoundaryAggregates`, `plan.CountValues`.
"""
