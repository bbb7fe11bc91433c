"""Reads the pattern of a LIKE or ILIKE as the text that its matches begin with."""

from dataclasses import dataclass
from itertools import takewhile

from sqlglot import exp

from cmdm_tui.query.seek.literals import NoLiteral
from cmdm_tui.query.seek.text_keys import is_plain


@dataclass(frozen=True, slots=True)
class LikePattern:
    """What a pattern's matches begin with; with `is_whole` they are that and nothing more.

    `is_exact` says that whatever is so matches; `is_folded` that case is disregarded.
    """

    prefix: str
    is_whole: bool
    is_exact: bool
    is_folded: bool = False


def read_pattern(node: object, escape: object, *, folded: bool) -> LikePattern:
    """Return what the pattern of a LIKE, or with `folded` of an ILIKE, says. Raises NoLiteral.

    A backslash without ESCAPE ends what is understood, as does a wildcard.
    """
    text, mark = _string(node), None if escape is None else _string(escape)
    if mark is not None and (len(mark) != 1 or mark in "%_"):
        raise NoLiteral
    prefix, rest = "", text
    while rest and rest[0] not in "%_":
        if mark is not None and rest[0] == mark:
            rest = rest[1:]
            if not rest or rest[0] not in {"%", "_", mark}:
                raise NoLiteral
        elif mark is None and rest[0] == "\\":
            break
        prefix, rest = prefix + rest[0], rest[1:]
    is_open = bool(rest) and set(rest) == {"%"}
    if folded:
        understood = "".join(takewhile(is_plain, prefix))
        return LikePattern(understood, is_whole=False, is_exact=False, is_folded=True)
    return LikePattern(prefix, is_whole=not rest, is_exact=not rest or is_open)


def _string(node: object) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise NoLiteral
    return node.name
