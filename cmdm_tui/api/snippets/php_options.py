"""Writes the part of a PHP program that is alike for curl and Guzzle: headers and body."""

from cmdm_tui.api.snippets.php_literal import quote_php


def list_options(
    *, headers: str, between: str, body: str, content: bytes | None = None
) -> list[str]:
    """Return the lines of an array's options: the token, and with a body its type and itself.

    `headers` and `body` are the names of the options, as PHP; `between` comes between the name and
    the value of a header, within quotes.
    """
    lines = [
        f"    {headers} => [",
        f"        'Authorization{between}Bearer ' . getenv('CMDM_TOKEN'),",
    ]
    if content is None:
        return [*lines, "    ],"]
    lines += [f"        'Content-Type{between}application/json',", "    ],"]
    return [*lines, f"    {body} => {quote_php(content)},"]
