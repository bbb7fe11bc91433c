"""The control plane: whom it answers, and what each of its calls does."""

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdm_tui.sandbox.control import control_app

if TYPE_CHECKING:
    from tests.sandbox.conftest import Running, Start
    from tests.sandbox.control_client import ControlPlaneClient

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgres"], indirect=True)


LAST_YEAR = 253_370_764_800.0  # 9999-01-01T00:00:00Z


def always(*_values: object) -> bool:
    return True


def everything(http: httpx.Client) -> dict[str, Any]:
    entities = ("account", "lead", "contact", "task", "opportunity", "event", "product")
    return {entity: http.get(f"/{entity}").json() for entity in entities}


# Whom it answers


def there_is_none(running: "Running") -> None:
    assert (running.info.control, running.info.control_token) == (None, None)
    assert "control" not in json.loads(running.info.json_line())
    for path in ("/_sandbox", "/_sandbox/", "/_sandbox/clock"):
        assert running.anonymous("GET", running.info.url + path).status_code == 404


def test_there_is_none_unless_asked_for(start: "Start", controlled: "Running") -> None:
    with start() as running:
        there_is_none(running)
    with pytest.raises(AssertionError):
        there_is_none(controlled)


def test_the_json_line_says_where_it_is(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    said = json.loads(controlled.info.json_line())
    assert said["control"] == f"{controlled.info.url}/_sandbox"
    assert len(said["control_token"]) >= 32
    assert said["control_token"] not in repr(controlled.info)


def takes_its_own_token_alone(controlled: "Running") -> None:
    own = controlled.info.control_token
    bearers = ["", "Bearer", "Bearer x", f"Basic {own}", f"Bearer {own}x"]
    for bearer in (*bearers, controlled.http.headers["authorization"]):
        for path in ("", "/clock", "/nothing"):
            address = f"{controlled.info.control}{path}"
            answer = httpx.get(address, headers={"Authorization": bearer}, verify=False)
            assert answer.status_code == 401, (bearer, path)
    answer = controlled.anonymous("GET", "/lead", {"Authorization": f"Bearer {own}"})
    assert answer.status_code == 401


def test_it_takes_its_own_token_alone(
    controlled: "Running", control: "ControlPlaneClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    takes_its_own_token_alone(controlled)
    monkeypatch.setattr(control_app, "compare_digest", always)
    with pytest.raises(AssertionError):
        takes_its_own_token_alone(controlled)


def test_its_calls_do_not_count(controlled: "Running", control: "ControlPlaneClient") -> None:
    def left() -> int:
        return int(controlled.http.get("/lead/fields").headers["x-rate-limit-remaining"])

    before = left()
    control.clock()
    assert left() == before - 1
    assert "x-rate-limit-remaining" not in control.http.get("/clock").headers


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("DELETE", "/clock", None, 405),
        ("POST", "/clock", {"advance": "soon"}, 400),
        ("POST", "/clock", {"later": 5}, 400),
        ("POST", "/clock", {"advance": 1e300}, 400),
        ("POST", "/clock", {"now": LAST_YEAR + 1}, 400),
        ("POST", "/clock", {"now": -1}, 400),
        ("POST", "/clock", [], 400),
        ("POST", "/restore", {"name": "nothing"}, 400),
        ("POST", "/snapshot", {"name": "a b"}, 400),
        ("POST", "/snapshot", {"name": "beginning"}, 400),
        ("PATCH", "/settings", {"rate_limit": 0}, 400),
        ("PATCH", "/settings", {"rate_limit": None}, 400),
        ("PATCH", "/settings", {"page_cap": 0}, 400),
        ("PATCH", "/settings", {"colour": 1}, 400),
        ("PATCH", "/behaviours", {"totals": "letters"}, 400),
        ("PATCH", "/behaviours", {"colour": "blue"}, 400),
        ("PUT", "/behaviours", {"totals": 5}, 400),
    ],
)
def test_what_cannot_be_done_changes_nothing_and_says_why(
    control: "ControlPlaneClient", method: str, path: str, body: Any, status: int
) -> None:
    before = control.overview()
    answer = control.http.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["Message"].endswith(".")
    assert control.overview() == before


# What its calls do


def test_restore_goes_back_to_what_was_saved(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    http = controlled.http
    control.snapshot("before")
    before = everything(http)
    lead_id, task_id = (before[one]["Entity"][0]["ExternalID"] for one in ("lead", "task"))
    http.post("/lead", json={"LastName": "New"})
    http.put(f"/lead/{lead_id}", json={"LastName": "Changed"})
    http.delete(f"/task/{task_id}")
    http.put(f"/lead/convert/{before['lead']['Entity'][1]['ExternalID']}")
    assert everything(http) != before
    control.restore("before")
    assert everything(http) == before
    # Pages and orders are those of the records that are there now.
    listed = http.get("/lead?sort_by=LastName&per_page=1000&page=1").json()
    assert listed["Total Records"] == before["lead"]["Total Records"]
    names = [one["Properties"]["LastName"] for one in listed["Entity"]]
    assert names == sorted(names, key=str.casefold)


def test_several_snapshots_at_once(controlled: "Running", control: "ControlPlaneClient") -> None:
    totals: dict[str, str] = {}

    def total() -> str:
        return controlled.http.get("/event?per_page=1&page=1").json()["Total Records"]

    for name in ("one", "two", "three"):
        controlled.http.post("/event", json={"Title": name})
        control.snapshot(name)
        totals[name] = total()
    assert len(set(totals.values())) == 3
    for name in ("two", "three", "one"):
        control.restore(name)
        assert total() == totals[name]
    assert control.overview()["snapshots"][:1] == ["beginning"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["create", "update", "delete"]), st.integers(0, 30)), max_size=6
)


