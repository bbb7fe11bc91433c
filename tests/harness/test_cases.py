"""Cases are files that a person can read: the same case the same bytes, and back."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.harness.cases import (
    AUTHORIZATIONS,
    Case,
    CaseError,
    CaseStep,
    Expectation,
    Filling,
    Needs,
    case_bytes,
    escape_placeholders,
    parse_case,
    read_case,
)
from cmdm_tui.harness.cases.expectations import MISSING, resolve_pointer
from cmdm_tui.harness.cases.placeholders import MissingValue, build_request
from cmdm_tui.harness.cases.step_intent import read_intent
from cmdm_tui.harness.cases.step_runner import run_steps
from cmdm_tui.harness.cassettes.library import built_in_folder, list_entries, select_entries
from cmdm_tui.harness.exchange import Answer, Exchange, OutgoingRequest
from cmdm_tui.harness.http.connection import NoAnswer

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
LATIN = st.text(st.characters(max_codepoint=0xFF), max_size=30)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
POINTERS = st.lists(TEXT.map(lambda text: text.replace("/", "~1")), max_size=3).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
EXPECTATIONS = st.builds(
    Expectation,
    status=st.integers(100, 599) | st.lists(st.integers(100, 599), min_size=1).map(tuple),
    body=st.sampled_from(["shape", "exact", "data", "none"]),
    values=st.dictionaries(
        POINTERS, TEXT | st.booleans() | st.integers(-(2**62), 2**62), max_size=3
    ),
    nulls=st.lists(POINTERS, max_size=2).map(tuple),
)


def as_body(text: str) -> dict[str, Any]:
    return {"body": text}


NO_BODY: dict[str, Any] = {}
BINARY: dict[str, Any] = {"body_base64": "/w=="}
BODIES = st.builds(as_body, TEXT) | st.sampled_from([NO_BODY, BINARY])


@st.composite
def steps(draw: st.DrawFn) -> CaseStep:
    return CaseStep(
        method=draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "X-ODD"])),
        path="/" + draw(TEXT),
        expect=draw(EXPECTATIONS),
        headers=tuple(draw(st.lists(st.tuples(NAMES, LATIN), max_size=2))),
        authorization=draw(TEXT),
        filling=draw(st.none() | st.builds(Filling, text=TEXT, times=st.integers(1, 9))),
        advance=draw(st.none() | st.floats(0.5, 1e6)),
        capture=draw(st.dictionaries(NAMES, POINTERS, max_size=2)),
        **draw(BODIES),
    )


CASES = st.builds(
    Case,
    name=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    summary=TEXT,
    endpoint=st.sampled_from(["get", "create", "other"]),
    needs=st.sampled_from([Needs(), Needs(rate_limit=2, faults=({"kind": "drip", "nth": [1]},))]),
    steps=st.lists(steps(), min_size=1, max_size=3).map(tuple),
)


@settings(deadline=None)
@given(CASES)
def test_a_case_is_read_as_it_was_written(case: Case) -> None:
    content = case_bytes(case)
    again = parse_case(content, "x")
    assert again == case
    assert case_bytes(again) == content


def test_every_file_of_the_corpus_is_canonical() -> None:
    for entry in list_entries(built_in_folder(), ("contract", "stateful")):
        assert entry.path.read_bytes() == case_bytes(entry.case)


WRONG = {
    "is not UTF-8": b"\xff",
    "is not valid TOML": b"version = ",
    "version 1": b'version = 2\nname = "x"',
    "missing required field `summary`": b'version = 1\nname = "x"',
    "unknown field `colour`": b'version = 1\nname = "x"\nsummary = ""\ncolour = 1',
    "`name`": b'version = 1\nname = "../x"\nsummary = ""\nendpoint = "get"',
    "Invalid enum value": b'version = 1\nname = "x"\nsummary = ""\nendpoint = "GETT"',
}


@pytest.mark.parametrize("reason", WRONG)
def test_a_file_that_is_no_case_is_refused_in_a_sentence(reason: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(WRONG[reason])
    with pytest.raises(CaseError) as raised:
        read_case(path)
    assert reason in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


BY_HAND = """
version = 1
name = "mine"
summary = "One call."
endpoint = "get"

[[steps]]
method = "GET"
path = "/lead?per_page=1&page=1"
capture = { lead = "/Lead/0/ExternalID" }
[steps.expect]
status = 200

