"""What became of a create whose answer was lost: found, not found or left open; never guessed."""

from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from cmdm_tui.api.errors import BadRequest, CallInfo, NetworkError, OutcomeUnknown
from cmdm_tui.api.models import Page, Parent, Record, Response
from cmdm_tui.api.reconcile import PendingWrite, WriteVerdict, reconcile

CALL = CallInfo(1, "POST", "/lead")
NOW = 1_795_694_400.0  # 2026-11-26T12:00:00Z
BEFORE, SINCE = "2026-11-26T11:00:00Z", "2026-11-26T12:00:01Z"
SENT = {"LastName": "Jones", "Email": "A.Jones@Example.com", "Phone": "020 7946 0410", "Nick": "J",
        "Notes": "x" * 80}  # fmt: skip


@dataclass
class Service:
    """A service's leads, oldest first, as it sorts and dates them."""

    rows: list[dict[str, Any]]
    sorts: bool = True
    calls: list[str] = field(default_factory=list[str])

    async def page(
        self,
        entity: str,
        *,
        per_page: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> Page:
        self.calls.append(f"{sort_by} {page}")
        if sort_by is not None and not self.sorts:
            raise BadRequest("no such field", call=CALL, status=400)
        rows = self.rows[::-1] if sort_order == "desc" else self.rows
        size, number = per_page or 100, page or 1
        records = [
            Record(entity, f"L{self.rows.index(row)}", row)
            for row in rows[(number - 1) * size : number * size]
        ]
        response = Response(1, "GET", "/lead", 200, {}, b"", 0.0)
        pages = -(-len(rows) // size)
        return Page(entity, tuple(records), len(rows), pages, per_page, page, response)

    async def record(self, entity: str, external_id: str) -> Record:
        return Record(entity, external_id, self.rows[0])


async def verdict_on(
    sent: dict[str, Any],
    service: Service,
    *,
    others: frozenset[str] = frozenset(),
    parent: Parent | None = None,
) -> tuple[WriteVerdict, str | None]:
    write = PendingWrite("lead", sent, NOW, parent=parent, excluded_ids=others)
    cause = NetworkError("reset", call=CALL)
    doubt = OutcomeUnknown("lost", call=CALL, cause=cause, pending_write=write)
    found = await reconcile(doubt, service, pause=0.0)
    assert found.why.endswith(".")
    return found.verdict, found.external_id


OLD = {"LastName": "Smith", "CreatedDate": BEFORE}


@pytest.mark.parametrize("sorts", [True, False])
async def test_what_was_created_since_with_these_values_is_found(sorts: bool) -> None:
    service = Service([OLD, {**SENT, "CreatedDate": SINCE}], sorts)
    assert await verdict_on(SENT, service) == (WriteVerdict.FOUND, "L1")


@pytest.mark.parametrize(
    "newest",
    [
        {**SENT, "CreatedDate": BEFORE},
        {"LastName": "Other", "Nick": "J", "CreatedDate": SINCE},
        {**SENT, "LastName": "Jo", "CreatedDate": SINCE},
        {"City": "Leeds", "CreatedDate": SINCE},
    ],
)
async def test_what_is_older_or_another_is_not_it(newest: dict[str, Any]) -> None:
    assert await verdict_on(SENT, Service([OLD, newest])) == (WriteVerdict.NOT_FOUND, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"Nick": None},
        {"Email": "a.jones@example.com"},
        {"Phone": "02079460410"},
        {"Nick": "j"},
        {"Notes": "x" * 50},
        {"Nick": None, "Email": None, "Phone": ""},
    ],
)
async def test_values_that_a_service_drops_or_tidies_leave_it_open(changed: dict[str, Any]) -> None:
    stored = {**SENT, "CreatedDate": SINCE, **changed}
    assert await verdict_on(SENT, Service([OLD, stored])) == (WriteVerdict.CANNOT_TELL, None)
    known = frozenset({"L1"})
    verdict = await verdict_on(SENT, Service([OLD, stored]), others=known)
    assert verdict == (WriteVerdict.NOT_FOUND, None)


@pytest.mark.parametrize("told", ["2026-11-26T07:00:01", "26.11.2026", "", None])
async def test_a_date_that_could_be_any_leaves_it_open(told: str | None) -> None:
    stored = {**SENT, "CreatedDate": told}
    assert await verdict_on(SENT, Service([OLD, stored])) == (WriteVerdict.CANNOT_TELL, None)


async def test_a_record_of_another_parent_is_not_it() -> None:
    stored = {**SENT, "CreatedDate": SINCE, "RelatedExternalID": "X"}
    for parent, verdict in (("X", WriteVerdict.FOUND), ("Y", WriteVerdict.NOT_FOUND)):
        told, _ = await verdict_on(SENT, Service([OLD, stored]), parent=Parent("lead", parent))
        assert told is verdict


async def test_two_that_could_be_it_are_told_apart_by_nobody() -> None:
    stored = {**SENT, "CreatedDate": SINCE}
    service = Service([OLD, stored, {**stored, "City": "Leeds"}])
    assert await verdict_on(SENT, service) == (WriteVerdict.CANNOT_TELL, None)


async def test_it_looks_at_a_few_pages_and_then_says_that_it_cannot_tell() -> None:
    service = Service([{"LastName": f"x{number}", "CreatedDate": SINCE} for number in range(900)])
    assert await verdict_on(SENT, service) == (WriteVerdict.CANNOT_TELL, None)
    assert len(service.calls) == 5
