"""Writes bytes as a literal of PHP."""

_ESCAPES = {0x22: '\\"', 0x24: "\\$", 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}


def quote_php(content: bytes) -> str:
    """Return a literal of the bytes, in ASCII (PHP manual, Strings).

    In single quotes where quotes and backslashes alone are to be escaped; else in double quotes,
    with `$` and all that is not printable escaped: PHP's strings are bytes, so any can be written.
    """
    if all(0x20 <= byte <= 0x7E for byte in content):
        text = content.decode("ascii").replace("\\", "\\\\").replace("'", "\\'")
        return f"'{text}'"
    return '"' + "".join(_escape(byte) for byte in content) + '"'


def _escape(byte: int) -> str:
    if byte in _ESCAPES:
        return _ESCAPES[byte]
    return chr(byte) if 0x20 <= byte <= 0x7E else f"\\x{byte:02x}"