[[steps]]
method = "GET"
path = "/lead/${lead}"
[steps.expect]
status = 200
values = { "/ExternalID" = "${lead}", "/Subject" = "${mark}" }
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"GET"', '"GETT"', "step 1: there is no method GETT. Did you mean GET?"),
        ('"GET"', '"get"', "step 1: there is no method get. Did you mean GET?"),
        ("/lead/${lead}", "/lead/${laed}", "captures it. Did you mean ${lead}?"),
        ("/lead/${lead}", "/lead/${x}", "step 2: there is no value ${x}: no earlier"),
        ("/lead?per_page=1&page=1", "/lead/${lead}", "step 1: there is no value ${lead}"),
        ('"${mark}"', '"${filling}"', "step 2: there is no value ${filling}: the step has no fil"),
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_sent_is_told_when_the_file_is_read(
    before: str, after: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(BY_HAND)
    assert len(read_case(path).steps) == 2
    assert before in BY_HAND
    path.write_text(BY_HAND.replace(before, after, 1))
    with pytest.raises(CaseError) as raised:
        read_case(path)
    assert f"{path}, " in str(raised.value)
    assert told in str(raised.value)


def test_an_odd_method_that_is_to_be_refused_may_be_sent(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    begin, end = BY_HAND.rsplit("status = 200", 1)
    begin, last = begin.rsplit('"GET"', 1)
    path.write_text(f'{begin}"GETT"{last}status = 405{end}')
    assert read_case(path).steps[1].method == "GETT"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('summary = "One call."', 'sumary = "One"'),
        ("version = 1", "version ="),
        ("[[steps]]", "[["),
    ],
)
def test_a_case_that_cannot_be_read_is_not_left_out_of_its_folder(
    before: str, after: str, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(BY_HAND)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\nsteps = 1\n')
    (tmp_path / "settings.toml").write_text('colour = "red"\n')
    assert [entry.case.name for entry in list_entries(tmp_path)] == ["mine"]
    broken = tmp_path / "other.toml"
    broken.write_text(BY_HAND.replace('"mine"', '"other"').replace(before, after, 1))
    with pytest.raises(CaseError, match=str(broken)):
        list_entries(tmp_path)
    broken.write_text(broken.read_text().partition("[[")[0])
    with pytest.raises(CaseError, match=str(broken)):
        list_entries(tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"body": "x", "body_base64": "eA=="},
        {"body_base64": "?"},
        {"anonymous": True, "authorization": "Basic x"},
        {"headers": (("a", "\u0100"),)},
        {"headers": (("content-TYPE", "x"),), "without_content_type": True},
    ],
)
def test_a_step_that_contradicts_itself_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        CaseStep(method="GET", path="/", expect=Expectation(status=200), **wrong)


def step(**changed: Any) -> CaseStep:
    plain: dict[str, Any] = {"method": "GET", "path": "/lead", "expect": Expectation(status=200)}
    return CaseStep(**{**plain, **changed})


def test_a_value_is_spelt_as_its_place_needs() -> None:
    values = {"lead": 'a/b "é"', "token": "tok-en"}
    sent = build_request(step(path="/lead/${lead}", body='{"x":"${lead}"}'), values)
    assert sent.target == "/lead/a%2Fb%20%22%C3%A9%22"
    assert sent.body == '{"x":"a/b \\"é\\""}'.encode()
    assert dict(sent.headers)["Authorization"] == "Bearer tok-en"


def test_a_token_can_be_spoilt_and_left_out() -> None:
    values = {"token": "0123456789"}
    sent = {
        kind: dict(build_request(step(authorization=text), values).headers)["Authorization"]
        for kind, text in AUTHORIZATIONS.items()
        if text is not None
    }
    assert sent["cut"] == "Bearer 012345678"
    assert sent["doubled"] == "Bearer 01234567890123456789"
    assert sent["flipped"] != sent["good"] == "Bearer 0123456789"
    assert build_request(step(anonymous=True), values).headers == ()


@settings(deadline=None)
@given(TEXT)
def test_literal_text_is_sent_as_it_is(text: str) -> None:
    assert (
        build_request(step(body=escape_placeholders(text), anonymous=True), {}).body
        == text.encode()
    )


