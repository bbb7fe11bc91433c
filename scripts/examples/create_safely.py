"""Create a record, and never create it twice: what to do when the answer is lost.

A create whose answer is lost may have been done, or not. `reconcile` looks among the newest records
and gives one of three verdicts. Only after "not found" is it right to send the call again. Another
may make a record with the same values, so each create carries a mark, here in the field Notes.

Run `cmdm sandbox serve` and export the variables that it prints, then run this file.
"""

import asyncio
import os
import sys

from cmdm_tui.api import Client, Credentials, OutcomeUnknown, SecretStr, WriteVerdict

LEAD = {"LastName": "Okafor", "Company": "Okafor Ltd", "City": "Leeds", "Source": "Web"}


async def create_lead(client: Client) -> str:
    """Return the id of the new lead. Raises OutcomeUnknown where no one can say what happened."""
    for _ in range(2):
        try:
            return (await client.create("lead", LEAD)).external_id
        except OutcomeUnknown as lost:
            found = await client.reconcile(lost)
            print(f"The answer was lost; the lead was {found.verdict.value}: {found.why}")
            if found.external_id is not None:
                return found.external_id
            if found.verdict is not WriteVerdict.NOT_FOUND:
                raise
    sys.exit("Two answers were lost, and neither lead was found. Try again later.")


async def main() -> None:
    """Create a lead and read it back."""
    credentials = Credentials(
        SecretStr(os.environ["CMDM_CLIENT_ID"]),
        SecretStr(os.environ["CMDM_CLIENT_SECRET"]),
        os.environ["CMDM_USERNAME"],
        SecretStr(os.environ["CMDM_PASSWORD"]),
    )
    marks = {"lead": "Notes"}
    async with Client(os.environ["CMDM_URL"], credentials, mark_fields=marks) as client:
        external_id = await create_lead(client)
        record = await client.record("lead", external_id)
        print(f"{external_id} is {record.properties['LastName']}")


if __name__ == "__main__":
    asyncio.run(main())
