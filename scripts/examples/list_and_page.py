"""List records: one page as you ask for it, then every record of an entity, page by page.

Run `cmdm sandbox serve` and export the variables that it prints, then run this file.
"""

import asyncio
import os

from cmdm_tui.api import Client, Credentials, SecretStr


async def main() -> None:
    """Print the first leads by name, then count the leads of each status."""
    credentials = Credentials(
        SecretStr(os.environ["CMDM_CLIENT_ID"]),
        SecretStr(os.environ["CMDM_CLIENT_SECRET"]),
        os.environ["CMDM_USERNAME"],
        SecretStr(os.environ["CMDM_PASSWORD"]),
    )
    async with Client(os.environ["CMDM_URL"], credentials) as client:
        # One call. The service sorts; `fields` keeps the answer small.
        first = await client.page(
            "lead", fields=["LastName", "City"], per_page=5, page=1, sort_by="LastName"
        )
        print(f"{first.total_records} leads; the first of them by name:")
        for record in first.records:
            print(f"  {record.external_id}  {record.properties['LastName']}")

        # As many calls as there are pages. Each record comes once, whatever the service repeats.
        statuses: dict[str, int] = {}
        async for page in client.pages("lead", fields=["Status"], per_page=50):
            for record in page.records:
                status = str(record.properties["Status"])
                statuses[status] = statuses.get(status, 0) + 1
        for status, count in sorted(statuses.items()):
            print(f"{status}: {count}")


if __name__ == "__main__":
    asyncio.run(main())