def test_bytes_that_are_no_text_survive() -> None:
    sent = build_request(step(body_base64="//79", anonymous=True), {})
    assert sent.body == b"\xff\xfe\xfd"


def test_an_unknown_value_is_named() -> None:
    with pytest.raises(MissingValue, match=r"\$\{lead\}"):
        build_request(step(path="/lead/${lead}"), {"token": "x"})


def test_a_pointer_leads_to_what_it_names() -> None:
    value = {"a": [{"b/c": None}], "": 7}
    assert resolve_pointer(value, "") is value
    assert resolve_pointer(value, "/") == 7
    assert resolve_pointer(value, "/a/0/b~1c") is None
    for pointer in ("/b", "/a/1", "/a/-1", "/a/x", "//x"):
        assert resolve_pointer(value, pointer) is MISSING


def played(case: Case, *bodies: bytes | None) -> list[tuple[int, tuple[str, ...]]]:
    answers = iter(bodies)

    def send(_: OutgoingRequest) -> Answer:
        body = next(answers)
        if body is None:
            raise NoAnswer("The connection gave no answer: it was closed.")
        return Answer(200, (), body)

    done = run_steps(case, send, {"token": "t0ken"}, secrets={"t0ken": "$CMDM_TOKEN"})
    return [(one.exchange.status, one.problems) for one in done]


def test_expectations_that_are_not_met_are_named() -> None:
    expect = Expectation(
        status=(201, 202),
        values={"/a": "1", "/b": 1},
        nulls=("/c",),
        absent=("/d",),
        holds=("null", "City"),
    )
    case = Case(name="x", summary="", endpoint="get", steps=(step(expect=expect),))
    assert played(case, b'{"a":1,"b":1,"c":0,"d":null}') == [
        (
            200,
            (
                "The status is 200, not 201 or 202.",
                "The body does not hold City.",
                '/a is 1, not "1".',
                "/c is 0, not null.",
                "/d is null, not nothing.",
            ),
        )
    ]


@pytest.mark.parametrize(
    ("answered", "is_right"), [(b'{"a":"xxxZ"}', True), (b'{"a":"xxZ"}', False)]
)
def test_an_expected_value_can_hold_what_the_step_repeats(answered: bytes, is_right: bool) -> None:
    filling = Filling(text="x", times=3)
    expect = Expectation(status=200, values={"/a": "${filling}Z"})
    case = Case(name="x", summary="", endpoint="get", steps=(step(expect=expect, filling=filling),))
    ((_, problems),) = played(case, answered)
    assert (problems == ()) is is_right


def test_after_a_value_that_never_came_nothing_more_is_sent() -> None:
    first = step(capture={"lead": "/ExternalID"})
    case = Case(
        name="x", summary="", endpoint="get", steps=(first, step(path="/lead/${lead}"), step())
    )
    assert [status for status, _ in played(case, b"{}")] == [200, 0]
    assert [status for status, _ in played(case, b'{"ExternalID":"A"}', b"{}", b"{}")] == [200] * 3


def test_an_expected_value_that_nothing_captured_is_a_problem_of_its_step_alone() -> None:
    expect = Expectation(status=200, values={"/a": "${account}", "/b": "2"})
    case = Case(name="x", summary="", endpoint="get", steps=(step(expect=expect), step()))
    (_, found), last = played(case, b'{"a":"1","b":"1"}', b"{}")
    assert found == (
        "There is no value ${account}: no earlier step captured it.",
        '/b is "1", not "2".',
    )
    assert last == (200, ())


def test_no_answer_is_a_problem() -> None:
    case = Case(name="x", summary="", endpoint="get", steps=(step(),))
    assert played(case, None) == [(0, ("The connection gave no answer: it was closed.",))]


def test_what_was_exchanged_holds_no_secret() -> None:
    case = Case(name="x", summary="", endpoint="get", steps=(step(path="/lead/${token}"),))
    secret = {"t0ken-t0ken": "$CMDM_TOKEN"}

    def send(going: OutgoingRequest) -> Answer:
        assert "t0ken-t0ken" in going.target
        return Answer(200, (("x", "t0ken-t0ken"),), b'"t0ken-t0ken"')

    (one,) = run_steps(case, send, {"token": "t0ken-t0ken"}, secrets=secret)
    assert "t0ken-t0ken" not in repr(one.exchange)
    assert "$CMDM_TOKEN" in one.exchange.path


