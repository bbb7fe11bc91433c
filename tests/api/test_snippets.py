"""A call as source code sends the same bytes, whatever they are, and holds no secret.

The literals of C# and PHP are read by small readers of those languages' own rules, which share no
code with what writes them; `test_snippets_run` runs the programs of curl, Python and PHP.
"""

import ast
import os
import re
import subprocess
import sys
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cmdm_tui.api.snippets.csharp_restsharp import format_csharp
from cmdm_tui.api.snippets.formats import SNIPPET_FORMATS
from cmdm_tui.api.snippets.php_curl import format_php_curl
from cmdm_tui.api.snippets.php_guzzle import format_php_guzzle
from cmdm_tui.api.snippets.python_httpx import format_python
from cmdm_tui.api.urls import encode_segment, join_path, parse_base_url

BASE = parse_base_url("https://crm.example.com")
HOSTILE = (
    b"", b"{}", b"$HOME ${x} {$x} {0} {{", b"'\\'", b'"\\"', b"\\", b"a\nb\r\n\tc", b"\0", b"\x001",
    b"\xff\xfe", "é \U0001f600 \u202e \u2028".encode(), b"?>", b'*/ //', b"@file", b"$(id) `id`",
    b"\x1b]52;c;x\x07", b"%s %n", b"\\u0041 \\x41", b'"; exit(1); "',
)  # fmt: skip
bodies = st.one_of(st.sampled_from(HOSTILE), st.binary(max_size=60), st.text().map(str.encode))


def address_of(text: str) -> httpx.URL:
    return join_path(BASE, f"lead/{encode_segment('external id', text)}?a='$x\"{{0}}\\")


@given(bodies)
@example(b"\0")
def test_a_python_program_is_given_the_same_bytes(content: bytes) -> None:
    tree = ast.parse(format_python("POST", address_of("a'b"), content))
    call = next(node for node in ast.walk(tree) if isinstance(node, ast.Call))
    given_body = next(word.value for word in call.keywords if word.arg == "content")
    assert ast.literal_eval(given_body) == content
    assert [ast.literal_eval(word) for word in call.args] == ["POST", str(address_of("a'b"))]


def test_a_python_program_runs() -> None:
    stand_in = (
        "import sys, types\n"
        "httpx = types.ModuleType('httpx')\n"
        "def request(*words, **more):\n"
        "    print(ascii((words, more)))\n"
        "    return types.SimpleNamespace(status_code=200, text='answer')\n"
        "httpx.request = request\n"
        "sys.modules['httpx'] = httpx\n"
    )
    for content in (None, *HOSTILE):
        program = stand_in + format_python("PUT", address_of("x"), content)
        ended = subprocess.run(
            [sys.executable, "-I", "-c", program.replace("\0", "")],
            env={**os.environ, "CMDM_TOKEN": "from the environment"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        words, more = ast.literal_eval(ended.stdout.splitlines()[0])
        assert words == ("PUT", str(address_of("x")))
        assert more.get("content") == content
        assert more["headers"]["Authorization"] == "Bearer from the environment"
        if content is HOSTILE[3]:
            break  # an interpreter takes a while to start; the rest is read above


_CSHARP = re.compile(r'"(?:[^"\\\n\r\u0085\u2028\u2029]|\\.)*"')


def read_csharp(literal: str) -> str:
    """Return what a regular string literal of C# means."""
    assert _CSHARP.fullmatch(literal), literal
    simple = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", '"': '"', "\\": "\\"}

    pattern = r"\\(?:(u)([0-9a-f]{4})|(U)([0-9a-f]{8})|(.))"
    return re.sub(
        pattern,
        lambda m: chr(int(m[2] or m[4], 16)) if m[2] or m[4] else simple[m[5]],
        literal[1:-1],
    )


@given(bodies)
@example(b"\x001")
def test_a_csharp_program_is_given_the_same_bytes(content: bytes) -> None:
    program = format_csharp("POST", address_of("a"), content)
    assert program.isascii()
    written = re.search(r"request\.AddBody\((.*), ContentType\.Json\);", program)
    assert written
    if written[1].startswith("new byte[]"):
        numbers = re.findall(r"0x([0-9a-f]{2})", written[1])
        assert bytes(int(number, 16) for number in numbers) == content
    else:
        assert read_csharp(written[1]).encode() == content
    uri = re.search(r"new Uri\((.*)\);", program)
    assert uri
    assert read_csharp(uri[1]) == str(address_of("a"))


def test_a_brace_in_csharp_is_a_brace() -> None:
    program = format_csharp("POST", address_of("a"), b'{"a": "{0}"}')
    assert '$"' not in program
    assert r'"{\"a\": \"{0}\"}"' in program


def read_php(literal: str) -> bytes:
    """Return what a string literal of PHP means, as bytes."""
    inner = literal[1:-1]
    if literal[0] == "'":
        assert re.fullmatch(r"(?:[^'\\]|\\.)*", inner, re.DOTALL), literal
        return re.sub(r"\\(['\\])", r"\1", inner).encode()
    assert re.fullmatch(r'(?:[^"\\$]|\\.)*', inner, re.DOTALL), literal
    simple = {"n": b"\n", "r": b"\r", "t": b"\t", '"': b'"', "$": b"$", "\\": b"\\"}

    def replace(found: re.Match[bytes]) -> bytes:
        digits = found[1]
        return bytes([int(digits, 16)]) if digits else simple[found[2].decode()]

    return re.sub(rb"\\(?:x([0-9a-f]{2})|(.))", replace, inner.encode())


@given(bodies)
@example(b"\n4")
def test_php_programs_are_given_the_same_bytes(content: bytes) -> None:
    for program, mark in (
        (format_php_curl("POST", address_of("a"), content), r"CURLOPT_POSTFIELDS => (.*),\n"),
        (format_php_guzzle("POST", address_of("a"), content), r"'body' => (.*),\n"),
    ):
        assert program.isascii()
        found = re.search(mark, program)
        assert found
        assert read_php(found[1]) == content


def test_php_programs_are_given_the_address_and_the_method() -> None:
    address = address_of("o'brien$x")
    first = format_php_curl("DELETE", address)
    assert "CURLOPT_CUSTOMREQUEST => 'DELETE'" in first
    found = re.search(r"curl_init\((.*)\);", first)
    assert found
    assert read_php(found[1]).decode() == str(address)
    found = re.search(r"\$address = (.*);\n", format_php_guzzle("DELETE", address))
    assert found
    assert read_php(found[1]).decode() == str(address)
    assert "POSTFIELDS" not in first


@pytest.mark.parametrize("one", SNIPPET_FORMATS, ids=lambda one: one.title)
@pytest.mark.parametrize("content", [None, b"", b'{"LastName": "Jones"}'])
def test_the_token_is_a_variable(one: Any, content: bytes | None) -> None:
    written = one.write("GET", join_path(BASE, "lead"), content)
    assert "CMDM_TOKEN" in written
    assert "Bearer" in written
    assert ("application/json" in written.replace("ContentType.Json", "application/json")) is (
        content is not None
    )


def test_the_readers_of_this_test_notice_a_wrong_literal() -> None:
    """A `$` that is not escaped and a `\\x1` that takes the next digit are noticed."""
    with pytest.raises(AssertionError):
        read_php('"a $b"')
    assert read_csharp('"\\u00011"') == "\x011"
    with pytest.raises(KeyError):
        read_csharp('"\\x11"')
