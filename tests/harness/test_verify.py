"""Verification finds no drift where there is none, and every drift that there is."""

import json
from typing import Any

import msgspec
import pytest

from cmdm_tui.harness.cases import CaseStep, Expectation
from cmdm_tui.harness.cases.player import play_case
from cmdm_tui.harness.cassettes.library import (
    LibraryEntry,
    select_entries,
)
from cmdm_tui.harness.service import FloorReached, Service
from cmdm_tui.harness.verify import Drift, Severity, verify
from cmdm_tui.harness.verify.comparison import HeaderContext as Answer
from cmdm_tui.harness.verify.comparison import compare_bodies, compare_headers
from cmdm_tui.sandbox.variants.choices import BEHAVIOURS
from tests.harness.conftest import ControlledSandbox
from tests.harness.recorded_cases import ALL

SEEN_BY: dict[str, dict[str, str]] = {
    "totals": {"numbers": "list-lead"},
    "list_key": {"entity": "list-lead"},
    "error_body": dict.fromkeys(("html", "text", "empty", "other-json", "array"), "get-id-unknown"),
    "rate_headers": {"missing": "get-lead", "garbage": "get-lead"},
    "token_header": {"missing": "get-lead", "garbage": "get-lead"},
    "counted": {"nothing": "get-lead", "twice": "get-lead"},
    "retry_after": {"seconds": "list-limit-hour", "date": "list-limit-month"},
    "sign_in_header_missing": {"401": "authenticate-missing-password"},
    "token_refused": {"400": "get-authorization-none", "403": "get-authorization-cut"},
    "unknown": {"400": "get-id-unknown"},
    "other_method": {"404": "list-route-method-put"},
    "page_cap": {"7": "list-parameter-over-the-cap"},
    "default_page": {"7": "list-parameter-none"},
    "past_the_end": {"404": "list-parameter-past-the-end"},
    "order": {"newest-first": "list-order-creation", "unstable": "list-order-creation"},
    "ties": {"unstable": "list-order-ties"},
    "collation": {
        "binary": "list-order-words",
        "locale": "list-order-words",
        "numeric-as-text": "list-order-numbers",
    },
    "nulls": {"last": "list-order-lead-score", "always-last": "list-order-lead-score"},
    "unknown_names": {"ignored": "list-parameter-fields-unknown"},
    "unknown_parameters": {"400": "list-parameter-unknown"},
    "external_ids": {"long": "get-lead", "odd": "get-lead"},
    "field_metadata": dict.fromkeys(("other-names", "empty", "absent"), "fields-lead"),
    "values": {"json": "get-lead", "nested": "get-lead"},
    "wrong_values": {"dropped": "create-body-wrong-type"},
    "update": {"replaces": "update-lead"},
    "malformed_body": {"422": "create-body-cut", "500": "create-body-cut"},
    "content_type": {"415": "create-body-content-type-text"},
    "large_body": {"closed": "create-body-over-1-mib"},
    "convert": {"lead-deleted": "convert-lead"},
    "close_again": {"400": "close-task-twice"},
    "delete": {"cascades": "delete-account-with-task"},
    "task_fields": {"200": "get-id-fields-of-task"},
    "system_fields": {"absent": "get-lead"},
}
"""Each behaviour and choice, and a case that sees it."""

CHOICES = [(name, choice) for name, choices in SEEN_BY.items() for choice in choices]


def find_drifts(target: Service, found: list[LibraryEntry]) -> list[Drift]:
    with target:
        return [drift for one in verify(found, target) for drift in one.drifts]


def test_every_choice_of_every_behaviour_is_tried() -> None:
    # A number stands for all: a cap, a default page.
    choices = {(one.name, word) for one in BEHAVIOURS.values() for word in one.choices[1:]}
    assert {choice for choice in CHOICES if choice[1] != "7"} == choices
    assert {one.name for one in BEHAVIOURS.values()} == set(SEEN_BY)


def test_there_is_no_drift_against_the_sandbox(
    controlled: ControlledSandbox, runs_whole: bool
) -> None:
    named = sorted({name for choices in SEEN_BY.values() for name in choices.values()})
    found = ALL if runs_whole else select_entries(ALL, named)
    assert find_drifts(controlled.service(), found) == []


@pytest.mark.parametrize(("behaviour", "choice"), CHOICES)
def test_another_behaviour_is_drift(
    controlled: ControlledSandbox, behaviour: str, choice: str
) -> None:
    controlled.control.set_behaviours(**{behaviour: choice})
    found = select_entries(ALL, [SEEN_BY[behaviour][choice]])
    assert any(drift.matters for drift in find_drifts(controlled.service(), found))


