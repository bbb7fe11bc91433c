import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.query.parsing.dialect import SCRIPT_DIALECT
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.plan import CallPlan, CommandPlan, SqlPlan, plan_statement
from cmdm_tui.repl.statement_parser import parse
from cmdm_tui.repl.variables import Variables

VARIABLES = Variables({"city": "O'Hull", "n": "5", "field": 'a"b', "id": "a/b c"})


@pytest.mark.parametrize(
    ("sql", "expanded"),
    [
        ("SELECT :n", "SELECT 5"),
        ("SELECT :'city'", "SELECT 'O''Hull'"),
        ('SELECT :"field"', 'SELECT "a""b"'),
        ("SELECT a>:n", "SELECT a>5"),
        ("SELECT (:n)", "SELECT (5)"),
        ("SELECT ':n' , \":n\" -- :n\n/* :n */", "SELECT ':n' , \":n\" -- :n\n/* :n */"),
        ("SELECT '5'::int, a::n", "SELECT '5'::int, a::n"),
        ("SELECT a[1:n], a[:n]", "SELECT a[1:n], a[:n]"),
        ("SELECT {'a':n, 'b': :n}", "SELECT {'a':n, 'b': :n}"),
        ("SELECT x:n", "SELECT x:n"),
        ("SELECT $$ :n $$", "SELECT $$ :n $$"),
        ("SELECT 1 : 2", "SELECT 1 : 2"),
    ],
)
def test_variables_are_replaced_outside_of_texts(sql: str, expanded: str) -> None:
    assert VARIABLES.expand_sql(sql) == expanded


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_quoted_variable_is_one_text_whatever_it_holds(value: str) -> None:
    sql = Variables({"x": value}).expand_sql("SELECT :'x'")
    tokens = list(SCRIPT_DIALECT().tokenize(sql))
    assert [token.text for token in tokens[1:]] == [value]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_parameter_is_a_value_and_never_sql(value: str) -> None:
    plan = plan_statement(parse("DELETE FROM lead WHERE City = $x"), Variables({"x": value}))
    assert isinstance(plan, SqlPlan)
    assert len(plan.statements) == 1


def test_what_a_variable_makes_of_a_statement_is_what_it_is_classified_as() -> None:
    plan = plan_statement(parse("SELECT 1 :more"), Variables({"more": "; DELETE FROM lead"}))
    assert plan.effect.name == "WRITES"


def test_paths_and_arguments_take_variables() -> None:
    plan = plan_statement(parse("GET lead/:id?fields=:n"), VARIABLES)
    assert isinstance(plan, CallPlan)
    assert plan.call.path == "lead/a%2Fb%20c?fields=5"
    plan = plan_statement(parse("\\d :city"), VARIABLES)
    assert isinstance(plan, CommandPlan)
    assert plan.arguments == ("O'Hull",)
    plan = plan_statement(parse("\\d ':city'"), VARIABLES)
    assert isinstance(plan, CommandPlan)
    assert plan.arguments == (":city",)
    plan = plan_statement(parse('POST lead {"a": ":n"}'), VARIABLES)
    assert isinstance(plan, CallPlan)
    assert plan.call.body == '{"a": ":n"}'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SELECT :cty", ":cty has no value. Did you mean :city?"),
        ("SELECT $zzz", "$zzz has no value. \\set zzz VALUE gives it one."),
        ("SELECT :'zzz'", ":zzz has no value"),
        ("GET lead/:zzz", ":zzz has no value"),
        ("\\d :zzz", ":zzz has no value"),
    ],
)
def test_a_variable_without_a_value_is_told_before_anything_is_sent(text: str, words: str) -> None:
    with pytest.raises(ReplError) as error:
        plan_statement(parse(text), VARIABLES)
    assert words in str(error.value)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a-b", "x" * 65])
def test_a_name_is_letters_and_digits(name: str) -> None:
    with pytest.raises(ReplError, match="is not the name of a variable"):
        Variables().set(name, "")
