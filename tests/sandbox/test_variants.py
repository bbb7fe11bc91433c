"""Each behaviour, tried with each of its choices: what a client then meets."""

import json
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from cmdm_tui.sandbox import Sandbox, SandboxConfig, SettingError, variants
from cmdm_tui.sandbox.variants import choices, description
from cmdm_tui.sandbox.variants.choices import BEHAVIOURS, BehaviourChoices

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Running
    from tests.sandbox.control_client import ControlPlaneClient

UNKNOWN = "ZZZZZZZZ"
RATE = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")


@pytest.fixture
def http(controlled: "Running", control: "ControlPlaneClient") -> httpx.Client:
    """A signed-in client of the sandbox that is controlled."""
    return controlled.http


def ids(answer: httpx.Response, key: str = "Entity") -> list[str]:
    return [record["ExternalID"] for record in answer.json()[key]]


def values(answer: httpx.Response, field: str) -> list[Any]:
    return [record["Properties"][field] for record in answer.json()["Entity"]]


def create(http: httpx.Client, entity: str, **given: Any) -> str:
    answer = http.post(f"/{entity}", json=given)
    assert answer.status_code == 201, answer.text
    return answer.json()["ExternalID"]


def path(entity: str, external_id: str) -> str:
    return f"/{entity}/{quote(external_id, safe='')}"


# The table


def test_the_list_says_every_behaviour_with_its_row_and_choices(
    control: "ControlPlaneClient",
) -> None:
    listed = {one["name"]: one for one in control.listed()}
    assert listed.keys() == BEHAVIOURS.keys()
    assert listed["totals"]["choices"] == ["strings", "numbers"]
    assert listed["page_cap"]["numbers"] == [1, 1000]
    assert all(one["current"] == one["choices"][0] for one in listed.values())
    control.behave(page_cap="50")
    assert {one["name"]: one["current"] for one in control.listed()}["page_cap"] == "50"


def test_every_choice_can_be_chosen_and_the_sandbox_still_answers(
    http: httpx.Client, control: "ControlPlaneClient"
) -> None:
    for one in control.listed():
        for choice in [*one["choices"], *map(str, one["numbers"] or ())]:
            control.behave(**{one["name"]: choice})
            for wanted in ("/lead?per_page=2&page=1", "/lead/fields", "/lead", f"/lead/{UNKNOWN}"):
                assert http.get(wanted).status_code in {200, 400, 404}, (one["name"], choice)
    assert control.behave() == {}


