"""Reads the parts that statements which change records have in common: the entity, RETURNING."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from msgspec import Struct
from sqlglot import exp

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.file_sources import take_files
from cmdm_tui.query.parsing.read_only import check_reads_only
from cmdm_tui.query.parsing.statement_forms import ScriptStatement
from cmdm_tui.query.parsing.write_parts import ReturnedColumn, Target, WrittenName
from cmdm_tui.text import one_line

_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "conflict": (
            "ON CONFLICT",
            "Write UPDATE for the records that are there, or use cmdm import with --mode upsert",
        ),
        "alternative": (
            "OR REPLACE and OR IGNORE",
            "Write UPDATE for the records that are there, or use cmdm import with --mode upsert",
        ),
        "overwrite": ("OVERWRITE", "Write INSERT INTO"),
        "by_name": ("BY NAME", "Name the fields in brackets after the entity"),
        "default": ("DEFAULT VALUES", "Name a field and its value"),
        "order": ("ORDER BY", "Write WHERE ExternalID IN (SELECT ExternalID FROM … ORDER BY …)"),
        "limit": ("LIMIT", "Write WHERE ExternalID IN (SELECT ExternalID FROM … LIMIT 10)"),
        "tables": ("a list of tables", "Write DELETE FROM and one entity"),
        "joins": ("JOIN", "Name the other entity in FROM, or in a subquery of WHERE"),
        "sample": ("TABLESAMPLE", "Write WHERE ExternalID IN (SELECT ExternalID FROM … LIMIT 10)"),
        "only": ("ONLY", "Leave it out"),
        "is_function": ("FUNCTION", "Name an entity"),
        "hint": ("a hint", "Leave it out"),
    }
)


class PartCheck(Struct, frozen=True):
    """Checks the parts of one statement that are to be read; they may name files if `allows_files`.

    The files stay in the tree as they are written: the engine takes them once it reads the part.
    """

    script: ScriptStatement
    allows_files: bool = False

    def check(self, query: exp.Expr) -> None:
        """Raise QueryRefused or SqlError where a query does more than read."""
        read = query.copy()
        take_files(read, self.script.padded, is_allowed=self.allows_files)
        check_reads_only(read)


def refuse_other_parts(node: exp.Expr, allowed: Collection[str], statement: str) -> None:
    """Raise QueryRefused where a node has more than the parts that are allowed."""
    for part, value in node.args.items():
        if not value or part in allowed:
            continue
        shown, hint = _WORDS.get(part, (part.strip("_").replace("_", " ").upper(), "Leave it out"))
        raise QueryRefused(f"{statement} with {shown} is not run", hint=hint)


def read_target(node: object, statement: str) -> Target:
    """Return the entity that a statement changes. Raises QueryRefused for anything else."""
    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        raise QueryRefused(
            f"{statement} changes the records of an entity, and something else is named",
            hint="Name the entity, such as lead",
        )
    if node.args.get("db") or node.args.get("catalog"):
        raise QueryRefused(
            f"{one_line(node.sql(), 80)} names a schema, and entities have none",
            hint="Name the entity alone, quoted where it holds a dot",
        )
    refuse_other_parts(node, {"this", "alias"}, statement)
    alias = node.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.args.get("columns"):
        raise QueryRefused(f"{statement} cannot rename the fields", hint="Use the fields' names")
    named = alias.this if isinstance(alias, exp.TableAlias) else None
    return Target(WrittenName(node.this), named if isinstance(named, exp.Identifier) else None)


def refuse_hidden_target(tree: exp.Expr, target: Target) -> None:
    """Raise SqlError where WITH gives a query the name of the entity that is changed."""
    with_ = tree.args.get("with_")
    if not isinstance(with_, exp.With):
        return
    for cte in with_.expressions:
        if cte.alias.casefold() == target.entity.name.casefold():
            raise SqlError(
                f"WITH gives the name {one_line(cte.alias, 60)} to a query, and the statement "
                "changes the entity of that name",
                hint="Give the query another name",
            )


def read_returning(tree: exp.Expr, target: Target | None) -> tuple[ReturnedColumn, ...]:
    """Return the columns of RETURNING, none without it. Raises QueryRefused for expressions."""
    returning = tree.args.get("returning")
    if not isinstance(returning, exp.Returning):
        return ()
    if returning.args.get("into"):
        raise QueryRefused("RETURNING INTO is not run", hint="Leave INTO out")
    return tuple(_read_returned(one, target) for one in returning.expressions)


def _read_returned(node: exp.Expr, target: Target | None) -> ReturnedColumn:
    column = node.unalias()
    qualifier = column.table if isinstance(column, exp.Column) else ""
    if qualifier and (target is None or qualifier.casefold() != target.qualifier):
        raise QueryRefused(
            f"RETURNING gives fields of the changed records, not of {one_line(qualifier, 60)}"
        )
    star = column.this if isinstance(column, exp.Column) else column
    if isinstance(star, exp.Star):
        if any(star.args.values()) or isinstance(node, exp.Alias):
            raise _refuse_returned(node)
        return ReturnedColumn(None, "*")
    if not isinstance(column, exp.Column) or not isinstance(column.this, exp.Identifier):
        raise _refuse_returned(node)
    if len(column.parts) > 1 + bool(qualifier):
        raise _refuse_returned(node)
    return ReturnedColumn(WrittenName(column.this), node.alias_or_name)


def _refuse_returned(node: exp.Expr) -> QueryRefused:
    return QueryRefused(
        f"RETURNING gives fields and *, and computes nothing: {one_line(node.sql(), 80)}",
        hint="Name the fields, and compute with a query afterwards",
    )