def find_differences(before: Any, now: Any, *, is_exact: bool = False) -> list[tuple[str, str]]:
    found = compare_bodies(json.dumps(before).encode(), json.dumps(now).encode(), is_exact=is_exact)
    return [(str(severity), place) for severity, place, _ in found]


def test_a_new_field_is_an_info_and_a_missing_one_a_warning() -> None:
    assert find_differences({"a": 1}, {"a": 2, "b": 3}) == [("info", "/b")]
    assert find_differences({"a": 1, "b": {"c": 1}}, {"a": 2, "b": {}}) == [("warning", "/b/c")]


def test_another_type_is_an_error_but_null_goes_with_every_type() -> None:
    assert find_differences({"a": "1"}, {"a": 1}) == [("error", "/a")]
    assert find_differences({"a": {"b": 1}}, {"a": [1]}) == [("error", "/a")]
    assert find_differences({"a": None, "b": "x"}, {"a": "x", "b": None}) == []


def test_items_are_compared_by_what_any_of_them_holds() -> None:
    before = {"Entity": [{"a": None, "b": "x"}, {"a": "y"}]}
    assert find_differences(before, {"Entity": [{"a": "z", "b": "x"}]}) == []
    assert find_differences(before, {"Entity": [{"a": 7, "b": "x"}]}) == [("error", "/Entity/*/a")]
    assert find_differences(before, {"Entity": []}) == []


def test_a_value_counts_where_bodies_are_compared_to_the_letter() -> None:
    assert find_differences({"a": "x"}, {"a": "y"}) == []
    assert find_differences({"a": "x"}, {"a": "y"}, is_exact=True) == [("error", "/a")]
    assert find_differences([1, 2], [2, 1], is_exact=True) == [("error", "/0"), ("error", "/1")]


def test_a_body_that_is_no_json_any_more_is_an_error() -> None:
    found = compare_bodies(b'{"Message":"No."}', b"<h1>No.</h1>", is_exact=False)
    assert [severity for severity, _, _ in found] == [Severity.ERROR]


DATE = "Tue, 31 Mar 2026 10:30:00 GMT"


def find_changes(before: dict[str, str], now: dict[str, str], **earlier: Any) -> list[str]:
    found = compare_headers(
        Answer({"date": DATE, **before}, earlier.get("was")),
        Answer({"date": DATE, **now}, earlier.get("has")),
        is_alone=True,
    )
    return [place for _, place, _ in found]


def test_headers_are_compared_by_how_they_stand_to_one_another() -> None:
    ahead, past = {"x-token-reset": "1774956600"}, {"x-token-reset": "1"}
    assert find_changes(ahead, {"x-token-reset": "1774999999"}) == []
    assert find_changes(ahead, past) == ["x-token-reset"]
    assert find_changes({"allow": "GET, POST"}, {"allow": "post,get"}) == []
    assert find_changes({"content-type": "application/json"}, {"content-type": "text/html"}) == [
        "content-type"
    ]
    count = {"x-rate-limit-limit": "5000", "x-rate-limit-remaining": "4999"}
    assert find_changes(count, {"x-rate-limit-limit": "100", "x-rate-limit-remaining": "99"}) == []
    assert find_changes(count, {**count, "x-rate-limit-remaining": "4998"}) == [
        "x-rate-limit-remaining"
    ]


def compare_counts(recorded: list[int], now: list[int]) -> list[str]:
    """Return what is said of the last of these remaining calls of 100, the others before it."""

    def read(remaining: list[int]) -> Answer:
        lines = [
            {"date": DATE, "x-rate-limit-limit": "100", "x-rate-limit-remaining": str(one)}
            for one in remaining
        ]
        return Answer(lines[-1], lines[-2] if len(lines) > 1 else None)

    found = compare_headers(read(recorded), read(now), is_alone=True)
    return [message for _, _, message in found]


def test_a_recording_of_an_account_in_use_says_nothing_of_how_calls_are_counted() -> None:
    assert compare_counts([66], [99]) == []
    assert compare_counts([66, 65], [99, 98]) == []
    # Others made calls amid the recording, or its hour ended.
    assert compare_counts([66, 32], [99, 98]) == []
    assert compare_counts([3, 99], [99, 98]) == []


def test_a_service_that_counts_otherwise_is_drift_all_the_same() -> None:
    assert compare_counts([99], [98]) == [
        "counts 2 calls since the case began, where the recording counts 1."
    ]
    assert compare_counts([66, 65], [99, 99]) == [
        "counts 0 calls since the step before, where the recording counts 1."
    ]


