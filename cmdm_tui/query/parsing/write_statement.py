"""Reads a text of SQL statements, each of which reads or changes records, by their syntax trees.

`read_statements` says of each what it is: a `ReadStatement`, to be run by the engine, or an
`InsertStatement`, `UpdateStatement`, `DeleteStatement` or `CallStatement`, with the parts of its
tree and the parameters' values in them. Nothing is sent, and no name is looked up. What else SQL
can say is refused, with what to write instead. A query goes on being read by `statement.parse`,
which refuses everything that changes something.
"""

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import sqlglot
from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.dialect import SCRIPT_DIALECT
from cmdm_tui.query.parsing.file_sources import take_files, write_readers
from cmdm_tui.query.parsing.normalize import balance_chains
from cmdm_tui.query.parsing.parameters import Parameters, bind_parameters, check_all_used
from cmdm_tui.query.parsing.references import find_tables
from cmdm_tui.query.parsing.refused_statements import refuse_by_word
from cmdm_tui.query.parsing.statement import (
    MAX_LENGTH,
    Describe,
    Explain,
    Select,
    nested_too_deeply,
    parse,
    parse_tree,
)
from cmdm_tui.query.parsing.statement_forms import ScriptStatement, split_script
from cmdm_tui.query.parsing.write_calls import read_call
from cmdm_tui.query.parsing.write_clauses import PartCheck
from cmdm_tui.query.parsing.write_forms import read_delete, read_insert, read_update
from cmdm_tui.query.parsing.write_parts import (
    CallStatement,
    DeleteStatement,
    InsertStatement,
    UpdateStatement,
)

_NO_PARAMETERS: Parameters = MappingProxyType({})
_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE"})
_CLAUSES_BY_WORD = {
    "UPDATE": (TokenType.SET, TokenType.FROM, TokenType.WHERE, TokenType.RETURNING),
    "DELETE": (TokenType.FROM, TokenType.USING, TokenType.WHERE, TokenType.RETURNING),
}
_DEPTHS = {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}


class ReadStatement(Struct, frozen=True):
    """A statement that only reads, for `Engine.prepare`.

    Of `parameters` it needs these; `script.padded` is its text, at its place in the whole.
    """

    script: ScriptStatement
    parameters: Parameters


WriteStatement = InsertStatement | UpdateStatement | DeleteStatement | CallStatement
SqlStatement = ReadStatement | WriteStatement


def read_statements(
    text: str, parameters: Parameters = _NO_PARAMETERS, *, allows_files: bool = False
) -> list[SqlStatement]:
    """Return the statements of a text, with the values of its `$name`s, in order.

    Every one is read before the first is returned. With `allows_files` they may name local files in
    FROM. Raises SqlError, with its place in the text, and QueryRefused for a statement that is none
    of these.
    """
    if len(text) > MAX_LENGTH:
        raise SqlError(f"The SQL is longer than {MAX_LENGTH:,} characters")
    scripts = split_script(text)
    if not scripts:
        raise SqlError("There is no SQL to run", hint="For example: SELECT * FROM lead LIMIT 10")
    check_all_used(parameters, {name for one in scripts for name in one.parameters})
    statements: list[SqlStatement] = []
    for script in scripts:
        given = {name: parameters[name] for name in parameters if name in script.parameters}
        try:
            statements.append(_read(given, PartCheck(script, allows_files)))
        except RecursionError:
            raise nested_too_deeply() from None
    return statements


def list_files(statement: SqlStatement) -> list[Path]:
    """Return the local files that a statement names in FROM."""
    script = statement.script
    if isinstance(statement, ReadStatement):
        read = parse(script.padded, statement.parameters, allows_files=True)
        query = read.query if isinstance(read, Explain) else read
        sources = query.files if isinstance(query, Select) else ()
    elif isinstance(statement, CallStatement):
        query = statement.query
        sources = () if query is None else take_files(query.copy(), script.padded, is_allowed=True)
    else:
        sources = take_files(parse_tree(script.padded), script.padded, is_allowed=True)
    return [Path(path).expanduser() for source in sources for path in source.paths]


