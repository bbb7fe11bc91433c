"""The form of a raw call as it is typed: a verb, a path, and for some a body."""

import re

VERBS = ("GET", "POST", "PUT", "DELETE")
"""The methods of the documented calls."""

VERBS_WITH_BODY = ("POST", "PUT")

_CALL = re.compile(rf"\s*({'|'.join(VERBS)})(?:\s+|$)([^\s{{]*)\s*", re.IGNORECASE)
_ANSWERS_WITHOUT_BODY = re.compile(r"/?(lead/convert|task/close)/[^/?]+", re.IGNORECASE)


def match_call(text: str, start: int = 0) -> re.Match[str] | None:
    """Return the verb and the path of the call that begins at `start`; None where none does."""
    return _CALL.match(text, start)


def find_body(text: str) -> int | None:
    """Return where the body of a call begins in `text`, None where it can have none.

    It can have one where the text begins with a verb that takes one, and a path.
    """
    call = _CALL.match(text)
    if call is None or call[1].upper() not in VERBS_WITH_BODY or not call[2]:
        return None
    return call.end()


def answers_without_body(path: str) -> bool:
    """Return whether a PUT to the path needs no body: a conversion and a close need none."""
    return _ANSWERS_WITHOUT_BODY.fullmatch(path) is not None
