"""What the history suggests: never a statement that could change something."""

import pytest
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory

from cmdm_tui.repl.suggestion import HistorySuggestion, only_reads

READING = [
    "SELECT * FROM lead;",
    "SELECT 'DELETE FROM lead';",
    "/* DELETE FROM lead */ SELECT 1;",
    "WITH x AS (SELECT 1) SELECT * FROM x;",
    "FROM lead;",
    "EXPLAIN SELECT 1;",
    "SHOW ENTITIES",
    "GET lead",
    "get lead/A",
    "\\d lead",
    "\\sort City",
    "SELECT 1; GET lead",
]
CHANGING = [
    "DELETE FROM lead;",
    "delete from lead where City = 'x';",
    "UPDATE lead SET City = 'x';",
    "INSERT INTO lead (City) VALUES ('x');",
    "CALL close_task('A');",
    "WITH x AS (SELECT 1) DELETE FROM lead;",
    "/* SELECT */ DELETE FROM lead;",
    "-- SELECT 1\nDELETE FROM lead;",
    "SELECT 1; DELETE FROM lead;",
    "SELECT 1 \\; DELETE FROM lead;",
    'POST lead {"LastName": "x"}',
    'put lead/A {"City": "x"}',
    "DELETE lead/A",
    "GET lead\nDELETE lead/A",
    "\\apply x.json",
    "\\undo",
    "\\resume 3",
    "\\i x.sql",
    "\\e",
    "\\! rm -rf x",
    "\\export x.csv",
    "\\confirm off",
    "SELECT 1; > x.csv",
    "SELECT 1; | sh",
    "SELECT 1 \\e",
    "SELECT :what;",
    "SELECT $what;",
    "SELECT 1 FROM lead; \\undo",
    "DROP TABLE lead;",
    "SELEC 1;",
    "POST lead {",
    "",
]


@pytest.mark.parametrize("statement", READING)
def test_what_only_reads_is_suggested(statement: str) -> None:
    assert only_reads(statement)
    assert suggested(statement[:3], statement) == statement[3:]


@pytest.mark.parametrize("statement", CHANGING)
def test_what_could_change_something_never_is(statement: str) -> None:
    assert not only_reads(statement)
    for end in range(1, len(statement)):
        assert suggested(statement[:end], statement) is None


def suggested(typed: str, *statements: str) -> str | None:
    history = InMemoryHistory(statements)
    buffer = Buffer(history=history)
    history._loaded = True
    history._loaded_strings = list(statements)[::-1]
    found = HistorySuggestion().get_suggestion(buffer, Document(typed))
    return None if found is None else found.text


def test_the_newest_that_only_reads_is_suggested() -> None:
    assert suggested("SEL", "SELECT 1;", "SELECT 2;", "SELECT 3; DELETE FROM lead;") == "ECT 2;"
    assert suggested("x", "SELECT 1;") is None
    assert suggested("SEL", "SELECT 1;\n") == "ECT 1;"
    assert suggested("", "SELECT 1;") is None
    assert suggested("SELECT 1;", "SELECT 1;") is None


@pytest.mark.parametrize("rest", ["\x1b[2J", "\u202e", "1;\nGET lead"])
def test_nothing_that_could_not_be_shown_as_it_is_is_suggested(rest: str) -> None:
    assert suggested("SELECT ", f"SELECT '{rest}';") is None


def test_a_long_history_of_changes_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    def judge(statement: str) -> bool:
        judged.append(statement)
        return False

    monkeypatch.setattr("cmdm_tui.repl.suggestion.only_reads", judge)
    assert suggested("DEL", *(f"DELETE lead/{number}" for number in range(1_000))) is None
    assert len(judged) == 20