def list_entities(statement: SqlStatement) -> list[str]:
    """Return the entities that a statement names, as it spells them, each once."""
    if isinstance(statement, CallStatement):
        return [statement.procedure.entity]
    if not isinstance(statement, ReadStatement):
        return [statement.target.entity.name]
    read = parse(statement.script.padded, statement.parameters, allows_files=True)
    if isinstance(read, Describe):
        return [read.entity]
    query = read.query if isinstance(read, Explain) else read
    tables = find_tables(query.tree) if isinstance(query, Select) else ()
    return list(dict.fromkeys(table.name for table in tables))


def _read(parameters: Parameters, check: PartCheck) -> SqlStatement:
    script = check.script
    tokens = _tokens_of(script)
    word = tokens[0].text.upper() if tokens else ""
    if word == "CALL":
        return read_call(tokens, parameters, check)
    if word in _CHANGES or word == "WITH":
        if word in _CHANGES:
            _refuse_subquery(tokens, word)
        tree = parse_tree(script.padded)
        if isinstance(tree, exp.Insert | exp.Update | exp.Delete):
            return _read_change(tree, tokens, parameters, check)
        if word in _CHANGES:
            raise SqlError(f"The {word} cannot be read", hint=f"Check what follows {word}")
    refuse_by_word(tokens)
    parse(script.padded, parameters, allows_files=check.allows_files)
    return ReadStatement(script, parameters)


def _read_change(
    tree: exp.Insert | exp.Update | exp.Delete,
    tokens: list[Token],
    parameters: Parameters,
    check: PartCheck,
) -> WriteStatement:
    write_readers(tree, check.script.padded)
    bind_parameters(tree, parameters)
    balance_chains(tree)
    if isinstance(tree, exp.Insert):
        return read_insert(tree, check)
    _check_clauses(tokens, "UPDATE" if isinstance(tree, exp.Update) else "DELETE")
    if isinstance(tree, exp.Update):
        return read_update(tree, check)
    return read_delete(tree, check)


def _tokens_of(script: ScriptStatement) -> list[Token]:
    """Return the words of a statement, at their places in the script; none where it is broken."""
    try:
        return list(sqlglot.tokenize(script.padded, dialect=SCRIPT_DIALECT))
    except SqlglotError:
        return []


def _refuse_subquery(tokens: list[Token], word: str) -> None:
    rest = [one for one in tokens[1:3] if one.token_type not in {TokenType.INTO, TokenType.FROM}]
    if rest and rest[0].token_type is TokenType.L_PAREN:
        raise QueryRefused(
            f"{word} changes the records of an entity, and a bracket follows",
            hint=f"Name the entity, as in {_EXAMPLES[word]}",
        )


_EXAMPLES = {
    "INSERT": "INSERT INTO lead (LastName) VALUES ('Jones')",
    "UPDATE": "UPDATE lead SET City = 'York' WHERE ExternalID IN (SELECT …)",
    "DELETE": "DELETE FROM lead WHERE ExternalID IN (SELECT …)",
}


def _check_clauses(tokens: list[Token], word: str) -> None:
    """Raise SqlError where a clause is given twice: sqlglot would keep the last alone."""
    seen = set[TokenType]()
    for token in _outer_tokens(tokens):
        if token.token_type not in _CLAUSES_BY_WORD[word]:
            continue
        if token.token_type in seen:
            raise SqlError(
                f"{token.text.upper()} is given twice",
                hint="Join conditions with AND, and separate fields by commas",
                line=token.line,
                column=token.col - len(token.text) + 1,
            )
        seen.add(token.token_type)


def _outer_tokens(tokens: list[Token]) -> Iterator[Token]:
    """Yield the words outside of brackets, without the FROM of IS DISTINCT FROM."""
    depth, before = 0, None
    for token in tokens:
        depth += _DEPTHS.get(token.token_type, 0)
        if depth == 0 and before is not TokenType.DISTINCT:
            yield token
        before = token.token_type
