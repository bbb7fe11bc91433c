"""The languages in which a call can be written."""

from collections.abc import Callable

import httpx
from msgspec import Struct

from cmdm_tui.api.curl import format_curl
from cmdm_tui.api.snippets.csharp_restsharp import format_csharp
from cmdm_tui.api.snippets.php_curl import format_php_curl
from cmdm_tui.api.snippets.php_guzzle import format_php_guzzle
from cmdm_tui.api.snippets.python_httpx import format_python


class SnippetFormat(Struct, frozen=True):
    """One of them: its `title`, and what writes a method, a whole address and a body (or None)."""

    title: str
    write: Callable[[str, httpx.URL, bytes | None], str]


SNIPPET_FORMATS = (
    SnippetFormat("curl", format_curl),
    SnippetFormat("Python (httpx)", format_python),
    SnippetFormat("C# (RestSharp)", format_csharp),
    SnippetFormat("PHP (curl)", format_php_curl),
    SnippetFormat("PHP (Guzzle)", format_php_guzzle),
)
"""All of them, in the order in which they are offered."""
