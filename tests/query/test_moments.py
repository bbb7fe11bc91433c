"""Dates and times: every form of ISO 8601 is read, and what comes out says its zone."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.query.database.casts import parse_value
from cmdm_tui.query.database.iso_times import read_day, read_moment
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.model import ColumnKind
from tests.query.small_service import SmallService, open_engine, run_query

NOON = datetime(2026, 7, 1, 12)  # noqa: DTZ001 — in UTC, as `read_moment` gives it

FORMS = [
    ("2026-07-01T12:00:00Z", NOON),
    ("2026-07-01 12:00:00", NOON),
    ("2026-07-01T12:00Z", NOON),
    ("2026-07-01T12Z", NOON),
    ("2026-07-01t12:00:00z", NOON),
    ("20260701T120000Z", NOON),
    ("20260701T1200Z", NOON),
    ("20260701T12Z", NOON),
    ("2026-07-01T13:00:00+01", NOON),
    ("2026-07-01T13:00:00+0100", NOON),
    ("2026-07-01T13:00:00+01:00", NOON),
    ("2026-07-01T12:00:00-00:00", NOON),
    ("2026-07-01T06:30:00\u221205:30", NOON),
    ("2026-07-01 13:00:00 +01:00", NOON),
    ("2026-07-01T12:00:00.0Z", NOON),
    ("2026-07-01T12:00:00.000000000Z", NOON),
    ("2026-07-01T12:00:00,25Z", NOON + timedelta(microseconds=250_000)),
    ("2026-07-01T12:00:00.123456789Z", NOON + timedelta(microseconds=123_456)),
    ("2026-07-01T12:00.5Z", NOON + timedelta(seconds=30)),
    ("2026-07-01T12.5Z", NOON + timedelta(minutes=30)),
    ("2026-182T12:00:00Z", NOON),
    ("2026182T120000Z", NOON),
    ("2026-W27-3T12:00:00Z", NOON),
    ("2026W273T120000Z", NOON),
    ("2026-06-30T24:00:00Z", NOON - timedelta(hours=12)),
    ("2026-07-01T11:59:60Z", NOON),
    ("2026-07-01", NOON - timedelta(hours=12)),
    ("20260701", NOON - timedelta(hours=12)),
]
NO_MOMENTS = [
    "", "soon", "2026-02-30", "2026-07-01T25:00", "2026-07-01T12:60", "01/07/2026", "2026-7-1",
    "2026-07-01T12:00:00+25:00", "2026-367", "2026-W54-1", "2026-07-01T24:30", "0000-01-01",
    "2026-07-01Tnoon", "12:00", "2026-07", "2026-07-01T12:00:00Z!", "２０２６-07-01",
]  # fmt: skip


@pytest.mark.parametrize(("text", "moment"), FORMS)
def test_a_time_is_read_in_every_form(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_moment(text) is None
    assert read_day(text) is None


@given(st.datetimes(timezones=st.integers(-839, 839).map(lambda n: timezone(timedelta(minutes=n)))))
def test_what_python_writes_is_read(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        expected = None
    assert read_moment(moment.isoformat()) == expected
    assert read_day(moment.isoformat()) == moment.date()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-29", date(2026, 3, 29)),
        ("20260329", date(2026, 3, 29)),
        ("2026-03-29T23:30:00-05:00", date(2026, 3, 29)),
        ("2026-03-29T00:30:00+02:00", date(2026, 3, 29)),
        ("2026-03-29T00:00:00Z", date(2026, 3, 29)),
        ("2026-03-29 00:00:00", date(2026, 3, 29)),
        ("2026-088", date(2026, 3, 29)),
        ("2026-W13-7", date(2026, 3, 29)),
    ],
)
def test_a_date_that_comes_with_a_time_is_its_date(text: str, day: date) -> None:
    assert parse_value(ColumnKind.DATE, text) == day


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    records = [(f"R{place:02}", {"At": text, "Day": text}) for place, (text, _) in enumerate(FORMS)]
    types = {"event": {"At": "DateTime", "Day": "Date"}}
    async with open_engine(SmallService({"event": records}, types, page=10)) as one:
        yield one


async def test_a_column_of_any_spelling_is_read(engine: Engine) -> None:
    result = await engine.run(await engine.prepare("SELECT At, Day FROM event ORDER BY ExternalID"))
    assert [row[0] for row in result.rows] == [one.replace(tzinfo=UTC) for _, one in FORMS]
    assert not result.notes.failed_casts
    assert {row[1] for row in result.rows} == {date(2026, 7, 1), date(2026, 6, 30)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("At", datetime(2026, 7, 1, 12, tzinfo=UTC)),
        ("At AT TIME ZONE 'Europe/London'", datetime(2026, 7, 1, 13)),  # noqa: DTZ001
        ("At AT TIME ZONE 'UTC'", NOON),
        (
            "At AT TIME ZONE 'Europe/London' AT TIME ZONE 'Europe/London'",
            datetime(2026, 7, 1, 12, tzinfo=UTC),
        ),
        ("CAST(At AS DATE)", date(2026, 7, 1)),
        ("At = '2026-07-01 12:00:00'", True),
        ("At = TIMESTAMP '2026-07-01 12:00:00'", True),
        ("At = TIMESTAMPTZ '2026-07-01 14:00:00+02'", True),
        ("At::DATE = '2026-07-01'", True),
        ("strftime(At, '%H:%M')", "12:00"),
        ("extract(hour FROM At)", 12),
        ("[At]", [datetime(2026, 7, 1, 12, tzinfo=UTC)]),
        ("{'a': At}", {"a": datetime(2026, 7, 1, 12, tzinfo=UTC)}),
        ("max(At) OVER ()", datetime(2026, 7, 1, 12, 30, tzinfo=UTC)),
    ],
)
async def test_times_are_in_utc_whatever_is_done_with_them(
    engine: Engine, value: str, expected: Any
) -> None:
    sql = f"SELECT v FROM (SELECT ExternalID, {value} AS v FROM event) q WHERE ExternalID = 'R00'"
    assert await run_query(engine, sql) == [(expected,)]
