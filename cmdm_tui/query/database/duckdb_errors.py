"""Says in plain words why DuckDB refuses a query. Its own words are kept as the error's cause."""

import re
from collections.abc import Sequence

import duckdb

from cmdm_tui.query.database import error_sentences as say
from cmdm_tui.query.database.error_sentences import Described, plain
from cmdm_tui.query.errors import SqlError
from cmdm_tui.text import one_line

NO_COLUMNS = "The result has no columns: no row has a value that would make one"
"""What is said of a PIVOT over no rows."""


def describe_error(error: duckdb.Error) -> SqlError:
    """Return an error of ours that says what one of DuckDB means; the caller makes it the cause."""
    text = _INTERNAL.sub("", str(error))
    if "SELECT list is empty after resolving" in text:
        return SqlError(NO_COLUMNS)
    kind, _, detail = " ".join(_DETAILS.split(text, maxsplit=1)[0].split()).partition(" Error: ")
    for pattern, describe in _RULES:
        found = re.search(pattern, detail, re.DOTALL)
        if found is not None:
            return describe(found)
    return _describe_other(kind, detail)


def _describe_other(kind: str, detail: str) -> SqlError:
    """Return what is said of an error that no rule knows: its detail where a person can read it."""
    message = _KINDS.get(kind, "The query cannot be run as it is written")
    detail = detail.rstrip("!. ")
    if not detail or _JARGON.search(detail) or len(detail) > _LONGEST_DETAIL:
        return SqlError(message, hint="Simplify it, part by part, to find which part that is")
    is_sentence = detail[1:2].islower()
    return SqlError(
        f"{message}: {one_line(detail[0].lower() + detail[1:] if is_sentence else detail)}"
    )


_KINDS = {
    "Out of Memory": "There is not enough memory for the query",
    "Conversion": "A value cannot be converted",
    "Invalid Input": "A value does not fit its function",
    "Out of Range": "A number is out of range",
    "Not implemented": "The query asks for what the engine does not do",
    "Parser": "The SQL cannot be read",
}
_LONGEST_DETAIL = 200
_JARGON = re.compile(
    r"candidate|\bSET\b|[A-Z]+_LITERAL|explicit (type )?cast|::|\x01|text_as_|\bmacro\b|template"
    r"|bind|lambda function|internal|assert|vector|duckdb|catalog|TUPLE|STRUCT\(|DECIMAL\(",
    re.IGNORECASE,
)
"""Words that mean nothing to a person who has not read DuckDB's code."""

_INTERNAL = re.compile(r"""(\btemp|"temp")\.(main\.)?|\x01files\.|"\x01files"\.|\x01[a-z]+ |\x02""")
"""The names of ours that are in DuckDB's messages."""
_DETAILS = re.compile(
    r"\n\nLINE|, due to the following Python|\s*\* SET |\s*Use \"SET |\s*Please try installing"
    r"|\s*Alternatively, consider enabling|\s*Use TRY\(|\s*Use try\("
)
"""Where DuckDB's message continues with excerpts and hints about locked settings."""


_COLUMN_SUFFIX = r'(?: when casting from source column "?([^".]+)"?)?'

_PATTERN_FAULTS = (
    r"(missing [\])]|missing argument.*|no argument for repetition.*|bad repetition.*"
    r"|invalid (?:perl|character class|repetition).*|trailing \\.*|unexpected \).*)"
)
_WRONG_ARGUMENTS = (
    r"(?:No function matches the given name and argument types '|Could not choose a best "
    r"candidate function for the function call \")(.+?)\((.*?)\)['\"]\..*?"
    r"(?:Candidate functions: (.*))?$"
)
_WRONG_MACRO_ARGUMENTS = (
    r"Macro (\S+?)\(\) does not support the supplied arguments.*?"
    r"(?:Candidate macros: \w+\((.*?)\))?$"
)

