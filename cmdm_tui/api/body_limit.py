"""Limits the body of every answer while it arrives: what is longer is never held in memory."""

import zlib
from collections.abc import AsyncGenerator, AsyncIterator

import httpx

from cmdm_tui.api.errors import ResponseTooLarge

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of a decoded body that the client takes."""

_READ = {"gzip", "x-gzip", "deflate"}
_CHUNK_SIZE = 64 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class BodyLimit:
    """A response hook for httpx, which itself decodes compressed bodies without any limit.

    It decodes gzip and deflate in pieces and raises ResponseTooLarge once more than `limit` bytes
    have come out, so that a small body that unfolds into a huge one costs no memory. A body in any
    other encoding, or in several, was not asked for and stays as it came; the extension
    `unread_encoding` of the response names it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit

    async def __call__(self, response: httpx.Response) -> None:
        """Put the limit between the network and whoever reads the response."""
        value = response.headers.get("content-encoding", "").lower()
        names = [name.strip() for name in value.split(",")]
        encodings = [name for name in names if name not in {"", "identity"}]
        encoding = encodings[0] if len(encodings) == 1 and encodings[0] in _READ else None
        if encodings:
            # httpx would decode what it can, without a limit.
            del response.headers["content-encoding"]
            if encoding is None:
                response.extensions["unread_encoding"] = value
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _LimitedStream(response.stream, self._limit, encoding)


class _LimitedStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, limit: int, encoding: str | None) -> None:
        self._stream = stream
        self._limit = limit
        self._encoding = encoding

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        is_plain = self._encoding is None
        pieces = aiter(self._stream) if is_plain else _decompress(self._stream, self._encoding)
        async for piece in pieces:
            length += len(piece)
            if length > self._limit:
                message = f"The answer is longer than {self._limit // (1024 * 1024)} MB"
                raise ResponseTooLarge(message)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _decompress(stream: httpx.AsyncByteStream, encoding: str | None) -> AsyncGenerator[bytes]:
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    is_empty = True
    may_be_raw = encoding == "deflate"
    async for chunk in stream:
        rest = chunk
        while rest:
            is_empty = False
            try:
                piece = decoder.decompress(rest, _CHUNK_SIZE)
            except zlib.error as error:
                if not may_be_raw:
                    raise httpx.DecodingError(str(error)) from None
                # Some servers send deflate without the header that it should have.
                may_be_raw, decoder = False, zlib.decompressobj(-zlib.MAX_WBITS)
                continue
            may_be_raw = False
            if piece:
                yield piece
            rest = decoder.unconsumed_tail
            if decoder.eof:
                rest = decoder.unused_data
                decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
                is_empty = True
    while not is_empty and (piece := decoder.decompress(decoder.unconsumed_tail, _CHUNK_SIZE)):
        yield piece
    if not is_empty:
        message = "the compressed body ends early"
        raise httpx.DecodingError(message)