def test_a_name_that_is_no_case_is_answered_with_the_nearest() -> None:
    found = list_entries(built_in_folder(), ("contract",))
    with pytest.raises(CaseError, match="Did you mean get-lead"):
        select_entries(found, ["get-laed"])


def test_a_file_of_another_name_than_its_case_is_refused(tmp_path: Path) -> None:
    (tmp_path / "contract").mkdir()
    (entry,) = select_entries(list_entries(built_in_folder()), ["get-lead"])
    (tmp_path / "contract" / "other.toml").write_bytes(entry.path.read_bytes())
    with pytest.raises(CaseError, match="Give both the same name"):
        list_entries(tmp_path)


@pytest.mark.parametrize(
    ("method", "path", "call", "entity", "external_id"),
    [
        ("POST", "/authenticate", "authenticate", "", ""),
        ("GET", "/Lead?page=1", "list", "lead", ""),
        ("GET", "/lead/fields", "fields", "lead", ""),
        ("GET", "/lead/A%2FB", "get", "lead", "A/B"),
        ("POST", "/event", "create", "event", ""),
        ("POST", "/event/AB/Task", "create-task", "event", "AB"),
        ("PUT", "/lead/AB", "update", "lead", "AB"),
        ("PUT", "/lead/convert/AB", "convert", "lead", "AB"),
        ("PUT", "/task/close/AB", "close", "task", "AB"),
        ("DELETE", "/task/AB", "delete", "task", "AB"),
        ("PATCH", "/task/AB", "other", "", ""),
        ("GET", "/a/b/c/d", "other", "", ""),
    ],
)
def test_what_a_step_means_is_read_off_its_request(
    method: str, path: str, call: str, entity: str, external_id: str
) -> None:
    case = Case(name="x", summary="", endpoint="get", steps=(step(method=method, path=path),))
    sent = Exchange(1, method, path, (), b'{"City":"Ely"}', 200, (), b"", 0.0)
    intent = read_intent(case, case.steps[0], sent, "")
    assert (intent.call, intent.entity, intent.external_id) == (call, entity, external_id)
    takes = call.startswith("create") or call in {"update", "convert"}
    assert intent.given == ({"City": "Ely"} if takes else None)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", {}),
        ("per_page=5&page=1&x=1", {"per_page": "5", "page": "1"}),
        ("sort_by=City&sort_order=desc", {"sort_by": "City", "sort_order": "desc"}),
        *[(odd, None) for odd in ("per_page=5", "page=0&per_page=1", "per_page=x&page=1",
                                  "page=1&page=1&per_page=2", "fields=", "sort_order=up")],
    ],
)  # fmt: skip
def test_parameters_that_are_not_what_they_should_be_mean_nothing(
    query: str, said: dict[str, str] | None
) -> None:
    case = Case(name="x", summary="", endpoint="list", steps=(step(path=f"/lead?{query}"),))
    sent = Exchange(1, "GET", f"/lead?{query}", (), b"", 200, (), b"", 0.0)
    assert read_intent(case, case.steps[0], sent, "").query == said


@pytest.mark.parametrize(
    ("headers", "anonymous", "kind"),
    [
        ((), False, "good"),
        ((), True, "none"),
        ((("Authorization", "Bearer ${token}"),) * 2, True, "two-headers"),
        ((("authorization", "Bearer ${token}"),), False, "two-headers"),
    ],
)
def test_a_step_with_two_authorizations_is_not_taken_for_one_with_a_good_one(
    headers: tuple[tuple[str, str], ...], anonymous: bool, kind: str
) -> None:
    one = step(path="/lead", headers=headers, anonymous=anonymous)
    case = Case(name="x", summary="", endpoint="list", steps=(one,))
    sent = Exchange(1, "GET", "/lead", (), b"", 401, (), b"", 0.0)
    assert read_intent(case, one, sent, "").authorization == kind


def test_a_check_that_there_is_not_is_named() -> None:
    case = Case(name="x", summary="", endpoint="get", check="no-such", steps=(step(),))
    told = (
        "There is no check no-such: cmdm fuzz --list-checks lists them. "
        "One of your own needs --checks."
    )
    assert played(case, b"{}") == [(200, (told,))]
