"""Query an account in SQL: see the cost first, read rows as they arrive, stop at a number of calls.

Run `cmdm sandbox serve` and export the variables that it prints, then run this file. With a profile
of your own, give its name: `cmdm_tui.connect("acme")`.
"""

import asyncio

import cmdm_tui


async def main() -> None:
    """Print a plan, its rows, and a result that is resumed until it is whole."""
    async with cmdm_tui.connect() as cm:
        sql = "SELECT LastName, Score FROM lead ORDER BY Score DESC LIMIT 5"
        prepared = await cm.explain(sql)
        print(prepared.explain_text())
        async for row in cm.query(sql):
            print(row["LastName"], row.Score)

        # A scan that may make one call at a time: what was read is never read again.
        cities = "SELECT City, count(*) AS leads FROM lead GROUP BY City"
        result = await cm.query(cities, max_calls=1)
        while result.partial:
            print(f"partial after {result.stats.calls_used} calls")
            result = await cm.resume(result, max_calls=1)
        print(f"{len(result)} cities")


if __name__ == "__main__":
    asyncio.run(main())
