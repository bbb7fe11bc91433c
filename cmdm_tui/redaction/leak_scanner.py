"""Searches what is to be written for secrets, so that none gets out.

`secret_matcher` says what is found: whole secrets, and half of one. A secret under four characters
is not searched for: it would be found everywhere by chance.
"""

from collections.abc import Iterable
from pathlib import Path

from cmdm_tui.config.private_files import replace_file
from cmdm_tui.redaction.decodings import SearchLimitExceeded
from cmdm_tui.redaction.secret_matcher import (
    SHORTEST_SECRET,
    SecretMatcher,
    written_piece_length,
)
from cmdm_tui.text import one_line


class SecretLeak(Exception):
    """A secret is in what was to be written, so nothing was. `place` says where, not what."""

    def __init__(self, place: str, way: str = "as it is") -> None:
        super().__init__(self._describe(place, way))
        self.way = way

    def _describe(self, place: str, way: str) -> str:
        return (
            f"A secret would have been written to {one_line(place, 200)} ({way}), so nothing was. "
            "Look at what the service answers there: it gives back what it was sent."
        )


class LeakScanner:
    """Knows the secrets of a run, and refuses to write what holds one of them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._matcher: SecretMatcher | None = None
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
            self._matcher = None

    def check(self, content: bytes | str, place: str) -> None:
        """Raise SecretLeak if a secret is in `content`, in whatever encoding.

        Content that unfolds to more than can be searched is refused too.
        """
        if not self._secrets:
            return
        if self._matcher is None:
            self._matcher = SecretMatcher(self._secrets, written_piece_length)
        raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        try:
            way = self._matcher.find(raw)
        except SearchLimitExceeded:
            raise SecretLeak(place, "perhaps: it unfolds to more than can be searched") from None
        if way is not None:
            raise SecretLeak(place, way)

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
