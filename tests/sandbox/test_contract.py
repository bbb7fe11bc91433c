"""The contract, row by row: api.md's calls, headers, status codes and [ours] points.

Every test is named after the row it holds to, and talks to a sandbox over a real socket.
"""

import calendar
import json
import math
import re
import socket
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmdm_tui.sandbox import AccountCredentials
    from tests.sandbox.backends import Backend
    from tests.sandbox.conftest import ManualClock, Running, Start

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgres"], indirect=True)

ENTITIES = ["account", "lead", "contact", "task", "opportunity", "event", "product"]
REQUIRED = {
    "account": {"Name": "Acme"},
    "lead": {"LastName": "Shaw"},
    "contact": {"LastName": "Shaw"},
    "task": {"Subject": "Ring"},
    "opportunity": {"Name": "Chairs"},
    "event": {"Title": "Fair"},
    "product": {"Name": "Chair", "SKU": "C-1"},
}
ID = re.compile("[0-9A-Z]{8}")
UNKNOWN = "ZZZZZZZZ"


def create(http: httpx.Client, entity: str, **values: str | None) -> str:
    response = http.post(f"/{entity}", json={**REQUIRED[entity], **values})
    assert response.status_code == 201, response.text
    return response.json()["ExternalID"]


def properties(http: httpx.Client, entity: str, external_id: str) -> dict[str, Any]:
    response = http.get(f"/{entity}/{external_id}")
    assert response.status_code == 200, response.text
    return response.json()["Properties"]


