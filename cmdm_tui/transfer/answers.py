"""Checks what a person answers to a question of an import, before the file is read again."""

import codecs
from collections.abc import Sequence

from cmdm_tui.api.models import Field
from cmdm_tui.transfer.date_text import DateFormat, find_zone
from cmdm_tui.transfer.errors import ImportFileError, ImportQuestion
from cmdm_tui.transfer.field_matcher import FieldMatcher

_FREE = frozenset({"dates", "encoding", "header", "map", "zone"})


def is_free(question: ImportQuestion) -> bool:
    """Return whether other answers than those suggested are possible."""
    return question.option in _FREE and (question.option != "map" or bool(question.subject))


def find_answer_fault(
    question: ImportQuestion, answer: str, entity: str, fields: Sequence[Field]
) -> str:
    """Return a sentence that says why a free answer cannot be taken; empty for one that can."""
    try:
        match question.option:
            case "dates":
                DateFormat(answer)
            case "zone":
                find_zone(answer)
            case "map":
                FieldMatcher(entity, fields, {}).find_field(answer)
            case "header":
                if not answer.isascii() or not answer.isdecimal() or int(answer) < 1:
                    return "The line of the header is a whole number from 1."
            case "encoding":
                codecs.lookup(answer)
            case _:
                return ""
    except ImportFileError as error:
        return str(error)
    except (LookupError, ValueError):
        return f"There is no encoding {answer!r}. One is called utf-8, another windows-1252."
    return ""
