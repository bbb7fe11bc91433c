"""Change records as one set: look at it, apply it, and take it back.

Nothing is sent before `apply`. The journal keeps what was sent, so a program that is killed goes on
where it was: `resume_run`.

Run `cmdm sandbox serve` and export the variables that it prints, then run this file. With a profile
of your own, give its name: `cmdm_tui.connect("acme")`.
"""

import asyncio
import sys

import cmdm_tui
from cmdm_tui import ChangeError


async def main() -> None:
    """Create a lead, change it with a task of its own, and undo both."""
    async with cmdm_tui.connect() as cm:
        first = cm.changes("A lead to begin with")
        first.create("lead", {"LastName": "Ng", "Score": 5})
        created = await first.apply()
        created.raise_for_failures()
        lead = created.created_ids[1]

        changes = cm.changes("A call for a good lead")
        changes.update("lead", lead, {"Score": 80, "LastName": "Ng"})
        changes.create("task", {"Subject": "Call back"}, parent=("lead", lead))
        preview = await changes.preview()
        calls = f"{preview.calls_low} to {preview.calls_high}"
        print(f"{preview.change_count} changes, in {calls} calls")
        for row in preview.rows():
            print(f"{row.change} {row.entity} {row.field}: {row.old} → {row.new}")
        try:
            applied = await changes.apply(max_writes=10)
        except ChangeError as error:  # a value that no field holds, too many changes, …
            sys.exit(str(error))
        applied.raise_for_failures()
        print(", ".join(f"{count} {state}" for state, count in applied.counts.items()))

        for done in (applied, created):
            if done.run_id is not None:
                (await cm.undo(done.run_id).apply()).raise_for_failures()
        left = await cm.query("SELECT 1 FROM lead WHERE ExternalID = $id", parameters={"id": lead})
        print("nothing is left of them" if not len(left) else "the lead is still there")


if __name__ == "__main__":
    asyncio.run(main())
