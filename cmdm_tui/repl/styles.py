"""The few styles of our own text (ECMA-48, SGR)."""

DIM, BOLD, RED = "\x1b[2m", "\x1b[1m", "\x1b[31m"
_PLAIN = "\x1b[0m"


def styled(text: str, style: str, *, has_colours: bool) -> str:
    """Return `text`, which must be safe already, in a style where styles may be used."""
    return f"{style}{text}{_PLAIN}" if has_colours and text and style else text
