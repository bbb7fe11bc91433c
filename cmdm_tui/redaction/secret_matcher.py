"""Finds secrets in content: whole or in part, in upper or lower case, in whatever encoding.

One matcher serves what replaces secrets (`redactor`) and what refuses to write them
(`leak_scanner`). Its work grows with the content and its decodings, and is bounded by both.

What is found of a secret:

- all of it, from four characters: a shorter one is in any text by chance;
- a piece of it, from a length that the caller chooses, unless the piece is a word: a service may
  show the beginning of a token, or cut its own answer short;
- where the caller wants it, its beginning or end from four characters where a text was cut: at an
  end of the text, a quote, an ellipsis or stars. Elsewhere so few are found by chance.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from unicodedata import normalize

from cmdm_tui.redaction.decodings import SHORTEST_TEXT, DecodingSearch, Reading

SHORTEST_SECRET = SHORTEST_TEXT
"""Characters of the shortest secret that is searched for."""

PieceLength = Callable[[int], int]
"""Gives the length of the shortest piece that counts, by the length of a secret."""

_LONGEST_WORD = 11
_SHORTEST_PIECE = 5
_USUAL_PIECE = 8
_PARTS_OF_LONG_SECRET = 8
_MOST_PLACES = 8
_FEW = 4
_GROUPED_BYTES = SHORTEST_SECRET
_ADDRESS = re.compile(r"[^@\s]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")

_SHORTEST_CUT = 4
_SHORTEST_CUT_NUMBER = 6
_SHORTEST_CUT_WORD = 8
SIGN_IN_WORDS = frozenset({"password", "username", "passwords", "authorize", "credential"})
"""Words from eight letters that end sentences about a sign-in: a gap in one would give it away."""

_BROKEN_ESCAPE = rb"(?:\\{0,3}(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?|%[0-9a-f]?|&(?:#x?)?[0-9a-z]{0,8})?"
_MARKS = rb"[\"'`*]|\.\.|" + re.escape("…".encode())
_CUT_BEHIND = rb"(?=" + _BROKEN_ESCAPE + rb"\s*(?:\Z|\\?(?:" + _MARKS + rb")))"
_CUT_BEFORE = rb"(?:\A|" + _MARKS + rb")\s*"


def shown_piece_length(length: int) -> int:
    """Return how much of a secret is too much to show: eight characters, of a short one most."""
    if length <= _USUAL_PIECE + 2:
        return max(_SHORTEST_PIECE, -(-length * 3 // 4))
    return max(_USUAL_PIECE, length // _PARTS_OF_LONG_SECRET)


def written_piece_length(length: int) -> int:
    """Return how much of a secret is too much to write to a file: half of it, 16 at least."""
    return max(2 * _USUAL_PIECE, -(-length // 2))


class SecretMatcher:
    """Knows some secrets, and finds them. `piece_length` says which pieces count, None for none.

    With `finds_cuts`, a short piece counts where a text was cut.
    A secret may be an address, whose end is in other texts: no piece of it counts.
    """

    def __init__(
        self,
        secrets: Iterable[str],
        piece_length: PieceLength | None,
        *,
        finds_cuts: bool = False,
    ) -> None:
        kept = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        spellings = {one.lower() for secret in kept for one in _spell(secret)}
        longest_first = sorted(spellings, key=lambda one: (-len(one), one))
        self._longest = len(longest_first[0]) if longest_first else 0
        self._wanted = bytes(sorted({byte for one in spellings for byte in one}))
        self._whole = re.compile(_match_any(longest_first)) if spellings else None
        forms = [
            (len(secret), form)
            for secret in sorted(kept)
            if not _ADDRESS.fullmatch(secret)
            for form in sorted(_change_case(secret))
        ]
        self._pieces = [
            _Pieces(form, piece_length(length))
            for length, form in forms
            if piece_length is not None
        ]
        self._cuts = [_Cuts(form) for _, form in forms if finds_cuts]

    def find(self, content: bytes) -> str | None:
        """Return how the first secret found is encoded, None where there is none.

        Raises SearchLimitExceeded for content that unfolds to more than can be searched.
        """
        for reading, _ in self._iterate_found(content):
            return reading.way or "as it is"
        return None

    def holds_plainly(self, content: bytes) -> bool:
        """Return whether a whole secret is in content as it is, in no further encoding."""
        return self._whole is not None and self._whole.search(content.lower()) is not None

    def locate(self, content: bytes) -> list[tuple[int, int]]:
        """Return where secrets are in `content`, in bytes, in order; no two touch.

        Of two equal encodings, the first is found. Raises SearchLimitExceeded.
        """
        found = self._iterate_found(content)
        spans = sorted(reading.locate(*span) for reading, spans in found for span in spans)
        merged: list[tuple[int, int]] = []
        for start, end in spans:
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        return merged

    def _iterate_found(self, content: bytes) -> Iterator[tuple[Reading, list[tuple[int, int]]]]:
        if self._whole is None:
            return
        for reading in DecodingSearch(content, self._longest, self._wanted).iterate_readings():
            text = reading.content.lower()
            spans = [found.span() for found in self._whole.finditer(text)]
            for pieces in self._pieces:
                spans += pieces.find(text)
            for cuts in self._cuts:
                spans += cuts.find(text)
            if spans:
                yield reading, spans


class _Pieces:
    """The pieces of one secret, from a length on.

    A piece holds one of the blocks into which the secret is divided, at half that length: only
    where a block is found is the rest compared.
    """

    def __init__(self, secret: str, shortest: int) -> None:
        self._secret = secret.encode("utf-8", "surrogatepass").lower()
        self._shortest = shortest
        size = max(shortest // 2, 1)
        self._blocks: dict[bytes, list[int]] = {}
        if len(self._secret) > shortest:
            for start in range(0, len(self._secret) - size + 1, size):
                places = self._blocks.setdefault(self._secret[start : start + size], [])
                if len(places) < _MOST_PLACES:
                    places.append(start)

    def find(self, text: bytes) -> list[tuple[int, int]]:
        """Return where a piece is in text in lower case."""
        spans: list[tuple[int, int]] = []
        for block, places in self._blocks.items():
            at = text.find(block)
            while at >= 0:
                start, end = max((self._extend(text, at, place) for place in places), key=_length)
                if self._counts(text[start:end]):
                    spans.append((start, end))
                    at = text.find(block, max(end - len(block) + 1, at + 1))
                else:
                    at = text.find(block, at + 1)
        return spans

    def _extend(self, text: bytes, at: int, place: int) -> tuple[int, int]:
        secret, start, end = self._secret, at, at
        before, after = place, place
        while before and start and text[start - 1] == secret[before - 1]:
            start, before = start - 1, before - 1
        while after < len(secret) and end < len(text) and text[end] == secret[after]:
            end, after = end + 1, after + 1
        return start, end

    def _counts(self, piece: bytes) -> bool:
        characters = piece.decode("utf-8", "ignore")
        return len(characters) >= self._shortest and (
            len(characters) > _LONGEST_WORD or not characters.isalpha()
        )


class _Cuts:
    """The beginnings and ends of one secret that count where a text was cut."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._parts = [one.encode("utf-8", "surrogatepass").lower() for one in secret]
        most = min(len(secret) - 1, _LONGEST_WORD)
        self._patterns: tuple[tuple[bytes, re.Pattern[bytes]], ...] = ()
        if most >= _SHORTEST_CUT:
            first, last = self._parts[:most], self._parts[len(secret) - most :]
            beginning = re.compile(b"(" + _match_beginning(first) + b")" + _CUT_BEHIND)
            end = re.compile(_CUT_BEFORE + b"(" + _match_end(last) + b")")
            self._patterns = (
                (b"".join(first[:_SHORTEST_CUT]), beginning),
                (b"".join(last[-_SHORTEST_CUT:]), end),
            )

    def find(self, text: bytes) -> list[tuple[int, int]]:
        """Return where one is in text in lower case."""
        return [
            found.span(1)
            for needed, pattern in self._patterns
            # Most texts do not hold it, and to look for it is much faster.
            if needed in text
            for found in pattern.finditer(text)
            if self._counts(found[1])
        ]

    def _counts(self, found: bytes) -> bool:
        size = len(found.decode("utf-8", "ignore"))
        is_beginning = found == b"".join(self._parts[:size])
        piece = self._secret[:size] if is_beginning else self._secret[-size:]
        if piece.isdigit():
            return size >= _SHORTEST_CUT_NUMBER
        if not piece.isalpha() or piece not in {piece.lower(), piece.upper(), piece.title()}:
            return True
        return size >= _SHORTEST_CUT_WORD and piece.lower() not in SIGN_IN_WORDS


