"""The SQL that is read and written: DuckDB's, with nulls where the account's order has them."""

import logging

from sqlglot.dialects.duckdb import DuckDB

# What sqlglot cannot read it logs to the terminal before it falls back; the tree is checked anyway.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


class AccountSql(DuckDB):
    """DuckDB's SQL. Nulls come first in ascending order and last in descending (`api.md`).

    sqlglot does not keep whether NULLS FIRST was written: it fills in the dialect's default.
    """

    NULL_ORDERING = "nulls_are_small"


DIALECT = AccountSql