def test_every_choice_at_once(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(**{one["name"]: one["choices"][-1] for one in control.listed()})
    answer = http.get("/lead?per_page=2&page=1")
    assert answer.status_code == 200
    assert len(answer.json()["lead"]) == 2


def test_a_choice_at_the_start(tmp_path: "Path") -> None:
    config = SandboxConfig(
        tmp_path / "data", port=0, records=3, behaviours={"token_refused": "403"}
    )
    with Sandbox.embedded(config) as info:
        assert info.control is None
        assert httpx.get(f"{info.url}/api/v1/lead", verify=False).status_code == 403


@pytest.mark.parametrize(
    "chosen", [{"totals": "x"}, {"x": "y"}, {"page_cap": "0"}, {"page_cap": "1001"}, {"nulls": ""}]
)
def test_a_choice_that_there_is_not(tmp_path: "Path", chosen: dict[str, str]) -> None:
    with pytest.raises(SettingError, match=next(iter(chosen))):
        SandboxConfig(tmp_path, behaviours=chosen)
    behaviours = BehaviourChoices({"totals": "numbers"})
    with pytest.raises(SettingError):
        behaviours.choose({"list_key": "entity", **chosen})
    assert dict(behaviours.chosen) == {"totals": "numbers"}


def test_every_group_of_behaviours_is_registered_and_described() -> None:
    """A file with behaviours that `choices` or `description` does not know would do nothing."""
    groups = [
        import_module(f"{variants.__name__}.{module.name}")
        for module in iter_modules(variants.__path__)
    ]
    behaviours = [
        behaviour
        for group in groups
        if group is not choices
        for behaviour in getattr(group, "BEHAVIOURS", ())
    ]
    names = [behaviour.name for behaviour in behaviours]
    assert sorted(names) == sorted(BEHAVIOURS)
    described = {group.describe for group in groups if hasattr(group, "describe")}
    assert set(description._DESCRIBERS) == described


# Lists


def test_totals_and_list_key(http: httpx.Client, control: "ControlPlaneClient") -> None:
    before = http.get("/lead?per_page=7&page=2").json()
    control.behave(totals="numbers", list_key="entity")
    after = http.get("/Lead?per_page=7&page=2").json()
    assert after == {"Total Records": 40, "Total Pages": 6, "lead": before["Entity"]}
    assert http.get("/lead/fields").json()["Total Page"] == 1


def test_default_page_and_page_cap(http: httpx.Client, control: "ControlPlaneClient") -> None:
    every = ids(http.get("/lead"))
    control.behave(default_page="15", page_cap="20")
    assert ids(http.get("/lead")) == every[:15]
    assert http.get("/lead").json()["Total Pages"] == "3"
    assert ids(http.get("/lead?per_page=9999999999999&page=2")) == every[20:]
    assert ids(http.get("/lead?per_page=5&page=1")) == every[:5]
    assert http.get("/lead?per_page=x&page=1").status_code == 400
    assert len(http.get("/lead/fields").json()["Field"]) == 15


def test_past_the_end(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(past_the_end="404")
    assert http.get("/lead?per_page=20&page=2").status_code == 200
    assert http.get("/lead?per_page=20&page=3").status_code == 404
    assert http.get("/lead/fields?per_page=20&page=3").status_code == 404


def test_order_without_sort_by(http: httpx.Client, control: "ControlPlaneClient") -> None:
    every = ids(http.get("/lead"))
    control.behave(order="newest-first")
    assert ids(http.get("/lead?per_page=40&page=1")) == every[::-1]
    assert ids(http.get("/lead?sort_order=desc")) == every
    control.behave(order="unstable")
    once, again = ids(http.get("/lead")), ids(http.get("/lead"))
    assert once != again
    assert sorted(once) == sorted(again) == sorted(every)


def test_ties_that_are_unstable_make_pages_overlap(
    http: httpx.Client, control: "ControlPlaneClient"
) -> None:
    control.behave(ties="unstable")
    pages = [http.get(f"/lead?sort_by=Status&per_page=4&page={page}") for page in range(1, 11)]
    seen = [external_id for page in pages for external_id in ids(page)]
    assert len(seen) == 40
    assert len(set(seen)) < 40
    statuses = [value or "" for page in pages for value in values(page, "Status")]
    assert statuses == sorted(statuses)


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize(
    ("collation", "ordered"),
    [
        ("binary", ["10", "9", "B", "Zoo", "ab", "apple", "éclair"]),
        ("locale", ["10", "9", "ab", "apple", "B", "éclair", "Zoo"]),
    ],
)
def test_collation_of_text(
    http: httpx.Client,
    control: "ControlPlaneClient",
    collation: str,
    ordered: list[str],
    direction: str,
) -> None:
    control.behave(collation=collation)
    made = {create(http, "event", Title="x", Venue=venue) for venue in reversed(ordered)}
    listed = http.get(f"/event?sort_by=Venue&sort_order={direction}").json()["Entity"]
    ours = [one["Properties"]["Venue"] for one in listed if one["ExternalID"] in made]
    assert ours == (ordered if direction == "asc" else ordered[::-1])


def test_numeric_as_text(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(collation="numeric-as-text")
    scores = [one for one in values(http.get("/lead?sort_by=Score"), "Score") if one is not None]
    assert scores == sorted(scores)
    assert scores != sorted(scores, key=float)


@pytest.mark.parametrize(
    ("nulls", "at_the_end_of"),
    [("first", {"desc"}), ("last", {"asc"}), ("always-last", {"asc", "desc"})],
)
def test_nulls(
    http: httpx.Client, control: "ControlPlaneClient", nulls: str, at_the_end_of: set[str]
) -> None:
    create(http, "lead", LastName="x")
    control.behave(nulls=nulls)
    for direction in ("asc", "desc"):
        listed = values(http.get(f"/lead?sort_by=Score&sort_order={direction}"), "Score")
        assert (listed[-1] is None) == (direction in at_the_end_of)
        assert (listed[0] is None) != (direction in at_the_end_of)


def test_names_and_parameters(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(unknown_names="ignored")
    query = "/lead?per_page=3&page=1"
    answer = http.get(f"{query}&fields=City,Nothing&sort_by=Nothing")
    assert list(answer.json()["Entity"][0]["Properties"]) == ["City"]
    assert len(http.get(f"{query}&fields=Nothing").json()["Entity"][0]["Properties"]) > 5
    assert http.get(f"{query}&colour=blue").status_code == 200
    control.behave(unknown_parameters="400")
    assert http.get(f"{query}&colour=blue").status_code == 400
    assert http.get(f"{query}&sort_by=City").status_code == 200


# Errors and headers


@pytest.mark.parametrize("choice", BEHAVIOURS["error_body"].choices)
def test_error_body(http: httpx.Client, control: "ControlPlaneClient", choice: str) -> None:
    control.behave(error_body=choice)
    answer = http.get(f"/lead/{UNKNOWN}")
    assert answer.status_code == 404
    kinds = {"html": "text/html; charset=utf-8", "text": "text/plain; charset=utf-8"}
    assert answer.headers.get("content-type", "") == (
        "" if choice == "empty" else kinds.get(choice, "application/json")
    )
    assert answer.headers["content-length"] == str(len(answer.content))
    match choice:
        case "html":
            assert "<h1>404 Not Found</h1>" in answer.text
        case "text":
            assert answer.text == "404 Not Found"
        case "empty":
            assert answer.content == b""
        case "array":
            assert isinstance(answer.json(), list)
        case _:
            assert ("Message" in answer.json()) == (choice == "json")


def test_headers_missing_or_garbage(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(rate_headers="missing", token_header="garbage")
    headers = http.get("/lead/fields").headers
    assert not [name for name in RATE if name in headers]
    assert not headers["x-token-reset"].isdigit()
    control.behave(rate_headers="garbage", token_header="missing")
    headers = http.get(f"/lead/{UNKNOWN}").headers
    assert not [name for name in RATE if headers[name].isdigit()]
    assert "x-token-reset" not in headers


@pytest.mark.parametrize(("choice", "by"), [("identified", 1), ("nothing", 0), ("twice", 2)])
def test_what_counts(
    http: httpx.Client, control: "ControlPlaneClient", choice: str, by: int
) -> None:
    control.behave(counted=choice)
    first, second = (int(http.get("/lead/fields").headers[RATE[1]]) for _ in range(2))
    assert first - second == by


def test_retry_after(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.settings(rate_limit=1)
    http.get("/lead/fields")
    assert "retry-after" not in http.get("/lead/fields").headers
    control.behave(retry_after="seconds")
    assert 0 < int(http.get("/lead/fields").headers["retry-after"]) <= 3_600
    control.behave(retry_after="date")
    assert http.get("/lead/fields").headers["retry-after"] == "Tue, 31 Mar 2026 10:00:00 GMT"


def test_statuses_of_refusals(
    http: httpx.Client, controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.behave(
        sign_in_header_missing="401", token_refused="403", unknown="400", other_method="404"
    )
    assert controlled.anonymous("POST", "/authenticate", {"client_id": "x"}).status_code == 401
    refused = controlled.anonymous("GET", "/lead")
    assert (refused.status_code, "www-authenticate" in refused.headers) == (403, False)
    assert http.get("/nothing").status_code == 400
    other = http.patch("/lead")
    assert (other.status_code, "allow" in other.headers) == (404, False)
    wrong = {"client_id": "x", "client_secret": "x", "username": "x", "password": "x"}
    assert controlled.anonymous("POST", "/authenticate", wrong).status_code == 401


def test_a_refusal_that_no_behaviour_changes_keeps_its_headers(
    http: httpx.Client, controlled: "Running", control: "ControlPlaneClient"
) -> None:
    control.behave(totals="numbers")
    assert controlled.anonymous("GET", "/lead").headers["www-authenticate"] == "Bearer"
    assert http.patch("/lead").headers["allow"] == "GET, POST"


# Records


@pytest.mark.parametrize("form", ["long", "odd"])
def test_external_ids_of_another_form(
    http: httpx.Client, control: "ControlPlaneClient", form: str
) -> None:
    control.behave(external_ids=form)
    external_id = create(http, "account", Name="Acme")
    assert len(external_id) > 20
    assert http.get(path("account", external_id)).json()["ExternalID"] == external_id
    assert external_id in ids(http.get("/account"))
    contact = create(http, "contact", LastName="x", AccountExternalID=external_id)
    shown = http.get(path("contact", contact)).json()["Properties"]["AccountExternalID"]
    assert shown == external_id
    task = http.post(f"{path('account', external_id)}/task", json={"Subject": "x"}).json()
    related = http.get(path("task", task["ExternalID"])).json()["Properties"]["RelatedExternalID"]
    assert related == external_id
    closed = http.put(f"/task/close/{quote(task['ExternalID'], safe='')}")
    assert closed.status_code == 200
    lead = create(http, "lead", LastName="x")
    converted = http.put(f"/lead/convert/{quote(lead, safe='')}").json()
    assert http.get(path("account", converted["Account ExternalID"])).status_code == 200
    assert http.put(path("account", external_id), json={"City": "York"}).status_code == 200
    assert http.delete(path("account", external_id)).status_code == 200
    control.behave()
    inside = http.get(f"/lead/{lead}")
    assert inside.status_code == 404
    ordered = ids(http.get("/lead?sort_by=ExternalID"))
    control.behave(external_ids=form)
    assert http.get(f"/lead/{ordered[0]}").status_code == 404
    assert len(http.get("/lead/fields").json()["Field"]) > 5


@pytest.mark.parametrize("choice", BEHAVIOURS["field_metadata"].choices)
def test_field_metadata(http: httpx.Client, control: "ControlPlaneClient", choice: str) -> None:
    control.behave(field_metadata=choice)
    answer = http.get("/lead/fields")
    if choice == "absent":
        assert answer.status_code == 404
        return
    described = [field["Properties"] for field in answer.json()["Field"]]
    if choice == "empty":
        assert described == [{}] * len(described)
    elif choice == "other-names":
        assert described[1]["FieldName"] == "LastName"
        assert "Name" not in described[1]
    else:
        assert described[1]["Name"] == "LastName"


def test_values_of_other_types(http: httpx.Client, control: "ControlPlaneClient") -> None:
    given = {"LastName": "x", "Score": "12.5", "OptIn": "false", "Status": "New"}
    lead = create(http, "lead", EstimatedValue="100", **given)
    control.behave(values="json")
    shown = http.get(f"/lead/{lead}").json()["Properties"]
    assert (shown["Score"], shown["OptIn"], shown["EstimatedValue"]) == (12.5, False, 100)
    assert shown["City"] is None
    assert http.put(f"/lead/{lead}", json={"Score": 7, "OptIn": True}).status_code == 200
    control.behave(values="nested")
    shown = http.get(f"/lead/{lead}").json()["Properties"]
    assert shown["Status"] == ["New"]
    assert shown["EstimatedValue"] == {"Amount": 100, "Currency": "GBP"}
    control.behave()
    assert http.get(f"/lead/{lead}").json()["Properties"]["Score"] == "7"
    assert http.put(f"/lead/{lead}", json={"Score": 7}).status_code == 400


def test_system_fields_absent(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(system_fields="absent")
    listed = http.get("/lead?per_page=1&page=1").json()["Entity"][0]["Properties"]
    described = [one["Properties"]["Name"] for one in http.get("/lead/fields").json()["Field"]]
    for name in ("CreatedDate", "ModifiedDate"):
        assert name not in listed
        assert name not in described
        assert http.get(f"/lead?sort_by={name}").status_code == 400


def test_task_fields(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(task_fields="200")
    fields = http.get("/task/fields").json()["Field"]
    assert fields[0]["Properties"]["Name"] == "Subject"
    assert http.get("/task/fields?per_page=1").status_code == 400
    other = http.put("/task/fields", json={})
    assert (other.status_code, other.headers["allow"]) == (405, "GET")


# Changes


def test_wrong_values_are_dropped(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(wrong_values="dropped")
    given = {"LastName": "x", "City": "York", "Score": "ten", "Nothing": "1", "CreatedDate": "2"}
    lead = create(http, "lead", **given)
    shown = http.get(f"/lead/{lead}").json()["Properties"]
    assert (shown["City"], shown["Score"]) == ("York", None)
    assert http.put(f"/lead/{lead}", json={"Nothing": "1"}).status_code == 200
    assert http.put(f"/lead/{UNKNOWN}", json={"Nothing": "1"}).status_code == 404
    assert http.get(f"/lead/{lead}").json()["Properties"] == shown


def test_update_replaces(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(update="replaces")
    lead = create(http, "lead", LastName="x", City="York", Score="5")
    assert http.put(f"/lead/{lead}", json={"Score": "6"}).status_code == 200
    shown = http.get(f"/lead/{lead}").json()["Properties"]
    assert (shown["LastName"], shown["City"], shown["Score"]) == ("x", None, "6")


@pytest.mark.parametrize("status", ["422", "500"])
def test_malformed_body(http: httpx.Client, control: "ControlPlaneClient", status: str) -> None:
    control.behave(malformed_body=status)
    for body in (b"{", b"[]", b'{"a":1,"a":1}', b"\xff"):
        assert http.post("/lead", content=body).status_code == int(status)
    assert http.post("/lead", json={"LastName": "x"}).status_code == 201
    assert http.post("/lead", json={"Nothing": "x"}).status_code == 400


def test_content_type(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(content_type="415")
    body = json.dumps({"LastName": "x"}).encode()
    for kind, status in (("text/plain", 415), ("application/json; charset=utf-8", 201)):
        answer = http.post("/lead", content=body, headers={"Content-Type": kind})
        assert answer.status_code == status
    assert http.post("/lead", content=body).status_code == 415


def test_large_body_closes_the_connection(
    http: httpx.Client, control: "ControlPlaneClient"
) -> None:
    control.behave(large_body="closed")
    with pytest.raises(httpx.HTTPError):
        http.post("/lead", content=b" " * 2_000_000)
    assert http.get("/lead/fields").status_code == 200


def test_convert_deletes_the_lead(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(convert="lead-deleted")
    lead = create(http, "lead", LastName="x", Company="Acme")
    account = http.put(f"/lead/convert/{lead}").json()["Account ExternalID"]
    assert http.get(f"/account/{account}").json()["Properties"]["Name"] == "Acme"
    assert http.get(f"/lead/{lead}").status_code == 404


def test_close_again(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(close_again="400")
    task = create(http, "task", Subject="x")
    assert [http.put(f"/task/close/{task}").status_code for _ in range(2)] == [200, 400]


def test_delete_cascades(http: httpx.Client, control: "ControlPlaneClient") -> None:
    control.behave(delete="cascades")
    account = create(http, "account", Name="x")
    child = http.post(f"/account/{account}/opportunity", json={"Name": "x"}).json()["ExternalID"]
    grandchild = http.post(f"/opportunity/{child}/task", json={"Subject": "x"}).json()["ExternalID"]
    total = int(http.get("/task?per_page=1&page=1").json()["Total Records"])
    assert http.delete(f"/account/{account}").status_code == 200
    assert http.get(f"/opportunity/{child}").status_code == 404
    assert http.get(f"/task/{grandchild}").status_code == 404
    left = int(http.get("/task?per_page=1&page=1").json()["Total Records"])
    assert left == total - 1
