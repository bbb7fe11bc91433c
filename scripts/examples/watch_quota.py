"""Watch what the client does and what is left of the quota, and keep some calls for other people.

Run `cmdm sandbox serve` and export the variables that it prints, then run this file.
"""

import asyncio
import os

from cmdm_tui.api import (
    CallFinished,
    Client,
    Credentials,
    Event,
    QuotaFloorReached,
    RetryScheduled,
    SecretStr,
)

FLOOR = 10
"""The calls of this hour that the program leaves to others."""


def show(event: Event) -> None:
    """Print a line for each call, and for each attempt that failed."""
    match event:
        case CallFinished(call, status, seconds, size):
            print(f"  {call.method} {call.path}: {status}, {seconds * 1000:.0f} ms, {size} bytes")
        case RetryScheduled(call, attempt, seconds, failure):
            print(f"  {call}: attempt {attempt} failed, again in {seconds:.1f} s")
            print(f"    {failure}")
        case _:
            pass


async def main() -> None:
    """Read pages until they are all read, or until only `FLOOR` calls are left."""
    credentials = Credentials(
        SecretStr(os.environ["CMDM_CLIENT_ID"]),
        SecretStr(os.environ["CMDM_CLIENT_SECRET"]),
        os.environ["CMDM_USERNAME"],
        SecretStr(os.environ["CMDM_PASSWORD"]),
    )
    async with Client(os.environ["CMDM_URL"], credentials, floor=FLOOR, listener=show) as client:
        patient = client.with_options(in_background=True)
        records = 0
        try:
            async for page in patient.pages("contact", per_page=50):
                records += len(page.records)
        except QuotaFloorReached as reached:
            print(reached)
        quota = client.quota
        print(f"{records} contacts; {quota.remaining} of {quota.limit} calls are left this hour")
        if quota.reset_at is not None:
            print(f"The count starts again at {quota.reset_at:%H:%M} UTC.")


if __name__ == "__main__":
    asyncio.run(main())
