"""Replaces secrets in lines for a log or a screen: by their value, and by the name before them."""

import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

REDACTED = "…"
_MIN_LENGTH = 4
_LONGEST_WORD = 7
_NAMED_SECRET = re.compile(
    r"(?i)\b((?:client_)?secret|password|passwd|token|authorization|client_id|api_?key)"
    r"(\s*[=:]\s*)(\"[^\"]*\"|(?:bearer\s+)?[^\s&,;\"]+)"
)
_BEARER = re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]+")


class Redactor:
    """Replaces every known secret in a line, and what is named like one.

    A secret is known as it is, percent-encoded, and with the escapes of JSON and HTML. Use it
    before a line is cut: of a secret that is cut, the rest is not known.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings: set[str] = set()
        for secret in secrets:
            if len(secret) >= _MIN_LENGTH:
                spellings |= _spell(secret)
        longest_first = sorted(spellings, key=len, reverse=True)
        pattern = "|".join(re.escape(spelling) for spelling in longest_first)
        self._known = re.compile(pattern) if pattern else None

    @classmethod
    def for_sentences(cls, secrets: Iterable[str]) -> "Redactor":
        """Return a redactor for a service's sentences, which replaces secrets by value.

        A secret that is itself a short word stays: the sentence can mean the word, and a gap in
        "Your password is …" would give it away.
        """
        return cls(
            secret for secret in secrets if len(secret) > _LONGEST_WORD or not secret.isalpha()
        )

    def redact_values(self, line: str) -> str:
        """Return the line without the known secrets; what is only named like one stays."""
        return line if self._known is None else self._known.sub(REDACTED, line)

    def __call__(self, line: str) -> str:
        """Return the line without its secrets."""
        line = self.redact_values(line)
        line = _NAMED_SECRET.sub(rf"\1\2{REDACTED}", line)
        return _BEARER.sub(rf"\1{REDACTED}", line)


def _spell(secret: str) -> set[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    return {
        secret,
        quote(raw, safe=""),
        quote(raw),
        quote_plus(raw),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
    }
