"""Reads cassettes of any YAML layout: those of `cmdm record` fast, others by the YAML loader.

A cassette may be edited by hand, or written by another tool: what vcrpy reads, this reads. A HAR
file is read too, as a cassette of the calls of the API in it.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from cmdm_tui.config.bounded_files import LARGEST_INPUT, read_bounded
from cmdm_tui.harness.cassettes.canonical_yaml import (
    CallKey,
    NotCanonical,
    RecordedAnswer,
    RecordedHeaders,
    parse_canonical,
)
from cmdm_tui.harness.cassettes.format import ADDRESS, shorten_body
from cmdm_tui.harness.cassettes.har import HarUnreadable, parse_har
from cmdm_tui.harness.errors import HarnessError
from cmdm_tui.harness.exchange import API_PATH
from cmdm_tui.text import one_line

_BINARY, _NULL = "tag:yaml.org,2002:binary", "tag:yaml.org,2002:null"
_FORMAT_VERSION = "1"
_MAX_DEPTH = 50
_HAR = re.compile(r'\ufeff?\s*\{\s*"log"\s*:')


class CassetteUnreadable(HarnessError):
    """A file is not a cassette; the message is one sentence that names the file and the line."""


class _Fault(Exception):
    """What is wrong at a place in a YAML text, the line counted from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")


def read_cassette(path: Path) -> list[RecordedAnswer]:
    """Return what the cassette holds, in its order.

    Raises OSError where the file cannot be read, CassetteUnreadable where it is not a cassette.
    """
    try:
        text = read_bounded(path, LARGEST_INPUT).decode("utf-8")
    except UnicodeDecodeError as error:
        advice = "Save it as UTF-8, or record it again."
        raise _unreadable(path, f"byte {error.start} is not UTF-8", advice) from None
    if path.suffix.casefold() == ".har" or _HAR.match(text):
        return _read_har(path, text)
    try:
        return parse_canonical(text, reread=partial(_read_any, path, text))
    except NotCanonical:
        return _read_any(path, text)


def _read_har(path: Path, text: str) -> list[RecordedAnswer]:
    """Return the answers in a HAR file, as if they were recorded of the address of a cassette.

    An answer whose body the file does not have is left out: an empty one would be another answer.
    """
    try:
        found = parse_har(text)
    except HarUnreadable as error:
        raise CassetteUnreadable(
            f"{one_line(str(path), 300)} cannot be read as a HAR file: {error}. Save it again."
        ) from None
    return [
        RecordedAnswer(
            (
                call.method,
                ADDRESS + API_PATH + call.target.removeprefix(call.base),
                shorten_body(call.request_body),
            ),
            call.status,
            [(name.encode("latin-1"), value.encode("latin-1")) for name, value in call.headers],
            call.reason.encode("ascii", "replace"),
            None,
            call.body,
        )
        for call in found.calls
        if call.body is not None
    ]


def _read_any(path: Path, text: str) -> list[RecordedAnswer]:
    try:
        return _parse_yaml(text)
    except _Fault as fault:
        raise _unreadable(path, str(fault)) from None
    except ModuleNotFoundError as error:
        raise CassetteUnreadable(
            f"{one_line(str(path), 300)} is not laid out as cmdm record does it. To read it all "
            f"the same, this needs {error.name}: pipx install 'cmdm-tui[harness]' brings it."
        ) from None


def _unreadable(
    path: Path, reason: str, advice: str = "Correct it there, or record it again."
) -> CassetteUnreadable:
    shown = one_line(str(path), 300)
    return CassetteUnreadable(f"{shown} is not laid out as a cassette: {reason}. {advice}")


def _parse_yaml(text: str) -> list[RecordedAnswer]:
    """Return what the text holds, whatever its layout. Raises _Fault."""
    import yaml as untyped_yaml

    yaml: Any = untyped_yaml
    # The loader in C is many times as fast, and not in every build of PyYAML.
    make_loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader: Any = None
    try:
        _check_depth(yaml.parse(text, Loader=make_loader))
        loader = make_loader(text)
        root: Any = loader.get_single_node()
        return list(_Parser(loader).parse_cassette(root))
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        raise _Fault(line, one_line(error.problem or "it is not YAML", 120)) from None
    except yaml.YAMLError as error:
        # A character that YAML does not allow: what is said of its place differs by loader.
        found = yaml.reader.Reader.NON_PRINTABLE.search(text)
        line = text.count("\n", 0, found.start() if found else 0) + 1
        raise _Fault(line, one_line(getattr(error, "reason", str(error)), 120)) from None
    finally:
        if loader is not None:
            loader.dispose()


