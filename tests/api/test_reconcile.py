"""What became of a create whose answer was lost: found, not found or left open; never guessed."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from cmdm_tui.api.errors import (
    AnswerTimeout,
    ApiError,
    BadRequest,
    CallInfo,
    DeadlineExceeded,
    InvalidCall,
    MalformedResponse,
    NetworkError,
    OutcomeUnknown,
    ServerError,
)
from cmdm_tui.api.models import Page, Parent, PendingWrite, Record, Response, WriteMark
from cmdm_tui.api.reconcile import WriteVerdict, reconcile
from cmdm_tui.api.value_match import may_be_changed_value
from cmdm_tui.api.write_tracker import MARK, add_mark

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
    total: int | None = None
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
        rows = list(self.rows)
        if sort_by is not None:
            rows.sort(key=lambda row: str(row.get(sort_by) or ""))
        if sort_order == "desc":
            rows.reverse()
        size, number = per_page or 100, page or 1
        records = [
            Record(entity, f"L{self.rows.index(row)}", row)
            for row in rows[(number - 1) * size : number * size]
        ]
        response = Response(1, "GET", "/lead", 200, {}, b"", 0.0)
        pages = -(-len(rows) // size)
        total = len(rows) if self.total is None else self.total
        return Page(entity, tuple(records), total, pages, per_page, page, response)

    async def record(self, entity: str, external_id: str) -> Record:
        return Record(entity, external_id, self.rows[0])


async def wait(seconds: float) -> bool:
    await asyncio.sleep(seconds)
    return True


async def verdict_on(
    sent: dict[str, Any],
    service: Service,
    *,
    others: frozenset[str] = frozenset(),
    parent: Parent | None = None,
    mark: WriteMark | None = None,
    cause: ApiError | None = None,
    settling_time: float = 0.0,
) -> tuple[WriteVerdict, str | None]:
    write = PendingWrite("lead", sent, NOW, parent=parent, excluded_ids=others, mark=mark)
    cause = cause or NetworkError("reset", call=CALL)
    doubt = OutcomeUnknown("lost", call=CALL, cause=cause, pending_write=write)
    found = await reconcile(doubt, service, wait, pause=0.0, settling_time=settling_time)
    assert found.why.endswith(".")
    return found.verdict, found.external_id


OLD = {"LastName": "Smith", "CreatedDate": BEFORE}


FIRST_MARK, OTHER_MARK = (WriteMark("Ref", f"cmdm-7ab{'c' * 16}{end}") for end in "xy")
MARKED = {**SENT, "Ref": FIRST_MARK.text}


@pytest.mark.parametrize("sorts", [True, False])
async def test_what_carries_the_mark_is_found(sorts: bool) -> None:
    service = Service([OLD, {**MARKED, "CreatedDate": SINCE}], sorts)
    verdict = await verdict_on(MARKED, service, mark=FIRST_MARK)
    assert verdict == (WriteVerdict.FOUND, "L1")


@pytest.mark.parametrize(
    "created",
    [
        SINCE, BEFORE, "2026-11-26T12:00:00Z", "2026-11-26", "2026-11-26T07:00:01Z", "2026-11-25",
        "2026-11-26T12:00:01+14:00", "2027-11-26T12:00:01Z", "1970-01-01T00:00:00Z", "26/11/2026",
        "9999-99-99", "", None, 1_795_694_401,
    ],
)  # fmt: skip
async def test_equal_values_leave_it_open_whatever_the_clocks_say(created: object) -> None:
    """Another may have made it, and no clock says whether it was there before."""
    service = Service([OLD, {**SENT, "CreatedDate": created}, OLD])
    assert await verdict_on(SENT, service) == (WriteVerdict.CANNOT_TELL, None)


async def test_what_is_known_to_have_been_there_before_is_not_it() -> None:
    service = Service([OLD, {**SENT, "CreatedDate": SINCE}])
    verdict = await verdict_on(SENT, service, others=frozenset({"L1"}))
    assert verdict == (WriteVerdict.NOT_FOUND, None)


async def test_a_record_with_another_mark_is_not_it() -> None:
    service = Service([OLD, {**SENT, "Ref": OTHER_MARK.text, "CreatedDate": SINCE}])
    verdict = await verdict_on(MARKED, service, mark=FIRST_MARK)
    assert verdict == (WriteVerdict.NOT_FOUND, None)


@pytest.mark.parametrize("kept", [None, "", FIRST_MARK.text[:18]])
async def test_a_service_that_drops_or_cuts_the_mark_leaves_it_open(kept: str | None) -> None:
    service = Service([OLD, {**SENT, "Ref": kept, "CreatedDate": SINCE}])
    verdict = await verdict_on(MARKED, service, mark=FIRST_MARK)
    assert verdict == (WriteVerdict.CANNOT_TELL, None)
    if kept is None:  # Where it is seen to keep marks, it would have kept this one.
        service.rows.insert(0, {"LastName": "Z", "Ref": OTHER_MARK.text, "CreatedDate": SINCE})
        verdict = await verdict_on(MARKED, service, mark=FIRST_MARK)
        assert verdict == (WriteVerdict.NOT_FOUND, None)


async def test_two_with_one_mark_are_told_as_done_twice() -> None:
    stored = {**MARKED, "CreatedDate": SINCE}
    service = Service([OLD, stored, {**stored, "City": "Leeds"}])
    verdict = await verdict_on(MARKED, service, mark=FIRST_MARK)
    assert verdict == (WriteVerdict.CANNOT_TELL, None)


async def test_a_mark_is_found_among_many_by_its_own_order() -> None:
    """No record has a date; the marks that the field sorts by show where it must be."""
    others = [{"LastName": f"x{n}", "Ref": f"cmdm-2{n:06d}aaaaaaaaaaaaa"} for n in range(900)]
    for other in others:
        other["Ref"] = other["Ref"].translate(str.maketrans("0189", "abcd"))
        assert MARK.fullmatch(other["Ref"])
    service = Service(list(others))
    verdict = await verdict_on(MARKED, service, mark=FIRST_MARK)
    assert verdict == (WriteVerdict.NOT_FOUND, None)
    service.rows.insert(0, MARKED)
    verdict = await verdict_on(MARKED, service, mark=FIRST_MARK)
    assert verdict == (WriteVerdict.FOUND, "L0")


@pytest.mark.parametrize(
    "cause",
    [
        DeadlineExceeded("late", call=CALL),
        AnswerTimeout("silent", call=CALL),
        MalformedResponse("queued", call=CALL, status=202),
        MalformedResponse("no id", call=CALL, status=201),
        ServerError("gateway", call=CALL, status=504),
        NetworkError("cut", call=CALL, partial=Response(1, "POST", "/lead", 201, {}, b"", 0.1)),
    ],
    ids=lambda cause: type(cause).__name__ + str(cause.status or ""),
)
async def test_what_the_service_may_still_make_or_says_it_made_is_never_not_found(
    cause: ApiError,
) -> None:
    assert await verdict_on(SENT, Service([OLD])) == (WriteVerdict.NOT_FOUND, None)
    verdict = await verdict_on(SENT, Service([OLD]), cause=cause)
    assert verdict == (WriteVerdict.CANNOT_TELL, None)


async def test_what_an_ended_connection_leaves_is_not_found_only_once_it_has_settled() -> None:
    cut = NetworkError("cut", call=CALL, partial=Response(1, "POST", "/lead", 200, {}, b"", 0.1))
    for cause in (None, cut, MalformedResponse("no id", call=CALL, status=204)):
        verdict = await verdict_on(SENT, Service([OLD]), cause=cause, settling_time=20.0)
        assert verdict == (WriteVerdict.CANNOT_TELL, None)
    for status, verdict in ((500, WriteVerdict.NOT_FOUND), (520, WriteVerdict.CANNOT_TELL)):
        failed = ServerError("failed", call=CALL, status=status)
        told, _ = await verdict_on(SENT, Service([OLD]), cause=failed, settling_time=20.0)
        assert told is verdict


def many(days: int, count: int = 900) -> list[dict[str, Any]]:
    """Return records of the last `days`, oldest first."""
    step = days * 86_400 / count
    return [
        {"LastName": f"x{n}", "CreatedDate": stamp(NOW - (count - n) * step)} for n in range(count)
    ]


def stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_in_a_large_entity_the_order_must_show_that_a_new_record_would_be_seen() -> None:
    assert await verdict_on(SENT, Service(many(90))) == (WriteVerdict.NOT_FOUND, None)
    for service in (
        Service(many(2)),
        Service([{"LastName": f"x{n}"} for n in range(900)]),
        Service([*many(90), {"LastName": "Z", "CreatedDate": "2099-01-01T00:00:00Z"}]),
        Service([*many(90), {"LastName": "Z", "CreatedDate": "soon"}]),
        Service(many(90), sorts=False),
    ):
        assert await verdict_on(SENT, service) == (WriteVerdict.CANNOT_TELL, None)


async def test_a_new_record_at_the_wrong_end_of_a_large_entity_leaves_it_open() -> None:
    service = Service([*many(90), {**SENT, "CreatedDate": "1970-01-01T00:00:00Z"}])
    assert await verdict_on(SENT, service) == (WriteVerdict.CANNOT_TELL, None)


async def test_records_that_are_counted_and_do_not_come_leave_it_open() -> None:
    service = Service([OLD], total=2)
    assert await verdict_on(SENT, service) == (WriteVerdict.CANNOT_TELL, None)


def test_a_mark_stands_before_what_the_user_gave() -> None:
    for given, name in (({}, "Ref"), ({"ref": None}, "ref"), ({"REF": ""}, "REF")):
        properties, mark = add_mark({"A": 1, **given}, "Ref")
        assert mark is not None
        assert properties == {"A": 1, name: mark.text}
        assert MARK.fullmatch(mark.text)
    properties, mark = add_mark({"Ref": "call back"}, "Ref")
    assert mark is not None
    assert properties == {"Ref": f"{mark.text} call back"}
    with pytest.raises(InvalidCall, match="not text"):
        add_mark({"Ref": 5}, "Ref")
    assert add_mark({"A": 1}, None) == ({"A": 1}, None)


@pytest.mark.parametrize(
    "newest",
    [
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
        {"Nick": "&#74;"},
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
    for parent, verdict in (("X", WriteVerdict.CANNOT_TELL), ("Y", WriteVerdict.NOT_FOUND)):
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


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ("Yes", True), ("0", "false"), ("1,234.50", "1234.5"), ("\N{POUND SIGN}12.00", 12),
        ("31/03/2026", "2026-03-31"), ("2026-03-31T00:00:00Z", "2026-03-31"),
        ("2026-03-31T10:30:00", "2026-03-31T09:30:00Z"), ("Fish &amp; Chips", "Fish & Chips"),
        ("\N{LATIN SMALL LETTER E}\N{COMBINING ACUTE ACCENT}t\N{LATIN SMALL LETTER E WITH ACUTE}",
         "\N{LATIN SMALL LETTER E WITH ACUTE}t\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("Jones and Sons", "Jones and Sons of Leeds"),
    ],
)  # fmt: skip
def test_a_value_may_come_back_in_the_services_own_form(stored: object, sent: object) -> None:
    assert may_be_changed_value(stored, sent)


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ("Lead 12", "Task 12"),
        ("Jo", "Jones"),
        ("2026-04-02", "2026-03-31"),
        ("no", "yes"),
    ],
)
def test_another_value_is_another(stored: object, sent: object) -> None:
    assert not may_be_changed_value(stored, sent)


async def test_what_was_lost_long_ago_needs_no_more_time_to_settle() -> None:
    """As a program that starts again has it, which kept what it was to send."""
    write = PendingWrite("lead", SENT, NOW)
    for age, verdict in ((60.0, WriteVerdict.NOT_FOUND), (0.0, WriteVerdict.CANNOT_TELL)):
        doubt = OutcomeUnknown(
            "lost",
            call=CALL,
            cause=NetworkError("reset", call=CALL),
            pending_write=write,
            lost_at=time.monotonic() - age,
        )
        found = await reconcile(doubt, Service([OLD]), wait, pause=0.0, settling_time=20.0)
        assert found.verdict is verdict


@pytest.mark.parametrize(
    "cause", [NetworkError("reset", call=CALL), ServerError("failed", call=CALL, status=500)]
)
async def test_what_is_not_looked_for_again_is_never_not_found(cause: ApiError) -> None:
    asked: list[float] = []

    async def leave(seconds: float) -> bool:
        asked.append(seconds)
        return False

    doubt = OutcomeUnknown(
        "lost", call=CALL, cause=cause, pending_write=PendingWrite("lead", SENT, NOW)
    )
    found = await reconcile(doubt, Service([OLD]), leave)
    assert (found.verdict, found.may_come_later) == (WriteVerdict.CANNOT_TELL, True)
    assert "it was not looked for again, so it may still be done later." in found.why
    assert len(asked) == 1
    assert 0.0 < asked[0] <= 1.0
