"""The variables of a session, and their places in what is typed: `:name`, `:'name'`, `:"name"`."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from cmdm_tui.query.parsing.identifiers import nearest_names
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.sql_scanner import SqlPiece, scan_sql
from cmdm_tui.text import one_line

_NAME = re.compile(r"[^\W\d]\w{0,63}")
_WHOLE_WORD = re.compile(r":([^\W\d]\w*)")
_IN_PATH = re.compile(r"(?<=[/=,&?]):([^\W\d]\w*)")
_BEFORE_VALUE = frozenset({"blank", "open", "other", "line", "block", "template", "end", "cast"})
"""Pieces behind which a colon begins a variable: behind a word it is SQL's own."""


def is_parameter(name: str) -> bool:
    """Return whether a `$name` of SQL can be given a value: a name, or a number."""
    return name.isdigit() or _NAME.fullmatch(name) is not None


class Variables:
    r"""What `\set` has set: texts by their names."""

    def __init__(self, values: Mapping[str, str] = MappingProxyType({})) -> None:
        self._values: dict[str, str] = {}
        for name, value in values.items():
            self.set(name, value)

    @property
    def values(self) -> Mapping[str, str]:
        """Every variable's value."""
        return MappingProxyType(self._values)

    def get(self, name: str) -> str | None:
        """Return the value of a variable; None where it has none."""
        return self._values.get(name)

    def set(self, name: str, value: str) -> None:
        """Give a variable its value. Raises ReplError for what is not a name."""
        if not _NAME.fullmatch(name):
            raise ReplError(
                f"{one_line(name, 40)} is not the name of a variable. "
                "It has letters, digits and _, begins with no digit, and has at most 64 of them."
            )
        self._values[name] = value

    def with_values(self, values: Mapping[str, str]) -> "Variables":
        """Return a copy with these values besides, whose names may be numbers."""
        made = Variables()
        made._values = {**self._values, **values}
        return made

    def remove(self, name: str) -> bool:
        """Remove a variable; return whether there was one."""
        return self._values.pop(name, None) is not None

    def select(self, names: frozenset[str]) -> dict[str, str]:
        r"""Return the values for the `$name`s of SQL. Raises ReplError for one without a value."""
        return {name: self._require(name, "$") for name in names}

    def select_for(self, sql: str) -> dict[str, str]:
        """Return the values for the `$name`s in SQL. Raises ReplError for one without a value."""
        # sqlglot is heavy, and a session may never run SQL.
        from cmdm_tui.query.parsing.statement_forms import split_script

        return self.select(frozenset(name for one in split_script(sql) for name in one.parameters))

    def expand_sql(self, sql: str) -> str:
        """Return SQL with its variables replaced.

        `:name` becomes the value as it is, `:'name'` a text, `:"name"` a name. Texts, names,
        comments and `::` stay; so does a colon behind a word or value, and within square brackets
        and braces, where it is SQL's own. Raises ReplError for a variable that there is not.
        """
        if ":" not in sql:
            return sql
        made: list[str] = []
        pieces = list(scan_sql(sql))
        brackets: list[str] = []
        before = "blank"
        taken = 0
        for place, piece in enumerate(pieces):
            if place < taken:
                continue
            text = sql[piece.start : piece.end]
            if piece.kind == "open":
                brackets.append(text)
            elif piece.kind == "close" and brackets:
                brackets.pop()
            is_free = not brackets or brackets[-1] == "("
            following = pieces[place + 1] if place + 1 < len(pieces) else None
            if text == ":" and is_free and before in _BEFORE_VALUE and following is not None:
                value = self._replace(following, sql[following.start : following.end])
                if value is not None:
                    made.append(value)
                    taken, before = place + 2, "word"
                    continue
            made.append(text)
            before = piece.kind
        return "".join(made)

    def expand_path(self, path: str) -> str:
        """Return a call's path with each `:name` that begins a part of it replaced, encoded."""
        return _IN_PATH.sub(lambda found: quote(self._require(found[1], ":"), safe=""), path)

    def expand_word(self, word: str) -> str:
        """Return an argument that is `:name` as the variable's value, and any other as it is."""
        found = _WHOLE_WORD.fullmatch(word)
        return word if found is None else self._require(found[1], ":")

    def _replace(self, piece: SqlPiece, text: str) -> str | None:
        """Return the value for what follows a colon; None where that is not a variable."""
        if piece.kind == "word":
            return self._require(text, ":")
        is_quoted = piece.kind in {"text", "name"} and text[-1] == text[0]
        if not is_quoted or not _NAME.fullmatch(text[1:-1]):
            return None
        value, mark = self._require(text[1:-1], f":{text[0]}"), text[0]
        return f"{mark}{value.replace(mark, mark * 2)}{mark}"

    def _require(self, name: str, mark: str) -> str:
        value = self._values.get(name)
        if value is not None:
            return value
        near = nearest_names(name, self._values)
        if near:
            hint = f"Did you mean {mark[0]}{near[0]}?"
        elif name.isdigit():
            hint = r"\n gives values by number to a saved query; elsewhere, write a name: $city."
        elif not is_parameter(name):
            hint = "Only a name or a number can have one: write $city, or $1 in a saved query."
        else:
            hint = rf"\set {name} VALUE gives it one."
        raise ReplError(f"{mark[0]}{name} has no value. {hint}")
