"""Replaces a record's id with another name, in a path or a body that holds it."""

import re
from collections.abc import Callable
from urllib.parse import quote

_UNMISTAKABLE_LENGTH = 8
"""An id of this length, or longer, cannot be found by accident."""


def replace_id(text: str, external_id: str, name: Callable[[str], str]) -> str:
    """Return the text with each spelling of the id replaced by its `name`.

    The spellings are the id, the id in small letters, and each of them quoted for a path. A short
    id is replaced only where it is a whole segment of a path or a whole text of a body.
    """
    for spelling in dict.fromkeys((external_id, external_id.lower())):
        for written in dict.fromkeys((spelling, quote(spelling, safe=""))):
            if written not in text:
                continue
            found = re.escape(written)
            if len(external_id) < _UNMISTAKABLE_LENGTH:
                found = rf'(?<=[/"]){found}(?=[/"?]|$)'
            text = re.sub(found, lambda _, spelling=spelling: name(spelling), text)
    return text
