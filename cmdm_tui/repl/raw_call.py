"""Makes of a raw call what is sent: the parameters the API insists on, the body as bytes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote

from cmdm_tui.api.errors import keep_text
from cmdm_tui.operations.confirmation import is_change, is_destructive
from cmdm_tui.repl.call_text import answers_without_body
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.statements import RawCall
from cmdm_tui.text import find_similar_names, one_line

LIST_PARAMETERS = (
    ("per_page", "records a page; needs page"),
    ("page", "which page, from 1; needs per_page"),
    ("fields", "only these, separated by commas"),
    ("sort_by", "one field"),
    ("sort_order", "asc or desc"),
)
"""The documented parameters of a list of records, and what each is; a list of fields has two."""

DEFAULT_PER_PAGE = 100
"""Records a page where only the page was given."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One call, ready to be sent.

    `redact` takes the client's secrets out of the path before it is cut for a screen.
    """

    method: str
    path: str
    content: bytes | None = None
    notes: tuple[str, ...] = ()
    what: str = ""
    """What it changes, as in `Delete lead/ABC1D2E3`; empty for a call that only reads."""
    is_destructive: bool = False
    """Whether it deletes or converts a record."""
    redact: Callable[[str], str] = field(default=keep_text, repr=False, compare=False)

    def __str__(self) -> str:
        return one_line(f"{self.method} {self.redact(self.path)}", 200)


def plan_call(call: RawCall, redact: Callable[[str], str] = keep_text) -> PlannedCall:
    """Return the call to send: `per_page` and `page` each require the other (`api.md`).

    A conversion and a close go with an empty object where no body was given. What is not documented
    is sent as it was typed, and noted: other parameters of a list, and a DELETE of no record.

    Raises ReplError for a create or update without a body, and for text that UTF-8 has no form for.
    """
    path, notes = _complete_page_parameters(call) if call.method == "GET" else (call.path, ())
    notes += _note_odd_parts(call, redact)
    what = ""
    if is_change(call.method):
        verb = "Delete" if call.method == "DELETE" else f"Send {call.method}"
        what = f"{verb} {one_line(redact(call.path), 100)}"
    content, is_lossy = _encode_body(call, redact), is_destructive(call.method, call.path)
    return PlannedCall(call.method, path, content, notes, what, is_lossy, redact)


def path_segments(path: str) -> tuple[str, ...]:
    """Return the decoded segments of a path, without its query."""
    route = path.partition("?")[0].removeprefix("/")
    return tuple(unquote(segment) for segment in route.split("/"))


def query_parameters(path: str) -> dict[str, str]:
    """Return the query parameters of a path, undecoded."""
    pairs = (part.partition("=") for part in path.partition("?")[2].split("&") if part)
    return {unquote(name): value for name, _, value in pairs}


def with_page(path: str, page: int) -> str:
    """Return the path with another `page` in its query."""
    route, _, query = path.partition("?")
    parts = [f"page={page}" if part.startswith("page=") else part for part in query.split("&")]
    return f"{route}?{'&'.join(parts)}"


def _complete_page_parameters(call: RawCall) -> tuple[str, tuple[str, ...]]:
    given = query_parameters(call.path)
    if ("page" in given) == ("per_page" in given):
        return call.path, ()
    there, added = (
        ("page", f"per_page={DEFAULT_PER_PAGE}") if "page" in given else ("per_page", "page=1")
    )
    note = f"Added {added}: the API requires it with {there}."
    return f"{call.path}&{added}", (note,)


def _note_odd_parts(call: RawCall, redact: Callable[[str], str]) -> tuple[str, ...]:
    segments = path_segments(call.path)
    if call.method == "DELETE" and len(segments) == 1:
        entity = one_line(redact(segments[0]), 60)
        unknown = f"DELETE {entity} names no record, and the documentation has no such call."
        return (f"{unknown} In SQL it is DELETE FROM {entity} WHERE …;",)  # noqa: S608 - never run
    if call.method != "GET" or len(segments) != 1:
        return ()
    known = [name for name, _ in LIST_PARAMETERS]
    notes: list[str] = []
    for name in query_parameters(call.path):
        if name not in known:
            near = find_similar_names(name, known)
            hint = f" Did you mean {near[0]}?" if near else ""
            shown = one_line(redact(name), 60)
            notes.append(f"{shown} is not a documented parameter, and may be ignored.{hint}")
    return tuple(notes)


def _encode_body(call: RawCall, redact: Callable[[str], str]) -> bytes | None:
    if call.method not in {"POST", "PUT"}:
        return None
    if not call.body:
        if call.method == "PUT" and answers_without_body(call.path):
            return b"{}"
        shown = one_line(f"{call.method} {redact(call.path)}", 100)
        raise ReplError(
            f"{shown} needs a JSON object behind the path, "
            f"as in {call.method} {'lead' if call.method == 'POST' else 'lead/ABC1D2E3'} "
            '{"LastName": "Jones"}.'
        )
    try:
        return call.body.encode("utf-8")
    except UnicodeEncodeError as error:
        shown = one_line(call.body[error.start])
        raise ReplError(f"The body holds {shown}, which is not Unicode text.") from None
