"""Reads every record of a service in its own process, and tells how its memory grew.

Run as `python -m tests.api.memory_reader URL KEPT`: it prints bytes of peak memory over a first
tenth of the records and over all, as JSON. With KEPT `ids` it keeps
what a set of ids would hold, for the check to catch.
"""

import asyncio
import json
import sys
import tracemalloc

from cmdm_tui.api import Client, Credentials, SecretStr

PER_PAGE = 1_000


async def read(url: str, *, keeps_ids: bool) -> dict[str, int]:
    credentials = Credentials(SecretStr("c"), SecretStr("s"), "u", SecretStr("p"))
    kept: set[str] = set()
    count = early = 0
    async with Client(url, credentials) as client:
        async for page in client.pages("lead", per_page=PER_PAGE):
            count += len(page.records)
            if keeps_ids:
                kept.update(record.external_id for record in page.records)
            if not early and count * 10 >= (page.total_records or 0):
                early = tracemalloc.get_traced_memory()[1]
    return {"count": count, "early": early, "late": tracemalloc.get_traced_memory()[1]}


if __name__ == "__main__":
    tracemalloc.start()
    print(json.dumps(asyncio.run(read(sys.argv[1], keeps_ids=sys.argv[2] == "ids"))))  # noqa: T201
