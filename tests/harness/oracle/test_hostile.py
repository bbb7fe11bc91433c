"""Whatever a service answers, the oracle says what it thinks of it and does not fail itself."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdm_tui.harness.exchange import CALLS, Exchange, Intent
from cmdm_tui.harness.oracle import judge_log
from tests.harness.oracle.exchange_logs import MOMENT, Log

_ID = "AAAAAAA1"
_MANY_DIGITS = "9" * 5_000
_NAMES = st.sampled_from(
    ["ExternalID", "Properties", "Entity", "Field", "Total Records", "Total Pages", "Total Page",
     "token", "Message", "Account ExternalID", "Name", "Type", "MaxLength", "Options", "LastName"]
)  # fmt: skip
_ODD = st.sampled_from([_ID, "²", _MANY_DIGITS, "0", "1", "true", "Closed", "Number"])
_LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | _ODD
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)
_ROWS = st.lists(
    st.fixed_dictionaries(
        {"ExternalID": st.just(_ID), "Properties": st.dictionaries(_NAMES, _VALUES, max_size=4)}
    ),
    max_size=3,
)
_LISTS = st.fixed_dictionaries(
    {"Total Records": _VALUES, "Total Pages": _VALUES, "Total Page": _VALUES, "Entity": _ROWS,
     "Field": _ROWS}
)  # fmt: skip
_BODIES = (_VALUES | _LISTS).map(lambda body: json.dumps(body).encode()) | st.binary(max_size=10)
_HEADERS = st.dictionaries(
    st.sampled_from(["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset",
                     "x-token-reset", "content-type", "allow"]),
    _ODD | st.text(st.characters(max_codepoint=255), max_size=5),
).map(lambda lines: tuple(lines.items()))  # fmt: skip
_INTENTS = st.builds(
    Intent,
    st.sampled_from(CALLS),
    st.sampled_from(["lead", "task"]),
    st.sampled_from(["", _ID]),
    authorization=st.sampled_from(["good", "none", "sign-in"]),
    given=st.none() | st.dictionaries(_NAMES, _LEAVES, max_size=2),
    query=st.sampled_from([None, {}, {"per_page": "5", "page": "1"}, {"sort_by": "Name"}]),
)


@st.composite
def _exchanges(draw: st.DrawFn) -> Exchange:
    status = draw(st.sampled_from([0, 200, 201, 400, 401, 404, 429, 500]))
    method = draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD"]))
    return Exchange(
        1, method, "/api/v1/lead", (), b"", status, draw(_HEADERS), draw(_BODIES), 0.0,
        moment=MOMENT, intent=draw(_INTENTS),
    )  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_exchanges(), max_size=5), st.booleans())
def test_no_answer_makes_a_check_fail_itself(log: list[Exchange], is_alone: bool) -> None:
    judge_log(log, is_alone=is_alone)


@pytest.mark.parametrize("text", ["²", _MANY_DIGITS], ids=["raised", "long"])
@pytest.mark.parametrize("name", ["x-rate-limit-remaining", "x-rate-limit-reset", "x-token-reset"])
def test_a_header_that_only_looks_like_a_number_is_none(name: str, text: str) -> None:
    log = Log().get(_ID).get(_ID).last(headers=(("content-type", "application/json"), (name, text)))
    assert {"limits-told", "token-ahead"} <= {finding.check for finding in judge_log(log.exchanges)}


def test_a_total_of_thousands_of_digits_is_none() -> None:
    (first, *_) = judge_log(Log().many({_ID: {}}, total=_MANY_DIGITS).exchanges)
    assert first.message == "The answer to list has no number as text under Total Records."


def test_an_answer_that_nests_without_end_is_no_json() -> None:
    (first, *_) = judge_log(Log().get(_ID).last(body=b"[" * 100_000).exchanges)
    assert first.message == "The answer to get is not JSON object."


@pytest.mark.parametrize("name", [{"a": "b"}, ["x"], 7, None])
def test_a_field_whose_name_is_no_text_is_no_field(name: Any) -> None:
    described = {"ExternalID": "FIELD001", "Properties": {"Name": name, "MaxLength": "²"}}
    told = {"Total Records": "1", "Total Page": "1", "Field": [described]}
    log = Log().get(_ID, City="Ely").add("fields", body=told, query={})
    assert "fields-agree" in {finding.check for finding in judge_log(log.exchanges)}
