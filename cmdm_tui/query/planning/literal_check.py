"""Refuses a text that is compared with a field of another type, before a record is read for it.

`Score > 'abc'` is an error in every row where the service declares Score a number.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.database.type_words import HOW_TO_WRITE, KIND_WORDS
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.model import ColumnKind, Table
from cmdm_tui.query.parsing.references import Source
from cmdm_tui.query.parsing.word_places import place_of, read_tokens
from cmdm_tui.query.planning.name_scopes import EntityColumn, NameScopes
from cmdm_tui.text import one_line

_COMPARISONS = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ,
)  # fmt: skip


class ComparedText(Struct, frozen=True):
    """A text that is compared with a typed field, and where the SQL names that: an offset."""

    text: str
    field: str
    kind: ColumnKind
    offset: int | None


def find_compared_texts(
    tree: exp.Expr, sources: Sequence[Source], tables: Mapping[str, Table]
) -> list[ComparedText]:
    """Return the texts that a query compares with fields that are declared to be no text."""
    scopes = NameScopes(sources, tables, {})
    found: list[ComparedText] = []
    for node in tree.walk():
        if isinstance(node, (*_COMPARISONS, exp.Between, exp.In)) and not node.find_ancestor(
            exp.Try
        ):
            found += _texts_of(node, scopes)
    return found


def describe_unreadable(compared: ComparedText, sql: str) -> SqlError:
    """Return the error of a text that cannot be read as the field's type, at its place."""
    kind = KIND_WORDS[compared.kind]
    line, column = None, None
    texts = [one.start for one in read_tokens(sql) if one.text == compared.text]
    offset = compared.offset
    if texts and offset is not None:
        offset = min(texts, key=lambda start: abs(start - (compared.offset or 0)))
    if offset is not None:
        line, column = place_of(sql, offset)
    return SqlError(
        f"{one_line(compared.field, 60)} is {kind}, and {one_line(compared.text, 60)!r} is not",
        hint=HOW_TO_WRITE.get(kind),
        line=line,
        column=column,
    )


def _texts_of(node: exp.Expr, scopes: NameScopes) -> Iterator[ComparedText]:
    left = node.this
    others: list[exp.Expr | None] = [*node.args.get("expressions", ())]
    others += [node.args.get("expression"), node.args.get("low"), node.args.get("high")]
    operands = [one.unnest() for one in (left, *others) if isinstance(one, exp.Expr)]
    for column in operands:
        meaning = scopes.resolve(column) if isinstance(column, exp.Column) else None
        if not isinstance(meaning, EntityColumn) or meaning.column.kind is ColumnKind.TEXT:
            continue
        for text in operands:
            if isinstance(text, exp.Literal) and text.is_string:
                start = column.this.meta.get("start")
                yield ComparedText(text.name, column.name, meaning.column.kind, start)
