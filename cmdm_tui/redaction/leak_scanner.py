"""Searches what is to be written for secrets, so that none gets out.

The content is decoded in every way that a file can hold text (`decodings`), and each result is
searched. A secret under four characters is not searched for: it would be found everywhere by
chance.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from unicodedata import normalize

from cmdm_tui.config.private_files import replace_file
from cmdm_tui.redaction.decodings import SHORTEST_TEXT, DecodingSearch, SearchLimitExceeded
from cmdm_tui.text import one_line

SHORTEST_SECRET = SHORTEST_TEXT
"""Characters of the shortest secret that is searched for."""


class SecretLeak(Exception):
    """A secret is in what was to be written, so nothing was. `place` says where, not what."""

    def __init__(self, place: str, way: str = "as it is") -> None:
        super().__init__(
            f"A secret would have been written to {one_line(place, 200)} ({way}), so nothing was. "
            "Look at what the service answers there: it gives back what it was sent."
        )


class LeakScanner:
    """Knows the secrets of a run, and refuses to write what holds one of them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._needles: re.Pattern[bytes] | None = None
        self._longest = 0
        self._is_stale = False
        for secret in secrets:
            self.add_secret(secret)

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret that is searched for."""
        return frozenset(self._secrets)

    def add_secret(self, secret: str) -> None:
        """Add a secret to search for: a token received, say."""
        if len(secret) >= SHORTEST_SECRET and secret not in self._secrets:
            self._secrets.add(secret)
            self._is_stale = True

    def _compile_pattern(self) -> re.Pattern[bytes] | None:
        """Return what is searched for, compiled again after an addition; None for nothing."""
        if self._is_stale:
            spellings = {one for each in self._secrets for one in _encode_spellings(each)}
            longest_first = sorted(spellings, key=lambda one: (-len(one), one))
            self._longest = len(longest_first[0])
            self._needles = re.compile(b"|".join(re.escape(one) for one in longest_first))
            self._is_stale = False
        return self._needles

    def check(self, content: bytes | str, place: str) -> None:
        """Raise SecretLeak if a secret is in `content`, in whatever encoding.

        Content that unfolds to more than can be searched is refused too.
        """
        needles = self._compile_pattern()
        if needles is None:
            return
        raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        try:
            for way, reading in DecodingSearch(raw, self._longest).iterate_decodings():
                if needles.search(reading):
                    raise SecretLeak(place, way)
        except SearchLimitExceeded:
            raise SecretLeak(place, "perhaps: it unfolds to more than can be searched") from None

    def filter_line(self, text: str) -> str:
        """Return a line for a log or a terminal, or a remark instead of one that holds a secret."""
        try:
            self.check(text, "a line")
        except SecretLeak:
            return "(left out: this line holds a secret)"
        return text

    def write_file(self, path: Path, content: bytes) -> None:
        """Write the file whole, or raise SecretLeak and leave what was there."""
        self.check(content, str(path))
        replace_file(path, content)


def check_no_secrets(content: bytes, secrets: Iterable[str], *, place: str) -> None:
    """Raise SecretLeak if one of `secrets` is in `content`, in whatever encoding."""
    LeakScanner(secrets).check(content, place)


def _encode_spellings(secret: str) -> set[bytes]:
    forms = {secret, normalize("NFC", secret), normalize("NFD", secret)}
    found = {form.encode("utf-8", "surrogatepass") for form in forms}
    found |= {form.encode("utf-16-le", "surrogatepass") for form in forms}
    found |= {form.encode("utf-16-be", "surrogatepass") for form in forms}
    # UTF-8 that was read as Latin-1 somewhere on its way.
    found |= {one.decode("latin-1").encode("utf-8") for one in found if not one.isascii()}
    return found | {
        form.encode("latin-1")
        for form in forms
        if all(ord(character) < 0x100 for character in form)
    }
