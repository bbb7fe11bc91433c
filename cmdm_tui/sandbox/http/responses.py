"""Responses: JSON, refusals, and lists that are sent in pieces."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cmdm_tui.sandbox.errors import Refusal
from cmdm_tui.sandbox.storage.store import Properties, RecordStream, StoredRecord

FieldNames = tuple[str, ...] | None
"""The fields a client asked for, None for all of them."""


def refusal_response(refusal: Refusal) -> Response:
    """Return the response that says what was refused."""
    return json_response({"Message": refusal.message}, refusal.status, refusal.headers)


def json_response(
    content: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return `content` as a JSON response."""
    return _encoded_response(msgspec.json.encode(content), status, headers)


def record_response(record: StoredRecord) -> Response:
    """Return one record as it is stored."""
    return _encoded_response(_encode_record(record, None))


def list_response(
    total: int, pages: int, records: list[StoredRecord], fields: FieldNames
) -> Response:
    """Return a page of records; the totals are strings (api.md)."""
    body = b",".join(_encode_record(record, fields) for record in records)
    return _encoded_response(_encode_list_start(total, pages) + body + b"]}")


class StreamedListResponse(Response):
    """All records of an entity, sent as they are read, so that they need little memory."""

    def __init__(
        self, opening: AbstractAsyncContextManager[RecordStream], fields: FieldNames
    ) -> None:
        super().__init__(media_type="application/json")
        # The length is not known beforehand; without it the body is sent in chunks.
        del self.headers["content-length"]
        self._open_stream = opening
        self._fields = fields

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send the list, and stop early when the client disconnects."""
        gone = asyncio.create_task(_wait_for_disconnect(receive))
        try:
            async with self._open_stream as snapshot:
                await self._send(snapshot, send, gone)
        finally:
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    async def _send(self, snapshot: RecordStream, send: Send, gone: asyncio.Task[None]) -> None:
        headers = self.raw_headers
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        piece = _encode_list_start(snapshot.total, 1)
        is_first = True
        async for records in snapshot.batches():
            if gone.done():
                return
            piece += b"" if is_first else b","
            piece += b",".join(_encode_record(record, self._fields) for record in records)
            is_first = False
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = b""
        await send({"type": "http.response.body", "body": piece + b"]}", "more_body": False})


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _encoded_response(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(body, status, headers, "application/json")


def _encode_list_start(total: int, pages: int) -> bytes:
    return f'{{"Total Records":"{total}","Total Pages":"{pages}","Entity":['.encode()


def _encode_record(record: StoredRecord, fields: FieldNames) -> bytes:
    properties = record.properties if fields is None else _select_fields(record.properties, fields)
    return b'{"ExternalID":"%b","Properties":%b}' % (record.external_id, properties)


def _select_fields(properties: bytes, fields: Iterable[str]) -> bytes:
    every = msgspec.json.decode(properties, type=Properties)
    # A data file that was not made here may lack fields that the entity has.
    return msgspec.json.encode({name: every[name] for name in fields if name in every})
