"""The sentences that say why DuckDB refuses a query, each from the match of its message."""

import re
from collections.abc import Callable
from functools import cache

import duckdb

from cmdm_tui.query.database.type_words import (
    HOW_TO_WRITE,
    describe_arguments,
    describe_type,
    name_type,
)
from cmdm_tui.query.errors import FaultyWord, SqlError, UnknownName
from cmdm_tui.query.parsing.identifiers import nearest_names
from cmdm_tui.text import count_noun, one_line

Described = Callable[[re.Match[str]], SqlError]


@cache
def function_names() -> tuple[str, ...]:
    """Return the names of DuckDB's functions that a person would write; read once a process."""
    with duckdb.connect(":memory:") as connection:
        rows = connection.execute(
            "SELECT DISTINCT lower(function_name) FROM duckdb_functions() "
            "WHERE function_type IN ('scalar', 'aggregate', 'macro') ORDER BY 1"
        ).fetchall()
    return tuple(name for (name,) in rows if name.isidentifier() and not name.startswith("_"))


def plain(
    message: str, hint: str | None = None, *, about: tuple[int, str] | None = None
) -> Described:
    """Return what describes an error by a sentence in which `{1}` is a group of the pattern.

    `about` is the group that holds the faulty word, with its kind.
    """

    def describe(found: re.Match[str]) -> SqlError:
        groups = ["", *(one_line(one or "", 60) for one in found.groups())]
        word = None
        if about is not None:
            word = FaultyWord(found[about[0]], about[1])  # pyright: ignore[reportArgumentType]
        shown = None if hint is None else hint.format(*groups)
        return SqlError(message.format(*groups), hint=shown, word=word)

    return describe


def text_of_type(found: re.Match[str]) -> SqlError:
    """Describe a text that cannot be read as a type, of a column where one is named."""
    text, type_name, column = found[1], found[2], found[3]
    of = f" of {one_line(column, 60)}" if column else ""
    hint = f"TRY_CAST(… AS {name_type(type_name)}) gives null where a value is none"
    is_large = describe_type(type_name) == "a number" and _NUMBER.fullmatch(text) is not None
    what = f"out of the range of {name_type(type_name)}" if is_large else describe_type(type_name)
    return SqlError(
        f"{one_line(text, 60)!r}{of} is {what if is_large else f'not {what}'}",
        hint=hint if column else HOW_TO_WRITE.get(describe_type(type_name)),
        word=None if column else FaultyWord(text, "text"),
    )


_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*", re.IGNORECASE)


def text_of_time(found: re.Match[str]) -> SqlError:
    """Describe a text that cannot be read as a date or a time."""
    kind = "a date" if found[1].casefold() == "date" else "a time"
    column = found[3]
    of = f" of {one_line(column, 60)}" if column else ""
    hint = f"TRY_CAST(… AS {found[1].upper()}) gives null where a value is none"
    return SqlError(
        f"{one_line(found[2], 60)!r}{of} is not {kind}",
        hint=hint if column else HOW_TO_WRITE[kind],
        word=None if column else FaultyWord(found[2], "text"),
    )


def out_of_range(found: re.Match[str]) -> SqlError:
    """Describe a number that its type cannot hold."""
    return SqlError(
        f"{one_line(found[1], 60)} is out of the range of {name_type(found[2])}",
        hint=(
            "Give a smaller number; LIMIT and OFFSET take none above 9,223,372,036,854,775,807"
            if found[2].upper() in {"INT64", "BIGINT"}
            else "Cast it to BIGINT or DOUBLE"
        ),
    )


def unknown_function(found: re.Match[str]) -> SqlError:
    """Describe a function that there is not, with the one that was probably meant."""
    name = found[1].strip('"')
    meant = _OTHER_DIALECTS.get(name.casefold())
    near = (meant,) if meant else nearest_names(name, function_names())
    return UnknownName("function", name, near, word=FaultyWord(name, "function"))


_OTHER_DIALECTS = {
    "isnull": "coalesce", "nvl": "coalesce", "nvl2": "if", "iff": "if", "iif": "if",
    "getdate": "now", "sysdate": "now", "sysdatetime": "now", "curdate": "current_date",
    "charindex": "strpos", "locate": "strpos", "dateadd": "date_add", "datepart": "date_part",
    "todate": "strptime", "to_date": "strptime", "str_to_date": "strptime",
    "date_format": "strftime", "to_char": "strftime", "group_concat": "string_agg",
    "len_trim": "length", "rand": "random", "ucase": "upper", "lcase": "lower",
}  # fmt: skip


def unknown_type(found: re.Match[str]) -> SqlError:
    """Describe a type that there is not."""
    near = nearest_names(found[1], _TYPES)
    return UnknownName("type", found[1], near, word=FaultyWord(found[1], "name"))


