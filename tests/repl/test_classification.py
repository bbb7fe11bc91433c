"""What a statement may do is told from its syntax tree, before anything is sent."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.query.errors import QueryError
from cmdm_tui.query.parsing.dialect import SCRIPT_DIALECT
from cmdm_tui.query.parsing.statement_forms import split_script
from cmdm_tui.repl.commands.command_table import COMMANDS, find_command
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.outcome import StatementEffect
from cmdm_tui.repl.plan import plan_statement
from cmdm_tui.repl.statement_parser import parse
from cmdm_tui.repl.statement_splitter import split_statements
from cmdm_tui.repl.statements import (
    CommandStatement,
    FileDestination,
    PipeDestination,
    StatementText,
)
from cmdm_tui.repl.variables import Variables
from cmdm_tui.text import visible

TABLE = [
    tuple(line.split("\t", 1))
    for line in Path(__file__).with_name("classified_statements.txt").read_text().split("\n")
    if line and not line.startswith("#")
]


def unescape(text: str) -> str:
    for mark, meant in (("\\n", "\n"), ("\\t", "\t"), ("\\\\", "\\")):
        text = text.replace("\\\\", "\0") if mark == "\\n" else text
        text = text.replace(mark, meant)
    return text.replace("\0", "\\")


def effect_of(unit: StatementText) -> str:
    destination = unit.ending.destination
    is_named = destination is None or (
        destination.name if isinstance(destination, FileDestination) else destination.command
    )
    if unit.missing or not is_named:
        return "refused"
    try:
        return plan_statement(parse(unit.text), Variables()).effect.name.casefold()
    except (QueryError, ReplError):
        return "refused"


def test_the_table_is_long() -> None:
    assert len({text for _, text in TABLE}) == len(TABLE) >= 300


def test_every_command_is_in_the_table() -> None:
    typed = [text for effect, text in TABLE if effect != "refused" and text.startswith("\\\\")]
    commands = [parse(unit.text) for text in typed for unit in split_statements(unescape(text))]
    named = {one.name for one in commands if isinstance(one, CommandStatement)}
    found = {find_command(name).name for name in named}
    assert [one.name for one in COMMANDS if one.name not in found] == []


@pytest.mark.parametrize(("effect", "text"), TABLE)
def test_a_statement_is_classified_by_its_tree(effect: str, text: str) -> None:
    units = list(split_statements(unescape(text)))
    if effect == "refused":
        assert effect_of(units[0]) == effect
    else:
        assert [effect_of(unit) for unit in units] == [effect]


NAMES = st.sampled_from(["lead", "task", '"my;entity"', "City", '"a""b"', "Score"])
TEXTS = st.text("ab;'\"\\|>-/*$\n \t", max_size=6).map(
    lambda text: "'" + text.replace("'", "''") + "'"
)
COMMENTS = st.sampled_from(["-- ; > x\n", "/* ; */", "/* a /* ; */ b */"])
VALUES = TEXTS | st.integers(0, 99).map(str) | st.sampled_from(["$$;$$", "$a$ ' ; $a$", "e'\\';'"])
CONDITIONS = st.tuples(NAMES, st.sampled_from(["=", "<", ">", ">=", "||", "|", "<>"]), VALUES).map(
    " ".join
)
READING = st.builds("SELECT {}, {} FROM lead WHERE {}".format, NAMES, VALUES, CONDITIONS)
CHANGING = st.one_of(
    st.builds("DELETE FROM lead WHERE {} = 1".format, CONDITIONS),
    st.builds("UPDATE lead SET City = {} WHERE {} = 2".format, VALUES, CONDITIONS),
    st.builds("INSERT INTO lead (City) VALUES ({}), ({})".format, VALUES, VALUES),
)
BLANKS = st.sampled_from([" ", "\n", "  \n ", " /* ; */ ", " -- ;\n"])


@given(st.lists(st.tuples(st.booleans(), READING, CHANGING, BLANKS), min_size=1, max_size=4))
def test_drawn_statements_are_cut_and_classified(
    drawn: list[tuple[bool, str, str, str]],
) -> None:
    chosen = [
        (changes, changing if changes else reading) for changes, reading, changing, _ in drawn
    ]
    text = "".join(f"{sql};{blank}" for (_, sql), (*_, blank) in zip(chosen, drawn, strict=True))
    units = list(split_statements(text))
    assert [unit.text for unit in units] == [sql for _, sql in chosen]
    for unit, (changes, _) in zip(units, chosen, strict=True):
        if effect_of(unit) != "refused":  # a drawn condition may be none
            assert effect_of(unit) == ("writes" if changes else "reads")


@given(st.lists(READING | CHANGING | COMMENTS | st.just(";") | st.text("ab;'\" \n", max_size=4)))
def test_sql_is_cut_where_the_tokenizer_cuts_it(pieces: list[str]) -> None:
    text = "SELECT 1 " + " ".join(pieces)
    whole = split_script(text)
    try:
        SCRIPT_DIALECT().tokenize(text)
    except Exception:  # noqa: BLE001 - what it cannot read has no words to compare
        return
    # Behind a semicolon what is not SQL ends with its line, so only the first end is compared.
    assert next(split_statements(text)).text == whole[0].sql.rstrip() or (
        without_comments(next(split_statements(text)).text) == without_comments(whole[0].sql)
    )


def without_comments(sql: str) -> list[str]:
    return [token.text for token in SCRIPT_DIALECT().tokenize(sql)]


@pytest.mark.parametrize(
    ("text", "statement", "destination"),
    [
        ("SELECT a > b; > x.csv", "SELECT a > b", FileDestination("x.csv")),
        ("SELECT a > b; >> 'b c.csv'", "SELECT a > b", FileDestination("b c.csv", appends=True)),
        ("SELECT a || b; | sort | wc; ls", "SELECT a || b", PipeDestination("sort | wc; ls")),
        ("SELECT a\n> b\n; | wc", "SELECT a\n> b\n", PipeDestination("wc")),
        ("SELECT a \\g x.csv", "SELECT a", FileDestination("x.csv")),
        ("SELECT a \\g |wc -l", "SELECT a", PipeDestination("wc -l")),
        ("SELECT a \\g > x.csv", "SELECT a", FileDestination("x.csv")),
        ("GET lead?a=1>2 > x.json", "GET lead?a=1>2", FileDestination("x.json")),
        ("GET lead | jq .", "GET lead", PipeDestination("jq .")),
        ('POST lead {"a": ">"} > x.json', 'POST lead {"a": ">"}', FileDestination("x.json")),
        ("\\d lead | less", "\\d lead", PipeDestination("less")),
        ("\\d 'a > b'; > x.csv", "\\d 'a > b'", FileDestination("x.csv")),
        ("\\d a>b", "\\d a>b", None),
        ("\\! ls > x; ls | wc", "\\! ls > x; ls | wc", None),
        ("SELECT a > b", "SELECT a > b", None),
        ("SELECT a >> 2 | 1 || 'x';", "SELECT a >> 2 | 1 || 'x'", None),
    ],
)  # fmt: skip
def test_a_comparison_is_no_file_and_an_operator_no_pipe(
    text: str, statement: str, destination: FileDestination | PipeDestination | None
) -> None:
    (unit,) = split_statements(text)
    assert unit.text == statement.rstrip()
    assert unit.ending.destination == destination


def test_several_statements_stand_on_a_line() -> None:
    text = 'SELECT 1; GET lead; \\d lead; POST lead {"a": ";"}; SELECT 2 \\gx \\x on'
    assert [unit.text for unit in split_statements(text)] == [
        "SELECT 1", "GET lead", "\\d lead", 'POST lead {"a": ";"}', "SELECT 2", "\\x on",
    ]  # fmt: skip


def test_the_effects_have_one_meaning() -> None:
    assert {effect for effect, _ in TABLE} - {"refused"} == {
        effect.name.casefold() for effect in StatementEffect
    }


@pytest.mark.parametrize("mark", ["> x.csv", ">> x.csv", "| sort"])
def test_sql_that_is_wrong_at_a_mark_says_where_the_mark_belongs(mark: str) -> None:
    with pytest.raises(QueryError, match=r"close the statement first: …; [>|] "):
        plan_statement(parse(f"SELECT * FROM lead {mark};"), Variables())


@given(st.text() | st.text("\\gGxd!;|> '\"$:aSELECTPOT{}[]\n-/*#"))
def test_any_text_becomes_plans_or_safe_sentences(text: str) -> None:
    said: list[str] = []
    for unit in split_statements(text):
        try:
            plan_statement(parse(unit.text), Variables())
        except (QueryError, ReplError) as error:
            said.append(str(error))
    assert [visible(sentence) for sentence in said] == said
