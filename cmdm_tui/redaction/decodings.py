"""Decodes content in every way that a file can hold text, one inside another.

Each result can be searched: the content as it is, with the escapes of JSON, YAML, HTML and percent
encoding undone, out of hexadecimal, base64 at any offset, and compressed streams.
"""

import binascii
import html
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote_to_bytes

SHORTEST_TEXT = 4
"""Characters of the shortest text that is worth searching for; others are found by chance."""

_MAX_DEPTH = 4
_MAX_BYTES = 256 * 1024 * 1024
_MAX_EXPANSION = 200
_WIDEST = 48
_LARGEST_STREAM = 16 * 1024 * 1024
_CHUNK_SIZE = 4_096
_LONG_RUN = 8

_JSON_ESCAPE = re.compile(
    rb"((?:\\u[0-9A-Fa-f]{4})+)|\\x([0-9A-Fa-f]{2})|\\U([0-9A-Fa-f]{8})|\\([\"'\\/abefnrtv0 _NLP])"
)
_CHARACTERS = {
    b"a": b"\a", b"b": b"\b", b"e": b"\x1b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t",
    b"v": b"\v", b"0": b"\0", b"_": "\xa0".encode(), b"N": "\x85".encode(),
    b"L": "\u2028".encode(), b"P": "\u2029".encode(),
}  # fmt: skip
_LINE_CONTINUED = re.compile(rb"\\\r?\n[ \t]*(\\(?=[ \t]))?")
_LINES_FOLDED = re.compile(rb"[ \t]*\r?\n((?:[ \t]*\r?\n)*)[ \t]*")
_SPACE = re.compile(rb"\s+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{6,}")
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{8,}")
_SPACED_HEXADECIMAL = re.compile(rb"(?:[0-9A-Fa-f]{2}[ :,-]){3,}[0-9A-Fa-f]{2}")
_SEPARATORS = re.compile(rb"[ :,-]")
_PRINTABLE = re.compile(rb"[\t\n\r -~]{6,}")
_ESCAPE = re.compile(rb"\\")
_QUOTE = re.compile(rb"''")
_DOUBLE_QUOTE = re.compile(rb'""')
_PLUS = re.compile(rb"[+]")
_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_ENTITY = re.compile(rb"&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z]+);")
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|[\x08\x18\x28\x38\x48\x58\x68\x78][\x01-\xff]")
_STANDARD = bytes.maketrans(b"-_", b"+/")


class SearchLimitExceeded(Exception):
    """What is to be searched unfolds without end."""


