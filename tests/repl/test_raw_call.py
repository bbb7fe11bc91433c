import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.repl import ReplError
from cmdm_tui.repl.raw_call import plan_call, query_parameters, with_page
from cmdm_tui.repl.statements import RawCall

UNKNOWN = "is not a documented parameter, and may be ignored."
NO_RECORD = (
    "DELETE lead names no record, and the documentation has no such call. "
    "In SQL it is DELETE FROM lead WHERE …;"
)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("lead?per_page=5", "lead?per_page=5&page=1"),
        ("lead?page=3", "lead?page=3&per_page=100"),
        ("lead?page=3&sort_by=City", "lead?page=3&sort_by=City&per_page=100"),
        ("lead/fields?per_page=5", "lead/fields?per_page=5&page=1"),
    ],
)
def test_the_page_parameter_that_is_missing_is_added_and_told(path: str, sent: str) -> None:
    planned = plan_call(RawCall("GET", path))
    assert planned.path == sent
    assert planned.notes[0].startswith("Added ")


@pytest.mark.parametrize("path", ["lead", "lead?per_page=5&page=2", "lead?sort_by=page"])
def test_nothing_is_added_where_nothing_is_missing(path: str) -> None:
    assert plan_call(RawCall("GET", path)).path == path
    assert plan_call(RawCall("GET", path)).notes == ()


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "lead?sort=City", f"sort {UNKNOWN} Did you mean sort_by?"),
        ("GET", "/lead?Page=1&limit%1B=5", f"limit␛ {UNKNOWN}"),
        ("DELETE", "lead", NO_RECORD),
        ("GET", "lead?sort_by=City&fields=City", None), ("GET", "lead/A?sort=City", None),
        ("DELETE", "lead/A", None), ("POST", "lead?sort=City", None),
    ],
)  # fmt: skip
def test_what_the_documentation_does_not_have_is_noted(
    method: str, path: str, expected: str | None
) -> None:
    planned = plan_call(RawCall(method, path, "{}" if method == "POST" else ""))
    assert planned.path == path
    assert planned.notes[-1:] == (() if expected is None else (expected,))


def test_a_secret_that_is_typed_as_a_parameter_is_not_noted() -> None:
    (note,) = plan_call(
        RawCall("GET", "lead?hunter2"), lambda words: words.replace("hunter2", "…")
    ).notes
    assert note.startswith("… is not a documented parameter")


@pytest.mark.parametrize("path", ["lead/convert/A", "/Task/Close/B"])
def test_a_conversion_and_a_close_need_no_body(path: str) -> None:
    assert plan_call(RawCall("PUT", path)).content == b"{}"


@pytest.mark.parametrize("call", [RawCall("POST", "lead"), RawCall("PUT", "lead/A")])
def test_a_create_and_an_update_need_one(call: RawCall) -> None:
    with pytest.raises(ReplError, match="needs a JSON object"):
        plan_call(call)


def test_a_body_is_sent_as_it_was_typed() -> None:
    body = '{"a":  1.10, "a": 2}'
    assert plan_call(RawCall("POST", "lead", body)).content == body.encode()


def test_text_that_utf_8_has_no_form_for_is_refused() -> None:
    with pytest.raises(ReplError, match="U\\+DCFF"):
        plan_call(RawCall("POST", "lead", '{"a": "\udcff"}'))


def test_only_a_delete_is_asked_about() -> None:
    deleted = plan_call(RawCall("DELETE", "lead/\x1bA"))
    assert (deleted.what, deleted.is_destructive) == ("Delete lead/␛A", True)
    updated = plan_call(RawCall("PUT", "lead/A", "{}"))
    assert (updated.what, updated.is_destructive) == ("Send PUT lead/A", False)
    assert plan_call(RawCall("PUT", "Lead/Convert/A", "{}")).is_destructive
    assert not plan_call(RawCall("GET", "lead/A")).what


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_another_page_changes_nothing_else(before: int, after: int) -> None:
    path = f"lead?per_page=7&page={before}&sort_by=City"
    moved = with_page(path, after)
    assert query_parameters(moved) == query_parameters(path) | {"page": str(after)}
    assert with_page(moved, before) == path