# A live service: nothing puts it back.


def test_what_a_case_made_is_marked_and_removed_where_nothing_puts_it_back(
    controlled: ControlledSandbox,
) -> None:
    names = ["create-lead", "convert-lead", "create-task-of-account", "update-event"]
    found = select_entries(ALL, names)
    marks: list[str] = []
    with controlled.uncontrolled_service(mark="cmdm 20261124 abc") as target:
        before = read_totals(target)
        for entry in found:
            played = play_case(entry.case, target)
            made = [one for one in played if one.exchange.status == 201]
            marks += [one.exchange.sent_body.decode() for one in made]
            assert read_totals(target) != before
            target.clean_up()
            assert read_totals(target) == before
        assert target.undeleted == []
    assert marks
    assert all("cmdm 20261124 abc" in body for body in marks)


def test_a_run_that_is_interrupted_amid_a_case_cleans_up_too(controlled: ControlledSandbox) -> None:
    (entry,) = select_entries(ALL, ["convert-lead"])

    def interrupt(name: str, _: str) -> None:
        if name == "account":
            raise KeyboardInterrupt

    with controlled.uncontrolled_service() as target:
        before = read_totals(target)
    with pytest.raises(KeyboardInterrupt), controlled.uncontrolled_service() as target:
        play_case(entry.case, target, on_capture=interrupt)
    with controlled.uncontrolled_service() as target:
        assert read_totals(target) == before


def test_against_other_records_only_shapes_are_compared(controlled: ControlledSandbox) -> None:
    found = select_entries(ALL, ["get-lead", "list-order-creation", "get-id-unknown"])
    with controlled.uncontrolled_service() as target:
        lead = json.dumps({"LastName": "Another", "Company": "x"}).encode()
        target.send_call("POST", "/lead", lead)
    controlled.control.snapshot("other")
    assert find_drifts(controlled.uncontrolled_service(), found) == []
    assert find_drifts(controlled.service(), found) == []


def test_no_more_calls_are_made_than_the_profile_leaves(controlled: ControlledSandbox) -> None:
    controlled.control.set(rate_limit=10)
    found = select_entries(ALL, ["get-lead", "list-lead", "fields-lead", "list-order-creation"])
    with pytest.raises(FloorReached, match="5 are kept back"):
        find_drifts(controlled.uncontrolled_service(floor=5), found)


def test_not_even_the_first_case_goes_below_what_the_profile_keeps(
    controlled: ControlledSandbox,
) -> None:
    controlled.control.set(rate_limit=6)
    found = select_entries(ALL, ["list-order-creation"])
    with pytest.raises(FloorReached), controlled.uncontrolled_service(floor=5) as target:
        list(verify(found, target))


@pytest.mark.parametrize("depth", [600, 900, 100_000])
def test_a_body_that_nests_deep_is_no_traceback(depth: int) -> None:
    deep = b"[" * depth + b"]" * depth
    found = list(compare_bodies(deep, deep[1:-1], is_exact=True))
    assert {severity for severity, _, _ in found} == {Severity.ERROR}


def test_moments_and_numbers_out_of_all_range_are_none() -> None:
    said = {"date": "Mon, 99999999999999999999 Jan 2020 10:00:00 GMT", "x-token-reset": "9" * 5_000}
    found = list(compare_headers(Answer(said, None), Answer(said, None), is_alone=True))
    assert [place for _, place, _ in found] == ["date"]


def test_a_case_of_the_corpus_changes_no_record_that_it_found() -> None:
    corpus = [entry for entry in ALL if entry.kind != "stories"]
    assert [entry.case.name for entry in corpus if entry.case.changes_others] == []
    # The explorer's stories do: they are for no live service.
    others = [entry.case.name for entry in ALL if entry.case.changes_others]
    assert others == ["explorer-deletes-a-contact", "explorer-edits-an-account"]


def test_a_case_that_would_is_noticed() -> None:
    case = next(entry.case for entry in ALL if entry.case.name == "get-lead")
    change = CaseStep(method="DELETE", path="/lead/${lead}", expect=Expectation(status=200))
    assert msgspec.structs.replace(case, steps=(*case.steps, change)).changes_others


def read_totals(target: Service) -> dict[str, str]:
    entities = ("account", "lead", "contact", "task", "opportunity", "event")
    answers = {name: target.send_call("GET", f"/{name}?per_page=1&page=1") for name in entities}
    return {name: json.loads(answer.body)["Total Records"] for name, answer in answers.items()}
