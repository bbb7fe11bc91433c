"""Every check passes where its law is kept, and fails where it is broken."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.harness.exchange import Call, Exchange, Intent
from cmdm_tui.harness.oracle import CHECKS, ServiceModel, judge_exchange, judge_log
from cmdm_tui.harness.oracle.list_model import granted_sizes
from tests.harness.oracle.exchange_logs import ENDS, MOMENT, RESET, Log
from tests.harness.oracle.law_cases import LAW_CASES

A, B, C, D = "AAAAAAA1", "BBBBBBB2", "CCCCCCC3", "DDDDDDD4"
THERE, GONE = frozenset({200}), frozenset({404})


def three(**more: Any) -> Log:
    return Log().many({A: {"City": "Ely"}, B: {"City": "ely"}, C: {"City": None}}, **more)


def page(number: int, *ids: str, total: int = 3, size: int = 2) -> Log:
    query = {"per_page": str(size), "page": str(number)}
    return three().many({one: {} for one in ids}, query=query, total=total)


def ordered(direction: str, *ids: str) -> Log:
    values = {A: {"City": "Ely"}, B: {"City": "ely"}, C: {"City": None}}
    query = {"sort_by": "City", "sort_order": direction}
    return three().many({one: values[one] for one in ids}, query=query)


def both_ways(up: tuple[str | None, ...], down: tuple[str | None, ...]) -> Log:
    """A list sorted up and down, of records that are named by their values."""
    log = Log()
    for order, values in (("asc", up), ("desc", down)):
        rows = {f"AAAAAAA{sorted(map(str, up)).index(str(value))}": {"City": value}
                for value in values}  # fmt: skip
        log.many(rows, query={"sort_by": "City", "sort_order": order})
    return log


def chosen(properties: dict[str, str]) -> Log:
    log = Log().get(A, City="Ely", Owner="Jo")
    return log.many({A: properties}, query={"fields": "City"})


def unauthorised(status: int = 401) -> Log:
    return Log().add("list", status=status, authorization="none", body={"Message": "No."})


def refused(call: str, status: int, **intent: object) -> Log:
    log = Log().get(A, City="Ely")
    return log.add(call, external_id=A, status=status, **intent)  # pyright: ignore[reportArgumentType]


def converted(log: Log, **more: object) -> Log:
    return log.add("convert", external_id=A, body={"Account ExternalID": B}, given={}, **more)  # pyright: ignore[reportArgumentType]


def closed() -> Log:
    return Log().get(A, "task", Status="Open", ClosedDate=None).add("close", "task", A)


def documented(log: Log, *, is_alone: bool = True) -> set[str]:
    """The checks that a log fails against what is documented."""
    found = judge_log(log.exchanges, is_alone=is_alone)
    return {finding.check for finding in found if finding.certainty == "documented"}


CASES: dict[str, tuple[Callable[[], Log], Callable[[], Log]]] = {
    "answers": (
        lambda: Log().get(A),
        lambda: Log().get(A).last(status=0, headers=(), body=b"", failure="It was cut off."),
    ),
    "no-server-error": (lambda: refused("get", 404), lambda: refused("get", 503)),
    "documented-status": (lambda: refused("get", 404), lambda: refused("get", 418)),
    "status-for-class": (
        lambda: refused("update", 400, input_class="body:nan", expected=frozenset({400})),
        lambda: refused("update", 200, input_class="body:nan", expected=frozenset({400})),
    ),
    "allow-names-methods": (
        lambda: Log().add("other", status=405, headers={"allow": "GET"}),
        lambda: Log().add("other", status=405),
    ),
    "error-says-why": (
        lambda: refused("get", 404),
        lambda: Log().add("get", status=404, raw=b"<h1>Not found</h1>"),
    ),
    "error-names-fault": (
        lambda: Log().add("list", status=400, body={"Message": "page is odd"}, names="page"),
        lambda: Log().add("list", status=400, names="page"),
    ),
    "no-stack-trace": (
        lambda: refused("get", 404),
        lambda: Log().add("get", status=404, raw=b'  File "app.py", line 3, in get\n'),
    ),
    "documented-shape": (
        three,
        lambda: Log().add("list", body={"Total Records": 3, "Total Pages": "1", "Entity": []}),
    ),
    "says-json": (
        lambda: Log().get(A),
        lambda: Log().add("close", "task", A, headers={"content-type": "text/html"}),
    ),
    "success-status": (
        lambda: Log().create(A),
        lambda: Log().add("create", status=200, body={"ExternalID": A}),
    ),
    "values-are-text": (lambda: Log().get(A, Score="7"), lambda: Log().get(A, Score=7)),
    "external-id-form": (lambda: Log().create(A), lambda: Log().create("aaaaaaa1")),
    "authentication-first": (unauthorised, lambda: unauthorised(404)),
    "unauthorised-without-effect": (
        lambda: refused("update", 401, authorization="none").get(A, City="Ely"),
        lambda: refused("update", 401, authorization="none").get(A, City="Bath"),
    ),
    "token-good-until-reset": (
        lambda: Log().get(A).get(A).add("get", status=401, moment=ENDS + 1).get(A),
        lambda: Log().get(A).add("get", status=401, moment=ENDS - 60),
    ),
    "token-refused-after-reset": (
        lambda: Log().get(A).add("list", status=401, moment=ENDS),
        lambda: Log().get(A).add("list", status=404, moment=ENDS),
    ),
    "token-ahead": (
        lambda: Log().get(A),
        lambda: Log().add("close", "task", A, headers={"x-token-reset": None}),
    ),
    "no-secret-told": (
        lambda: refused("get", 404),
        lambda: Log().add("get", status=404, body={"Message": "Bearer $CMDM_TOKEN"}),
    ),
    "create-then-get": (
        lambda: Log().create(A, City="Ely").get(A, City="Ely"),
        lambda: Log().create(A, City="Ely").get(A, City="ELY"),
    ),
    "update-then-get": (
        lambda: Log().get(A, City="Ely").update(A, City="Bath").get(A, City="Bath"),
        lambda: Log().get(A, City="Ely").update(A, City="Bath").get(A, City="Ely"),
    ),
    "update-leaves-others": (
        lambda: Log().get(A, City="E", Owner="J").update(A, City="B").get(A, City="B", Owner="J"),
        lambda: Log().get(A, City="E", Owner="J").update(A, City="B").get(A, City="B", Owner=None),
    ),
    "put-twice": (
        lambda: Log().get(A).update(A, City="B").update(A, City="B"),
        lambda: Log().get(A).update(A, City="B").update(A, City="B").last(status=400),
    ),
    "refused-changes-nothing": (
        lambda: refused("update", 400).get(A, City="Ely"),
        lambda: refused("update", 400).get(A, City="Bath"),
    ),
    "over-limit-without-effect": (
        lambda: refused("update", 429, left=0).get(A, City="Ely"),
        lambda: refused("update", 429, left=0).get(A, City="Bath"),
    ),
    "reads-stable": (
        lambda: Log().get(A, City="Ely").get(A, City="Ely"),
        lambda: Log().get(A, City="Ely").get(A, City="Bath"),
    ),
    "list-agrees-with-records": (
        lambda: Log().get(A, City="Ely").many({A: {"City": "Ely"}}),
        lambda: Log().get(A, City="Ely").many({A: {"City": "El"}}),
    ),
    "answers-for-itself": (
        lambda: Log().get(A),
        lambda: Log().add("get", external_id=A, body={"ExternalID": B, "Properties": {}}),
    ),
    "own-entity": (
        lambda: Log().get(A, "task").add("get", "lead", A, status=404),
        lambda: Log().get(A, "task").get(A, "lead"),
    ),
    "new-id": (lambda: Log().get(A).create(B), lambda: Log().get(A, "task").create(A)),
    "deleted-is-gone": (
        lambda: Log().get(A).add("delete", external_id=A).add("get", external_id=A, status=404),
        lambda: Log().get(A).add("delete", external_id=A).get(A),
    ),
    "delete-twice": (
        lambda: Log().add("delete", external_id=A).add("delete", external_id=A, status=404),
        lambda: Log().add("delete", external_id=A).add("delete", external_id=A),
    ),
    "deleted-not-listed": (
        lambda: three().add("delete", external_id=A).many({B: {}, C: {}}),
        lambda: three().add("delete", external_id=A).many({B: {}, C: {}, A: {}}),
    ),
    "pages-partition": (lambda: page(2, C), lambda: page(2, B)),
    "totals-add-up": (lambda: page(1, A, B), lambda: page(1, A)),
    "past-the-end": (lambda: page(3), lambda: page(3, C)),
    "default-order": (
        lambda: three().many({A: {}, B: {}, C: {}}),
        lambda: three().many({B: {}, A: {}, C: {}}),
    ),
    "sort-permutation": (
        lambda: ordered("asc", C, A, B),
        lambda: ordered("asc", A, B),
    ),
    "sort-ordered": (lambda: ordered("asc", C, A, B), lambda: ordered("asc", A, B, C)),
    "desc-reverses": (
        lambda: both_ways(("Ely", "Goole", "York"), ("York", "Goole", "Ely")),
        lambda: both_ways(("Ely", "Goole", "York"), ("Ely", "Goole", "York")),
    ),
    "ties-in-creation-order": (
        lambda: _same_city(A, B),
        lambda: _same_city(B, A),
    ),
    "projection-exact": (
        lambda: chosen({"City": "Ely"}),
        lambda: chosen({"City": "Ely", "Owner": "Jo"}),
    ),
    "projection-agrees": (lambda: chosen({"City": "Ely"}), lambda: chosen({"City": "ELY"})),
    "fields-agree": (
        lambda: Log().fields("Title", "City").get(A, "event", Title="x", City=None),
        lambda: Log().fields("Title").get(A, "event", Title="x", City=None),
    ),
    "field-totals": (
        lambda: Log().fields("Title"),
        lambda: Log().fields("Title").fields("Title", total=2),
    ),
    "child-names-parent": (
        lambda: _child().get(B, "task", RelatedEntity="lead", RelatedExternalID=A),
        lambda: _child().get(B, "task", RelatedEntity="lead", RelatedExternalID=None),
    ),
    "converts-once": (
        lambda: converted(Log().get(A)).add("convert", external_id=A, status=400),
        lambda: converted(converted(Log().get(A))),
    ),
    "conversion-makes-account": (
        lambda: converted(Log().get(A, Company="Ely & Co")).get(B, "account", Name="Ely & Co"),
        lambda: converted(Log().get(A, Company="Ely & Co")).add("get", "account", B, status=404),
    ),
    "unpaged-is-whole": (
        three,
        lambda: three(total=9),
    ),
    "conversion-fills-account": (
        lambda: converted(Log().get(A, Company="Ely & Co")).get(B, "account", Name="Ely & Co"),
        lambda: converted(Log().get(A, Company="Ely & Co")).get(B, "account", Name="Bath & Co"),
    ),
    "conversion-marks-lead": (
        lambda: converted(Log().get(A)).get(A, Status="Converted", AccountExternalID=B),
        lambda: converted(Log().get(A)).get(A, Status="New", AccountExternalID=B),
    ),
    "closed-stays-closed": (
        lambda: closed().get(A, "task", Status="Closed", ClosedDate="2026-03-31T09:30:00Z"),
        lambda: closed().get(A, "task", Status="Closed", ClosedDate=None),
    ),
    "close-again": (
        lambda: closed().add("close", "task", A),
        lambda: closed().add("close", "task", A, status=400),
    ),
    "route-case": (
        lambda: Log().get(A).add("get", external_id=A, input_class="route:upper", expected=THERE,
                                 body={"ExternalID": A, "Properties": {}}),
        lambda: Log().get(A).add("get", external_id=A, input_class="route:upper", expected=THERE,
                                 status=404),
    ),
    "id-case": (
        lambda: Log().add("get", external_id="aaaaaaa1", status=404, input_class="id:other-case"),
        lambda: Log().add("get", external_id="aaaaaaa1", input_class="id:other-case"),
    ),
    "limits-told": (
        lambda: Log().get(A),
        lambda: Log().add("get", status=404, headers={"x-rate-limit-remaining": None}),
    ),
    "quota-falls-by-one": (
        lambda: Log().get(A).get(A),
        lambda: Log().get(A).add("get", external_id=A, status=404, left=47),
    ),
    "refused-when-used-up": (
        lambda: Log(1).get(A).add("get", status=429, left=0),
        lambda: Log(2).get(A).add("get", status=429, left=0),
    ),
    "reset-ahead": (
        lambda: Log().get(A),
        lambda: Log().add("get", status=404, moment=RESET + 1),
    ),
    **LAW_CASES,
}  # fmt: skip


def _same_city(*ids: str) -> Log:
    log = Log().many({A: {"City": "Ely"}, B: {"City": "Ely"}})
    return log.many({one: {"City": "Ely"} for one in ids}, query={"sort_by": "City"})


def _child() -> Log:
    made = {"ExternalID": B}
    return Log().get(A).add("create-task", "lead", A, status=201, body=made, given={})


def failed(log: Log) -> set[str]:
    return {finding.check for finding in judge_log(log.exchanges)}


def test_there_is_a_case_for_every_check() -> None:
    assert set(CASES) == {check.name for check in CHECKS}


@pytest.mark.parametrize("name", CASES)
def test_a_check_passes_where_its_law_is_kept(name: str) -> None:
    kept, _ = CASES[name]
    assert name not in failed(kept())


@pytest.mark.parametrize("name", CASES)
def test_a_check_says_nothing_where_its_premise_does_not_hold(name: str) -> None:
    kept, _ = CASES[name]
    *before, last = kept().exchanges
    (check,) = [check for check in CHECKS if check.name == name]
    model = ServiceModel()
    for exchange in before:
        judge_exchange(model, exchange, [check])
    # No answer, to a request of which nothing is known, says nothing about any law but one.
    nothing = replace(last, status=0, headers=(), body=b"", intent=Intent(input_class="x"))
    assert judge_exchange(model.fork(), nothing, [check]).held_checks == (
        ("answers",) if name == "answers" else ()
    )
    assert judge_exchange(model, last, [check]).held_checks == (name,)


@pytest.mark.parametrize("name", CASES)
def test_a_check_fails_where_its_law_is_broken(name: str) -> None:
    _, broken = CASES[name]
    assert name in failed(broken())


def test_every_check_says_where_it_comes_from() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.sentence and check.check_function.__module__ for check in CHECKS)
    assert {check.certainty for check in CHECKS} == {"documented", "ours"}


@pytest.mark.parametrize("name", CASES)
def test_no_breach_is_surer_than_its_check(name: str) -> None:
    _, broken = CASES[name]
    (check,) = [check for check in CHECKS if check.name == name]
    certainties = {finding.certainty for finding in judge_log(broken().exchanges, [check])}
    assert certainties <= {"ours", check.certainty}


def test_what_another_user_may_have_changed_is_not_held_against_a_service() -> None:
    log = three().many({A: {}, B: {}, C: {}, D: {}}).exchanges
    assert "totals-add-up" in {finding.check for finding in judge_log(log)}
    assert not [one for one in judge_log(log, is_alone=False) if one.check == "totals-add-up"]


@pytest.mark.parametrize("is_listed", [False, True])
def test_what_another_user_may_have_changed_of_a_record_is_not_held_against_a_service(
    is_listed: bool,
) -> None:
    def read(changed: str) -> Log:
        log = Log().get(A, City="Ely", ModifiedDate="2026-03-31T09:30:00Z")
        if is_listed:
            return log.many({A: {"City": "York", "ModifiedDate": changed}})
        return log.get(A, City="York", ModifiedDate=changed)

    def found(changed: str, *, is_alone: bool) -> bool:
        return bool(judge_log(read(changed).exchanges, is_alone=is_alone))

    assert found("2026-03-31T09:31:00Z", is_alone=True)
    assert not found("2026-03-31T09:31:00Z", is_alone=False)
    # A date of whole seconds that has not moved makes it likely, and proves nothing.
    assert found("2026-03-31T09:30:00Z", is_alone=False)
    assert not documented(read("2026-03-31T09:30:00Z"), is_alone=False)


def test_what_another_user_may_have_deleted_is_not_missed() -> None:
    log = Log().get(A, City="Ely").add("get", "lead", A, status=404)
    assert not documented(log, is_alone=False)


def test_a_record_of_ones_own_is_nobody_elses_to_change() -> None:
    log = Log().create(B, City="Ely").get(B, City="Ely")
    log.create(A, City="Ely").get(A, City="York")
    assert documented(log, is_alone=False) == {"create-then-get"}


@pytest.mark.parametrize("first", ["create", "update"])
def test_an_update_that_replaces_the_record_is_no_documented_fault(first: str) -> None:
    def change() -> Log:
        log = Log().create(B, City="Ely").get(B, City="Ely")
        log = log.create(A, City="Ely")
        return log.get(A, City="Ely").update(A, City="York") if first == "update" else log

    # Nothing is read between the two updates.
    assert not documented(change().update(A, Score="7").get(A, City=None, Score="7"))
    assert documented(change().update(A, City="Ayr").get(A, City="Ely")) == {"update-then-get"}
    assert documented(change().get(A, City=None)) == {f"{first}-then-get"}


def test_a_list_that_others_changed_is_not_held_against_its_order() -> None:
    query = {"sort_by": "City"}
    log = Log().many({A: {"City": "Ely"}, B: {"City": "York"}})
    log.many({A: {"City": "Ely"}, C: {"City": "Leeds"}}, query=query)
    assert not documented(log, is_alone=False)
    assert "sort-permutation" in documented(log)


FIELD_NAMES = tuple(f"Field{number}" for number in range(20))


@pytest.mark.parametrize("is_whole_known", [True, False])
@pytest.mark.parametrize(
    ("asked", "granted"), [(8, 7), (9, 7), (5, 5), (7, 7), (1_000, 7), (30, 30)]
)
def test_a_page_of_fields_may_be_smaller_than_asked_for(
    is_whole_known: bool, asked: int, granted: int
) -> None:
    for number in range(1, 6):
        log = Log().fields(*FIELD_NAMES) if is_whole_known else Log()
        log.fields_page(asked, number, granted, *FIELD_NAMES)
        assert "field-totals" not in failed(log), number


@pytest.mark.parametrize("is_whole_known", [True, False])
def test_a_smaller_page_of_fields_must_add_up(is_whole_known: bool) -> None:
    def told(asked: int, number: int, granted: int, pages: int) -> bool:
        log = Log().fields(*FIELD_NAMES) if is_whole_known else Log()
        log.fields_page(asked, number, granted, *FIELD_NAMES, pages=pages)
        return "field-totals" in failed(log)

    assert told(asked=8, number=1, granted=7, pages=2)
    assert told(asked=8, number=3, granted=7, pages=5)
    # Six of twenty on the third of four pages add up, and are not those six.
    assert told(asked=8, number=3, granted=7, pages=4) is is_whole_known
    assert told(asked=7, number=1, granted=8, pages=3)
    assert told(asked=30, number=1, granted=20, pages=2)


def test_a_smaller_page_of_fields_holds_its_own_part() -> None:
    log = Log().fields(*FIELD_NAMES).fields_page(8, 1, 7, *FIELD_NAMES)
    second = replace(log.exchanges[-1].intent, query={"per_page": "8", "page": "2"})
    assert "field-totals" not in failed(log)
    assert "field-totals" in failed(log.last(intent=second))


@pytest.mark.timeout(10)
def test_a_page_of_absurd_size_is_judged_at_once() -> None:
    size = 10**15
    log = three().many({A: {}}, query={"per_page": str(size), "page": "2"}, total=10**14, pages=7)
    assert "totals-add-up" in failed(log)


@given(
    asked=st.integers(1, 12), number=st.integers(1, 6), total=st.integers(0, 30),
    pages=st.none() | st.integers(0, 31), held=st.integers(0, 14),
)  # fmt: skip
def test_the_sizes_granted_are_those_that_add_up(
    asked: int, number: int, total: int, pages: int | None, held: int
) -> None:
    every = [
        size
        for size in range(1, asked + 1)
        if pages == -(-total // size) and held == max(0, min(size, total - (number - 1) * size))
    ]
    found = granted_sizes(asked, number, total=total, pages=pages, held=held)
    assert set(found) <= set(every)
    assert bool(found) == bool(every)

    def part(size: int) -> range:
        return range(total)[(number - 1) * size : number * size]

    assert {tuple(part(size)) for size in found} == {tuple(part(size)) for size in every}


@pytest.mark.parametrize("pages", [0, 1])
def test_a_list_of_nothing_may_count_its_one_empty_page(pages: int) -> None:
    query = {"per_page": "5", "page": "1"}
    assert not documented(Log().many({}, query=query, pages=pages))


def test_an_id_in_small_letters_is_the_same_record_as_far_as_is_documented() -> None:
    log = Log().get(A).last(intent=Intent("get", "lead", A.lower(), input_class="id:other-case"))
    assert not documented(log)
    assert "id-case" in {finding.check for finding in judge_log(log.exchanges)}


@pytest.mark.parametrize("up", [(None, "a", "b"), ("Zoe", "Zoë", "zöe"), ("a b", "ab")])
def test_where_nulls_stand_and_what_is_equal_is_no_documented_order(
    up: tuple[str | None, ...],
) -> None:
    down = (None, *reversed(up[1:])) if up[0] is None else up
    assert not documented(both_ways(up, down))


def test_a_moment_that_is_rounded_either_way_has_not_moved() -> None:
    log = Log().get(A)
    for number in range(4):
        log.get(A, headers={"x-token-reset": str(ENDS + number % 2),
                            "x-rate-limit-reset": str(RESET + number % 2)})  # fmt: skip
    assert not failed(log)
    for number in range(4):
        log.get(A, headers={"x-token-reset": str(ENDS + number),
                            "x-rate-limit-reset": str(RESET + number)})  # fmt: skip
    assert failed(log) == {"token-good-until-reset", "reset-ahead"}
    assert not documented(log)


def test_a_number_that_is_none_sorts_with_no_error() -> None:
    log = Log().many({A: {"Score": "5"}, B: {"Score": "many"}}, query={"sort_by": "Score"})
    assert "sort-ordered" not in {finding.check for finding in judge_log(log.exchanges)}


def test_an_answer_that_never_came_leaves_its_record_in_doubt() -> None:
    log = Log().get(A, City="Ely").update(A, City="Bath").last(status=0, headers=(), body=b"")
    log.get(A, City="Ely")
    assert failed(log) == {"answers"}


def test_what_only_the_sandbox_does_of_a_conversion_is_not_held_to_be_documented() -> None:
    lead_deleted = converted(Log().get(A)).add("get", external_id=A, status=404)
    assert failed(lead_deleted) == {"conversion-marks-lead"}


def test_a_child_that_goes_with_its_parent_is_no_documented_fault() -> None:
    log = _child().add("delete", external_id=A).add("get", "task", B, status=404)
    assert failed(log) == {"child-names-parent"}


def test_a_text_that_comes_back_as_a_number_was_kept() -> None:
    log = Log().get(A, Score="7").update(A, Score="12").get(A, Score=12)
    assert failed(log) == {"values-are-text"}


def test_no_answer_to_a_body_over_the_limit_is_no_documented_fault() -> None:
    log = (
        Log()
        .add("create", input_class="body:over-1-mib")
        .last(status=0, headers=(), body=b"", failure="It was cut off.")
    )
    assert failed(log) == {"status-for-class"}


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_token_that_ended_may_be_refused_in_several_ways(status: int) -> None:
    ended = Log().get(A).add("get", external_id=A, status=status, moment=ENDS + 1)
    assert "token-refused-after-reset" not in failed(ended)


def test_an_answer_that_took_until_after_the_hour_told_what_was_right_before() -> None:
    def answered(at: float, **more: Any) -> Log:
        return Log(1).get(A).add("get", status=429, left=0, moment=at).last(elapsed=1.5, **more)

    assert failed(Log().add("get", status=404, moment=RESET + 1).last(elapsed=1.5)) == set()
    assert "reset-ahead" in failed(Log().add("get", status=404, moment=RESET + 2).last(elapsed=1.5))
    assert "refused-when-used-up" not in failed(answered(RESET + 1))
    assert "refused-when-used-up" in failed(answered(RESET + 2))
    anew: dict[str, str | None] = {"x-rate-limit-reset": str(RESET + 3_600)}
    assert failed(Log().add("get", status=404, moment=RESET - 1, headers=anew)) == set()
    assert failed(Log().add("get", status=404, moment=RESET - 2, headers=anew)) == {"reset-ahead"}
    slow = Log().get(A).get(A).last(elapsed=1.5, moment=ENDS + 1)
    assert "token-refused-after-reset" not in failed(slow)
    assert "token-refused-after-reset" in failed(slow.last(moment=ENDS + 2))


def test_an_exchange_without_an_intent_is_judged_by_what_holds_for_all() -> None:
    exchange = Exchange(1, "GET", "/", (), b"", 500, (), b"", 0.0, moment=MOMENT, intent=Intent())
    assert {finding.check for finding in judge_log([exchange])} == {"no-server-error"}


@pytest.mark.parametrize("name", CASES)
def test_a_check_has_nothing_to_say_at_the_calls_it_is_not_asked_at(name: str) -> None:
    """Left out at a call, a check is none that would have spoken: asked everywhere, all agree."""
    everywhere = [replace(check, calls=None) for check in CHECKS]
    for make_log in CASES[name]:
        chosen_model, model = ServiceModel(), ServiceModel()
        for exchange in make_log().exchanges:
            judged = judge_exchange(chosen_model, exchange)
            assert judged == judge_exchange(model, exchange, everywhere)


def test_a_check_that_leaves_out_a_call_it_is_about_is_noticed() -> None:
    (sound,) = [check for check in CHECKS if check.name == "converts-once"]
    deaf = replace(sound, calls=frozenset[Call]({"get"}))
    _, broken = CASES["converts-once"]
    assert judge_log(broken().exchanges, [sound])
    assert not judge_log(broken().exchanges, [deaf])
