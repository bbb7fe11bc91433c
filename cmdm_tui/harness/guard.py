"""Keeps secrets out of what is written: what is to go out is searched for every known value.

The content is decoded in every way that a file can hold text, one inside another, and each reading
is searched: as it is, with JSON's, YAML's, HTML's and percent escapes undone, out of hexadecimal,
base64 at any offset, and compressed streams. A secret under four characters is not searched for:
it would be found everywhere by chance.
"""

import binascii
import html
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

from cmdm_tui.config.files import replace_file
from cmdm_tui.text import one_line

SHORTEST = 4
"""Characters of the shortest secret that is searched for."""

_DEEPEST = 4
_MOST_BYTES = 256 * 1024 * 1024
_LARGEST_STREAM = 16 * 1024 * 1024
_PIECE = 4_096
_LONG_RUN = 16

_JSON_ESCAPE = re.compile(
    rb"((?:\\u[0-9A-Fa-f]{4})+)|\\x([0-9A-Fa-f]{2})|\\U([0-9A-Fa-f]{8})|\\([\"'\\/abefnrtv0 _N])"
)
_CHARACTERS = {
    b"a": b"\a", b"b": b"\b", b"e": b"\x1b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t",
    b"v": b"\v", b"0": b"\0", b"_": "\xa0".encode(), b"N": "\x85".encode(),
}  # fmt: skip
_LINE_CONTINUED = re.compile(rb"\\\r?\n[ \t]*(\\(?=[ \t]))?")
_LINE_FOLDED = re.compile(rb"[ \t]*\r?\n[ \t]*")
_SPACE = re.compile(rb"\s+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{6,}")
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{8,}")
_SPACED_HEXADECIMAL = re.compile(rb"(?:[0-9A-Fa-f]{2}[ :,-]){3,}[0-9A-Fa-f]{2}")
_SEPARATORS = re.compile(rb"[ :,-]")
_PRINTABLE = re.compile(rb"[\t\n\r -~]{6,}")
_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_ENTITY = re.compile(rb"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z]+);")
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|[\x08\x18\x28\x38\x48\x58\x68\x78][\x01-\xff]")
_STANDARD = bytes.maketrans(b"-_", b"+/")


class SecretLeak(Exception):
    """A secret stands in what was to be written, so nothing was. `place` says where, not what."""

    def __init__(self, place: str, way: str = "as it is") -> None:
        super().__init__(
            f"A secret would have been written to {one_line(place, 200)} ({way}), so nothing was. "
            "Look at what the service answers there: it gives back what it was sent."
        )


class _TooMuch(Exception):
    """What is to be searched unfolds without end."""


class Guard:
    """Knows the secrets of a run, and lets nothing out in which one of them stands."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._needles: re.Pattern[bytes] | None = None
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: str) -> None:
        """Know one more secret: a token received, say."""
        if len(secret) >= SHORTEST and secret not in self._secrets:
            self._secrets.add(secret)
            spelt = {one for each in self._secrets for one in _as_bytes(each)}
            longest_first = sorted(spelt, key=lambda one: (-len(one), one))
            self._needles = re.compile(b"|".join(re.escape(one) for one in longest_first))

    def check(self, content: bytes | str, place: str) -> None:
        """Raise SecretLeak if a secret stands in `content`, however it is spelt.

        Content that unfolds to more than can be searched is refused too.
        """
        if self._needles is None:
            return
        raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
        try:
            for way, reading in _readings(raw):
                if self._needles.search(reading):
                    raise SecretLeak(place, way)
        except _TooMuch:
            raise SecretLeak(place, "perhaps: it unfolds to more than can be searched") from None

    def write(self, path: Path, content: bytes) -> None:
        """Write the file whole, or raise SecretLeak and leave what was there."""
        self.check(content, str(path))
        replace_file(path, content)


def refuse_secrets(content: bytes, secrets: Iterable[str], *, place: str) -> None:
    """Raise SecretLeak if one of `secrets` stands in `content`, however it is spelt."""
    Guard(secrets).check(content, place)


def _as_bytes(secret: str) -> set[bytes]:
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


def _readings(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the content and everything it can be decoded to, each with the way that led there."""
    seen = {raw}
    level = [("", raw)]
    left = _MOST_BYTES
    yield "as it is", raw
    for _ in range(_DEEPEST):
        following: list[tuple[str, bytes]] = []
        for way, reading in level:
            for step, decoded, goes_on in _decoded(reading):
                if decoded in seen:
                    continue
                seen.add(decoded)
                left -= len(decoded)
                if left < 0:
                    raise _TooMuch
                led = f"{way}, {step}" if way else step
                yield led, decoded
                following += [(led, one) for one in goes_on if one not in seen]
                seen.update(goes_on)
        level = following


