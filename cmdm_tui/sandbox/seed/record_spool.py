"""Making records in another process, while this one stores them."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from cmdm_tui.sandbox import seed
from cmdm_tui.sandbox.errors import SandboxError
from cmdm_tui.sandbox.storage.store import Seed, SeedRow

_BATCH = 1_000
_SECONDS_BETWEEN_LOOKS = 0.005
_LENGTH = 4

# This process's own path, so that the other one finds the same program.
_PROGRAM = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from cmdm_tui.sandbox.seed.record_spool import write_records
write_records(int(sys.argv[2]), sys.stdout.buffer)
"""


@contextmanager
def generate_in_process(records: int, folder: Path) -> Generator[Seed]:
    """Yield what `generate_records(records)` returns, made by another process while the block runs.

    A nameless file in `folder` holds the records until they are read, so neither process blocks the
    other. Read the entities one after another, in their order.
    """
    with tempfile.TemporaryFile(dir=folder) as spool:
        command = [sys.executable, "-c", _PROGRAM, json.dumps(sys.path), str(records)]
        # In a session of its own: Ctrl-C is for this process, which ends the other.
        with subprocess.Popen(  # noqa: S603 (this program)
            command,
            stdin=subprocess.DEVNULL,
            stdout=spool,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as maker:
            try:
                batches = _SpooledRecords(spool, maker)
                yield {entity: batches.of(entity) for entity in seed.count_records(records)}
            finally:
                maker.kill()


def write_records(records: int, file: BinaryIO) -> None:
    """Write the records in batches: an entity's, then an empty one, then the next entity's."""
    for rows in seed.generate_records(records).values():
        batch: list[SeedRow] = []
        for row in rows:
            batch.append(row)
            if len(batch) == _BATCH:
                _write_batch(batch, file)
                batch = []
        if batch:
            _write_batch(batch, file)
        _write_batch([], file)


def _write_batch(batch: list[SeedRow], file: BinaryIO) -> None:
    encoded = msgspec.msgpack.encode(batch)
    file.write(len(encoded).to_bytes(_LENGTH) + encoded)
    file.flush()


class _SpooledRecords:
    """What the other process has written, read from its beginning."""

    def __init__(self, spool: BinaryIO, maker: "subprocess.Popen[bytes]") -> None:
        self._descriptor = spool.fileno()
        self._position = 0
        self._maker = maker

    def of(self, entity: str) -> Iterator[SeedRow]:
        """Iterate over the records of the entity that comes next."""
        while batch := msgspec.msgpack.decode(self._next(entity), type=list[SeedRow]):
            yield from batch

    def _next(self, entity: str) -> bytes:
        return self._read(int.from_bytes(self._read(_LENGTH, entity)), entity)

    def _read(self, size: int, entity: str) -> bytes:
        piece = b""
        while True:
            is_over = self._maker.poll() is not None
            # The file's own position is the writer's.
            position = self._position + len(piece)
            piece += os.pread(self._descriptor, size - len(piece), position)
            if len(piece) == size:
                self._position += size
                return piece
            if is_over:
                raise SandboxError(f"The process that makes the first {entity} records failed.")
            time.sleep(_SECONDS_BETWEEN_LOOKS)
