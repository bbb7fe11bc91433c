"""A statement is what its syntax tree says: it reads, it changes records, or it is refused."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.query.errors import QueryRefused, SqlError
from cmdm_tui.query.parsing.parameters import Parameters
from cmdm_tui.query.parsing.statement import parse, parse_tree
from cmdm_tui.query.parsing.write_parts import (
    CallStatement,
    DeleteStatement,
    InsertStatement,
    Procedure,
    UpdateStatement,
)
from cmdm_tui.query.parsing.write_statement import ReadStatement, SqlStatement, read_statements

TABLE = Path(__file__).with_name("statement_forms.txt")
VALUES = {"name": "York", "score": 7}


def forms() -> Iterator[tuple[str, str, str]]:
    """Yield the class of each statement of the table, the statement, and what its error says."""
    for line in TABLE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, _, rest = line.partition(" | ")
            sql, _, said = rest.partition(" =>")
            yield kind.strip(), sql.replace(r"\n", "\n"), said.strip()


def values_for(sql: str) -> Parameters:
    return {name: value for name, value in VALUES.items() if f"${name}" in sql}


def kind_of(statement: SqlStatement) -> str:
    match statement:
        case ReadStatement():
            return "read"
        case InsertStatement():
            return "insert"
        case UpdateStatement():
            return "update"
        case DeleteStatement():
            return "delete"
        case CallStatement(procedure=Procedure.CONVERT_LEAD):
            return "convert"
        case CallStatement():
            return "close"


def classify(sql: str) -> tuple[str, str]:
    try:
        statements = read_statements(sql, values_for(sql))
    except QueryRefused as error:
        return "refused", str(error)
    except SqlError as error:
        return "syntax", str(error)
    assert len(statements) == 1
    return kind_of(statements[0]), ""


def only(sql: str, **parameters: object) -> SqlStatement:
    (statement,) = read_statements(sql, parameters)  # pyright: ignore[reportArgumentType]
    return statement


@pytest.mark.parametrize(("kind", "sql", "said"), forms())
def test_a_statement_is_what_its_syntax_tree_says(kind: str, sql: str, said: str) -> None:
    found, sentence = classify(sql)
    assert (found, sentence) == (kind, sentence)
    assert said in sentence


def test_the_table_has_two_hundred_forms_of_every_class() -> None:
    kinds = [kind for kind, _, _ in forms()]
    assert len(kinds) == len({sql for _, sql, _ in forms()}) >= 200
    expected = {"read", "insert", "update", "delete", "convert", "close", "refused", "syntax"}
    assert set(kinds) == expected


@pytest.mark.parametrize(
    ("kind", "sql"), [(kind, sql) for kind, sql, _ in forms() if kind != "read"]
)
def test_a_query_refuses_whatever_changes_something(kind: str, sql: str) -> None:
    with pytest.raises(SqlError):
        parse(sql, values_for(sql))


def test_several_statements_are_told_apart_whatever_is_in_their_texts_and_comments() -> None:
    sql = (
        "UPDATE lead SET City = 'a;b' -- ; DELETE FROM lead\n WHERE Score = 1; ;\n"
        "CALL close_task('x;y') /* ; */; DELETE FROM lead WHERE City = $$;$$;\n"
        "SELECT ';'; INSERT INTO lead (LastName) VALUES ('; DROP TABLE lead')"
    )
    statements = read_statements(sql)
    assert [kind_of(one) for one in statements] == ["update", "close", "delete", "read", "insert"]
    assert [one.script.line for one in statements] == [1, 3, 3, 4, 4]
    assert statements[2].script.sql == "DELETE FROM lead WHERE City = $$;$$"


def test_no_statement_is_returned_where_one_of_them_is_refused() -> None:
    with pytest.raises(QueryRefused) as caught:
        read_statements("DELETE FROM lead;\n  DROP TABLE lead")
    assert (caught.value.line, caught.value.column) == (2, 3)


def test_an_error_names_its_place_in_the_whole_text() -> None:
    with pytest.raises(SqlError) as caught:
        read_statements("SELECT 1;\nINSERT INTO lead (LastName) VALUES ('x'), (Jones)")
    assert (caught.value.line, caught.value.column) == (2, 44)


def test_each_statement_gets_the_parameters_that_it_names() -> None:
    sql = "SELECT $a; UPDATE lead SET City = $b WHERE Score = $a; CALL close_task($b)"
    read, update, close = read_statements(sql, {"a": 5, "b": "x';DROP"})
    assert isinstance(read, ReadStatement)
    assert read.parameters == {"a": 5}
    assert isinstance(update, UpdateStatement)
    assert update.assignments[0].value.sql() == "'x'';DROP'"
    assert update.where is not None
    assert update.where.sql() == "Score = 5"
    assert isinstance(close, CallStatement)
    assert close.ids == ("x';DROP",)


def test_a_value_that_no_statement_has_a_place_for_is_refused() -> None:
    with pytest.raises(SqlError, match=r"The SQL has no \$other"):
        read_statements("DELETE FROM lead; SELECT '$other'", {"other": "x"})


def test_the_text_of_a_read_statement_keeps_its_place() -> None:
    (_, read) = read_statements("DELETE FROM lead;\n SELECT 1")
    assert read.script.padded == "\n SELECT 1"


def test_a_second_where_would_replace_the_first() -> None:
    sql = "UPDATE lead SET City = 'x' WHERE Score = 1 WHERE true"
    kept = parse_tree(sql).args["where"]
    assert kept.this.sql() == "TRUE"
    with pytest.raises(SqlError, match="WHERE is given twice"):
        read_statements(sql)


def test_a_change_without_where_says_so() -> None:
    for sql in ("UPDATE lead SET City = 'x'", "DELETE FROM lead"):
        for end, is_of_all in (("", True), (" -- WHERE 1", True), (" WHERE true", False)):
            statement = only(sql + end)
            assert isinstance(statement, UpdateStatement | DeleteStatement)
            assert statement.is_of_all is is_of_all


def test_the_parts_of_an_update_are_given() -> None:
    statement = only(
        'UPDATE Lead AS l SET "City" = upper(l.City), Country = NULL FROM account a, contact '
        "WHERE l.Score > 5 RETURNING *, ExternalID AS id"
    )
    assert isinstance(statement, UpdateStatement)
    assert (statement.target.entity.name, statement.target.qualifier) == ("Lead", "l")
    assert [one.field.name for one in statement.assignments] == ["City", "Country"]
    assert statement.assignments[0].field.is_quoted
    assert statement.assignments[1].field.column == 46
    assert [one.sql() for one in statement.sources] == ["account AS a, contact"]
    assert [one.title for one in statement.returning] == ["*", "id"]


def test_the_same_id_is_called_once() -> None:
    statement = only("CALL convert_lead('a', 'b', 'a')")
    assert isinstance(statement, CallStatement)
    assert statement.ids == ("a", "b")


def test_a_list_of_ids_can_be_a_parameter() -> None:
    statement = only("CALL close_task($ids)", ids=["a", "b"])
    assert isinstance(statement, CallStatement)
    assert statement.ids == ("a", "b")


def test_files_are_read_only_where_they_are_allowed() -> None:
    sql = "INSERT INTO lead (LastName) SELECT name FROM 'people.csv'"
    with pytest.raises(QueryRefused, match="reads a local file"):
        read_statements(sql)
    (statement,) = read_statements(sql, allows_files=True)
    assert isinstance(statement, InsertStatement)
    assert statement.query is not None
    assert "READ_CSV('people.csv') AS \"people\"" in statement.query.sql("duckdb")


def test_sql_that_is_too_long_or_too_deep_is_refused() -> None:
    with pytest.raises(SqlError, match="longer than"):
        read_statements("DELETE FROM lead WHERE City = '" + "x" * 1_000_000 + "'")
    with pytest.raises(SqlError):
        read_statements("DELETE FROM lead WHERE " + "(" * 5_000 + "1" + ")" * 5_000)
    with pytest.raises(SqlError, match="There is no SQL"):
        read_statements(" ; -- nothing\n;")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
def test_any_text_is_one_value_of_one_statement(text: str) -> None:
    written = text.replace("'", "''")
    (statement,) = read_statements(f"UPDATE lead SET City = '{written}' WHERE Score = 1")
    assert isinstance(statement, UpdateStatement)
    assert statement.assignments[0].value.name == text
    assert not statement.is_of_all


@given(st.text("UPDATEdelfrom lsx'\"();=,-*/$1\n", max_size=40))
def test_any_text_is_a_list_of_statements_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(SqlError):
        assert read_statements(text)
