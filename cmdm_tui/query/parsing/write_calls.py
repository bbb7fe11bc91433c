"""Reads CALL: the procedures `convert_lead` and `close_task`, with ids or a query for them."""

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.file_sources import write_readers
from cmdm_tui.query.parsing.normalize import balance_chains
from cmdm_tui.query.parsing.parameters import Parameters, bind_parameters
from cmdm_tui.query.parsing.statement import parse_tree
from cmdm_tui.query.parsing.write_clauses import PartCheck, read_returning
from cmdm_tui.query.parsing.write_parts import CallStatement, Procedure, ReturnedColumn
from cmdm_tui.text import one_line

_PROCEDURES = {one.name.casefold(): one for one in Procedure}
_DEPTHS = {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}
_HOW_TO_CALL = "Write CALL convert_lead('ABC1D2E3') or CALL close_task('ABC1D2E3')"


def read_call(tokens: Sequence[Token], parameters: Parameters, check: PartCheck) -> CallStatement:
    """Return what a CALL says; `tokens` are the words of the statement, CALL the first of them.

    Raises SqlError or QueryRefused.
    """
    text = check.script.padded
    if len(tokens) < 3 or tokens[2].token_type is not TokenType.L_PAREN:
        raise SqlError("The CALL is not complete", hint=_HOW_TO_CALL)
    name = tokens[1].text
    procedure = _PROCEDURES.get(name.casefold())
    if procedure is None:
        known = " and ".join(_PROCEDURES)
        raise QueryRefused(
            f"There is no procedure {one_line(name, 60)!r} to call",
            hint=f"There are {known}",
            line=tokens[1].line,
            column=max(tokens[1].col - len(name) + 1, 1),
        )
    end = _closing_token(tokens)
    call = _blank(text, 0, tokens[1].start)[: end.end + 1]
    tree = parse_tree(call)
    write_readers(tree, call)
    rest = _read_rest(text, tokens, end, parameters)
    bind_parameters(tree, {one: parameters[one] for one in parameters if _names(tree, one)})
    balance_chains(tree)
    ids, query = _read_arguments(tree.expressions, procedure, check)
    return CallStatement(check.script, procedure, ids, query, rest)


def _closing_token(tokens: Sequence[Token]) -> Token:
    depth = 0
    for token in tokens:
        depth += _DEPTHS.get(token.token_type, 0)
        if depth == 0 and token.token_type is TokenType.R_PAREN:
            return token
    raise SqlError("A bracket of the CALL is not closed", hint=_HOW_TO_CALL)


def _read_rest(
    text: str, tokens: Sequence[Token], end: Token, parameters: Parameters
) -> tuple[ReturnedColumn, ...]:
    """Return what follows the brackets, which can be RETURNING alone."""
    rest = [one for one in tokens if one.start > end.end]
    if not rest:
        return ()
    if rest[0].token_type is not TokenType.RETURNING:
        raise SqlError(
            f"The CALL ends with its bracket, and {one_line(rest[0].text, 40)!r} follows",
            hint="Only RETURNING may follow",
            line=rest[0].line,
            column=max(rest[0].col - len(rest[0].text) + 1, 1),
        )
    tree = parse_tree("DELETE FROM t " + text[rest[0].start :])
    bind_parameters(tree, {one: parameters[one] for one in parameters if _names(tree, one)})
    allowed = {"this", "returning"}
    if any(value and name not in allowed for name, value in tree.args.items()):
        raise SqlError("The RETURNING of the CALL cannot be read", hint="For example: RETURNING *")
    return read_returning(tree, None)


def _names(tree: exp.Expr, parameter: str) -> bool:
    return any(one.name == parameter for one in tree.find_all(exp.Placeholder, exp.Parameter))


def _blank(text: str, start: int, end: int) -> str:
    """Return the text with blanks for a part of it, so that the rest keeps its place."""
    part = "".join(one if one == "\n" else " " for one in text[start:end])
    return text[:start] + part + text[end:]


def _read_arguments(
    arguments: Sequence[exp.Expr], procedure: Procedure, check: PartCheck
) -> tuple[tuple[str, ...], exp.Expr | None]:
    name = procedure.name.casefold()
    if not arguments:
        raise SqlError(f"{name} needs an external id", hint=f"Write CALL {name}('ABC1D2E3')")
    only = arguments[0].unnest() if len(arguments) == 1 else None
    if isinstance(only, exp.Query):
        check.check(only)
        if len(only.selects) != 1 or only.selects[0].is_star:
            raise SqlError(
                f"The query of {name} must have one column: the external ids",
                hint=f"Write CALL {name}((SELECT ExternalID FROM {procedure.entity} WHERE …))",
            )
        return (), only.copy()
    items = only.expressions if isinstance(only, exp.Array) else arguments
    ids = [_read_id(one, name, procedure) for one in items]
    if not ids:
        raise SqlError(f"{name} needs an external id, and the list is empty")
    return tuple(dict.fromkeys(ids)), None


def _read_id(node: exp.Expr, name: str, procedure: Procedure) -> str:
    value = node.unnest()
    if isinstance(value, exp.Literal) and value.is_string and value.name.strip():
        return value.name
    shown = one_line(node.sql(), 60)
    raise SqlError(
        f"{name} takes external ids as text, not {shown}",
        hint=f"Write CALL {name}('ABC1D2E3'), or CALL {name}((SELECT ExternalID FROM "
        f"{procedure.entity} WHERE …))",
    )