def _decoded(content: bytes) -> Iterator[tuple[str, bytes, tuple[bytes, ...]]]:
    """Yield what `content` can be decoded to, and in what form it is to be decoded further."""
    for step, reading in _as_text(content):
        yield step, reading, (reading,)
    for step, reading in _out_of_digits(content):
        # Most of it is noise, in which another encoding could only stand as plain characters.
        yield step, reading, (b"\n".join(_PRINTABLE.findall(reading)),)
        for plain in _decompressed(reading):
            yield f"{step}, compressed", plain, (plain,)
    for plain in _decompressed(content):
        yield "compressed", plain, (plain,)


def _as_text(content: bytes) -> Iterator[tuple[str, bytes]]:
    if b"\\" in content or b"\n" in content:
        # A line ends in YAML at any space, which a backslash before it takes away.
        plain = _unescaped(_LINE_FOLDED.sub(b" ", _LINE_CONTINUED.sub(b"", content)))
        yield "escaped", plain
        yield "escaped", _unescaped(content)
    if b"''" in content:
        yield "quoted", content.replace(b"''", b"'")
    if b'""' in content:
        yield "quoted", content.replace(b'""', b'"')
    if _PERCENT.search(content):
        yield "percent-encoded", unquote_to_bytes(content)
    if b"+" in content and b"%" in content:
        yield "form-encoded", unquote_to_bytes(content.replace(b"+", b" "))
    elif b"+" in content:
        yield "form-encoded", content.replace(b"+", b" ")
    if _ENTITY.search(content):
        text = html.unescape(content.decode("utf-8", "surrogateescape"))
        yield "in HTML", text.encode("utf-8", "surrogateescape")


def _out_of_digits(content: bytes) -> Iterator[tuple[str, bytes]]:
    # Both are often wrapped at some width.
    for text in {content, _SPACE.sub(b"", content)}:
        runs: list[bytes] = [run.translate(_STANDARD) for run in _BASE64.findall(text)]
        if runs:
            for start in range(4):
                yield "base64", _from_base64([run[start:] for run in runs])
            long = [_from_base64([run]) for run in runs if len(run) >= _LONG_RUN]
            plain = [_inflated(one, -zlib.MAX_WBITS) for one in long]
            yield "base64, compressed", b"\n".join(plain)
        digits: list[bytes] = _HEXADECIMAL.findall(text)
        spaced: list[bytes] = _SPACED_HEXADECIMAL.findall(text)
        digits += [_SEPARATORS.sub(b"", run) for run in spaced]
        if digits:
            for start in range(2):
                yield "hexadecimal", _from_hexadecimal([run[start:] for run in digits])


def _from_base64(runs: list[bytes]) -> bytes:
    # Whole groups, so that all can be decoded at once; what is added stands behind each run.
    return binascii.a2b_base64(b"".join(run + b"AAAA"[len(run) % 4 :] for run in runs))


def _from_hexadecimal(runs: list[bytes]) -> bytes:
    return binascii.unhexlify(b"00".join(run[: len(run) // 2 * 2] for run in runs))


def _decompressed(content: bytes) -> Iterator[bytes]:
    # Raw deflate has no mark of its own; it is looked for where a body begins.
    starts = [(0, -zlib.MAX_WBITS)]
    for found in _COMPRESSED.finditer(content):
        head = found[0]
        is_gzip = head[0] == 0x1F
        if is_gzip or int.from_bytes(head[:2], "big") % 31 == 0:
            starts.append((found.start(), zlib.MAX_WBITS | 16 if is_gzip else zlib.MAX_WBITS))
    view = memoryview(content)
    for start, window in starts:
        plain = _inflated(view[start:], window)
        if len(plain) >= SHORTEST:
            yield plain


def _inflated(content: bytes | memoryview, window: int) -> bytes:
    """Return what comes of a stream before it ends or turns out to be none."""
    stream = zlib.decompressobj(window)
    pieces: list[bytes] = []
    size = 0
    for start in range(0, len(content), _PIECE):
        try:
            piece = stream.decompress(content[start : start + _PIECE])
        except zlib.error:
            break
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST_STREAM:
            raise _TooMuch
        if stream.eof:
            break
    return b"".join(pieces)


def _unescaped(content: bytes) -> bytes:
    return _JSON_ESCAPE.sub(_character, content)


def _character(found: re.Match[bytes]) -> bytes:
    units, byte, point, letter = found.groups()
    if units is not None:
        numbers = [int(unit, 16) for unit in units.split(b"\\u")[1:]]
        text = b"".join(number.to_bytes(2, "big") for number in numbers)
        return text.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")
    if byte is not None or point is not None:
        number = int(byte or point, 16)
        is_character = number <= 0x10FFFF
        return chr(number).encode("utf-8", "surrogatepass") if is_character else found[0]
    return _CHARACTERS.get(letter, letter)
