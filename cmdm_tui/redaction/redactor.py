"""Replaces secrets in lines for a log or a screen: by their value, and by the name before them."""

import re
from collections.abc import Iterable

from cmdm_tui.redaction.decodings import SearchLimitExceeded
from cmdm_tui.redaction.secret_matcher import SIGN_IN_WORDS, SecretMatcher, shown_piece_length

REDACTED = "…"
LEFT_OUT = "(left out: secrets may be in it)"
"""What is shown instead of a text that unfolds to more than can be searched."""

_MOST_PASSES = 8
_LONGEST_WORD = 7
_NAMED_SECRET = re.compile(
    r"(?i)\b((?:client_)?secret|password|passwd|token|authorization|client_id|api_?key)"
    r"(\s*[=:]\s*)(\"[^\"]*\"|(?:bearer\s+)?[^\s&,;\"]+)"
)
_NAMED_SO = re.compile(
    r"(?i)(?<![a-z])(?:secret|password|passwd|passphrase|token|authorization"
    r"|(?:api|access)[_ -]?key|client[_ -]?(?:id|secret))"
)
_BEFORE_VALUE = re.compile(r"(?i)[\"'\\]*\s*(?:=|:|\bIN\b|\bI?LIKE\b)[\s(\"'\\]*[^\s\"'&,;()\\]")
_VARIABLE_SET = re.compile(r"\\set\s+(\S+)\s+\S")
_COLUMNS_LISTED = re.compile(r"(?i)\(([^()]*)\)\s*VALUES\b")
_COOKIE = re.compile(
    r"(?i)((?:set-)?cookie['\"]?\s*[=:,]\s*(?:b?['\"])?[A-Za-z0-9_.-]*=)([^\s;,'\"]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]+")


class Redactor:
    """Replaces every known secret in a line, and what is named like one.

    A secret is known in every case and encoding, and in pieces (`secret_matcher`). Use it before a
    line is cut: of a secret that is cut, a short beginning is not known. A secret under four
    characters is replaced only where a name such as `password=` is before it: any text holds it by
    chance.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._matcher = SecretMatcher(secrets, shown_piece_length, finds_cuts=True)

    @classmethod
    def for_sentences(cls, secrets: Iterable[str]) -> "Redactor":
        """Return a redactor for a service's sentences, which replaces secrets by value.

        A secret that is itself a short word, or a word of every sentence about a sign-in, stays:
        the sentence can mean the word, and a gap in "Your password is …" would give it away.
        """
        return cls(
            secret
            for secret in secrets
            if secret.lower() not in SIGN_IN_WORDS
            and (len(secret) > _LONGEST_WORD or not secret.isalpha())
        )

    def redact_values(self, line: str) -> str:
        """Return the line without the known secrets; what is only named like one stays."""
        content = line.encode("utf-8", "surrogatepass")
        # Concealed, a text may still hold one: of equal encodings, each pass finds the first.
        for _ in range(_MOST_PASSES):
            try:
                spans = self._matcher.locate(content)
            except SearchLimitExceeded:
                return LEFT_OUT
            if not spans:
                return content.decode("utf-8", "surrogatepass")
            content = _replace_spans(content, spans)
        return LEFT_OUT

    def __call__(self, line: str) -> str:
        """Return the line without its secrets."""
        line = self.redact_values(line)
        line = _NAMED_SECRET.sub(rf"\1\2{REDACTED}", line)
        line = _COOKIE.sub(rf"\1{REDACTED}", line)
        return _BEARER.sub(rf"\1{REDACTED}", line)


def names_secret(text: str) -> bool:
    """Return whether a text gives a value to what is named like a secret, or to a cookie.

    In SQL, JSON, the parameters of a path, a header, or by setting a variable of such a name.
    """
    if any(_BEFORE_VALUE.match(text, found.end()) for found in _NAMED_SO.finditer(text)):
        return True
    lists = (found[1] for each in (_VARIABLE_SET, _COLUMNS_LISTED) for found in each.finditer(text))
    if any(_NAMED_SO.search(names) for names in lists):
        return True
    return any(found.search(text) for found in (_COOKIE, _BEARER))


def _replace_spans(content: bytes, spans: list[tuple[int, int]]) -> bytes:
    """Return UTF-8 without what is at the spans, nor the same elsewhere."""
    mark, kept, position = REDACTED.encode(), list[bytes](), 0
    found: set[bytes] = set()
    for first, last in spans:
        start = max(_round_to_character(content, first, -1), position)
        end = _round_to_character(content, last, 1)
        found.add(content[start:end])
        kept += (content[position:start], mark)
        position = end
    left = b"".join((*kept, content[position:]))
    for same in sorted(found, key=len, reverse=True):
        left = left.replace(same, mark)
    return left


def _round_to_character(content: bytes, position: int, step: int) -> int:
    """Return the position, moved out of the middle of a character."""
    while 0 < position < len(content) and content[position] & 0xC0 == 0x80:
        position += step
    return position
