"""Decodes content in every way that a file can hold text, one inside another.

Each result can be searched: the content as it is, with the escapes of JSON, YAML, HTML and percent
encoding undone, out of hexadecimal, base64 at any offset, and compressed streams. Of each, `locate`
says where in the content a part of it is (`offsets`), which is worked out only when it is asked.
"""

import binascii
import html
import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from cmdm_tui.redaction.offsets import Offsets, Segment, trace_pieces, trace_substitution

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
    rb"((?:\\u[Dd][89ABab][0-9A-Fa-f]{2})?\\u[0-9A-Fa-f]{4})"
    rb"|\\x([0-9A-Fa-f]{2})|\\U([0-9A-Fa-f]{8})|\\([\"'\\/abefnrtv0 _NLP])"
)
_CHARACTERS = {
    b"a": b"\a", b"b": b"\b", b"e": b"\x1b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t",
    b"v": b"\v", b"0": b"\0", b"_": "\xa0".encode(), b"N": "\x85".encode(),
    b"L": "\u2028".encode(), b"P": "\u2029".encode(),
}  # fmt: skip
# After a pair of backslashes, which are one that is meant, a line is folded as any other.
_LINE_CONTINUED = re.compile(rb"(?<!\\)((?:\\\\)*)\\\r?\n[ \t]*(?:\\(?=[ \t]))?")
_LINES_FOLDED = re.compile(rb"[ \t]*\r?\n((?:[ \t]*\r?\n)*)[ \t]*")
_LINE_BREAK = re.compile(rb"[ \t]*\r?\n[ \t]*")
_SPACE = re.compile(rb"\s+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{6,}")
_HEXADECIMAL = re.compile(rb"[0-9A-Fa-f]{8,}")
# Three or more with their separators; written out, they are found five times as fast.
_SPACED_HEXADECIMAL = re.compile(
    rb"[0-9A-Fa-f][0-9A-Fa-f][ :,-][0-9A-Fa-f][0-9A-Fa-f][ :,-][0-9A-Fa-f][0-9A-Fa-f][ :,-]"
    rb"(?:[0-9A-Fa-f]{2}[ :,-])*[0-9A-Fa-f]{2}"
)
_SEPARATORS = re.compile(rb"[ :,-]")
_PRINTABLE = re.compile(rb"[\t\n\r -~]{6,}")
_ESCAPE = re.compile(rb"\\")
_QUOTE = re.compile(rb"''")
_DOUBLE_QUOTE = re.compile(rb'""')
_PLUS = re.compile(rb"[+]")
_PERCENT = re.compile(rb"%[0-9A-Fa-f]{2}")
_PERCENT_OR_PLUS = re.compile(rb"[+]|%[0-9A-Fa-f]{2}")
# As browsers do: an entity that ends without its semicolon is one, too.
_ENTITY = re.compile(rb"&(?:#[0-9]{1,9};?|#[xX][0-9A-Fa-f]{1,8};?|[A-Za-z][A-Za-z0-9]{1,31};?)")
_COMPRESSED = re.compile(rb"\x1f\x8b\x08|[\x08\x18\x28\x38\x48\x58\x68\x78][\x01-\xff]")
_SPACES = frozenset(b" \t\r\n")
_ANY = frozenset(range(256))
_STANDARD = bytes.maketrans(b"-_", b"+/")


class SearchLimitExceeded(Exception):
    """What is to be searched unfolds without end."""


