"""Limits the body of every answer while it arrives: what is longer is never held in memory."""

import zlib
from collections.abc import AsyncGenerator, AsyncIterator

import httpx

from cmdm_tui.api.errors import ResponseTooLarge

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of a decoded body that the client takes."""

_CHUNK_SIZE = 64 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class BodyLimit:
    """A response hook for httpx, which itself decodes compressed bodies without any limit.

    It decodes gzip in pieces and raises ResponseTooLarge once more than `limit` bytes have come
    out, so that a small body that unfolds into a huge one costs no memory. A body in any other
    encoding, or in several, was not asked for and stays as it came.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit

    async def __call__(self, response: httpx.Response) -> None:
        """Put the limit between the network and whoever reads the response."""
        value = response.headers.get("content-encoding", "").lower()
        names = [name.strip() for name in value.split(",")]
        encodings = [name for name in names if name not in {"", "identity"}]
        is_compressed = len(encodings) == 1 and encodings[0] in {"gzip", "x-gzip", "deflate"}
        if encodings:
            del response.headers["content-encoding"]
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _LimitedStream(
                response.stream, self._limit, is_compressed=is_compressed
            )


class _LimitedStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, limit: int, *, is_compressed: bool) -> None:
        self._stream = stream
        self._limit = limit
        self._is_compressed = is_compressed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        length = 0
        pieces = _decompress(self._stream) if self._is_compressed else aiter(self._stream)
        async for piece in pieces:
            length += len(piece)
            if length > self._limit:
                message = f"The answer is longer than {self._limit // (1024 * 1024)} MB"
                raise ResponseTooLarge(message)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _decompress(stream: httpx.AsyncByteStream) -> AsyncGenerator[bytes]:
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    is_empty = True
    async for chunk in stream:
        rest = chunk
        while rest:
            is_empty = False
            try:
                piece = decoder.decompress(rest, _CHUNK_SIZE)
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from None
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
