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


def answers_without_body(path: str) -> bool:
    """Return whether a PUT to the path needs no body: a conversion and a close need none."""
    return _ANSWERS_WITHOUT_BODY.fullmatch(path) is not None
