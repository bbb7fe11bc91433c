"""Writes a call as a Python program that uses httpx."""

import httpx


def format_python(method: str, address: httpx.URL, content: bytes | None = None) -> str:
    """Return a program that makes the call and prints its answer.

    Texts are Python's own literals in ASCII, so that whatever they hold comes back unchanged; the
    body is a bytes literal.
    """
    lines = [
        "import os",
        "",
        "import httpx",
        "",
        "response = httpx.request(",
        f"    {method!a},",
        f"    {str(address)!a},",
        '    headers={"Authorization": f"Bearer {os.environ[\'CMDM_TOKEN\']}"'
        + (', "Content-Type": "application/json"},' if content is not None else "},"),
    ]
    if content is not None:
        lines.append(f"    content={content!r},")
    return "\n".join([*lines, ")", "print(response.status_code)", "print(response.text)", ""])
