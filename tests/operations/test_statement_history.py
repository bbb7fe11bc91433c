"""One history of statements for every face."""

from pathlib import Path

from cmdm_tui.operations.statement_history import StatementHistory
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