def _match_any(longest_first: list[bytes], depth: int = 0) -> bytes:
    """Return a pattern of any of the texts, of two at one place the one that is listed first.

    Those that begin alike are tried together: of hundreds, few are compared at each place.
    """
    if len(longest_first) < _FEW or depth == _GROUPED_BYTES:
        return b"|".join(map(re.escape, longest_first))
    groups: dict[bytes, list[bytes]] = {}
    for text in longest_first:
        groups.setdefault(text[:1], []).append(text[1:])
    return b"|".join(
        re.escape(first) + b"(?:" + _match_any(rest, depth + 1) + b")"
        for first, rest in groups.items()
    )


def _match_beginning(parts: list[bytes]) -> bytes:
    """Return a pattern of the first four parts, and of as many of the next as follow."""
    pattern = b""
    for part in reversed(parts[_SHORTEST_CUT:]):
        pattern = b"(?:" + re.escape(part) + pattern + b")?"
    return re.escape(b"".join(parts[:_SHORTEST_CUT])) + pattern


def _match_end(parts: list[bytes]) -> bytes:
    """Return a pattern of the last four parts, and of as many of those before as there are."""
    pattern = b""
    for part in parts[:-_SHORTEST_CUT]:
        pattern = b"(?:" + pattern + re.escape(part) + b")?"
    return pattern + re.escape(b"".join(parts[-_SHORTEST_CUT:]))


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]


def _change_case(secret: str) -> set[str]:
    """Return the secret's forms in Unicode, in each case that is not ASCII's.

    The case of ASCII is of no account when it is searched.
    """
    forms = {secret, normalize("NFC", secret), normalize("NFD", secret)}
    if not secret.isascii():
        cases = (str.lower, str.upper, str.casefold, str.swapcase, str.title)
        forms |= {change(form) for form in set(forms) for change in cases}
    return forms


def _spell(secret: str) -> set[bytes]:
    """Return the secret's bytes in the encodings that a text may have."""
    forms = _change_case(secret)
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
