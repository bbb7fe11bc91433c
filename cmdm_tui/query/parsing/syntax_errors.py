"""Says in plain words why SQL cannot be read, where, and which word was probably meant.

A suggestion is tried: the word is put into the statement, which must then be read further than
before. Of several the one that is read furthest is suggested.
"""

import difflib
import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import SqlglotError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.statement_forms import parse_trees
from cmdm_tui.query.parsing.word_places import place_of, read_tokens
from cmdm_tui.text import one_line

KEYWORDS = (
    "SELECT", "FROM", "WHERE", "GROUP", "ORDER", "BY", "HAVING", "LIMIT", "OFFSET", "DISTINCT",
    "AS", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "NATURAL", "ON", "USING",
    "UNION", "INTERSECT", "EXCEPT", "ALL", "AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "ILIKE",
    "BETWEEN", "EXISTS", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "ASC", "DESC", "NULLS",
    "FIRST", "LAST", "WITH", "RECURSIVE", "VALUES", "INSERT", "INTO", "UPDATE", "SET", "DELETE",
    "RETURNING", "OVER", "PARTITION", "QUALIFY", "WINDOW", "FILTER", "PIVOT", "UNPIVOT",
    "SUMMARIZE", "INTERVAL", "TRUE", "FALSE", "EXCLUDE", "REPLACE",
)  # fmt: skip
_OTHER_SPELLINGS = MappingProxyType(
    {
        "ASCENDING": "ASC",
        "DESCENDING": "DESC",
        "GROUPBY": "GROUP BY",
        "ORDERBY": "ORDER BY",
        "PARTITIONBY": "PARTITION BY",
        "ISNOT": "IS NOT",
        "NOTIN": "NOT IN",
    }
)
_JOINS = frozenset({"LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "NATURAL"})
_SORTED = frozenset({"GROUP", "ORDER", "PARTITION"})
_CONDITIONS = frozenset({"WHERE", "HAVING", "ON", "QUALIFY"})

_MOST_TRIED = 40
_LONGEST_TRIED = 5_000
"""The characters of the longest statement for which a word is looked for."""
_WORDS_BEFORE = 3
_WORDS_AFTER = 1
_SIMILAR = 0.6
_VERY_SIMILAR = 0.75


class _Correction(Struct, frozen=True):
    """A word that lets a statement be read further: instead of what is there, or before it."""

    word: str
    token: Token
    is_left_out: bool
    reached: int


def describe_syntax_error(error: SqlglotError, sql: str) -> SqlError:
    """Return why SQL cannot be read, at its place, with the word that was probably meant."""
    if isinstance(error, TokenError):
        return _unclosed_error(error)
    first = _first_detail(error)
    offset = _offset_of(error, sql)
    correction = None if offset is None else _find_correction(sql, offset)
    if correction is not None:
        return _corrected_error(correction, sql)
    if offset is None:
        return SqlError(f"The SQL cannot be read: {_reason_of(first)}")
    line, column = place_of(sql, offset)
    near = str(first.get("highlight") or "")
    shown = f", near {one_line(near, 40)!r}" if near else ""
    return SqlError(
        f"The SQL cannot be read in line {line}, column {column}{shown}: {_reason_of(first)}",
        line=line,
        column=column,
    )


def describe_misplaced_word(token: Token | None, sql: str) -> SqlError:
    """Return what is said of a word that the engine does not take there; None for one not known."""
    if token is None:
        return SqlError("The SQL cannot be read", hint="Simplify it, part by part, to find where")
    line, column = place_of(sql, token.start)
    is_name = token.token_type is TokenType.VAR
    words = difflib.get_close_matches(token.text.upper(), KEYWORDS, 1, _VERY_SIMILAR)
    words = [one for one in words if is_name and one != token.text.upper()]
    return SqlError(
        f"The SQL cannot be read in line {line}, column {column}, near "
        f"{one_line(token.text, 40)!r}" + ("" if words else ": it does not belong here"),
        hint=f"Did you mean {words[0]}?" if words else None,
        line=line,
        column=column,
    )


def suggest_statement_word(word: str) -> str | None:
    """Return the word with which a statement can begin that is most like this one."""
    found = difflib.get_close_matches(word.upper(), _BEGINNINGS, 1, _SIMILAR)
    return found[0] if found else None


_BEGINNINGS = (
    "SELECT", "INSERT", "UPDATE", "DELETE", "CALL", "SHOW", "DESCRIBE", "EXPLAIN", "SUMMARIZE",
    "PIVOT", "UNPIVOT", "WITH", "FROM",
)  # fmt: skip


def _corrected_error(correction: _Correction, sql: str) -> SqlError:
    token = correction.token
    line, column = place_of(sql, token.start)
    written = one_line(token.text, 40)
    hint = (
        f"Is {correction.word} missing before {written!r}?"
        if correction.is_left_out
        else f"Did you mean {correction.word}?"
    )
    return SqlError(
        f"The SQL cannot be read in line {line}, column {column}, near {written!r}",
        hint=hint,
        line=line,
        column=column,
    )


def _find_correction(sql: str, offset: int) -> _Correction | None:
    """Return what lets the statement be read further than to the offset, the best of what there is.

    A word that is left out is only suggested where the whole statement can be read with it.
    """
    tokens = read_tokens(sql)
    if not tokens or len(sql) > _LONGEST_TRIED:
        return None
    at = next((n for n, one in enumerate(tokens) if one.end >= offset), len(tokens) - 1)
    best: _Correction | None = None
    for tried, (token, word, is_left_out) in enumerate(_corrections(tokens, at)):
        if tried >= _MOST_TRIED:
            break
        end = token.start if is_left_out else token.end + 1
        changed = f"{sql[: token.start]}{word} {sql[end:]}"
        reached = _read_until(changed)
        moved = len(changed) - len(sql)
        is_further = reached is None or (not is_left_out and reached - moved > offset)
        found = _Correction(word, token, is_left_out, len(changed) if reached is None else reached)
        if is_further and (best is None or found.reached - moved > best.reached):
            best = found
        if reached is None:
            return found
    return best


def _corrections(tokens: list[Token], at: int) -> Iterator[tuple[Token, str, bool]]:
    """Yield similar words for those near the place, then words that may be missing there."""
    near = [at, *range(at - 1, max(at - _WORDS_BEFORE, 0) - 1, -1), at + _WORDS_AFTER]
    near += [0] if 0 not in near else []
    for place in near:
        if place < len(tokens) and tokens[place].token_type is TokenType.VAR:
            for word in _similar_words(tokens[place].text, is_first=place == 0):
                yield tokens[place], word, False
    for place in (at, at - 1, at + 1):
        if 0 < place < len(tokens):
            before = [one.text.upper() for one in tokens[:place]]
            for word in _words_left_out(before, tokens[place]):
                yield tokens[place], word, True


def _words_left_out(before: list[str], token: Token) -> Iterator[str]:
    """Yield the words that are easily forgotten before a word, where those before it ask for it."""
    if before[-1] in _SORTED:
        yield "BY"
    if before[-1] in _JOINS:
        yield "JOIN"
    if token.token_type not in {TokenType.VAR, TokenType.IDENTIFIER}:
        return
    if before[0] in {"SELECT", "DELETE"} and "FROM" not in before:
        yield "FROM"
    if before[0] == "UPDATE" and "SET" not in before:
        yield "SET"
    if before[0] == "INSERT" and "INTO" not in before:
        yield "INTO"
    if not _CONDITIONS.isdisjoint(before):
        yield "AND"


def _similar_words(text: str, *, is_first: bool) -> list[str]:
    folded = text.upper()
    if folded in _OTHER_SPELLINGS:
        return [_OTHER_SPELLINGS[folded]]
    words = _BEGINNINGS if is_first else KEYWORDS
    return difflib.get_close_matches(folded, words, 3, _SIMILAR)


def _read_until(sql: str) -> int | None:
    """Return the offset to which SQL can be read; None where all of it can."""
    try:
        parse_trees(sql)
    except SqlglotError as error:
        return _offset_of(error, sql) or 0
    except RecursionError:
        return 0
    return None


def _first_detail(error: SqlglotError) -> dict[str, Any]:
    details: list[dict[str, Any]] = getattr(error, "errors", None) or [{}]
    return details[0]


def _offset_of(error: SqlglotError, sql: str) -> int | None:
    """Return where the word begins at which reading ended, as an offset."""
    first = _first_detail(error)
    line, end = first.get("line"), first.get("col")
    if not line or not end:
        return None
    start = 0
    for _ in range(int(line) - 1):
        start = sql.find("\n", start) + 1
    # sqlglot tells where the word ends.
    return max(start + int(end) - len(str(first.get("highlight") or " ")), 0)


def _reason_of(detail: dict[str, Any]) -> str:
    reason = re.sub(r"\s+", " ", str(detail.get("description") or "")).rstrip(". ")
    for pattern, sentence in _REASONS:
        found = pattern.match(reason)
        if found is not None:
            return found.expand(sentence) if isinstance(sentence, str) else sentence(found)
    return "it does not belong here"


def _name_missing(found: re.Match[str]) -> str:
    """Say what is missing, of a node that sqlglot names by its class."""
    node = getattr(exp, found[1], None)
    if isinstance(node, type) and issubclass(node, exp.Connector):
        return f"a condition is missing next to {found[1].upper()}"
    if isinstance(node, type) and issubclass(node, exp.Binary):
        return "a value is missing next to it"
    if isinstance(node, type) and issubclass(node, exp.Func):
        name = (node.sql_names() or [found[1]])[0].lower()
        if name in {"if", "case"}:
            return "a part of CASE or IF is missing"
        is_cast = issubclass(node, exp.Cast | exp.CastToStrType)
        return "CAST needs AS and a type" if is_cast else f"{name}() needs another value"
    return "something is missing after it"


_REASONS = (
    (re.compile(r"Required keyword: '\w+' missing for <class '(?:\w+\.)*(\w+)'>"), _name_missing),
    (
        re.compile(r"The number of provided arguments \((\d+)\) is greater than .*\((\d+)\)"),
        r"the function takes at most \2, and \1 are given",
    ),
    (re.compile(r"Expected at most (\d+) arguments for (\w+)"), r"it takes at most \1 values"),
    (re.compile(r"Expecting (\S+)$"), r"a \1 is missing"),
    (re.compile(r"Expected table name"), "the name of an entity is missing"),
    (re.compile(r"Expected CTE to have alias"), "WITH needs a name: WITH found AS (SELECT …)"),
    (re.compile(r"Expected END after CASE"), "the CASE has no END"),
    (re.compile(r"Expected TYPE after CAST|Expected type"), "the name of a type is missing"),
    (re.compile(r"Expected AS after CAST"), "CAST needs AS and a type"),
    (re.compile(r"Found multiple '(\w+(?: \w+)?)' clauses"), r"there is more than one \1"),
    (re.compile(r"Expected FROM or comma after EXTRACT"), "EXTRACT needs FROM"),
)  # fmt: skip


def _unclosed_error(error: TokenError) -> SqlError:
    """Return what is said of a text, name or comment without an end, with the line it begins on."""
    found = _MISSING_QUOTE.match(str(error.__cause__))
    if found is None:
        return SqlError(
            "The SQL cannot be read: a comment or a text is not closed", hint="Close it"
        )
    what = "name" if found[1] == '"' else "text"
    line = int(found[2])
    message = f"The SQL cannot be read: a {what} in line {line} is not closed"
    return SqlError(message, hint=f"Close it with {found[1]}", line=line)


_MISSING_QUOTE = re.compile(r"Missing (\S+) from (\d+):")
