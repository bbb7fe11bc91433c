"""One history of statements for every face."""

import stat
import threading
from pathlib import Path

import pytest

from cmdm_tui.operations import statement_history
from cmdm_tui.operations.statement_history import LONGEST_STATEMENT, StatementHistory
from cmdm_tui.repl.history import open_history


def test_the_prompt_and_the_explorer_share_one_history(tmp_path: Path) -> None:
    told: list[str] = []
    file = tmp_path / "data" / "history"
    history = StatementHistory.open(file, told.append)
    history.append("SELECT 1\nFROM lead\n\n")
    open_history(file, told.append).append_string("GET lead")
    history.append("SELECT 'é\u2028\r'")
    assert history.load() == ["SELECT 'é\u2028\r'", "GET lead", "SELECT 1\nFROM lead\n\n"]
    assert list(open_history(file, told.append).load_history_strings()) == history.load()
    assert told == []


def test_a_history_without_a_file_lasts_for_the_run(tmp_path: Path) -> None:
    told: list[str] = []
    for history in (
        StatementHistory.open(None, told.append),
        StatementHistory.open(tmp_path, told.append),
    ):
        assert not history.is_kept
        history.append("SELECT 1")
        history.append("SELECT 2")
        assert history.load() == ["SELECT 2", "SELECT 1"]
    assert len(told) == 1
    assert "cannot be kept" in told[0]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM lead WHERE City = 'pässword-1'",
        'POST lead {"LastName": "p\\u00e4ssword-1"}',
        "GET lead?x=p%C3%A4ssword-1",
        'POST user {"Password": "x"}',
        "UPDATE user SET client_secret = 'x'",
        "INSERT INTO user (Name, Password) VALUES ('a', 'x')",
        "GET lead?api_key=12",
        "\\set my_token abc",
        "\\! curl -H 'Authorization: Bearer abc.def'",
        "SELECT 1 WHERE Token IN ('x')",
    ],
)
def test_no_statement_with_a_secret_is_kept(tmp_path: Path, statement: str) -> None:
    from cmdm_tui.redaction.redactor import Redactor

    file = tmp_path / "history"
    redact = Redactor.for_sentences(["pässword-1"]).redact_values
    history = StatementHistory.open(file, lambda _: None, redact)
    assert not history.append(statement)
    assert history.append("SELECT Token FROM lead WHERE City = 'York'")
    assert history.load() == ["SELECT Token FROM lead WHERE City = 'York'"]
    prompted = open_history(file, lambda _: None, redact)
    prompted.append_string(statement)
    assert statement not in prompted.get_strings()
    assert statement not in file.read_text()


def test_what_is_typed_again_is_there_once(tmp_path: Path) -> None:
    file = tmp_path / "history"
    history = StatementHistory.open(file, lambda _: None)
    for statement in ("SELECT 1", "SELECT 2", "SELECT 1"):
        history.append(statement)
    assert history.load() == ["SELECT 1", "SELECT 2"]


def test_the_file_is_cut_to_the_newest_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_history, "MOST_STATEMENTS", 5)
    file = tmp_path / "history"
    history = StatementHistory.open(file, lambda _: None)
    for number in range(40):
        history.append(f"SELECT {number % 8}\nFROM lead")
    times = [line for line in file.read_text().split("\n") if line.startswith("#")]
    opened = StatementHistory.open(file, lambda _: None)
    assert opened.load() == [f"SELECT {number}\nFROM lead" for number in (7, 6, 5, 4, 3)]
    kept = file.read_text()
    assert kept.count("+FROM lead") == 5
    assert [line for line in kept.split("\n") if line.startswith("#")] == times[-5:]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_statement_without_end_is_not_kept(tmp_path: Path) -> None:
    history = StatementHistory.open(tmp_path / "history", lambda _: None)
    assert not history.append("x" * (LONGEST_STATEMENT + 1))
    assert history.load() == []


def test_sessions_at_once_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several write while others open the file, which cuts it: each statement is in it, whole."""
    monkeypatch.setattr(statement_history, "_CUT_FROM", 10_000)
    file = tmp_path / "history"
    file.write_text("".join(f"\n# then\n+SELECT 'old {number}'\n" for number in range(2_000)))

    def write(name: str) -> None:
        for number in range(25):
            StatementHistory.open(file, lambda _: None).append(f"SELECT '{name}'\n  , {number}")

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    kept = StatementHistory.open(file, lambda _: None).load()
    typed = {f"SELECT '{name}'\n  , {number}" for name in "abc" for number in range(25)}
    assert typed <= set(kept)
    assert set(kept) - typed <= {f"SELECT 'old {number}'" for number in range(2_000)}


def test_a_file_that_is_made_again_is_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "history"
    history = StatementHistory.open(file, lambda _: None)
    file.unlink()
    assert history.append("SELECT 1")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