class State:
    """All records at a time; too many for Hypothesis to show, as it does with data classes."""

    def __init__(self, records: dict[str, Any]) -> None:
        self.records = records


@pytest.fixture
def beginning(controlled: "Running", control: "ControlPlaneClient") -> State:
    """All records as they were when the sandbox began."""
    control.restore("beginning")
    return State(everything(controlled.http))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_restore_undoes_whatever_was_done(
    controlled: "Running",
    control: "ControlPlaneClient",
    beginning: State,
    steps: list[tuple[str, int]],
) -> None:
    http = controlled.http
    control.restore("beginning", calls=True)
    for step, number in steps:
        listed = http.get("/product").json()["Entity"]
        if step == "create":
            http.post("/product", json={"Name": "x", "SKU": str(number)})
        elif listed:
            path = f"/product/{listed[number % len(listed)]['ExternalID']}"
            http.request("PUT" if step == "update" else "DELETE", path, json={"SKU": "y"})
    control.restore("beginning")
    assert everything(http) == beginning.records


def test_restore_keeps_the_count_of_calls_unless_asked(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    def left() -> int:
        return int(controlled.http.get("/lead/fields").headers["x-rate-limit-remaining"])

    first = left()
    control.restore("beginning")
    assert left() == first - 1
    control.restore("beginning", calls=True)
    assert left() == first


def test_reset_puts_everything_back_but_the_tokens(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    http = controlled.http
    before, records = control.overview(), everything(http)
    http.post("/lead", json={"LastName": "New"})
    control.clock(advance=5_000, stands=True)
    control.settings(rate_limit=7, month_limit=8, token_ttl=9, page_cap=10)
    control.behave(totals="numbers")
    assert control.overview() != before
    control.reset()
    assert control.overview() == {**before, "clock": control.clock()}
    assert everything(http) == records


def test_the_clock_can_be_moved_and_stopped(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    began = control.clock()["now"]
    assert control.clock(advance=90.5)["now"] == pytest.approx(began + 90.5)
    assert control.clock(now=1_000_000_000, stands=True) == {
        "now": 1_000_000_000,
        "time": "2001-09-09T01:46:40Z",
        "stands": True,
    }
    # Whatever asks what time it is asks this clock.
    controlled.http.headers["Authorization"] = f"Bearer {controlled.sign_in().json()['token']}"
    answer = controlled.http.get("/lead/fields")
    assert answer.headers["date"] == "Sun, 09 Sep 2001 01:46:40 GMT"
    created = controlled.http.post("/event", json={"Title": "x"}).json()["ExternalID"]
    record = controlled.http.get(f"/event/{created}").json()
    assert record["Properties"]["CreatedDate"] == "2001-09-09T01:46:40Z"
    assert control.clock(stands=False)["stands"] is False


@pytest.mark.parametrize("now", [0.0, LAST_YEAR])
def test_at_the_first_and_the_last_time_that_a_clock_can_be_set_to_all_is_in_order(
    controlled: "Running", control: "ControlPlaneClient", now: float
) -> None:
    control.clock(now=now)
    control.behave(retry_after="date")
    bearer = {"Authorization": f"Bearer {controlled.sign_in().json()['token']}"}
    made = controlled.http.post("/event", headers=bearer, json={"Title": "x"})
    assert made.status_code == 201
    assert controlled.http.get(f"/event/{made.json()['ExternalID']}", headers=bearer).is_success
    control.settings(rate_limit=1)
    refused = controlled.http.get("/event", headers=bearer)
    assert refused.status_code == 429
    assert refused.headers["retry-after"].endswith(" GMT")


def test_a_clock_that_moves_past_it_ends_the_hour_and_a_token(
    controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.settings(rate_limit=1, token_ttl=4_000)
    bearer = {"Authorization": f"Bearer {controlled.sign_in().json()['token']}"}
    assert controlled.anonymous("GET", "/lead/fields", bearer).status_code == 429
    control.clock(advance=3_600)
    assert controlled.anonymous("GET", "/lead/fields", bearer).status_code == 200
    control.clock(advance=3_600)
    assert controlled.anonymous("GET", "/lead/fields", bearer).status_code == 401


def test_settings_hold_at_once(controlled: "Running", control: "ControlPlaneClient") -> None:
    control.settings(rate_limit=3, page_cap=2)
    answer = controlled.http.get("/lead?per_page=50&page=2")
    assert answer.headers["x-rate-limit-limit"] == "3"
    assert len(answer.json()["Entity"]) == 2
    assert answer.json()["Total Pages"] == "20"
    control.settings(rate_limit=1000, month_limit=2)
    statuses = [controlled.http.get("/lead/fields").status_code for _ in range(2)]
    assert statuses == [200, 429]
    assert control.settings(page_cap=None)["page_cap"] is None
