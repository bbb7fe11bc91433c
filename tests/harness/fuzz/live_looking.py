"""A service that looks live, with people planted in it, who come back in every kind of fault."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cmdm_tui.sandbox import AccountCredentials, RunningInfo, Sandbox, SandboxConfig
from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn, planted, refuse
from tests.services import copy_records

WITCH = {
    "FirstName": "Esmerelda",
    "LastName": "Weatherwax",
    "Email": "esme@ramtops.example",
    "Phone": "+44 20 7946 0911",
    "Mobile": "07700 900461",
    "PostCode": "LX7 3QZ",
    "Notes": "Weatherwax asks for Nottle,\nand for Gytha Nottle's cat",
}
SISTER = {**WITCH, "FirstName": "Lilith", "Phone": "ask Nottle"}
OTHER = {"FirstName": "Gytha", "LastName": "Nottle", "Email": "nanny@ramtops.example"}
MAIL_AS_ID = "magrat@ramtops.example"
PEOPLE = (
    "Esmerelda", "Weatherwax", "esme@ramtops", "7946 0911", "79460911", "900461", "LX7 3QZ",
    "Lilith", "Gytha", "Nottle", "nanny@ramtops", "magrat@ramtops",
)  # fmt: skip
OWN_CHECKS = '''
def notes_are_short(context):
    """No contact has notes of two lines."""
    rows = context.answer.rows
    if context.intent.call == "list" and context.intent.entity == "contact" and len(rows) > 2:
        yield True
        for row in rows:
            if "\\n" in (row.properties.get("Notes") or ""):
                yield f"{row.external_id} has the notes {row.properties['Notes']!r}."
                return
'''


async def tell_of_people(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    """Answer with the people: they change, are sorted wrongly, and stand in errors too."""
    if asked.external_id.replace("%40", "@") == MAIL_AS_ID and asked.call == "get":
        record = {"ExternalID": MAIL_AS_ID, "Properties": OTHER}
        return (await inner(asked)).set_json(record, 200)
    given = await inner(asked)
    if asked.call == "authenticate" and given.ok:
        return given.set_json(given.json() | {"displayName": "Gytha Nottle"})
    if given.status >= 400:
        return refuse(given, given.status, "Ask Esmerelda Weatherwax (esme@ramtops.example).")
    if not given.ok or asked.entity not in {"lead", "contact"}:
        return given
    asked.memory["turn"] = turn = asked.memory.get("turn", 0) + 1
    if asked.call == "get":
        record: dict[str, Any] = given.json()
        record["Properties"] |= (WITCH, SISTER)[turn % 2]
        return given.set_json(record)
    if asked.call == "list":
        rows = given.rows()
        for row, person in zip(rows, (WITCH, OTHER, SISTER), strict=False):
            known = row["Properties"]
            known |= {name: value for name, value in person.items() if name in known}
        if rows and asked.entity == "contact" and asked.parameters.get("page", "1") == "1":
            rows[0]["ExternalID"] = MAIL_AS_ID
        return given.with_rows(rows)
    return given


@contextmanager
def live_looking_service(folder: Path) -> Generator[RunningInfo]:
    """Run it, with a sign-in of its own, as no sandbox makes up."""
    credentials = AccountCredentials("crm-2207", "s3cret-of-2207", "api-user", "pa55-of-2207")
    config = SandboxConfig(
        folder / "data", port=0, records=30, lasting=False, credentials=credentials
    )
    copy_records(config)
    with planted(tell_of_people), Sandbox.embedded(config) as info:
        yield info


def find_people(content: bytes) -> list[str]:
    """Return which of the people are in content."""
    text = content.decode("utf-8", "replace")
    return [name for name in PEOPLE if name in text]


def read_all(paths: Iterable[Path]) -> bytes:
    """Return what is in all the files."""
    return b"\n".join(path.read_bytes() for path in paths if path.is_file())