_TYPES = (
    "VARCHAR", "TEXT", "INTEGER", "INT", "BIGINT", "SMALLINT", "TINYINT", "HUGEINT", "DOUBLE",
    "FLOAT", "REAL", "DECIMAL", "NUMERIC", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ",
    "INTERVAL", "UUID", "BLOB", "JSON",
)  # fmt: skip


def unknown_table(found: re.Match[str]) -> SqlError:
    """Describe an alias that the query does not have."""
    known = re.findall(r'"([^"]+)"', found[2] or "")
    return UnknownName(
        "table",
        found[1],
        known[:3],
        message=f"{one_line(found[1], 60)!r} is not an entity or alias of this query",
        word=FaultyWord(found[1].rpartition(".")[2], "name"),
    )


def unknown_entity(found: re.Match[str]) -> SqlError:
    """Describe an entity that there is not."""
    return UnknownName("entity", found[1], word=FaultyWord(found[1], "name"))


def unknown_column(found: re.Match[str]) -> SqlError:
    """Describe a column that there is not."""
    name = found[1].strip('"')
    return UnknownName("column", name, word=FaultyWord(name, "name"))


def wrong_arguments(found: re.Match[str]) -> SqlError:
    """Describe a function or an operator that does not take what it is given."""
    name, given = found[1].strip('"'), describe_arguments(found[2])
    if not name.replace("_", "").isalnum():
        operator = _OPERATORS.get(name, name)
        return SqlError(
            f"{operator} cannot be used with {' and '.join(given)}",
            hint="Cast one of them, as in CAST(… AS DOUBLE)",
        )
    forms = _signatures(name, found[3])
    return SqlError(
        f"{name}() does not take ({', '.join(given)})" if given else f"{name}() needs a value",
        hint=f"Write it as {' or '.join(forms)}" if forms else None,
        word=FaultyWord(name, "function"),
    )


_OPERATORS = {"~~": "LIKE", "!~~": "NOT LIKE", "~~*": "ILIKE", "!~~*": "NOT ILIKE", "~~~": "GLOB"}


def _signatures(name: str, candidates: str) -> list[str]:
    """Return two of the ways in which a function is written, of those that DuckDB lists."""
    found: list[str] = []
    for listed in re.findall(rf'"?{re.escape(name)}"?\(((?:[^()]|\([^()]*\))*)\)', candidates):
        parts = [one.strip().split() for one in listed.split(",") if one.strip() != "/"]
        names = [one[0].strip('"*') for one in parts if one]
        form = f"{name}({', '.join(names)})"
        if form not in found and "MAP(" not in listed:
            found.append(form)
    return found[:2]


def wrong_macro(found: re.Match[str]) -> SqlError:
    """Describe a macro that does not take what it is given."""
    name = found[1].strip('"')
    return SqlError(
        f"{name}() does not take these values",
        hint=f"Write it as {name}({one_line(found[2], 60)})" if found[2] else None,
        word=FaultyWord(name, "function"),
    )


def compared_types(found: re.Match[str]) -> SqlError:
    """Describe two types that cannot be compared."""
    first, second = describe_type(found[1]), describe_type(found[2])
    return SqlError(
        f"{first[0].upper()}{first[1:]} cannot be compared with {second}", hint="Cast one of them"
    )


def cast_types(found: re.Match[str]) -> SqlError:
    """Describe a type that cannot be cast to another."""
    first, second = describe_type(found[1]), describe_type(found[2])
    return SqlError(f"{first[0].upper()}{first[1:]} cannot be made {second}")


def joined_types(found: re.Match[str]) -> SqlError:
    """Describe two types that cannot be concatenated."""
    first, second = describe_type(found[1]), describe_type(found[2])
    return SqlError(f"|| cannot join {first} and {second}", hint="Cast one of them")


def wrong_pattern(found: re.Match[str]) -> SqlError:
    """Describe a regular expression that cannot be read."""
    return SqlError(
        f"A regular expression is not valid: {one_line(found[0], 60)}",
        hint="Put a backslash before a character that means itself",
    )


def too_many_in_subquery(found: re.Match[str]) -> SqlError:
    """Describe a subquery with another number of columns than its place takes."""
    wanted = int(found[2])
    return SqlError(
        f"The subquery has {count_noun(int(found[1]), 'column')}, and "
        f"{wanted} {'is' if wanted == 1 else 'are'} expected"
    )


def grouped(found: re.Match[str]) -> SqlError:
    """Describe a column that is neither grouped nor aggregated."""
    name = one_line(found[1], 60)
    return SqlError(
        f"{name} is neither in GROUP BY nor in an aggregate",
        hint=f"Add it to GROUP BY, or write any_value({name})",
        word=FaultyWord(found[1], "name"),
    )
