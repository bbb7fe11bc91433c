"""Which calls of a log are shown: words that all must fit."""

import re
from collections.abc import Callable

from cmdm_tui.operations.call_entry import CallEntry, CallState

SLOW_SECONDS = 1.0
"""Seconds from which a call is called slow."""

_STATUS = re.compile(r"[1-5](?:xx|[0-9]{2})", re.IGNORECASE)
_METHODS = frozenset({"get", "post", "put", "delete", "head", "options", "patch"})


def _is_slow(call: CallEntry) -> bool:
    return call.seconds is not None and call.seconds >= SLOW_SECONDS


_KINDS: dict[str, Callable[[CallEntry], bool]] = {
    "slow": _is_slow,
    "failed": lambda call: call.has_failed,
    "waiting": lambda call: call.is_open,
    "left": lambda call: call.state is CallState.LEFT,
    "retried": lambda call: call.times_sent > 1,
    "change": lambda call: call.is_change,
}

FILTER_HINT = "4xx 404 get slow failed waiting left retried change, or a part of the path"
"""The words that a filter knows."""


def fits_filter(call: CallEntry, words: str) -> bool:
    """Return whether a call fits every word: a status, a method, a kind, or a part of its path."""
    return all(_fits(call, word) for word in words.casefold().split())


def _fits(call: CallEntry, word: str) -> bool:
    if word in _KINDS:
        return _KINDS[word](call)
    if word in _METHODS:
        return call.method.casefold() == word
    if _STATUS.fullmatch(word):
        status = "" if call.status is None else str(call.status)
        is_status = status[:1] == word[:1] if word.endswith("xx") else status == word
        return is_status or (not word.endswith("xx") and word in call.path)
    return word in call.path.casefold()
