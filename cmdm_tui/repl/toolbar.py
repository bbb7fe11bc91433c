"""The line at the bottom of the prompt: whose records, how many calls, and until when."""

from collections.abc import Callable

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.utils import get_cwidth

from cmdm_tui.catalog.quota_cache import KnownQuota
from cmdm_tui.operations.confirmation import changes_live_records
from cmdm_tui.query.parsing.beginnings import begins_sql
from cmdm_tui.repl.line_editor import LONGEST_NAME
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.statement_splitter import find_open_mark, is_incomplete, last_statement
from cmdm_tui.repl.summary import describe_known_calls, describe_reset, describe_token_end
from cmdm_tui.text import one_line


def build_toolbar(
    session: ReplSession,
    typing: Callable[[], str] | None = None,
    reading: str | None = None,
    room: int | None = None,
) -> StyleAndTextTuples:
    """Return the line at the bottom: profile, host, calls left, the times, and how SQL ends.

    `typing` returns what is typed so far; `reading` is the entity whose fields are being read. A
    profile that changes the records of a live service is in red, and is called live. To fit into
    `room` columns, the token's time is left out, then the host, then the reset, and the calls left
    are given in fewer words.
    """
    account = session.account
    known = account.known_quota
    name = one_line(account.profile.name, LONGEST_NAME)
    host, reset, token = (
        one_line(account.client.host, 60), describe_reset(known), describe_token_end(known)
    )  # fmt: skip
    calls = describe_known_calls(known)
    parts = [host, calls, reset, token]
    if reading is not None:
        parts.append(f"reading fields of {one_line(reading, LONGEST_NAME)}…")
    typed = "" if typing is None else typing()
    mark = find_open_mark(typed)
    if mark:
        parts.append(f"{mark} ends the {_name_open(mark)}")
    elif is_incomplete(typed) and begins_sql(last_statement(typed)):
        parts.append("; ends it")
    if account.profile.read_only:
        name += " read-only"
    is_live = changes_live_records(account.profile)
    for left_out, shorter in ((token, ""), (host, ""), (reset, ""), (calls, _shorten_calls(known))):
        line = _draw_line(name, [part for part in parts if part], is_live=is_live)
        if room is None or get_cwidth("".join(words for _, words, *_ in line)) <= room:
            return line
        parts[parts.index(left_out)] = shorter
    return _draw_line(name, [part for part in parts if part], is_live=is_live)


def _name_open(mark: str) -> str:
    """Return what a mark ends."""
    return {"*/": "comment", "#}": "comment", '"': "name"}.get(mark, "text")


def _shorten_calls(known: KnownQuota) -> str:
    """Return the calls left in few words; nothing where they are unknown."""
    left = known.quota.remaining
    if left is None:
        return ""
    return f"{left:,} left" if known.seen is None else f"≤ {left:,} left"


def _draw_line(name: str, parts: list[str], *, is_live: bool) -> StyleAndTextTuples:
    rest = " · ".join(parts)
    if is_live:
        return [("class:bottom-toolbar.alert", f" {name} live "), ("", f" {rest} ")]
    return [("", f" {name} · {rest} ")]
