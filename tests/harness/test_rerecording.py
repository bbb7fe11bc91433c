"""A case that is recorded again keeps its file where only times and counts differ."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from cmdm_tui.harness.cassettes.case_recorder import record_case
from cmdm_tui.harness.cassettes.format import ADDRESS, HeaderLists, Interaction
from cmdm_tui.harness.cassettes.library import select_entries
from cmdm_tui.harness.cassettes.offline_replay import replay_case
from cmdm_tui.harness.cassettes.recorder import encode_cassette
from cmdm_tui.harness.cassettes.rerecording import is_answered_as_before
from tests.harness.conftest import ControlledSandbox
from tests.harness.recorded_cases import ALL

BEFORE = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)
LATER = BEFORE + timedelta(days=40, seconds=5)


def headers_at(moment: datetime, **others: str) -> HeaderLists:
    ahead = str(int((moment + timedelta(hours=1)).timestamp()))
    lines = {
        "date": format_datetime(moment, usegmt=True),
        "x-rate-limit-remaining": str(moment.second + 10),
        "x-rate-limit-reset": ahead,
        **others,
    }
    return {name: [value] for name, value in lines.items()}


def answer(body: str, moment: datetime, **others: str) -> Interaction:
    uri = f"{ADDRESS}/api/v1/lead/NEW00001"
    return Interaction("GET", uri, {}, b"", 200, "OK", headers_at(moment, **others), body.encode())


def is_kept(folder: Path, before: Interaction, now: Interaction) -> bool:
    path = folder / "case.yaml"
    path.write_bytes(encode_cassette([before]))
    return is_answered_as_before(path, [now], encode_cassette)


def own(created: str, name: str = "Jones", due: str = "2026-07-01") -> str:
    values = f'{{"LastName": "{name}", "CreatedDate": "{created}", "Due": "{due}"}}'
    return f'{{"Entity": [{{"ExternalID": "NEW00001", "Properties": {values}}}]}}'


@pytest.mark.parametrize(
    ("spelling", "hours_from_utc"),
    [
        ("%Y-%m-%dT%H:%M:%SZ", 0),
        ("%Y-%m-%dT%H:%M:%S+00:00", 0),
        ("%Y-%m-%d %H:%M", 11),
        ("%d/%m/%Y %H:%M", 0),
        ("/Date(%s000)/", 0),
    ],
)
def test_times_of_own_records_and_of_headers_change_nothing(
    tmp_path: Path, spelling: str, hours_from_utc: int
) -> None:
    before, now = (
        answer(own((moment + timedelta(hours=hours_from_utc)).strftime(spelling)), moment)
        for moment in (BEFORE, LATER)
    )
    assert is_kept(tmp_path, before, now)


STAMP, STAMP_LATER = "2026-03-31T10:30:00Z", "2026-05-10T10:30:05Z"


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(answer(own(STAMP_LATER, name="Smith"), LATER), id="a value"),
        pytest.param(answer(own(STAMP_LATER, due="2026-07-02"), LATER), id="a date that was sent"),
        pytest.param(answer(own("2026-05-10 10:30:05"), LATER), id="a time's spelling"),
        pytest.param(answer(own("2026-04-02T10:30:00Z"), LATER), id="a time that is not of today"),
        pytest.param(
            answer(own(STAMP_LATER).replace("NEW00001", "ABC1D2E3"), LATER), id="another's record"
        ),
        pytest.param(answer(own(STAMP_LATER).replace(": ", ":"), LATER), id="white space"),
        pytest.param(replace(answer(own(STAMP_LATER), LATER), status=201), id="a status"),
        pytest.param(
            answer(own(STAMP_LATER), LATER, **{"x-rate-limit-remaining": "many"}), id="no number"
        ),
        pytest.param(
            answer(own(STAMP_LATER), LATER, **{"x-rate-limit-reset": "1"}), id="a reset in the past"
        ),
        pytest.param(answer(own(STAMP_LATER), LATER, allow="GET"), id="a new header"),
    ],
)
def test_everything_else_is_a_change(tmp_path: Path, now: Interaction) -> None:
    assert not is_kept(tmp_path, answer(own(STAMP), BEFORE), now)


def test_the_time_of_a_record_that_was_found_is_a_change(tmp_path: Path) -> None:
    before, now = (
        answer(own(stamp).replace("NEW00001", "ABC1D2E3"), moment)
        for stamp, moment in ((STAMP, BEFORE), (STAMP_LATER, LATER))
    )
    assert not is_kept(tmp_path, before, now)


def test_a_file_that_is_missing_or_no_cassette_is_written(tmp_path: Path) -> None:
    now = [answer(own(STAMP), BEFORE)]
    assert not is_answered_as_before(tmp_path / "none.yaml", now, encode_cassette)
    (tmp_path / "other.yaml").write_text("a: b\n")
    assert not is_answered_as_before(tmp_path / "other.yaml", now, encode_cassette)


def test_cases_recorded_of_a_service_that_is_not_restored_are_replayed_and_stay(
    controlled: ControlledSandbox, tmp_path: Path
) -> None:
    names = ["create-lead", "convert-lead", "create-task-of-account", "update-event", "get-lead"]
    for mark in ("cmdm 20261124 abc", "cmdm 20261130 d15ea5e"):
        with controlled.uncontrolled_service(mark=mark) as service:
            for entry in select_entries(ALL, names):
                cassette = tmp_path / entry.cassette.name
                before = cassette.read_bytes() if cassette.is_file() else None
                assert record_case(entry.case, cassette, service) == ()
                assert replay_case(entry.case, cassette) == []
                assert mark not in cassette.read_text()
                assert before in (None, cassette.read_bytes())
        # The clock of the second recording is another one.
        controlled.control.advance_clock(90)
