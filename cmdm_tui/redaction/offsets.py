"""Where in a source each part of what was decoded from it comes from."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Segment(NamedTuple):
    """A part of the source, from `start` to `end`, and how many bytes it was decoded to.

    `is_whole` says that each of those came from all of it, as in a compressed stream. Else `ratio`
    gives a number of bytes of the source, and to how many they were decoded. `filler` bytes that
    came from nothing are after it.
    """

    start: int
    end: int
    size: int
    is_whole: bool = False
    ratio: tuple[int, int] = (1, 1)
    filler: int = 0


class Offsets:
    """Maps positions in decoded content to those in its source, both in bytes."""

    def __init__(self, starts: list[int], segments: list[Segment]) -> None:
        self._starts = starts
        self._segments = segments

    def locate(self, start: int, end: int) -> tuple[int, int]:
        """Return the part of the source for what was decoded from `start` to `end`, rounded out."""
        if not self._segments:
            return 0, 0
        first, into = self._find(start)
        last, past = self._find(max(end - 1, start))
        begins = first.start if first.is_whole else _scale_down(first, into)
        ends = last.end if last.is_whole else _scale_up(last, past + 1)
        return begins, max(begins, ends)

    def _find(self, position: int) -> tuple[Segment, int]:
        number = max(bisect_right(self._starts, position) - 1, 0)
        return self._segments[number], max(position - self._starts[number], 0)


def trace_pieces(segments: Iterable[Segment], gap: int) -> Offsets:
    """Return the offsets of segments that were joined with `gap` bytes between two of them."""
    kept, starts, position = list(segments), list[int](), 0
    for segment in kept:
        starts.append(position)
        position += segment.size + segment.filler + gap
    return Offsets(starts, kept)


def trace_substitution(
    content: bytes, pattern: re.Pattern[bytes], decode: Callable[[re.Match[bytes]], bytes]
) -> Offsets:
    """Return the offsets of `pattern.sub(decode, content)`."""
    segments: list[Segment] = []
    position = 0
    for found in pattern.finditer(content):
        if found.start() > position:
            segments.append(Segment(position, found.start(), found.start() - position))
        size = len(decode(found))
        if size:
            segments.append(Segment(*found.span(), size, is_whole=True))
        position = found.end()
    if position < len(content):
        segments.append(Segment(position, len(content), len(content) - position))
    return trace_pieces(segments, 0)


def _scale_down(segment: Segment, into: int) -> int:
    read, made = segment.ratio
    return min(segment.start + into * read // made, segment.end)


def _scale_up(segment: Segment, past: int) -> int:
    read, made = segment.ratio
    return min(segment.start - (-past * read // made), segment.end)
