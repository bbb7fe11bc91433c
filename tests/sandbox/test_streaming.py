"""A list sent in pieces: read as it is taken, and no longer than somebody takes it."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Message

from cmdm_tui.sandbox.http.responses import StreamedListResponse
from cmdm_tui.sandbox.storage.store import StoredRecord

RECORD = StoredRecord(b"ABC1D2E3", b'{"City":"York","Name":null}')


class Records:
    """A snapshot of `count` batches, which counts those that were read."""

    total = 3

    def __init__(self, count: int) -> None:
        self.count = count
        self.read = 0
        self.is_closed = False

    async def batches(self) -> AsyncIterator[list[StoredRecord]]:
        for _ in range(self.count):
            self.read += 1
            yield [RECORD]
            await asyncio.sleep(0)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Records"]:
        try:
            yield self
        finally:
            self.is_closed = True


async def sent(records: Records, *, disconnects_after: int | None) -> list[Message]:
    messages: list[Message] = []
    has_left = asyncio.Event()

    async def receive() -> Message:
        await has_left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)
        if len(messages) == disconnects_after:
            has_left.set()
            await asyncio.sleep(0)

    await StreamedListResponse(records.opened(), ("City",))({"type": "http"}, receive, send)
    return messages


async def test_a_list_in_pieces_is_one_json_object() -> None:
    for count in (0, 1, 3):
        records = Records(count)
        messages = await sent(records, disconnects_after=None)
        body = b"".join(message.get("body", b"") for message in messages)
        assert len(json.loads(body)["Entity"]) == count
        assert json.loads(body)["Total Pages"] == "1"
        assert records.is_closed


async def test_a_client_that_has_left_is_not_read_for() -> None:
    records = Records(1_000_000)
    messages = await sent(records, disconnects_after=3)
    assert records.read < 10
    assert len(messages) < 10
    assert records.is_closed
