"""What SQL can say that is not run here, by its first word, each with what to do instead."""

from collections.abc import Sequence
from types import MappingProxyType

from sqlglot.tokenizer_core import Token

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.syntax_errors import suggest_statement_word
from cmdm_tui.text import one_line

_MADE_IN_CRM = (
    "{} would change what entities and fields there are",
    "The API cannot; do it in the CRM itself",
)
_TRANSACTION = (
    "{} is not run: the service has no transactions",
    "Changes are shown before they are sent; cmdm journal undo, here \\undo, takes a run back",
)
_FILE = (
    "{} is not run",
    "cmdm query writes a result to a file, and cmdm import creates records from one",
)
_SETTING = (
    "{} is not run: SQL changes no settings here",
    "cmdm --help lists the options, and profiles keep them",
)
_ACCOUNT = ("{} is not run", "Another account is chosen with --profile")
_EXTENSION = ("{} is not run: no extensions are loaded", "Leave it out")
_UPSERT = (
    "{} is not run: the service cannot say whether a record is there",
    "Write UPDATE for those that are there and INSERT for new ones, or cmdm import --mode upsert",
)
_PREPARED = ("{} is not run", "Write the statement itself, with $name for its parameters")
_RIGHTS = ("{} is not run", "Rights are given in the CRM itself")
_UPKEEP = ("{} is not run: there is nothing to look after here", "Leave it out")

_REFUSALS = MappingProxyType(
    {
        "MERGE": _UPSERT,
        "REPLACE": _UPSERT,
        "UPSERT": _UPSERT,
        "TRUNCATE": (
            "{} is not run: the service deletes records one by one",
            "DELETE FROM lead deletes every lead, with one call for each",
        ),
        **dict.fromkeys(("CREATE", "DROP", "ALTER", "COMMENT", "RENAME"), _MADE_IN_CRM),
        **dict.fromkeys(
            ("BEGIN", "START", "COMMIT", "ROLLBACK", "END", "ABORT", "SAVEPOINT", "RELEASE"),
            _TRANSACTION,
        ),
        **dict.fromkeys(("COPY", "EXPORT", "IMPORT", "UNLOAD"), _FILE),
        **dict.fromkeys(("SET", "RESET", "PRAGMA"), _SETTING),
        **dict.fromkeys(("ATTACH", "DETACH", "USE"), _ACCOUNT),
        **dict.fromkeys(("INSTALL", "LOAD", "FORCE"), _EXTENSION),
        **dict.fromkeys(("PREPARE", "EXECUTE", "EXEC", "DEALLOCATE"), _PREPARED),
        **dict.fromkeys(("GRANT", "REVOKE"), _RIGHTS),
        **dict.fromkeys(
            ("VACUUM", "ANALYZE", "CHECKPOINT", "REINDEX", "OPTIMIZE", "REFRESH", "CACHE"), _UPKEEP
        ),
        **dict.fromkeys(("LOCK", "KILL", "NOTIFY", "LISTEN"), _UPKEEP),
        "CONVERT_LEAD": ("{} is a procedure", "Write CALL convert_lead('ABC1D2E3')"),
        "CLOSE_TASK": ("{} is a procedure", "Write CALL close_task('ABC1D2E3')"),
        **dict.fromkeys(
            ("GET", "POST", "PUT", "PATCH"),
            ("{} is a call, not SQL", "Write SQL, or make the call with cmdm api or in cmdm repl"),
        ),
    }
)

_READING_WORDS = frozenset(
    {
        "SELECT", "FROM", "WITH", "VALUES", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "SUMMARIZE",
        "PIVOT", "PIVOT_WIDER", "UNPIVOT", "PIVOT_LONGER", "TABLE", "(",
    }
)  # fmt: skip
_CHANGING_WORDS = frozenset({"INSERT", "UPDATE", "DELETE", "CALL"})


def refuse_by_word(tokens: Sequence[Token]) -> None:
    """Raise QueryRefused for a statement that is known and not run, SqlError for what is none."""
    if not tokens:
        return
    first = tokens[0]
    word = first.text.upper()
    line, column = first.line, max(first.col - len(first.text) + 1, 1)
    if word == "EXPLAIN" and _explains_change(tokens):
        raise QueryRefused(
            "EXPLAIN shows the plan of a query, and this changes records",
            hint="Leave EXPLAIN out: a change is shown, with what it costs, before it is sent",
            line=line,
            column=column,
        )
    if word in _REFUSALS:
        message, hint = _REFUSALS[word]
        raise QueryRefused(message.format(word), hint=hint, line=line, column=column)
    if word not in _READING_WORDS:
        meant = suggest_statement_word(word)
        begin = "They begin with SELECT, INSERT, UPDATE, DELETE, CALL, SHOW, DESCRIBE or EXPLAIN"
        raise SqlError(
            f"No statement begins with {one_line(first.text, 40)!r}",
            hint=begin if meant is None else f"Did you mean {meant}?",
            line=line,
            column=column,
        )


def refuse_no_query(tokens: Sequence[Token]) -> None:
    """Raise as `refuse_by_word` does, where it is not a query and changes nothing either."""
    if tokens and tokens[0].text.upper() not in _CHANGING_WORDS:
        refuse_by_word(tokens)


def _explains_change(tokens: Sequence[Token]) -> bool:
    rest = [one for one in tokens[1:3] if one.text.upper() not in {"ANALYZE", "VERBOSE"}]
    return bool(rest) and rest[0].text.upper() in _CHANGING_WORDS
