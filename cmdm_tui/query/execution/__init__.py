"""Executes a prepared query: `executor.QueryExecutor` runs its step and then its SQL.

`seek_executor` runs the steps that search sorted pages, `composed_executor` those that read each
place of FROM by its condition or by keys, `describe_executor` answers SHOW ENTITIES,
DESCRIBE and EXPLAIN.

Other files: `aggregate_answers`. Used by other packages: `executor.Resumption`,
`describe_executor.NamesExecutor`.
"""
