import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.repl import ReplError
from cmdm_tui.repl.call_text import VERBS
from cmdm_tui.repl.statement_parser import parse
from cmdm_tui.repl.statements import CommandStatement, QueryStatement, RawCall
from cmdm_tui.text import visible

PATHS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Z", "C"), exclude_characters="{;"),
    min_size=1,
).filter(lambda path: path.casefold() != "from")
BODIES = st.dictionaries(st.text(), st.none() | st.text() | st.integers()).map(json.dumps)


@given(st.sampled_from(VERBS), PATHS)
def test_a_call_reads_back_as_it_was_written(method: str, path: str) -> None:
    assert parse(str(RawCall(method, path))) == RawCall(method, path)


@given(st.sampled_from(["POST", "PUT"]), PATHS, BODIES)
def test_a_body_reads_back_as_it_was_written(method: str, path: str, body: str) -> None:
    assert parse(str(RawCall(method, path, body))) == RawCall(method, path, body)


@given(st.sampled_from(["d", "d+", "x", "add", "?"]), st.lists(st.text(min_size=1)))
def test_a_command_reads_back_as_it_was_written(name: str, arguments: list[str]) -> None:
    command = CommandStatement(name, tuple(arguments))
    if any(argument != argument.strip() for argument in arguments) or str(command)[-1] == ";":
        return  # blanks and a semicolon at the end of the line count for nothing
    assert parse(str(command)) == command


@given(st.text())
def test_any_text_is_a_statement_or_a_safe_sentence(text: str) -> None:
    try:
        parse(text)
    except ReplError as error:
        words = str(error)
    else:
        return
    assert visible(words) == words
    assert words.endswith((".", "?"))


@pytest.mark.parametrize("verb", ["get", "Get", "gEt", "GET"])
def test_verbs_are_read_without_regard_to_case(verb: str) -> None:
    assert parse(f"{verb} lead") == RawCall("GET", "lead")


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("SELECT * FROM lead;", "SELECT * FROM lead"),
        ("  select 1 ; -- the end", "select 1"),
        ("with x as (select 1)\nselect * from x;\n", "with x as (select 1)\nselect * from x"),
        ("SELECT ';' ;", "SELECT ';'"),
        ("(select 1);", "(select 1)"),
        ("/* why */ SELECT 1", "/* why */ SELECT 1"),
        ("show entities", "show entities"),
        ("DESC lead;", "DESC lead"),
        ("explain select 1;", "explain select 1"),
        ("FROM lead", "FROM lead"),
        ("SELECT 1; SELECT 2;", "SELECT 1; SELECT 2"),
    ],
)
def test_sql_that_reads_is_a_query(text: str, sql: str) -> None:
    assert parse(text) == QueryStatement(sql)


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("GET lead;", RawCall("GET", "lead")),
        ("  GET   lead  ", RawCall("GET", "lead")),
        ('post lead{"a": 1}', RawCall("POST", "lead", '{"a": 1}')),
        ("PUT lead/convert/ABC", RawCall("PUT", "lead/convert/ABC")),
        ("\\d", CommandStatement("d")),
        ("\\d+ lead;", CommandStatement("d+", ("lead",))),
        ("\\d 'my entity'", CommandStatement("d", ("my entity",))),
        ("exit", CommandStatement("q")),
        ("Quit", CommandStatement("q")),
        ("help", CommandStatement("?")),
    ],
)
def test_what_is_typed_means(text: str, statement: RawCall | CommandStatement) -> None:
    assert parse(text) == statement


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FETCH lead", "FETCH is not a statement. Type SQL"),
        ("GET", "GET what?"),
        ("POST", 'POST lead {"LastName": "Jones"}'),
        ("GET lead {}", "GET takes no body, but {} follows"),
        ("DELETE lead/A B", "DELETE takes no body, but B follows"),
        ("\\", "\\ is not a command"),
        ("\\d 'lead", "A quote in the arguments of \\d is not closed"),
        ("\x1b[2J", "␛[2J is not a statement"),
        ('POST lead {"a": NaN}', "NaN has no form in JSON"),
        ("POST lead " + "[" * 200_000 + "]" * 200_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_run_is_told_in_words(text: str, words: str) -> None:
    with pytest.raises(ReplError) as error:
        parse(text)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('POST lead {"a": 1,}', "line 1, column 19"),
        ('POST lead {\n  "a": x\n}', "line 2, column 8"),
        ('PUT lead/A {"a"; 1}', "line 1, column 16"),
        ("POST lead {} {}", "line 1, column 14"),
    ],
)
def test_invalid_json_is_told_with_its_place_in_what_was_typed(text: str, place: str) -> None:
    with pytest.raises(ReplError, match=place):
        parse(text)
