"""Writes a call as a C# program that uses RestSharp (107 or later)."""

import httpx

from cmdm_tui.api.snippets.content import decode_content

_METHODS = {"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"}
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def format_csharp(method: str, address: httpx.URL, content: bytes | None = None) -> str:
    """Return a program of top-level statements that makes the call and prints its answer.

    Texts are regular literals, never interpolated ones, so that a brace is a brace. A body that is
    not UTF-8 is an array of bytes.
    """
    lines = [
        "using System;",
        "using RestSharp;",
        "",
        'var token = Environment.GetEnvironmentVariable("CMDM_TOKEN");',
        "using var client = new RestClient();",
        f"var address = new Uri({quote_csharp(str(address))});",
        f"var request = new RestRequest(address, {_name_method(method)});",
        'request.AddHeader("Authorization", "Bearer " + token);',
    ]
    if content is not None:
        lines.append(f"request.AddBody({_write_body(content)}, ContentType.Json);")
    lines += [
        "var response = await client.ExecuteAsync(request);",
        "Console.WriteLine((int)response.StatusCode);",
        "Console.WriteLine(response.Content);",
        "",
    ]
    return "\n".join(lines)


def quote_csharp(text: str) -> str:
    """Return a regular string literal of the text, in ASCII (C# specification, 6.4.5.6)."""
    return '"' + "".join(_escape(character) for character in text) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if " " <= character <= "~":
        return character
    code = ord(character)
    # Never \x, which takes as many digits as follow it.
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _write_body(content: bytes) -> str:
    text = decode_content(content)
    if text is not None:
        return quote_csharp(text)
    return "new byte[] { " + ", ".join(f"0x{byte:02x}" for byte in content) + " }"


def _name_method(method: str) -> str:
    if method in _METHODS:
        return f"Method.{method.capitalize()}"
    return f"Enum.Parse<Method>({quote_csharp(method)}, ignoreCase: true)"