def refused(response: httpx.Response, status: int, *named: str) -> None:
    """Assert that this is a refusal whose message names what is at fault."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert list(body) == ["Message"]
    for name in named:
        assert name in body["Message"], body


# Calls


def test_authenticate(shared: "Running") -> None:
    response = shared.sign_in()
    assert response.status_code == 200
    assert list(response.json()) == ["token"]
    assert len(response.json()["token"]) >= 32


@pytest.mark.parametrize("entity", ENTITIES)
def test_retrieve_one(http: httpx.Client, entity: str) -> None:
    external_id = create(http, entity)
    response = http.get(f"/{entity}/{external_id}")
    assert response.status_code == 200
    body = response.json()
    assert list(body) == ["ExternalID", "Properties"]
    assert body["ExternalID"] == external_id
    assert body["Properties"] | REQUIRED[entity] == body["Properties"]


@pytest.mark.parametrize("entity", ENTITIES)
def test_retrieve_many_with_totals_as_strings(http: httpx.Client, entity: str) -> None:
    create(http, entity)
    response = http.get(f"/{entity}", params={"per_page": 3, "page": 1})
    assert response.status_code == 200
    body = response.json()
    assert list(body) == ["Total Records", "Total Pages", "Entity"]
    assert isinstance(body["Total Records"], str)
    assert body["Total Pages"] == str(math.ceil(int(body["Total Records"]) / 3))
    for record in body["Entity"]:
        assert list(record) == ["ExternalID", "Properties"]
        assert ID.fullmatch(record["ExternalID"])


@pytest.mark.parametrize("entity", [entity for entity in ENTITIES if entity != "task"])
def test_retrieve_fields_with_total_page_in_the_singular(http: httpx.Client, entity: str) -> None:
    response = http.get(f"/{entity}/fields")
    assert response.status_code == 200
    body = response.json()
    assert list(body) == ["Total Records", "Total Page", "Field"]
    assert body["Total Page"] == "1"
    assert body["Total Records"] == str(len(body["Field"]))
    ids = {field["ExternalID"] for field in body["Field"]}
    assert len(ids) == len(body["Field"])
    assert all(ID.fullmatch(one) for one in ids)


def test_retrieve_fields_by_pages(http: httpx.Client) -> None:
    every = http.get("/lead/fields").json()["Field"]
    pages = math.ceil(len(every) / 4)
    paged: list[Any] = []
    for page in range(1, pages + 1):
        body = http.get("/lead/fields", params={"per_page": 4, "page": page}).json()
        assert (body["Total Records"], body["Total Page"]) == (str(len(every)), str(pages))
        paged += body["Field"]
    assert paged == every
    past = http.get("/lead/fields", params={"per_page": 4, "page": pages + 1})
    assert past.status_code == 200
    assert past.json()["Field"] == []
    refused(http.get("/lead/fields?per_page=4"), 400, "page")


@pytest.mark.parametrize("entity", ENTITIES)
def test_create(http: httpx.Client, entity: str) -> None:
    response = http.post(f"/{entity}", json=REQUIRED[entity])
    assert response.status_code == 201
    assert list(response.json()) == ["ExternalID"]
    assert ID.fullmatch(response.json()["ExternalID"])


@pytest.mark.parametrize("child", ["task", "opportunity"])
@pytest.mark.parametrize("parent", ENTITIES)
def test_create_a_task_or_opportunity_of_a_record(
    http: httpx.Client, parent: str, child: str
) -> None:
    parent_id = create(http, parent)
    response = http.post(f"/{parent}/{parent_id}/{child}", json=REQUIRED[child])
    assert response.status_code == 201
    made = properties(http, child, response.json()["ExternalID"])
    assert (made["RelatedEntity"], made["RelatedExternalID"]) == (parent, parent_id)


@pytest.mark.parametrize("child", ["task", "opportunity"])
def test_parent_unknown(http: httpx.Client, child: str) -> None:
    refused(http.post(f"/lead/{UNKNOWN}/{child}", json=REQUIRED[child]), 404, UNKNOWN)
    refused(http.post(f"/nothing/{UNKNOWN}/{child}", json=REQUIRED[child]), 404, "nothing")


def test_update_changes_the_fields_given_and_no_others(http: httpx.Client) -> None:
    external_id = create(http, "lead", FirstName="Ann", City="York", Score="5")
    before = properties(http, "lead", external_id)
    response = http.put(f"/lead/{external_id}", json={"City": "Leeds", "Score": None})
    assert response.status_code == 200
    assert response.json() == {"Message": "Record updated."}
    after = properties(http, "lead", external_id)
    assert after == before | {
        "City": "Leeds",
        "Score": None,
        "ModifiedDate": after["ModifiedDate"],
    }


def test_convert_a_lead(http: httpx.Client) -> None:
    person = {
        "FirstName": "Siân",
        "LastName": "O'Neill",
        "JobTitle": "Buyer",
        "Email": "sian@acme.example",
        "Phone": "0113 496 0001",
        "Mobile": "07700 900001",
        "City": "Leeds",
        "OptIn": "true",
        "Notes": "x",
    }
    lead_id = create(http, "lead", Company="Acme & Sons", **person)
    response = http.put(f"/lead/convert/{lead_id}", json={"Industry": "Retail", "City": "York"})
    assert response.status_code == 200
    assert list(response.json()) == ["Account ExternalID"]
    account_id = response.json()["Account ExternalID"]
    account = properties(http, "account", account_id)
    assert account["Name"] == "Acme & Sons"
    assert account["Phone"] == person["Phone"]
    assert (account["Industry"], account["City"]) == ("Retail", "York")
    lead = properties(http, "lead", lead_id)
    assert (lead["Status"], lead["AccountExternalID"]) == ("Converted", account_id)
    newest = http.get("/contact?per_page=1&page=1&sort_order=desc").json()["Entity"][0]
    assert newest["Properties"] | person == newest["Properties"]
    assert newest["Properties"]["AccountExternalID"] == account_id


def test_convert_a_lead_again_is_400_and_makes_nothing(http: httpx.Client) -> None:
    lead_id = create(http, "lead", Company="Acme")
    assert http.put(f"/lead/convert/{lead_id}").status_code == 200
    totals = [http.get(f"/{one}?per_page=1&page=1").json() for one in ("account", "contact")]
    refused(http.put(f"/lead/convert/{lead_id}"), 400, lead_id)
    assert totals == [
        http.get(f"/{one}?per_page=1&page=1").json() for one in ("account", "contact")
    ]


def test_convert_refuses_account_fields_as_a_create_does(http: httpx.Client) -> None:
    lead_id = create(http, "lead", Company="Acme")
    before = properties(http, "lead", lead_id)
    refused(http.put(f"/lead/convert/{lead_id}", json={"Score": "1"}), 400, "Score")
    refused(http.put(f"/lead/convert/{lead_id}", json={"Name": None}), 400, "Name")
    refused(http.put(f"/lead/convert/{lead_id}", content=b"[]"), 400)
    assert properties(http, "lead", lead_id) == before
    refused(http.put(f"/lead/convert/{UNKNOWN}"), 404, UNKNOWN)


def test_convert_a_lead_without_a_company(http: httpx.Client) -> None:
    lead_id = create(http, "lead", FirstName="Zoë", LastName="Hartley")
    account_id = http.put(f"/lead/convert/{lead_id}").json()["Account ExternalID"]
    assert properties(http, "account", account_id)["Name"] == "Zoë Hartley"
    long = create(http, "lead", FirstName="A" * 255, LastName="B" * 255)
    account_id = http.put(f"/lead/convert/{long}").json()["Account ExternalID"]
    assert properties(http, "account", account_id)["Name"] == "A" * 255


def test_close_a_task(start: "Start", clock: "ManualClock") -> None:
    with start(clock=clock) as running:
        task_id = create(running.http, "task")
        clock.time += 60
        response = running.http.put(f"/task/close/{task_id}", json={})
        assert (response.status_code, response.json()) == (200, {"Message": "Record updated."})
        closed = properties(running.http, "task", task_id)
        assert closed["Status"] == "Closed"
        assert closed["ClosedDate"] == closed["ModifiedDate"] == "2026-03-31T09:21:00Z"


def test_close_a_task_again_is_200_and_changes_nothing(
    start: "Start", clock: "ManualClock"
) -> None:
    with start(clock=clock) as running:
        task_id = create(running.http, "task")
        running.http.put(f"/task/close/{task_id}")
        closed = properties(running.http, "task", task_id)
        clock.time += 60
        assert running.http.put(f"/task/close/{task_id}").status_code == 200
        assert properties(running.http, "task", task_id) == closed


def test_close_an_unknown_task(http: httpx.Client) -> None:
    refused(http.put(f"/task/close/{UNKNOWN}"), 404, UNKNOWN)
    refused(http.put(f"/task/close/{create(http, 'task')}", content=b"{"), 400)


@pytest.mark.parametrize("entity", ENTITIES)
def test_delete(http: httpx.Client, entity: str) -> None:
    external_id = create(http, entity)
    response = http.delete(f"/{entity}/{external_id}")
    assert (response.status_code, response.json()) == (200, {"Message": "Record deleted."})
    refused(http.get(f"/{entity}/{external_id}"), 404, external_id)
    refused(http.delete(f"/{entity}/{external_id}"), 404, external_id)


def test_delete_leaves_tasks_and_opportunities_pointing_at_the_record(http: httpx.Client) -> None:
    account_id = create(http, "account")
    children = {
        child: http.post(f"/account/{account_id}/{child}", json=REQUIRED[child]).json()
        for child in ("task", "opportunity")
    }
    http.delete(f"/account/{account_id}")
    for child, body in children.items():
        assert properties(http, child, body["ExternalID"])["RelatedExternalID"] == account_id


# Addresses


def test_entity_and_action_segments_match_without_regard_to_case(http: httpx.Client) -> None:
    lead_id, task_id = create(http, "lead"), create(http, "task")
    assert http.get(f"/LEAD/{lead_id}").status_code == 200
    assert http.get("/Lead/FIELDS").status_code == 200
    assert http.put(f"/Task/Close/{task_id}").status_code == 200
    created = http.post(f"/lEAD/{lead_id}/TASK", json=REQUIRED["task"])
    assert created.status_code == 201
    related = properties(http, "task", created.json()["ExternalID"])["RelatedEntity"]
    assert related == "lead"
    assert http.put(f"/LEAD/Convert/{lead_id}").status_code == 200


def test_external_ids_match_exactly(http: httpx.Client) -> None:
    external_id = create(http, "lead")
    while external_id.isdigit():
        external_id = create(http, "lead")
    refused(http.get(f"/lead/{external_id.lower()}"), 404)
    refused(http.get(f"/lead/{external_id}%20"), 404)
    escaped = "".join(f"%{ord(character):02X}" for character in external_id)
    assert http.get(f"/lead/{escaped}").status_code == 200


def test_an_escaped_slash_belongs_to_its_segment(http: httpx.Client) -> None:
    lead_id = create(http, "lead")
    refused(http.get(f"/lead%2F{lead_id}"), 404, f"lead/{lead_id}")
    refused(http.get(f"/lead/{lead_id}%2Ftask"), 404, f"{lead_id}/task")


# Query parameters


def test_per_page_and_page(http: httpx.Client) -> None:
    every = [record["ExternalID"] for record in http.get("/lead").json()["Entity"]]
    paged: list[str] = []
    for page in range(1, math.ceil(len(every) / 7) + 1):
        body = http.get("/lead", params={"per_page": 7, "page": page}).json()
        paged += [record["ExternalID"] for record in body["Entity"]]
    assert paged == every


@pytest.mark.parametrize("name", ["per_page", "page"])
@pytest.mark.parametrize(
    "value", ["0", "-1", "1.5", "x", "", "1e2", "+1", " 1", "0x10", "1_0", "٣", "9" * 40 + "x"]
)
def test_per_page_and_page_are_whole_numbers_from_1(
    http: httpx.Client, name: str, value: str
) -> None:
    parameters = {"per_page": "1", "page": "1", name: value}
    refused(http.get("/lead", params=parameters), 400, name)
    refused(http.get("/lead/fields", params=parameters), 400, name)


def test_per_page_is_at_most_1000(http: httpx.Client) -> None:
    assert http.get("/lead?per_page=1000&page=1").status_code == 200
    refused(http.get("/lead?per_page=1001&page=1"), 400, "per_page", "1000")
    refused(http.get(f"/lead?per_page={'9' * 5000}&page=1"), 400, "per_page")


def test_one_of_per_page_and_page_without_the_other(http: httpx.Client) -> None:
    refused(http.get("/lead?per_page=5"), 400, "per_page", "page")
    refused(http.get("/lead?page=1"), 400, "page", "per_page")


def test_neither_given_streams_all_records(http: httpx.Client) -> None:
    with http.stream("GET", "/lead") as response:
        assert response.headers["transfer-encoding"] == "chunked"
        body = json.loads(response.read())
    assert body["Total Pages"] == "1"
    assert body["Total Records"] == str(len(body["Entity"]))
    assert len(body["Entity"]) >= 40


def test_neither_given_and_no_records(start: "Start", tmp_path: Any) -> None:
    with start(data=tmp_path / "empty", records=0) as running:
        expected: dict[str, Any] = {"Total Records": "0", "Total Pages": "1", "Entity": []}
        assert running.http.get("/lead").json() == expected
        body = running.http.get("/lead?per_page=5&page=1").json()
        assert body == {"Total Records": "0", "Total Pages": "0", "Entity": []}


def test_neither_given_applies_order_and_fields_too(http: httpx.Client) -> None:
    query = "fields=City&sort_by=City&sort_order=desc"
    total = http.get("/lead").json()["Total Records"]
    paged = http.get(f"/lead?{query}&per_page=1000&page=1").json()
    assert http.get(f"/lead?{query}").json()["Entity"] == paged["Entity"]
    assert paged["Total Records"] == total


@pytest.mark.parametrize("page", ["999999", "9" * 30])
def test_page_past_the_last(http: httpx.Client, page: str) -> None:
    total = http.get("/lead?per_page=5&page=1").json()
    body = http.get(f"/lead?per_page=5&page={page}").json()
    assert body == total | {"Entity": []}


def test_fields_chooses_properties(http: httpx.Client) -> None:
    record = http.get("/lead?fields=City,LastName&per_page=1&page=1").json()["Entity"][0]
    assert list(record) == ["ExternalID", "Properties"]
    assert list(record["Properties"]) == ["City", "LastName"]


@pytest.mark.parametrize("fields", ["ExternalID", "ExternalID,City"])
def test_external_id_is_always_present_whatever_fields_says(
    http: httpx.Client, fields: str
) -> None:
    record = http.get(f"/lead?fields={fields}&per_page=1&page=1").json()["Entity"][0]
    assert ID.fullmatch(record["ExternalID"])
    assert "ExternalID" not in record["Properties"]


@pytest.mark.parametrize("parameter", ["fields", "sort_by"])
@pytest.mark.parametrize("name", ["Nothing", "lastname", "LastName ", "", "Key of City", "x'\"--"])
def test_unknown_name_in_fields_or_sort_by(http: httpx.Client, parameter: str, name: str) -> None:
    response = http.get("/lead", params={parameter: name, "per_page": 1, "page": 1})
    refused(response, 400, parameter, name)


def test_unknown_name_among_known_fields(http: httpx.Client) -> None:
    refused(http.get("/lead?fields=City,Nothing,LastName"), 400, "fields", "Nothing")
    refused(http.get("/account?fields=LastName"), 400, "account", "LastName")


@pytest.mark.parametrize("value", ["ASC", "up", "", "descending"])
def test_sort_order_is_asc_or_desc(http: httpx.Client, value: str) -> None:
    refused(http.get("/lead", params={"sort_by": "City", "sort_order": value}), 400, "sort_order")


def test_a_parameter_given_twice_is_ambiguous(http: httpx.Client) -> None:
    refused(http.get("/lead?per_page=1&per_page=2&page=1"), 400, "per_page")


def test_unknown_query_parameter_is_ignored(http: httpx.Client) -> None:
    assert http.get("/lead?per_page=1&page=1&colour=blue").status_code == 200


def test_order_without_sort_by_is_creation_order(http: httpx.Client) -> None:
    made = [create(http, "event") for _ in range(3)]
    ids = [record["ExternalID"] for record in http.get("/event").json()["Entity"]]
    assert ids[-3:] == made
    turned = http.get("/event?sort_order=desc").json()["Entity"]
    assert [record["ExternalID"] for record in turned] == ids[::-1]
    assert [record["ExternalID"] for record in http.get("/event").json()["Entity"]] == ids


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_ties_under_sort_by_stand_in_creation_order_and_pages_never_overlap(
    http: httpx.Client, direction: str
) -> None:
    created = [record["ExternalID"] for record in http.get("/lead").json()["Entity"]]
    query = f"sort_by=Status&sort_order={direction}&per_page=3"
    seen: list[tuple[str, str]] = []
    for page in range(1, math.ceil(len(created) / 3) + 1):
        listed = http.get(f"/lead?{query}&page={page}").json()["Entity"]
        seen += [(one["Properties"]["Status"] or "", one["ExternalID"]) for one in listed]
    assert len({external_id for _, external_id in seen}) == len(created)
    place = {external_id: index for index, external_id in enumerate(created)}
    expected = sorted(seen, key=lambda one: place[one[1]])
    expected.sort(key=lambda one: one[0].casefold(), reverse=direction == "desc")
    assert seen == expected


def in_order(http: httpx.Client, entity: str, field: str, values: list[str | None]) -> list[Any]:
    """Return how the values come back, sorted ascending by the field that holds them."""
    made = {create(http, entity, **{field: value}) for value in values}
    listed = http.get(f"/{entity}?sort_by={field}&fields={field}").json()["Entity"]
    ours = [record["Properties"][field] for record in listed if record["ExternalID"] in made]
    turned = http.get(f"/{entity}?sort_by={field}&sort_order=desc&fields={field}").json()["Entity"]
    theirs = [record["Properties"][field] for record in turned if record["ExternalID"] in made]
    assert theirs == ours[::-1]
    return ours


def test_collation_of_text_is_casefold_then_code_point(http: httpx.Client) -> None:
    ordered: list[str | None] = [None, "", "10", "9", "apple", "B", "bB", "BC", "straße", "STRASSF"]
    ordered += ["Z", "äpfel", "Éclair", "ømega", "中", "\U0001f600"]
    assert in_order(http, "event", "Venue", ordered[::-1]) == ordered


def test_collation_of_numbers_is_by_value(http: httpx.Client) -> None:
    ordered: list[str | None] = [None, "-100", "-20.5", "-20.4", "-0.001", "0", "0.05", "0.5", "3"]
    ordered += ["20", "100", "12345678901234567890.01", "12345678901234567890.02"]
    assert in_order(http, "lead", "Score", ordered[::-1]) == ordered
    assert in_order(http, "event", "Price", ordered[::-1]) == ordered


def test_collation_of_dates_is_by_time(http: httpx.Client) -> None:
    days: list[str | None] = [None, "0001-01-01", "1999-12-31", "2024-02-29", "2026-03-31"]
    assert in_order(http, "lead", "LastContacted", days[::-1]) == days
    times = [day and f"{day}T09:30:00Z" for day in days]
    assert in_order(http, "event", "StartsAt", times[::-1]) == times


def test_external_id_is_sortable(http: httpx.Client) -> None:
    listed = http.get("/lead?sort_by=ExternalID").json()["Entity"]
    ids = [record["ExternalID"] for record in listed]
    assert ids == sorted(ids)


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_field_is_sortable(http: httpx.Client, entity: str) -> None:
    record = http.get(f"/{entity}?per_page=1&page=1").json()["Entity"][0]
    for field in record["Properties"]:
        response = http.get(f"/{entity}?sort_by={field}&sort_order=desc&per_page=5&page=2")
        assert response.status_code == 200, (field, response.text)


# Tokens, limits and their headers

ENDED = ["", "Bearer", "Bearer unknown", "Basic abc", "unknown", "Bearer ünknown"]


@pytest.mark.parametrize("value", ENDED)
def test_token_missing_malformed_unknown(shared: "Running", value: str) -> None:
    for method, path in [("GET", "/lead"), ("POST", "/lead"), ("GET", "/nothing"), ("PATCH", "/")]:
        headers = [(b"authorization", value.encode())] if value else None
        response = shared.anonymous(method, path, headers)
        refused(response, 401, "token")
        assert response.headers["www-authenticate"] == "Bearer"
        assert not [name for name in response.headers if name.startswith("x-")]


def test_token_ended(start: "Start", clock: "ManualClock") -> None:
    with start(clock=clock, token_ttl=60) as running:
        ends = int(running.http.get("/lead/fields").headers["x-token-reset"])
        assert ends == clock.time + 60
        clock.time = ends - 1
        assert running.http.get("/lead/fields").status_code == 200
        clock.time = ends
        refused(running.http.get("/lead/fields"), 401)


@pytest.mark.parametrize("missing", ["client_id", "client_secret", "username", "password"])
def test_an_authenticate_header_missing(
    shared: "Running", headers: "Callable[[AccountCredentials], dict[str, str]]", missing: str
) -> None:
    given = headers(shared.info.credentials)
    del given[missing]
    response = shared.anonymous("POST", "/authenticate", given)
    refused(response, 400, missing)


def test_wrong_authenticate_values_have_one_message_for_all(
    shared: "Running", headers: "Callable[[AccountCredentials], dict[str, str]]"
) -> None:
    messages: set[str] = set()
    for name in ("client_id", "client_secret", "username", "password"):
        for wrong in (b"wrong", b"", "wröng".encode("latin-1")):
            given = httpx.Headers(headers(shared.info.credentials))
            raw = [(key, wrong if key == name.encode() else value) for key, value in given.raw]
            response = shared.anonymous("POST", "/authenticate", raw)
            refused(response, 401)
            assert not [key for key in response.headers if key.startswith("x-")]
            messages.add(response.text)
    assert len(messages) == 1


def test_rate_limit_and_token_headers_are_on_every_answer(
    start: "Start", clock: "ManualClock"
) -> None:
    with start(clock=clock, rate_limit=100, token_ttl=600) as running:
        reset = calendar.timegm((2026, 3, 31, 10, 0, 0))
        signed_in = running.sign_in()
        http = running.http
        answers = [
            signed_in,
            http.get("/lead"),
            http.get("/lead?per_page=1&page=1"),
            http.get("/nothing"),
            http.get(f"/lead/{UNKNOWN}"),
            http.patch("/lead"),
            http.post("/lead", json={}),
            http.get(f"{running.info.url}/elsewhere"),
        ]
        for count, answer in enumerate(answers, start=2):
            assert answer.headers["x-rate-limit-limit"] == "100"
            assert answer.headers["x-rate-limit-remaining"] == str(100 - count), answer.url
            assert answer.headers["x-rate-limit-reset"] == str(reset)
            assert answer.headers["x-token-reset"] == str(int(clock.time) + 600)


def test_a_401_counts_for_nobody(start: "Start") -> None:
    with start() as running:
        before = int(running.http.get("/lead/fields").headers["x-rate-limit-remaining"])
        running.anonymous("GET", "/lead")
        running.anonymous("GET", "/lead", {"Authorization": "Bearer x"})
        after = int(running.http.get("/lead/fields").headers["x-rate-limit-remaining"])
        assert after == before - 1


def test_429_of_the_hour(start: "Start", clock: "ManualClock") -> None:
    with start(clock=clock, rate_limit=3) as running:
        assert running.http.get("/lead/fields").headers["x-rate-limit-remaining"] == "1"
        assert running.http.get("/lead/fields").headers["x-rate-limit-remaining"] == "0"
        for response in (running.http.get("/lead/fields"), running.sign_in()):
            refused(response, 429, "3", "hour")
            assert response.headers["x-rate-limit-remaining"] == "0"
            assert int(response.headers["x-rate-limit-reset"]) > clock.time
            assert "retry-after" not in response.headers
        clock.time = int(running.http.get("/lead/fields").headers["x-rate-limit-reset"])
        assert running.http.get("/lead/fields").headers["x-rate-limit-remaining"] == "2"


def test_a_refused_call_changes_nothing(start: "Start") -> None:
    with start(rate_limit=2) as running:
        total = running.http.get("/lead?per_page=1&page=1").json()["Total Records"]
        refused(running.http.post("/lead", json=REQUIRED["lead"]), 429)
        data = running.data
    with start(data=data) as running:
        assert running.http.get("/lead?per_page=1&page=1").json()["Total Records"] == total


def test_429_of_the_month_although_calls_remain(start: "Start", clock: "ManualClock") -> None:
    with start(clock=clock, month_limit=2, token_ttl=10**8) as running:
        assert running.http.get("/lead/fields").status_code == 200
        response = running.http.get("/lead/fields")
        refused(response, 429, "2", "month")
        assert int(response.headers["x-rate-limit-remaining"]) > 0
        clock.time += 3_600
        refused(running.http.get("/lead/fields"), 429, "month")
        clock.time = calendar.timegm((2026, 4, 1, 0, 0, 0))
        assert running.http.get("/lead/fields").status_code == 200


def test_the_date_header_tells_the_clock_that_tokens_and_limits_go_by(
    start: "Start", clock: "ManualClock"
) -> None:
    with start(clock=clock) as running:
        dates = running.http.get("/lead/fields").headers.get_list("date")
        assert [parsedate_to_datetime(date).timestamp() for date in dates] == [clock.time]


# Paths and methods


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/nothing",
        f"/nothing/{UNKNOWN}",
        f"/lead/{UNKNOWN}",
        "/lead/",
        f"/lead/{UNKNOWN}/nothing",
        f"/account/convert/{UNKNOWN}",
        f"/lead/close/{UNKNOWN}",
        f"/lead/{UNKNOWN}/task/x",
    ],
)
def test_unknown_entity_record_path(http: httpx.Client, path: str) -> None:
    refused(http.get(path), 404)


def test_outside_of_the_api(shared: "Running") -> None:
    for path in ("/", "/api", "/api/v2/lead", "/API/V1/lead", "//api/v1/lead", "/favicon.ico"):
        refused(shared.anonymous("GET", shared.info.url + path), 404, "/api/v1")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/lead", "GET, POST"),
        (f"/lead/{UNKNOWN}", "GET, PUT, DELETE"),
        ("/lead/fields", "GET"),
        (f"/lead/{UNKNOWN}/task", "POST"),
        (f"/lead/{UNKNOWN}/opportunity", "POST"),
        (f"/lead/convert/{UNKNOWN}", "PUT"),
        (f"/task/close/{UNKNOWN}", "PUT"),
        ("/authenticate", "POST"),
    ],
)
def test_known_path_other_method(http: httpx.Client, path: str, allowed: str) -> None:
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} - set(allowed.split(", ")):
        response = http.request(method, path)
        refused(response, 405, method)
        assert response.headers["allow"] == allowed
    head = http.head(path)
    assert (head.status_code, head.content) == (405, b"")


def test_get_task_fields(http: httpx.Client) -> None:
    refused(http.get("/task/fields"), 404)
    refused(http.get("/TASK/Fields"), 404)


def test_500_is_an_unexpected_server_error(
    start: "Start",
    backend: "Backend",
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(*_values: object) -> None:
        raise ZeroDivisionError("a secret detail")

    with start() as running:
        with monkeypatch.context() as patch:
            patch.setattr(backend.store_class, "get", broken)
            response = running.http.get(f"/lead/{UNKNOWN}")
        refused(response, 500)
        assert "detail" not in response.text
        assert "x-rate-limit-remaining" in response.headers
        assert running.http.get(f"/lead/{UNKNOWN}").status_code == 404
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("part", ["get_token_end", "count_call"])
def test_500_is_json_wherever_it_comes_from(
    start: "Start", backend: "Backend", monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    async def broken(*_values: object) -> None:
        raise ZeroDivisionError

    with start() as running, socket.create_connection(running.address, timeout=10) as connection:
        request = (
            f"GET /api/v1/lead/fields HTTP/1.1\r\nHost: {running.host}\r\n"
            f"Authorization: {running.http.headers['authorization']}\r\n\r\n"
        )
        with monkeypatch.context() as patch:
            patch.setattr(backend.store_class, part, broken)
            refused(running.http.get("/lead/fields"), 500)
            connection.sendall(request.encode())
            assert connection.recv(65_536).startswith(b"HTTP/1.1 500")
        # The connection is good for the next call.
        connection.sendall(request.encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


# The sandbox's entities, as api.md's table has them: `*` required, `†` read-only

OF_ENTITIES = {
    "account": "Name*, Industry (Picklist), Phone, Email, Website (URL), Address, City, County, "
    "PostCode, Country, Employees (Number), AnnualRevenue (Currency), Rating (Hot;Warm;Cold), "
    "Owner, Description",
    "lead": "FirstName, LastName*, Company, JobTitle, Email, Phone, Mobile, City, PostCode, "
    "Country, Source (Web;Referral;Event;Email;Phone;Partner), "
    "Status (New;Contacted;Qualified;Unqualified;Converted), Score (Number), "
    "EstimatedValue (Currency), OptIn (Boolean), LastContacted (Date), Owner, Notes, "
    "AccountExternalID† (Lookup account)",
    "contact": "FirstName, LastName*, JobTitle, Email, Phone, Mobile, "
    "AccountExternalID (Lookup account), City, PostCode, Country, Birthday (Date), "
    "OptIn (Boolean), Owner, Notes",
    "task": "Subject*, Type (Call;Email;Meeting;To do), Status (Open;In progress;Closed), "
    "Priority (Low;Normal;High), DueDate (Date), ClosedDate† (DateTime), RelatedEntity†, "
    "RelatedExternalID†, Owner, Notes",
    "opportunity": "Name*, Stage (Prospecting;Proposal;Negotiation;Won;Lost), Amount (Currency), "
    "Probability (Number), CloseDate (Date), RelatedEntity†, RelatedExternalID†, Owner, Notes",
    "event": "Title*, Venue, City, StartsAt (DateTime), EndsAt (DateTime), Capacity (Number), "
    "Price (Currency), Online (Boolean)",
    "product": "Name*, SKU*, Category (Picklist), Price (Currency), Stock (Number), "
    "Discontinued (Boolean), LaunchDate (Date), URL",
}
OF_ALL = ", CreatedDate† (DateTime), ModifiedDate† (DateTime)"
NAMED_FOR_THEIR_TYPE = {"Phone": "Phone", "Mobile": "Phone", "Email": "Email", "URL": "URL"}


def fields_of(entity: str) -> dict[str, dict[str, str]]:
    """Return what `GET /{entity}/fields` is to say, by name, as far as api.md says it."""
    fields: dict[str, dict[str, str]] = {}
    row = OF_ENTITIES[entity] + OF_ALL
    for name, marks, detail in re.findall(r"(\w+)([*†]?)(?: \(([^)]+)\))?(?:, |$)", row):
        kind, _, target = detail.partition(" ") if "Lookup" in detail else (detail, "", "")
        field = {
            "Type": "Picklist" if ";" in detail else kind or NAMED_FOR_THEIR_TYPE.get(name, "Text"),
            "Required": str(marks == "*").lower(),
            "ReadOnly": str(marks == "†").lower(),
            "LookupEntity": target,
        }
        fields[name] = field | ({"Options": detail} if ";" in detail else {})
    return fields


@pytest.mark.parametrize("entity", [entity for entity in ENTITIES if entity != "task"])
def test_the_fields_of_an_entity(http: httpx.Client, entity: str) -> None:
    listed = http.get(f"/{entity}/fields").json()["Field"]
    described = {one["Properties"]["Name"]: one["Properties"] for one in listed}
    expected = fields_of(entity)
    assert list(described) == list(expected)
    for name, field in expected.items():
        assert described[name] | field == described[name]
    assert list(properties(http, entity, create(http, entity))) == list(expected)


def test_the_fields_of_a_task(http: httpx.Client) -> None:
    task_id = create(http, "task")
    expected = fields_of("task")
    assert list(properties(http, "task", task_id)) == list(expected)
    values = {"Text": "x", "Date": "2026-03-31", "DateTime": "2026-03-31T09:30:00Z"}
    for name, field in expected.items():
        for value in field.get("Options", values.get(field["Type"], "")).split(";"):
            changed = http.put(f"/task/{task_id}", json={name: value})
            assert changed.status_code == (400 if field["ReadOnly"] == "true" else 200), name
        if field["Type"] != "Text":
            refused(http.put(f"/task/{task_id}", json={name: "x"}), 400, name)


# Fields and values


def test_properties_of_a_field_are_all_strings(http: httpx.Client) -> None:
    names = ["Name", "Label", "Type", "Required", "ReadOnly", "MaxLength", "Options"]
    names += ["LookupEntity"]
    types = {"Text", "Number", "Currency", "Date", "DateTime", "Boolean", "Email", "Phone", "URL"}
    types |= {"Picklist", "Lookup"}
    seen: set[str] = set()
    for entity in ENTITIES:
        if entity == "task":
            continue
        for field in http.get(f"/{entity}/fields").json()["Field"]:
            described = field["Properties"]
            assert list(described) == names
            assert all(isinstance(value, str) for value in described.values())
            assert {described["Required"], described["ReadOnly"]} <= {"true", "false"}
            seen.add(described["Type"])
    assert seen == types


def test_a_field_says_what_api_md_says_of_it(http: httpx.Client) -> None:
    listed = http.get("/lead/fields").json()["Field"]
    fields = {field["Properties"]["Name"]: field["Properties"] for field in listed}
    assert fields["LastName"]["Required"] == "true"
    assert fields["FirstName"]["Required"] == "false"
    assert fields["Status"]["Options"] == "New;Contacted;Qualified;Unqualified;Converted"
    assert fields["AccountExternalID"]["LookupEntity"] == "account"
    assert fields["AccountExternalID"]["ReadOnly"] == "true"
    assert fields["EstimatedValue"]["Label"] == "Estimated value"
    assert fields["CreatedDate"]["Type"] == "DateTime"


@pytest.mark.parametrize("entity", ENTITIES)
def test_values_are_strings_or_null_and_every_field_is_there(
    http: httpx.Client, entity: str
) -> None:
    records = http.get(f"/{entity}").json()["Entity"]
    keys = {tuple(record["Properties"]) for record in records}
    assert len(keys) == 1
    values = [value for record in records for value in record["Properties"].values()]
    assert all(value is None or isinstance(value, str) for value in values)


def test_system_fields_on_every_entity(start: "Start", clock: "ManualClock") -> None:
    with start(clock=clock) as running:
        for entity in ENTITIES:
            external_id = create(running.http, entity)
            made = properties(running.http, entity, external_id)
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.time))
            assert (made["CreatedDate"], made["ModifiedDate"]) == (now, now)
            clock.time += 60
            running.http.put(f"/{entity}/{external_id}", json=REQUIRED[entity])
            changed = properties(running.http, entity, external_id)
            assert changed["CreatedDate"] == now
            assert changed["ModifiedDate"] > now
            refused(
                running.http.put(f"/{entity}/{external_id}", json={"ModifiedDate": now}),
                400,
                "ModifiedDate",
            )


GOOD = [
    ("lead", "Score", "-007.50"),
    ("lead", "EstimatedValue", "1250.00"),
    ("lead", "OptIn", "false"),
    ("lead", "LastContacted", "2024-02-29"),
    ("lead", "Email", "a+b@c.example"),
    ("lead", "Phone", "+44 (0)113 496-0001 ext 12"),
    ("lead", "Source", "Web"),
    ("event", "StartsAt", "2026-03-31T09:30:00Z"),
    ("product", "URL", "HTTPS://shop.example/ä?x=1"),
    ("contact", "AccountExternalID", "ABC1D2E3"),
    ("lead", "Notes", 'line\nbreak\t"quoted" \x00 \u202e 😀 </script>'),
    ("lead", "FirstName", ""),
]


@pytest.mark.parametrize(("entity", "field", "value"), GOOD)
def test_a_value_comes_back_as_it_was_sent(
    http: httpx.Client, entity: str, field: str, value: str
) -> None:
    external_id = create(http, entity, **{field: value})
    assert properties(http, entity, external_id)[field] == value
    assert http.put(f"/{entity}/{external_id}", json={field: None}).status_code == 200
    assert properties(http, entity, external_id)[field] is None


WRONG = [
    ("lead", "Score", "ten"),
    ("lead", "Score", "1,000"),
    ("lead", "Score", "1e3"),
    ("lead", "Score", "١"),
    ("lead", "Score", ""),
    ("lead", "Score", "NaN"),
    ("lead", "Score", 5),
    ("lead", "Score", "1" * 33),
    ("lead", "OptIn", "yes"),
    ("lead", "OptIn", True),
    ("lead", "LastContacted", "31/03/2026"),
    ("lead", "LastContacted", "2025-02-29"),
    ("lead", "LastContacted", "20260331"),
    ("lead", "Email", "nobody"),
    ("lead", "Phone", "ring me"),
    ("lead", "Source", "web"),
    ("lead", "Status", "Nothing"),
    ("lead", "FirstName", ["x"]),
    ("lead", "FirstName", {"a": "b"}),
    ("lead", "FirstName", "x" * 256),
    ("lead", "Notes", "x" * 4001),
    ("event", "StartsAt", "2026-03-31"),
    ("event", "StartsAt", "2026-03-31T25:00:00Z"),
    ("event", "StartsAt", "2026-03-31T09:30:00+01:00"),
    ("product", "URL", "javascript:alert(1)"),
    ("contact", "AccountExternalID", "abc"),
]


@pytest.mark.parametrize(("entity", "field", "value"), WRONG)
def test_wrongly_typed_field_is_400_and_nothing_is_stored(
    http: httpx.Client, entity: str, field: str, value: object
) -> None:
    external_id = create(http, entity)
    before = properties(http, entity, external_id)
    total = http.get(f"/{entity}?per_page=1&page=1").json()["Total Records"]
    refused(http.post(f"/{entity}", json={**REQUIRED[entity], field: value}), 400, field)
    changes = {"City": "York", field: value}
    refused(http.put(f"/{entity}/{external_id}", json=changes), 400)
    refused(http.put(f"/{entity}/{external_id}", json={field: value}), 400, field)
    assert properties(http, entity, external_id) == before
    assert http.get(f"/{entity}?per_page=1&page=1").json()["Total Records"] == total


def test_unknown_or_read_only_field_is_400_and_nothing_is_stored(http: httpx.Client) -> None:
    external_id = create(http, "lead")
    before = properties(http, "lead", external_id)
    for name in ("Nothing", "lastname", "ExternalID", "CreatedDate", "AccountExternalID"):
        refused(http.post("/lead", json={"LastName": "x", name: "ABC1D2E3"}), 400, name)
        refused(http.put(f"/lead/{external_id}", json={"City": "x", name: None}), 400, name)
    refused(http.post("/task", json={"Subject": "x", "RelatedEntity": "lead"}), 400, "Related")
    assert properties(http, "lead", external_id) == before


@pytest.mark.parametrize("entity", ENTITIES)
def test_required_field_missing_on_create_or_emptied_on_update(
    http: httpx.Client, entity: str
) -> None:
    external_id = create(http, entity)
    for name in REQUIRED[entity]:
        rest = {key: value for key, value in REQUIRED[entity].items() if key != name}
        refused(http.post(f"/{entity}", json=rest), 400, name)
        for empty in (None, ""):
            refused(http.post(f"/{entity}", json={**rest, name: empty}), 400, name)
            refused(http.put(f"/{entity}/{external_id}", json={name: empty}), 400, name)
    assert properties(http, entity, external_id) | REQUIRED[entity] == properties(
        http, entity, external_id
    )


def test_empty_object_on_update(http: httpx.Client) -> None:
    refused(http.put(f"/lead/{create(http, 'lead')}", json={}), 400)


def test_update_of_an_unknown_record(http: httpx.Client) -> None:
    refused(http.put(f"/lead/{UNKNOWN}", json={"City": "York"}), 404, UNKNOWN)


# Bodies

NO_OBJECTS = {
    "empty": b"",
    "no JSON": b"LastName=Shaw",
    "cut short": b'{"LastName": "Shaw"',
    "trailing comma": b'{"LastName": "Shaw",}',
    "two values": b'{"LastName": "Shaw"} {}',
    "array": b'["LastName"]',
    "string": b'"LastName"',
    "null": b"null",
    "not UTF-8": '{"LastName": "Siân"}'.encode("latin-1"),
    "UTF-16": '{"LastName": "Shaw"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"LastName": "Shaw"}',
    "duplicate key": b'{"LastName": "Shaw", "LastName": "Shaw"}',
    "escaped duplicate key": b'{"LastName": "Shaw", "L\\u0061stName": "Shaw"}',
    "NaN": b'{"LastName": "Shaw", "Score": NaN}',
    "Infinity": b'{"LastName": "Shaw", "Score": -Infinity}',
    "half a surrogate pair": b'{"LastName": "\\ud800"}',
    "half a surrogate pair as a key": b'{"LastName": "Shaw", "\\udfff": "x"}',
    "deep nesting": b"[" * 100_000,
    "deep nesting of objects": b'{"a":' * 100_000,
    "huge number": b'{"LastName": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("body", NO_OBJECTS.values(), ids=NO_OBJECTS)
def test_body_not_a_json_object(http: httpx.Client, body: bytes) -> None:
    lead_id = create(http, "lead")
    total = http.get("/lead?per_page=1&page=1").json()["Total Records"]
    refused(http.post("/lead", content=body), 400)
    refused(http.put(f"/lead/{lead_id}", content=body), 400)
    refused(http.post(f"/lead/{lead_id}/task", content=body), 400)
    assert http.get("/lead?per_page=1&page=1").json()["Total Records"] == total


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "nonsense"])
def test_content_type_is_not_looked_at(http: httpx.Client, content_type: str) -> None:
    body = json.dumps(REQUIRED["lead"]).encode()
    response = http.post("/lead", content=body, headers={"Content-Type": content_type})
    assert response.status_code == 201


def test_body_over_1_mib(shared: "Running") -> None:
    spaces = b" " * (1024 * 1024)
    body = b'{"LastName": "Shaw"}'
    most = spaces[len(body) :] + body
    assert shared.http.post("/lead", content=most).status_code == 201
    refused(shared.http.post("/lead", content=b" " + most), 413, "1048576")
    # The connection is still good for the next call.
    assert shared.http.get("/lead/fields").status_code == 200


def test_body_over_1_mib_is_refused_before_it_is_sent(shared: "Running") -> None:
    for method, path in [("POST", "/lead"), ("PUT", f"/lead/{UNKNOWN}"), ("DELETE", "/lead/x")]:
        with socket.create_connection(shared.address, timeout=10) as connection:
            request = (
                f"{method} /api/v1{path} HTTP/1.1\r\nHost: {shared.host}\r\n"
                "Content-Length: 99999999999\r\n"
                f"Authorization: {shared.http.headers['authorization']}\r\n\r\n"
            )
            connection.sendall(request.encode())
            assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_body_over_1_mib_in_chunks_is_refused_before_its_end(shared: "Running") -> None:
    with socket.create_connection(shared.address, timeout=10) as connection:
        request = (
            f"POST /api/v1/lead HTTP/1.1\r\nHost: {shared.host}\r\n"
            "Transfer-Encoding: chunked\r\n"
            f"Authorization: {shared.http.headers['authorization']}\r\n\r\n"
        )
        connection.sendall(request.encode())
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(17):
            connection.sendall(chunk)
        assert connection.recv(64).startswith(b"HTTP/1.1 413")


def test_body_of_an_error_names_what_is_at_fault_safely(http: httpx.Client) -> None:
    response = http.get("/lead", params={"sort_by": "\x1b[31m\u202e" + "x" * 500})
    refused(response, 400, "sort_by", "␛[31m<U+202E>")
    assert len(response.text) < 200
    refused(http.get("/%ff%fe%ed%a0%80"), 404)
    refused(http.get("/lead?fields=%ed%a0%80"), 400, "fields")
    refused(http.post("/lead", content=b'{"\\ud800": "x"}'), 400, "<U+D800>")
