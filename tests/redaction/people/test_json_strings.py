"""Texts in a JSON body are replaced in place; every other byte stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.redaction.people.json_strings import iterate_texts, replace_texts

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def texts_of(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in texts_of(item)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case list():
            return [text for item in value for text in texts_of(item)]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return []


@given(VALUES.filter(lambda value: isinstance(value, dict | list | str)), st.booleans())
def test_every_text_is_found_and_nothing_else_changes(value: object, is_escaped: bool) -> None:
    body = json.dumps(value, ensure_ascii=is_escaped, indent=1)
    found = [one.value for one in iterate_texts(body) if not one.is_number]
    assert found == texts_of(value)
    assert replace_texts(body, lambda text: text.value) == body
    marked = replace_texts(body, lambda text: text.value if text.is_number else f"«{text.value}»")
    assert texts_of(json.loads(marked)) == [f"«{text}»" for text in found]
    assert len(json.loads(marked)) == len(json.loads(body)) + 2 * isinstance(value, str)


def test_a_text_has_the_nearest_key_above_it() -> None:
    body = '{"A": {"B": ["x", {"C": "y"}, "z"]}, "D": "w", "E": 12, "F": 1.5}'
    found = [(one.key, one.value) for one in iterate_texts(body)]
    assert found == [("B", "x"), ("C", "y"), ("B", "z"), ("D", "w"), ("E", "12")]


@pytest.mark.parametrize(
    "body",
    ['{"LastName": "Jones", "Cit', '{"LastName": "Jon', '\ufeff{"LastName":"Jones"}',
     '{"LastName": "Jones",}', '{"LastName": "Jo\\qnes"}', '[{"LastName": "Jones"}}}'],
)  # fmt: skip
def test_a_broken_or_cut_body_is_read_as_far_as_it_goes(body: str) -> None:
    assert next(iterate_texts(body)).key == "LastName"
    changed = replace_texts(body, lambda text: "X" if text.key == "LastName" else text.value)
    assert "Jo" not in changed
    assert changed.startswith(body[: body.index("Jo")])


@pytest.mark.parametrize("body", ["", "<html>", "Jones", "LastName=Jones"])
def test_what_does_not_begin_as_json_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match="begin as JSON"):
        list(iterate_texts(body))