class Reading:
    """Content in one of its decodings: the `way` that led there, and the bytes to search."""

    __slots__ = ("_offsets", "_trace", "content", "origin", "way")

    def __init__(
        self,
        way: str,
        content: bytes,
        origin: "Reading | None" = None,
        trace: Callable[[], Offsets] | None = None,
    ) -> None:
        self.way = way
        self.content = content
        self.origin = origin
        self._trace = trace
        self._offsets: Offsets | None = None

    def locate(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the source, in bytes, what is here from `start` to `end` comes from."""
        if self.origin is None or self._trace is None:
            return start, end
        if self._offsets is None:
            self._offsets = self._trace()
        return self.origin.locate(*self._offsets.locate(start, end))

    def substitute(
        self, step: str, pattern: re.Pattern[bytes], decode: Callable[[re.Match[bytes]], bytes]
    ) -> "Reading":
        """Return a reading with every match of `pattern` decoded."""
        content = self.content
        return Reading(
            self._lead(step),
            pattern.sub(decode, content),
            self,
            partial(trace_substitution, content, pattern, decode),
        )

    def pick(self, step: str, parts: list[tuple[int, int]], separator: bytes) -> "Reading":
        """Return a reading of some parts only, each from a start to an end."""
        content = self.content
        segments = [Segment(start, end, end - start) for start, end in parts]
        return Reading(
            self._lead(step),
            separator.join([content[start:end] for start, end in parts]),
            self,
            partial(trace_pieces, segments, len(separator)),
        )

    def derive(self, step: str, content: bytes, segments: list[Segment], gap: int = 0) -> "Reading":
        """Return a reading whose `content` was decoded out of `segments`, `gap` bytes apart."""
        return Reading(self._lead(step), content, self, partial(trace_pieces, segments, gap))

    def _lead(self, step: str) -> str:
        return f"{self.way}, {step}" if self.way and step else self.way or step


class DecodingSearch:
    """One search: what was read already is not read again, as much of it is the same text.

    What is searched for has `longest` bytes at most, and no others than `wanted`: a step that makes
    nothing but quotes or spaces is left out of text where none of those is wanted. (In what is no
    text, there may be compressed streams of any bytes.)
    """

    def __init__(self, raw: bytes, longest: int, wanted: bytes) -> None:
        self._raw = raw
        self._wanted = frozenset(wanted)
        # A character takes six of JSON's, and each of those eight of HTML's.
        self._margin = _WIDEST * longest
        self._read, self._queued = {raw}, {raw}
        self._runs: set[bytes] = set()
        self._left = max(_MAX_BYTES, _MAX_EXPANSION * len(raw))

    def iterate_readings(self) -> Iterator[Reading]:
        """Yield the content and all it can be decoded to."""
        source = Reading("", self._raw)
        yield source
        level = [source]
        for _ in range(_MAX_DEPTH):
            following: list[Reading] = []
            for reading in level:
                for decoded, goes_on in self._decode(reading):
                    if goes_on.content not in self._queued:
                        self._queued.add(goes_on.content)
                        following.append(goes_on)
                    if decoded.content not in self._read:
                        self._count(decoded.content)
                        yield decoded
            level = following

    def _count(self, decoded: bytes) -> None:
        self._read.add(decoded)
        self._left -= len(decoded)
        if self._left < 0:
            raise SearchLimitExceeded

    def _decode(self, reading: Reading) -> Iterator[tuple[Reading, Reading]]:
        """Yield what it can be decoded to, and in what form that is to be decoded further."""
        for decoded in self._decode_text(reading):
            yield decoded, decoded
        # Both are often wrapped at some width.
        for text in (reading, reading.substitute("", _SPACE, _drop)):
            for decoded in self._decode_digits(text):
                # Most of it is noise, in which an encoding could only stand as plain characters.
                parts = [found.span() for found in _PRINTABLE.finditer(decoded.content)]
                yield decoded, decoded.pick("", parts, b"\n")
                for plain in _find_compressed(decoded):
                    yield plain, plain
        for plain in _find_compressed(reading):
            yield plain, plain

    def _decode_text(self, reading: Reading) -> Iterator[Reading]:
        content, margin = reading.content, self._margin
        wanted = self._wanted if _is_text(content) else _ANY
        if b"\n" in content:
            if wanted & _SPACES:
                # A line ends in YAML at any space; an end of line that is meant is an empty line.
                yield reading.substitute("folded", _LINES_FOLDED, _unfold_line)
            yield reading.substitute("wrapped", _LINE_BREAK, _drop)
        if b"\\" in content:
            if b"\n" in content:
                # Between double quotes, a backslash takes the space away.
                joined = reading.substitute("escaped", _LINE_CONTINUED, _continue_line)
                folded = joined.substitute("", _LINES_FOLDED, _unfold_line)
                yield folded.substitute("", _JSON_ESCAPE, _decode_escape)
            near = _cut_windows(reading, "escaped", _ESCAPE, margin)
            yield near.substitute("", _JSON_ESCAPE, _decode_escape)
        for doubled, mark in ((b"''", _QUOTE), (b'""', _DOUBLE_QUOTE)):
            if doubled[0] in wanted and doubled in content:
                near = _cut_windows(reading, "quoted", mark, margin)
                yield near.substitute("", mark, _keep_half)
        if b"%" in content:
            near = _cut_windows(reading, "percent-encoded", _PERCENT, margin)
            yield near.substitute("", _PERCENT, _decode_percent)
        if b"+" in content:
            near = _cut_windows(reading, "form-encoded", _PLUS, margin)
            yield near.substitute("", _PERCENT_OR_PLUS, _decode_percent)
        if b"&" in content:
            near = _cut_windows(reading, "in HTML", _ENTITY, margin)
            yield near.substitute("", _ENTITY, _decode_entity)

    def _decode_digits(self, text: Reading) -> Iterator[Reading]:
        runs = self._take_new_runs(_BASE64, text.content)
        if runs:
            for start in range(4):
                yield _decode_base64(text, runs, start)
            yield _inflate_base64(text, [run for run in runs if run[1] - run[0] >= _LONG_RUN])
        digits = self._take_new_runs(_HEXADECIMAL, text.content, _SPACED_HEXADECIMAL)
        if digits:
            for start in range(2):
                yield _decode_hexadecimal(text, digits, start)

    def _take_new_runs(
        self, pattern: re.Pattern[bytes], content: bytes, *others: re.Pattern[bytes]
    ) -> list[tuple[int, int]]:
        """Return where the runs are that were not read before."""
        runs: list[tuple[int, int]] = []
        for each in (pattern, *others):
            for found in each.finditer(content):
                # A mark keeps digits apart from the same digits read as base64.
                run = found[0] if pattern is _BASE64 else b"#" + found[0]
                if run not in self._runs:
                    self._runs.add(run)
                    runs.append(found.span())
        return runs


def _is_text(content: bytes) -> bool:
    """Return whether these are characters in UTF-8: no stream is, that has a mark of its own."""
    try:
        content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _cut_windows(reading: Reading, step: str, pattern: re.Pattern[bytes], margin: int) -> Reading:
    """Return what is near a match: elsewhere, decoding it would change nothing.

    All of it where that is most of it: two steps in either order then come to the same text, which
    is read once.
    """
    windows: list[tuple[int, int]] = []
    size = len(reading.content)
    for found in pattern.finditer(reading.content):
        start, end = max(found.start() - margin, 0), min(found.end() + margin, size)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], end)
        else:
            windows.append((start, end))
    if sum(end - start for start, end in windows) > size // 2:
        windows = [(0, size)]
    return reading.pick(step, windows, b"\n\0\n")


def _decode_base64(text: Reading, runs: list[tuple[int, int]], start: int) -> Reading:
    """Return the runs decoded from their character `start` on."""
    content = text.content.translate(_STANDARD)
    pieces: list[bytes] = []
    segments: list[Segment] = []
    for first, last in runs:
        run = content[first + start : last]
        # Whole groups, so that all can be decoded at once; what is added comes after each run.
        piece = run + b"AAAA"[len(run) % 4 :]
        pieces.append(piece)
        size = -(-len(run) * 3 // 4)
        filler = len(piece) // 4 * 3 - size
        segments.append(Segment(min(first + start, last), last, size, ratio=(4, 3), filler=filler))
    return text.derive("base64", binascii.a2b_base64(b"".join(pieces)), segments)


def _inflate_base64(text: Reading, runs: list[tuple[int, int]]) -> Reading:
    """Return what the runs hold as raw deflate, which has no mark."""
    pieces: list[bytes] = []
    segments: list[Segment] = []
    for run in runs:
        decoded = _decode_base64(text, [run], 0).content
        pieces.append(_inflate(decoded, -zlib.MAX_WBITS))
        segments.append(Segment(*run, len(pieces[-1]), is_whole=True))
    return text.derive("base64, compressed", b"\n".join(pieces), segments, gap=1)


def _decode_hexadecimal(text: Reading, runs: list[tuple[int, int]], start: int) -> Reading:
    pieces: list[bytes] = []
    segments: list[Segment] = []
    for first, last in runs:
        digits = _SEPARATORS.sub(b"", text.content[first:last])[start:]
        pieces.append(digits[: len(digits) // 2 * 2])
        segments.append(Segment(first, last, len(digits) // 2, is_whole=True))
    return text.derive("hexadecimal", binascii.unhexlify(b"00".join(pieces)), segments, gap=1)


def _find_compressed(reading: Reading) -> Iterator[Reading]:
    content = reading.content
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
            where = Segment(start, len(content), len(plain), is_whole=True)
            yield reading.derive("compressed", plain, [where])


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


def _continue_line(found: re.Match[bytes]) -> bytes:
    return found[1]


def _drop(_: re.Match[bytes]) -> bytes:
    return b""


def _keep_half(found: re.Match[bytes]) -> bytes:
    return found[0][:1]


def _decode_percent(found: re.Match[bytes]) -> bytes:
    return b" " if found[0] == b"+" else bytes((int(found[0][1:], 16),))


def _decode_entity(found: re.Match[bytes]) -> bytes:
    return html.unescape(found[0].decode("ascii")).encode("utf-8", "surrogatepass")


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
