"""The words of SQL, by the place where each can be, and how names and texts are quoted."""

import re

CLAUSES = frozenset({
    "SELECT", "FROM", "JOIN", "ON", "USING", "WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW",
    "ORDER", "LIMIT", "OFFSET", "SET", "INTO", "VALUES", "RETURNING", "CALL", "UPDATE", "DESCRIBE",
    "SUMMARIZE", "PIVOT", "UNPIVOT", "WITH",
})  # fmt: skip
"""The words that begin a part of a statement."""

SET_OPERATORS = frozenset({"UNION", "EXCEPT", "INTERSECT"})

TABLE_CLAUSES = frozenset({
    "FROM", "JOIN", "INTO", "UPDATE", "DESCRIBE", "SUMMARIZE", "PIVOT", "UNPIVOT",
})  # fmt: skip
"""The words that an entity comes after."""

KEYWORDS = (
    "SELECT", "FROM", "WHERE", "GROUP", "BY", "ORDER", "LIMIT", "JOIN", "LEFT", "ON", "AND", "OR",
    "NOT", "IN", "BETWEEN", "LIKE", "ILIKE", "IS", "NULL", "DESC", "ASC", "AS", "DISTINCT",
    "HAVING", "UNION", "ALL", "EXCEPT", "INTERSECT", "WITH", "CASE", "WHEN", "THEN", "ELSE", "END",
    "OFFSET", "EXISTS", "OVER", "PARTITION", "TRUE", "FALSE", "INNER", "RIGHT", "FULL", "CROSS",
)  # fmt: skip
CHANGE_KEYWORDS = (
    "INSERT", "INTO", "VALUES", "UPDATE", "SET", "DELETE", "USING", "RETURNING",
)  # fmt: skip
"""The words of statements that change records."""

MORE_KEYWORDS = (
    "CALL", "DESCRIBE", "SUMMARIZE", "PIVOT", "UNPIVOT", "EXPLAIN", "SHOW", "RECURSIVE", "QUALIFY",
    "FILTER", "WINDOW", "ROWS", "RANGE", "CAST", "TRY_CAST", "INTERVAL", "NULLS", "FIRST", "LAST",
    "ANY", "SOME", "EXTRACT", "COLLATE", "LATERAL", "NATURAL", "OUTER", "SEMI", "ANTI", "ENTITIES",
)  # fmt: skip
"""Words that are coloured, and offered only where one of them can be."""

RESERVED = frozenset({
    *KEYWORDS, *CHANGE_KEYWORDS, "QUALIFY", "WINDOW", "LATERAL", "NATURAL", "PIVOT", "UNPIVOT",
    "TABLESAMPLE", "SEMI", "ANTI", "ASOF", "POSITIONAL", "OUTER",
})  # fmt: skip
"""Words that name no column and no alias, unless they are quoted."""

OPERANDS = frozenset({"NULL", "TRUE", "FALSE", "END"})
"""The words that are values, or end one."""

JOIN_BEGINNINGS = frozenset({"LEFT", "RIGHT", "FULL", "INNER", "CROSS", "OUTER", "NATURAL"})

_OPERATORS = ("AND", "OR", "IN", "NOT", "IS", "LIKE", "ILIKE", "BETWEEN")
_JOINS = ("JOIN", "LEFT JOIN", "INNER JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN")
_CASE_WORDS = ("WHEN", "THEN", "ELSE", "END")
_ENDINGS = ("GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET")
_SETS = ("UNION", "UNION ALL", "EXCEPT", "INTERSECT")

AFTER_TABLE = (
    "WHERE", *_JOINS, "USING", "AS", *_ENDINGS, *_SETS,
)  # fmt: skip
"""What may follow the name of an entity in FROM."""

AFTER_OPERAND: dict[str, tuple[str, ...]] = {
    "WITH": ("AS", "SELECT"),
    "SELECT": ("FROM", "AS", *_OPERATORS, "OVER", "FILTER", *_CASE_WORDS),
    "ON": ("AND", "OR", "WHERE", *_JOINS, *_OPERATORS[2:], *_ENDINGS, *_SETS, *_CASE_WORDS),
    "WHERE": (*_OPERATORS, *_ENDINGS, *_SETS, *_CASE_WORDS),
    "GROUP": ("HAVING", "ORDER BY", "LIMIT", "OFFSET", *_SETS),
    "HAVING": (*_OPERATORS, "ORDER BY", "LIMIT", "OFFSET", *_SETS, *_CASE_WORDS),
    "QUALIFY": (*_OPERATORS, "ORDER BY", "LIMIT", "OFFSET", *_SETS, *_CASE_WORDS),
    "ORDER": ("DESC", "ASC", "NULLS FIRST", "NULLS LAST", "LIMIT", "OFFSET", *_SETS),
    "LIMIT": ("OFFSET", *_SETS),
    "OFFSET": ("LIMIT", *_SETS),
    "VALUES": (),
    "RETURNING": ("AS",),
    "SET": ("WHERE", "FROM", "AND", "OR", *_CASE_WORDS),
    "": ("FROM", "WHERE", *_OPERATORS, *_CASE_WORDS),
}
"""What may follow a value, by the part of the statement that it is in."""

AFTER_CHANGED_TABLE = {
    "INTO": ("VALUES", "SELECT", "RETURNING"),
    "UPDATE": ("SET", "AS"),
    "DELETE": ("WHERE", "USING", "AS", "RETURNING"),
}
"""What may follow the name of the entity that a statement changes."""

IN_EXPRESSION = ("NOT", "CASE", "NULL", "TRUE", "FALSE", "EXISTS", "INTERVAL")
"""What may begin a value, next to names and functions."""

COMPARISONS = frozenset({"=", "<>", "!=", "==", "LIKE", "ILIKE"})
"""What comes between a field and a text that is one of its values."""

_MUST_BE_QUOTED = frozenset({
    *RESERVED, "ANALYSE", "ANALYZE", "ANY", "ARRAY", "ASYMMETRIC", "AT", "AUTHORIZATION", "BINARY",
    "BOTH", "CAST", "CHECK", "COALESCE", "COLLATE", "COLLATION", "COLUMN", "COLUMNS",
    "CONCURRENTLY", "CONSTRAINT", "CREATE", "DEFAULT", "DEFERRABLE", "DESCRIBE", "DO", "EXTRACT",
    "FETCH", "FOR", "FOREIGN", "FREEZE", "GENERATED", "GLOB", "GROUPING", "INITIALLY", "INTERVAL",
    "ISNULL", "LAMBDA", "LEADING", "MAP", "NOTNULL", "NULLIF", "ONLY", "OVERLAPS", "OVERLAY",
    "PIVOT_LONGER", "PIVOT_WIDER", "PLACING", "POSITION", "PRIMARY", "REFERENCES", "ROW", "SHOW",
    "SIMILAR", "SOME", "STRUCT", "SUBSTRING", "SUMMARIZE", "SYMMETRIC", "TABLE", "TO", "TRAILING",
    "TREAT", "TRIM", "TRY_CAST", "TUPLE", "UNIQUE", "UNPACK", "VARIADIC", "VERBOSE",
})  # fmt: skip
_PLAIN = re.compile(r"[^\W\d]\w*")


def quote_name(name: str) -> str:
    """Return a name as SQL takes it: in quotes where it is not a plain word."""
    is_plain = _PLAIN.fullmatch(name) and name.upper() not in _MUST_BE_QUOTED
    return name if is_plain else '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return a text as SQL takes it."""
    return "'" + text.replace("'", "''") + "'"