_RULES: Sequence[tuple[str, Described]] = (
    (
        rf"""Could not convert string ["'](.*?)["'] to (\w+(?:\([^)]*\))?){_COLUMN_SUFFIX}""",
        say.text_of_type,
    ),
    (
        rf'invalid (date|timestamp|time) field format: "(.*?)", expected.*?\){_COLUMN_SUFFIX}$',
        say.text_of_time,
    ),
    (
        rf'(date|timestamp|time) field value out of range: "(.*?)"{_COLUMN_SUFFIX}',
        say.text_of_time,
    ),
    (r"with value (\S+) can't be cast .* destination type (\w+)", say.out_of_range),
    (r'Function with name (\S+) does not exist', say.unknown_function),
    (r"Type with name (\S+) does not exist", say.unknown_type),
    (r"(?:Table|View) with name (\S+) does not exist", say.unknown_entity),
    (r"Collation with name (\S+) does not exist", plain("There is no collation {1!r}")),
    (r'Referenced table "(.+?)" not found!(?: Candidate tables: (.*))?', say.unknown_table),
    (r'(?:Referenced column|does not have a column named|Column with name) "([^"]+)"',
     say.unknown_column),
    (r'[Cc]olumn ""?([^"]+)""? (?:in (?:EXCLUDE|REPLACE) list not found|referenced in UNPIVOT)',
     say.unknown_column),
    (r'Column "([^"]+)" does not exist on (?:left|right) side of join', say.unknown_column),
    (
        r'Ambiguous reference to column name "([^"]+)" \(use: \'?(.+?)\'? or \'?(.+?)\'?\)',
        plain("More than one entity has a column {1!r}", "Write {2} or {3}", about=(1, "name")),
    ),
    (
        r'Ambiguous reference to table "([^"]+)"',
        plain("More than one table is named {1!r}", "Give each an alias: FROM lead a, lead b",
             about=(1, "name")),
    ),
    (r'column "([^"]+)" must appear in the GROUP BY', say.grouped),
    (
        r"GROUP BY term out of range - should be between 1 and (\d+)",
        plain("GROUP BY names a column by its number, and the query has {1}"),
    ),
    (
        r"(\w+) clause cannot contain aggregates",
        plain("{1} cannot hold an aggregate", "A condition on groups belongs in HAVING"),
    ),
    (
        r"(\w+) clause cannot contain window functions",
        plain("{1} cannot hold a window function", "A condition on one belongs in QUALIFY"),
    ),
    (
        r"aggregate function calls cannot be nested",
        plain("An aggregate cannot hold another", "Compute the inner one in a subquery"),
    ),
    (
        r"Window functions are not supported here",
        plain("A window function needs OVER (…), and belongs in SELECT, ORDER BY or QUALIFY"),
    ),
    (
        r'window "([^"]+)" does not exist',
        plain("There is no window {1!r}", "Define it: WINDOW {1} AS (PARTITION BY …)",
             about=(1, "name")),
    ),
    (r"LIMIT/OFFSET cannot be negative", plain("LIMIT and OFFSET cannot be below 0")),
    (
        r'syntax error at or near "(.+?)"',
        plain("The SQL cannot be read", about=(1, "word")),
    ),
    (
        r"SELECT clause without selection list",
        plain("The SELECT names no column", "Write SELECT *, or the names of columns"),
    ),
    (r"\* expression without FROM", plain("SELECT * has no FROM", "Write SELECT * FROM lead")),
    (
        r"STAR expression is only allowed",
        plain("* is alone in a SELECT", "In an expression write COLUMNS(*)"),
    ),
    (r'No matching columns found that match regex "(.*?)"',
     plain("No column matches {1!r}", about=(1, "text"))),
    (_PATTERN_FAULTS, say.wrong_pattern),
    (
        r"Set operations can only apply to expressions with the same number",
        plain("Both sides of UNION, INTERSECT or EXCEPT must have as many columns"),
    ),
    (r'Duplicate CTE name "([^"]+)"', plain("Two parts of WITH are named {1!r}",
                                            about=(1, "name"))),
    (r"Subquery returns (\d+) columns - expected (\d+)", say.too_many_in_subquery),
    (
        r"More than one row returned by a subquery",
        plain("A subquery used as one value has given several rows",
             "Add LIMIT 1 to it, or compare with IN"),
    ),
    (r"(?:QUANTILE|PERCENTILE)s? can only take", plain("A quantile is a number from 0 to 1")),
    (r"DISTINCT requires at least one argument", plain("DISTINCT is followed by no value")),
    (
        r"at least one window function must appear",
        plain("QUALIFY needs a window function", "A condition on rows belongs in WHERE"),
    ),
    (r"interval cannot be 0", plain("The step of a range cannot be 0")),
    (r"UNNEST", plain("unnest() takes a list", "Write it as unnest([1, 2, 3])")),
    (r"VALUES lists must all be the same length",
     plain("The rows of VALUES have different numbers of values")),
    (
        r'table "([^"]+)" has (\d+) columns available but (\d+) columns specified',
        plain("{1} has {2} columns, and {3} are named", about=(1, "name")),
    ),
    (r"UNPIVOT name count mismatch",
     plain("The UNPIVOT has another number of names than of columns")),
    (r"Cannot compare values of type (.+?) and type (.+?) - an explicit", say.compared_types),
    (r"Unimplemented type for cast \((.+?) -> (.+)\)", say.cast_types),
    (r"Cannot concatenate types (.+?) and (.+?) - an explicit", say.joined_types),
    (
        r"Cannot extract field '(.+?)' from expression \"(.+?)\"",
        plain("{2} has no part {1!r}: it is not a struct", about=(1, "name")),
    ),
    (r'Could not find key "(.+?)" in struct', plain("The struct has no part {1!r}")),
    (
        r'(?:extract|date_?part) specifier "(.+?)" not recognized',
        plain("{1!r} is not a part of a date", "Parts are year, month, week, day, hour, …",
              about=(1, "text")),
    ),
    (
        r"Failed to parse format specifier (.*?): ",
        plain("{1!r} is not a format of dates", "As %d/%m/%Y, for example", about=(1, "text")),
    ),
    (
        r'Could not parse string "(.*?)" according to format specifier "(.*?)"',
        plain("{1!r} does not have the format {2!r}", "try_strptime() gives null there"),
    ),
    (r"Division by zero", plain("A division by zero", "nullif(…, 0) gives null there")),
    (r"[Oo]verflow", plain("A number is too large for its type", "Cast a number to DOUBLE")),
    (r"Map keys must be unique", plain("A map holds a key twice")),
    (
        r"Unknown TimeZone '(.+?)'",
        plain("There is no time zone {1!r}", "Zones are named as 'Europe/London'",
             about=(1, "text")),
    ),
    (r"Cannot create a string of size", plain("The text would be too long")),
    (r"Missing ASOF JOIN inequality",
     plain("An ASOF JOIN needs a condition with <=, <, >= or >")),
    (r'unrecognized value "(.+?)" for enum', plain("{1!r} is not a word that it takes")),
    (r"Cannot deduce template type",
     plain("The values of a list are of different types", "Cast them to one")),
    (r"does not match with TUPLE|Cannot cast STRUCTs of different size",
     plain("The brackets compared hold different numbers of values")),
    (_WRONG_ARGUMENTS, say.wrong_arguments),
    (_WRONG_MACRO_ARGUMENTS, say.wrong_macro),
    (r"[Mm]ax(?:imum)? expression depth",
     plain("The SQL is nested too deeply", "Split it into CTEs")),
    (r"Invalid LIST argument", plain("ANY and ALL are followed by a list or a subquery")),
)  # fmt: skip
"""What DuckDB says, in the order in which it is looked for, and what that means.

The patterns are compiled when DuckDB first refuses something: that takes as long as many modules.
"""
