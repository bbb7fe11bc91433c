"""Copies a call as source code, or a part of it, to the clipboard of the terminal (OSC 52)."""

from cmdm_tui.api.errors import ApiError
from cmdm_tui.api.snippets.formats import SNIPPET_FORMATS
from cmdm_tui.api.urls import join_path, parse_base_url
from cmdm_tui.operations.call_entry import CallDetails, CallEntry, LoggedBody
from cmdm_tui.tui.models.copied_text import describe_copied

PATH, REQUEST_BODY, ANSWER_BODY = "Path", "Body of the request", "Body of the answer"


class NothingToCopy(Exception):
    """There is nothing to copy; the message is one safe sentence that says why."""


def list_copies(call: CallEntry) -> tuple[str, ...]:
    """Return what can be copied of a call."""
    formats = () if call.is_sign_in else tuple(one.title for one in SNIPPET_FORMATS)
    return (*formats, PATH, REQUEST_BODY, ANSWER_BODY)


def write_copy(call: CallEntry, details: CallDetails, what: str, address: str) -> str:
    """Return the text to copy, never empty and with no secret in it.

    `what` is one of `list_copies`, `address` the base address of the service. Raises NothingToCopy.
    """
    if what == PATH:
        text = call.path
    elif what == REQUEST_BODY:
        text = _read_body(details.request_body, "request")
    elif what == ANSWER_BODY:
        text = _read_body(details.response_body, "answer")
    else:
        text = _write_snippet(call, details, what, address)
    if not text:
        raise NothingToCopy("There is nothing to copy.")
    return text


def describe_copy(what: str, text: str) -> str:
    """Return a sentence that says what was copied."""
    name = what if what not in {PATH, REQUEST_BODY, ANSWER_BODY} else f"the {what.lower()}"
    return describe_copied(name, text, has_value=what == PATH)


def _read_body(body: LoggedBody, noun: str) -> str:
    if not body.content:
        raise NothingToCopy(body.note or f"The {noun} has no body.")
    return body.content.decode("utf-8", "replace")


def _write_snippet(call: CallEntry, details: CallDetails, what: str, address: str) -> str:
    write = next(one.write for one in SNIPPET_FORMATS if one.title == what)
    sent = details.request_body
    if sent.note:
        raise NothingToCopy(f"The body of the request cannot be copied. {sent.note}")
    try:
        whole = join_path(parse_base_url(address), call.path)
    except ApiError as error:
        raise NothingToCopy(str(error)) from None
    return write(call.method, whole, sent.content or None)