def _check_depth(events: Iterable[Any]) -> None:
    """Raise _Fault for a text that is nested deep: the loader in C would overrun its stack."""
    depth = 0
    for event in events:
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if depth > _MAX_DEPTH:
            raise _Fault(_line_of(event), "it is nested too deep")


class _Parser:
    """Turns the nodes of a YAML text into answers.

    A node knows its line, and keeps its text as written: a header value may be a bare number.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def parse_cassette(self, root: Any) -> Iterator[RecordedAnswer]:
        if root is None:
            raise _Fault(1, "the file is empty")
        parts = self._mapping(root, "a cassette")
        version = self._part(root, parts, "version")
        if version.id != "scalar" or version.value != _FORMAT_VERSION:
            raise _Fault(_line_of(version), f"the version is not {_FORMAT_VERSION}")
        interactions = self._part(root, parts, "interactions")
        if interactions.id != "sequence":
            raise _Fault(_line_of(interactions), "interactions is not a list")
        for node in interactions.value:
            yield self._parse_interaction(node)

    def _parse_interaction(self, node: Any) -> RecordedAnswer:
        parts = self._mapping(node, "an interaction")
        request, response = self._part(node, parts, "request"), self._part(node, parts, "response")
        sent = self._mapping(request, "a request")
        key: CallKey = (
            self._text(self._part(request, sent, "method")),
            self._text(self._part(request, sent, "uri")),
            self._bytes(sent["body"]) if "body" in sent else b"",
        )
        given = self._mapping(response, "a response")
        status = self._part(response, given, "status")
        words = self._mapping(status, "a status")
        return RecordedAnswer(
            key,
            self._status_code(self._part(status, words, "code")),
            self._headers(given["headers"]) if "headers" in given else [],
            self._bytes(words["message"]) if "message" in words else b"",
            None,
            self._response_body(given["body"]) if "body" in given else b"",
        )

    def _response_body(self, node: Any) -> bytes:
        if node.id == "scalar":
            return self._bytes(node)
        parts = self._mapping(node, "a body")
        return self._bytes(parts["string"]) if "string" in parts else b""

    def _headers(self, node: Any) -> RecordedHeaders:
        if _is_null(node):
            return []
        lines: RecordedHeaders = []
        for name, values in self._mapping(node, "headers").items():
            for value in values.value if values.id == "sequence" else [values]:
                try:
                    line = (name.lower().encode("ascii"), self._text(value).encode("latin-1"))
                except UnicodeEncodeError:
                    raise _Fault(_line_of(value), "HTTP cannot carry this header") from None
                lines.append(line)
        return lines

    def _status_code(self, node: Any) -> int:
        text = self._text(node)
        if not (text.isascii() and text.isdigit() and len(text) == 3):
            raise _Fault(_line_of(node), "a status code is three digits")
        return int(text)

    def _mapping(self, node: Any, name: str) -> dict[str, Any]:
        if node.id != "mapping":
            raise _Fault(_line_of(node), f"{name} has keys and values, and this has none")
        self._loader.flatten_mapping(node)
        return {self._text(key): value for key, value in node.value}

    def _part(self, node: Any, parts: dict[str, Any], name: str) -> Any:
        if name not in parts:
            raise _Fault(_line_of(node), f"{name} is missing")
        return parts[name]

    def _text(self, node: Any) -> str:
        if node.id != "scalar" or _is_null(node) or node.tag == _BINARY:
            raise _Fault(_line_of(node), "this is not a text")
        return node.value

    def _bytes(self, node: Any) -> bytes:
        if node.id != "scalar":
            raise _Fault(_line_of(node), "a body is a text: write it in quotes")
        if _is_null(node):
            return b""
        try:
            if node.tag == _BINARY:
                return base64.b64decode("".join(node.value.split()), validate=True)
            return node.value.encode("utf-8")
        except ValueError:
            reason = "this is not base64" if node.tag == _BINARY else "this is not UTF-8"
            raise _Fault(_line_of(node), reason) from None


def _line_of(node: Any) -> int:
    return node.start_mark.line + 1


def _is_null(node: Any) -> bool:
    return node.id == "scalar" and node.tag == _NULL
