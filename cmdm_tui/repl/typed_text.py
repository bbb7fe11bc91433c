"""Follows JSON bodies and SQL as they are typed: what is still open, and where one is wrong."""

import json
from typing import NoReturn

from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.sql_scanner import COMMENT_KINDS, scan_sql

_CLOSING = {"{": "}", "[": "]"}


class OpenBody:
    """Follows a JSON body that comes in pieces; says whether another piece can complete it."""

    def __init__(self) -> None:
        self._closing: list[str] = []
        self._in_text = False
        self._is_escaped = False
        self._is_broken = False

    def feed(self, piece: str, start: int = 0) -> int | None:
        """Take the next piece of the body, from `start` on.

        Return where its last brace has closed it, and the rest of the piece is not taken; None
        where none has.
        """
        for place in range(start, len(piece)):
            character = piece[place]
            if self._in_text:
                self._inside_text(character)
            elif character == '"':
                self._in_text = True
            elif character in _CLOSING:
                self._closing.append(_CLOSING[character])
            elif character in "}]":
                if not self._closing or self._closing.pop() != character:
                    self._is_broken = True
                elif not self._closing and not self._is_broken:
                    return place + 1
        return None

    @property
    def is_open(self) -> bool:
        """True while a brace, bracket or quote waits for its other half.

        A closing one that fits none cannot be completed, so nothing is waited for then.
        """
        return not self._is_broken and (self._in_text or bool(self._closing))

    @property
    def missing(self) -> str:
        """What would close the body: the halves still waited for, in order."""
        return ('"' if self._in_text else "") + "".join(reversed(self._closing))

    def _inside_text(self, character: str) -> None:
        if self._is_escaped:
            self._is_escaped = False
        elif character == "\\":
            self._is_escaped = True
        elif character == '"':
            self._in_text = False


def check_json(text: str, start: int) -> None:
    """Check that `text` from `start` on is one JSON value (RFC 8259).

    Raises ReplError with the line and column within `text`, both counted from 1.
    """
    try:
        json.loads(text[start:], parse_int=str, parse_float=str, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = _describe_position(text, start + error.pos)
        message = f"The body is not valid JSON: {error.msg} at {place}. Correct it there."
        raise ReplError(message) from None
    except RecursionError:
        raise ReplError("The body is nested too deeply. Make it flatter.") from None


def _describe_position(text: str, position: int) -> str:
    before = text[:position]
    return f"line {before.count(chr(10)) + 1}, column {position - before.rfind(chr(10))}"


def _refuse_constant(word: str) -> NoReturn:
    raise ReplError(f"The body is not valid JSON: {word} has no form in JSON. Write null or text.")


def strip_semicolon(sql: str) -> str:
    """Return a statement without the semicolon at its end, and the comments behind it."""
    end, is_ended = len(sql), False
    for piece in scan_sql(sql):
        if piece.kind == "end" and not is_ended:
            end, is_ended = piece.start, True
        elif piece.kind not in COMMENT_KINDS and piece.kind not in {"blank", "end"} and is_ended:
            end, is_ended = len(sql), False
    return sql[:end].rstrip()
