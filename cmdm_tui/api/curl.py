"""Writes a call as a curl command that can be pasted into a shell, with no secret in it."""

import shlex

import httpx

TOKEN_VARIABLE = "$CMDM_TOKEN"  # noqa: S105 — the name of a variable

_LONGEST_WORD = 100_000
"""Bytes of a body in a word: Linux starts no program with one of 128 kB."""
_GLOB_MARKS = frozenset("[]{}")


def format_curl(method: str, address: httpx.URL, content: bytes | None = None) -> str:
    """Return the call as one curl command for a POSIX shell, the token being `$CMDM_TOKEN`.

    A body that is not UTF-8 text is written as the octal escapes of printf and piped in, as is one
    that is too long for a word.
    """
    words = ["curl", "--request", method, shlex.quote(str(address))]
    if not _GLOB_MARKS.isdisjoint(str(address)):
        # curl would take them for a range or a list of addresses, and make a call for each.
        words.insert(1, "--globoff")
    words += ["--header", f'"Authorization: Bearer {TOKEN_VARIABLE}"']
    if content is None:
        return " ".join(words)
    words += ["--header", "'Content-Type: application/json'"]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = None
    # curl takes a leading @ for the name of a file, and a shell word cannot hold NUL.
    if text is not None and "\0" not in text and len(content) > _LONGEST_WORD:
        return f"printf %s {shlex.quote(text)} | " + " ".join([*words, "--data-binary", "@-"])
    if text is not None and not text.startswith("@") and "\0" not in text:
        return " ".join([*words, "--data-binary", shlex.quote(text)])
    escapes = "".join(f"\\{byte:03o}" for byte in content)
    return f"printf '{escapes}' | " + " ".join([*words, "--data-binary", "@-"])


def format_sign_in_curl(address: httpx.URL) -> str:
    """Return the command that signs in and sets `CMDM_TOKEN`, from the five `CMDM_…` variables."""
    headers = " ".join(
        f'--header "{name}: $CMDM_{name.upper()}"'
        for name in ("client_id", "client_secret", "username", "password")
    )
    command = f"curl --silent --request POST {shlex.quote(str(address))} {headers}"
    return f'CMDM_TOKEN=$({command} | sed \'s/.*"token" *: *"//; s/".*//\')'
