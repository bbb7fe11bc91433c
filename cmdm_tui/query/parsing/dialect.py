"""The SQL dialect: DuckDB's, with nulls where the account's order puts them."""

import logging
from types import MappingProxyType
from typing import Any, ClassVar, cast

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokenizer_core import TokenType

# What sqlglot cannot read it logs to the terminal before it falls back; the tree is checked anyway.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)

LIST_SORTS = frozenset({"LIST_SORT", "ARRAY_SORT", "LIST_REVERSE_SORT", "ARRAY_REVERSE_SORT"})
"""The functions that sort a list; sqlglot drops their argument about nulls."""

_FUNCTIONS = cast("dict[str, Any]", DuckDB.Parser.FUNCTIONS)  # pyright: ignore[reportUnknownMemberType]


class AccountSql(DuckDB):
    """DuckDB's SQL. Nulls come first in ascending order and last in descending (`api.md`).

    sqlglot does not keep whether NULLS FIRST was written: it fills in the dialect's default.
    """

    NULL_ORDERING = "nulls_are_small"

    class Parser(DuckDB.Parser):
        """DuckDB's parser, which treats the functions that sort a list like any other."""

        FUNCTIONS = MappingProxyType(
            {name: of for name, of in _FUNCTIONS.items() if name not in LIST_SORTS}
        )


class ScriptSql(AccountSql):
    """The same SQL, where each statement is taken apart into its words.

    sqlglot takes what follows CALL or EXPLAIN for one text that ends at the next semicolon, also at
    one that is within a text.
    """

    class Tokenizer(AccountSql.Tokenizer):
        """DuckDB's words, none of which begins a text without words."""

        COMMANDS: ClassVar = set[TokenType]()


DIALECT = AccountSql
SCRIPT_DIALECT = ScriptSql
