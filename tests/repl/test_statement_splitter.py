import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.repl.sql_scanner import SqlScanner
from cmdm_tui.repl.statement_splitter import is_incomplete, last_statement, split_statements
from cmdm_tui.repl.statements import StatementText
from cmdm_tui.repl.typed_text import OpenBody

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
OBJECTS = st.dictionaries(st.text(), VALUES, min_size=1)


@given(OBJECTS, st.sampled_from([None, 0, 2]))
def test_an_object_over_any_number_of_lines_is_one_statement(
    body: dict[str, Any], indent: int | None
) -> None:
    text = f"POST lead {json.dumps(body, indent=indent)}"
    assert list(split_statements(text)) == [StatementText(1, text)]
    assert not is_incomplete(text)


@given(OBJECTS, st.data())
def test_an_object_is_open_until_its_last_brace(body: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(body)
    cut = data.draw(st.integers(1, len(text) - 1))
    scanned = OpenBody()
    scanned.feed(text[:cut])
    assert scanned.is_open
    scanned.feed(text[cut:])
    assert not scanned.is_open


@given(st.text(), st.integers(0, 20))
def test_a_body_is_read_the_same_in_one_piece_and_in_two(text: str, cut: int) -> None:
    whole, pieces = OpenBody(), OpenBody()
    whole.feed(text)
    pieces.feed(text[:cut])
    pieces.feed(text[cut:])
    assert (whole.is_open, whole.missing) == (pieces.is_open, pieces.missing)


@given(st.lists(OBJECTS, max_size=3))
def test_statements_come_apart_as_they_were_put_together(bodies: list[dict[str, Any]]) -> None:
    texts = [f"PUT lead/A {json.dumps(body, indent=1)}" for body in bodies]
    assert [unit.text for unit in split_statements("\n".join(texts))] == texts


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("\\ns q SELECT 1\nSELECT 2;", ["\\ns q SELECT 1", "SELECT 2"]),
        ("\\ns q SELECT 1;\nFROM lead;", ["\\ns q SELECT 1;", "FROM lead"]),
        ("\\ns q SELECT * FROM lead\nFROM task;", ["\\ns q SELECT * FROM lead", "FROM task"]),
        ("\\ns q SELECT 1,\n2\n\nGET lead", ["\\ns q SELECT 1,\n2", "GET lead"]),
        ("\\ns q SELECT (1\n\n);\nGET lead", ["\\ns q SELECT (1\n\n);", "GET lead"]),
        ("\\ns q SELECT 'a\n;b';\nGET lead", ["\\ns q SELECT 'a\n;b';", "GET lead"]),
        ("\\ns q SELECT City\nFROM lead\n GROUP BY City;", None),
        ("\\ns 'my q' SELECT 1 WHERE\n$a = 1", None),
        ("\\ns q SELECT 1 +\n2 ||\n'a'", None),
        ("\\ns q SELECT City FROM lead ORDER\nBY City", None),
        ("\\ns q SELECT *\nGET lead", ["\\ns q SELECT *", "GET lead"]),
        ("\\ns q SELECT 1; SELECT 2;\n\\n q", ["\\ns q SELECT 1; SELECT 2;", "\\n q"]),
        ("\\explain SELECT *\n  FROM lead;", None),
        ("\\e SELECT 1 /* a\nb */", None),
        ("\\ns q\nFROM lead;", ["\\ns q", "FROM lead"]),
        ("\\! echo (\nGET lead", ["\\! echo (", "GET lead"]),
    ],
)
def test_the_sql_of_a_command_goes_on_over_lines(text: str, units: list[str] | None) -> None:
    assert [unit.text for unit in split_statements(text)] == (units or [text])


def test_enter_runs_the_sql_of_a_command_unless_it_waits_for_more() -> None:
    assert not is_incomplete("\\ns q SELECT City")
    assert is_incomplete("\\ns q SELECT City,")
    assert is_incomplete("\\explain SELECT max(")
    assert last_statement("\\ns q SELECT City\nFROM le") == "\\ns q SELECT City\nFROM le"


@given(st.text('{}[]"\\\n aGETPOS'))
def test_any_text_is_cut_without_a_loss(text: str) -> None:
    cut = "".join(unit.text for unit in split_statements(text))
    assert "".join(cut.split()) == "".join(text.split())


def test_units_know_the_line_they_begin_on() -> None:
    text = "# a comment\n\nGET lead\nPOST lead {\n}\n-- another\nGET task"
    assert [(unit.line, unit.text) for unit in split_statements(text)] == [
        (3, "GET lead"),
        (4, "POST lead {\n}"),
        (7, "GET task"),
    ]


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ('POST lead {"a": ["b', '"]}'),
        ("PUT lead/A {", "}"),
        ('POST lead "', '"'),
    ],
)
def test_a_blank_line_or_the_end_abandons_an_open_body(text: str, missing: str) -> None:
    assert list(split_statements(f"{text}\n\nGET lead")) == [
        StatementText(1, text, missing),
        StatementText(3, "GET lead"),
    ]
    assert list(split_statements(text)) == [StatementText(1, text, missing)]
    assert is_incomplete(text)
    assert not is_incomplete(f"{text}\n")


@pytest.mark.parametrize(
    "text",
    ["SELECT 1;", "select\n\n1\n;", "select ';' -- ;\n;", "select /* ;\n */ 1;",
     "with x as (\nselect 1);",
     "EXPLAIN select\n1;", 'select "a;b";', "insert into lead\nvalues (1);"],
)  # fmt: skip
def test_sql_goes_on_to_its_semicolon(text: str) -> None:
    assert not is_incomplete(text)
    assert is_incomplete(text[: text.rindex(";")])
    assert [unit.text for unit in split_statements(f"{text}\nGET lead")] == [
        text[:-1].rstrip(),
        "GET lead",
    ]


@pytest.mark.parametrize("text", ["show entities", "DESCRIBE lead", "desc lead"])
def test_what_tells_of_names_ends_with_its_line(text: str) -> None:
    assert not is_incomplete(text)


def test_sql_without_a_semicolon_is_whole_where_the_input_ends() -> None:
    assert list(split_statements("select 1\n from lead")) == [
        StatementText(1, "select 1\n from lead")
    ]


@pytest.mark.parametrize("text", ["GET lead {", "POST lead {]", "POST lead }", "\\d {"])
def test_nothing_is_waited_for_that_mends_nothing(text: str) -> None:
    assert not is_incomplete(text)


def test_completion_sees_the_statement_at_the_end() -> None:
    assert last_statement("GET lead\nGET ta") == "GET ta"
    assert last_statement('GET lead\nPOST lead {\n "a') == 'POST lead {\n "a'


@given(st.text("eE'abn1$x\"\\;-/*{}# \n", max_size=40))
def test_a_coarse_look_finds_the_same_marks_as_a_fine_one(text: str) -> None:
    kinds = ("plain", "word", "number", "blank", "open", "close", "cast", "other")
    looks = [
        [(one.kind, one.start, one.end) for one in scanner.scan(text) if one.kind not in kinds]
        for scanner in (SqlScanner(), SqlScanner(is_coarse=True))
    ]
    assert looks[0] == looks[1]


@given(st.text("eE'abn1$x\"\\;-/*{}# \n", max_size=40))
def test_lines_are_scanned_as_the_whole_is(text: str) -> None:
    scanner = SqlScanner()
    lines = [list(scanner.scan(line)) for line in text.splitlines(keepends=True)]
    inside = [sum(one.kind == "end" for one in pieces) for pieces in lines]
    assert sum(inside) == sum(one.kind == "end" for one in SqlScanner().scan(text))
