"""Finds where in the SQL an error is whose word is known, and not its place."""

from itertools import pairwise
from typing import TypeVar

from sqlglot.tokenizer_core import Token, TokenType

from cmdm_tui.query.errors import FaultyWord, SqlError
from cmdm_tui.query.parsing.syntax_errors import describe_misplaced_word
from cmdm_tui.query.parsing.word_places import find_token, place_of, read_tokens

Located = TypeVar("Located", bound=SqlError)


def locate_error(error: SqlError, sql: str) -> SqlError:
    """Return the error at the place of its word in the SQL, where it is known which one is meant.

    A text that is there several times has no place: any of them may be meant.
    """
    if error.line is not None or error.word is None:
        return error
    found = _find_word(error.word, sql)
    if error.word.kind == "word":
        return describe_misplaced_word(found, sql)
    return error if found is None else error.at(*place_of(sql, found.start))


def move_error(error: Located, from_sql: str, to_sql: str) -> Located:
    """Return the error of a query that was made of a statement, at its place in the statement.

    It has none where the word at that place is not in the statement.
    """
    token = find_token(from_sql, error.line, error.column)
    same = [
        one
        for one in read_tokens(to_sql)
        if token is not None and one.token_type is token.token_type and one.text == token.text
    ]
    return error.at(*place_of(to_sql, same[0].start)) if same else error.at(None, None)


def _find_word(word: FaultyWord, sql: str) -> Token | None:
    tokens = read_tokens(sql)
    folded = word.text.casefold()
    same = [one for one in tokens if one.text.casefold() == folded]
    match word.kind:
        case "function":
            called = {
                before.start
                for before, after in pairwise(tokens)
                if after.token_type is TokenType.L_PAREN
            }
            return next((one for one in same if one.start in called), None)
        case "text":
            texts = [one for one in same if one.token_type is TokenType.STRING]
            return texts[0] if len(texts) == 1 else None
        case "name":
            return next((one for one in same if one.token_type is not TokenType.STRING), None)
        case "word":
            return same[0] if len(same) == 1 else None