class DecodingSearch:
    """One search: what was read already is not read again, as much of it is the same text."""

    def __init__(self, raw: bytes, longest: int) -> None:
        self._raw = raw
        # A character takes six of JSON's, and each of those eight of HTML's.
        self._margin = _WIDEST * longest
        self._read, self._queued = {raw}, {raw}
        self._runs: set[bytes] = set()
        self._left = max(_MAX_BYTES, _MAX_EXPANSION * len(raw))

    def iterate_decodings(self) -> Iterator[tuple[str, bytes]]:
        """Yield the content and all it can be decoded to, each with the way that led there."""
        yield "as it is", self._raw
        level = [("", self._raw)]
        for _ in range(_MAX_DEPTH):
            following: list[tuple[str, bytes]] = []
            for way, reading in level:
                for step, decoded, goes_on in self._decode(reading):
                    led = f"{way}, {step}" if way else step
                    if goes_on not in self._queued:
                        self._queued.add(goes_on)
                        following.append((led, goes_on))
                    if decoded not in self._read:
                        self._count(decoded)
                        yield led, decoded
            level = following

    def _count(self, decoded: bytes) -> None:
        self._read.add(decoded)
        self._left -= len(decoded)
        if self._left < 0:
            raise SearchLimitExceeded

    def _decode(self, content: bytes) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield what `content` can be decoded to, and in what form it is to be decoded further."""
        for step, reading in _decode_text(content, self._margin):
            yield step, reading, reading
        # Both are often wrapped at some width.
        for text in (content, _SPACE.sub(b"", content)):
            for step, reading in _decode_digits(text, self._take_new_runs):
                # Most of it is noise, in which an encoding could only stand as plain characters.
                yield step, reading, b"\n".join(_PRINTABLE.findall(reading))
                for plain in _find_compressed(reading):
                    yield f"{step}, compressed", plain, plain
        for plain in _find_compressed(content):
            yield "compressed", plain, plain

    def _take_new_runs(self, runs: Iterable[bytes]) -> list[bytes]:
        found = [run for run in dict.fromkeys(runs) if run not in self._runs]
        self._runs.update(found)
        return found


def _decode_text(content: bytes, margin: int) -> Iterator[tuple[str, bytes]]:
    if b"\\" in content or b"\n" in content:
        # A line ends in YAML at any space, which a backslash before it takes away; a line's end
        # that is meant is written as an empty line.
        yield (
            "escaped",
            _unescape(_LINES_FOLDED.sub(_unfold_line, _LINE_CONTINUED.sub(b"", content))),
        )
        yield "escaped", _unescape(_cut_windows(_ESCAPE, content, margin))
    yield "quoted", _cut_windows(_QUOTE, content, margin).replace(b"''", b"'")
    yield "quoted", _cut_windows(_DOUBLE_QUOTE, content, margin).replace(b'""', b'"')
    yield "percent-encoded", unquote_to_bytes(_cut_windows(_PERCENT, content, margin))
    yield "form-encoded", unquote_to_bytes(_cut_windows(_PLUS, content, margin).replace(b"+", b" "))
    entities = _cut_windows(_ENTITY, content, margin)
    if entities:
        text = html.unescape(entities.decode("utf-8", "surrogateescape"))
        yield "in HTML", text.encode("utf-8", "surrogateescape")


def _cut_windows(pattern: re.Pattern[bytes], content: bytes, margin: int) -> bytes:
    """Return what is near a match: elsewhere, decoding it would change nothing."""
    windows: list[tuple[int, int]] = []
    for found in pattern.finditer(content):
        start, end = max(found.start() - margin, 0), found.end() + margin
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    return b"\n\0\n".join(content[start:end] for start, end in windows)


def _decode_digits(
    text: bytes, new: Callable[[Iterable[bytes]], list[bytes]]
) -> Iterator[tuple[str, bytes]]:
    runs = new(run.translate(_STANDARD) for run in _BASE64.findall(text))
    if runs:
        for start in range(4):
            yield "base64", _decode_base64([run[start:] for run in runs])
        long = [_decode_base64([run]) for run in runs if len(run) >= _LONG_RUN]
        yield "base64, compressed", b"\n".join(_inflate(one, -zlib.MAX_WBITS) for one in long)
    spaced = (_SEPARATORS.sub(b"", run) for run in _SPACED_HEXADECIMAL.findall(text))
    # A mark keeps them apart from the same digits read as base64.
    marked = new(b"#" + run for run in (*_HEXADECIMAL.findall(text), *spaced))
    digits = [run[1:] for run in marked]
    if digits:
        for start in range(2):
            yield "hexadecimal", _decode_hexadecimal([run[start:] for run in digits])


def _decode_base64(runs: list[bytes]) -> bytes:
    # Whole groups, so that all can be decoded at once; what is added comes after each run.
    return binascii.a2b_base64(b"".join(run + b"AAAA"[len(run) % 4 :] for run in runs))


def _decode_hexadecimal(runs: list[bytes]) -> bytes:
    return binascii.unhexlify(b"00".join(run[: len(run) // 2 * 2] for run in runs))


def _find_compressed(content: bytes) -> Iterator[bytes]:
    # Raw deflate has no mark; it is looked for where a body begins.
    starts = [(0, -zlib.MAX_WBITS)]
    for found in _COMPRESSED.finditer(content):
        head = found[0]
        is_gzip = head[0] == 0x1F
        if is_gzip or int.from_bytes(head[:2], "big") % 31 == 0:
            starts.append((found.start(), zlib.MAX_WBITS | 16 if is_gzip else zlib.MAX_WBITS))
    view = memoryview(content)
    for start, window in starts:
        plain = _inflate(view[start:], window)
        if len(plain) >= SHORTEST_TEXT:
            yield plain


def _inflate(content: bytes | memoryview, window: int) -> bytes:
    """Return what a stream holds; of one that does not come to its end, what looks like text.

    What is not a stream seldom fails at once, but never has an end with the right checksum.
    """
    stream = zlib.decompressobj(window)
    pieces: list[bytes] = []
    size = 0
    for start in range(0, len(content), _CHUNK_SIZE):
        try:
            piece = stream.decompress(content[start : start + _CHUNK_SIZE])
        except zlib.error:
            break
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST_STREAM:
            raise SearchLimitExceeded
        if stream.eof:
            return b"".join(pieces)
    return b"\n".join(_PRINTABLE.findall(b"".join(pieces))) if size else b""


def _unfold_line(found: re.Match[bytes]) -> bytes:
    return b"\n" * found[1].count(b"\n") or b" "


def _unescape(content: bytes) -> bytes:
    return _JSON_ESCAPE.sub(_decode_escape, content)


def _decode_escape(found: re.Match[bytes]) -> bytes:
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
