"""The one door for untrusted text: what a terminal or a spreadsheet would act on becomes visible.

Record values, names, error bodies and headers can hold anything. A terminal obeys the control
characters among them, and a reader is misled by the ones that reorder or hide text. Everything that
comes from a server or a file passes here before it is shown.
"""

import re
import unicodedata

ELLIPSIS = "…"

_CONTROL_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
# Joiners shape scripts and emoji and cannot reorder or hide anything, so they may stay.
_JOINERS = {"\u200c", "\u200d"}
_UNSAFE_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_PRINTABLE_ASCII = re.compile(r"[ -~]*")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def visible(value: str, *, keep_lines: bool = False) -> str:
    """Return `value` with every control, format and surrogate character made visible.

    C0 controls and DEL turn into their control pictures (`␛`), the rest into `<U+202E>`. What comes
    back never moves a cursor, starts an escape sequence, changes the direction of text or fails to
    encode. With `keep_lines`, line feeds stay (CR LF counts as one) and tabs become four spaces.
    """
    if _PRINTABLE_ASCII.fullmatch(value):
        return value
    if keep_lines:
        value = value.replace("\r\n", "\n").expandtabs(4)
        return "\n".join(visible(line) for line in value.split("\n"))
    return "".join(_show(character) for character in value)


def one_line(value: str, limit: int | None = None) -> str:
    """Return `value` made visible on one line, cut to `limit` characters with an ellipsis."""
    if limit is not None and len(value) > limit:
        return visible(value[: max(limit - 1, 0)]) + ELLIPSIS
    return visible(value)


def escape_formula(value: str) -> str:
    """Return `value` so that no spreadsheet takes it for a formula, by a quote before a risky one.

    Plain signed numbers stay as they are. See OWASP, "CSV Injection".
    """
    if value.startswith(_FORMULA_STARTS) and not _PLAIN_NUMBER.fullmatch(value):
        return "'" + value
    return value


def _show(character: str) -> str:
    code = ord(character)
    if code in _CONTROL_PICTURES:
        return _CONTROL_PICTURES[code]
    if unicodedata.category(character) in _UNSAFE_CATEGORIES and character not in _JOINERS:
        return f"<U+{code:04X}>"
    return character
