"""Whether a request's body can be written as text in source code, or only byte by byte."""


def decode_content(content: bytes) -> str | None:
    """Return the body as text, None where it is not UTF-8 and so only its bytes can be written."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
