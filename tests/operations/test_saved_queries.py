"""Named queries are files of SQL that their owner alone reads."""

import stat
from pathlib import Path

import pytest

from cmdm_tui.config import ConfigurationError
from cmdm_tui.operations.saved_queries import (
    LARGEST_QUERY,
    QueryFileError,
    SavedQueries,
    check_name,
    load_sql,
    save_sql,
)


def test_a_query_is_saved_found_replaced_and_deleted(tmp_path: Path) -> None:
    queries = SavedQueries(tmp_path / "new" / "queries")
    assert queries.list() == ()
    assert queries.find("Won") is None
    saved = queries.save(" Won this month ", "SELECT 1")
    assert saved.path.name == "Won this month.sql"
    assert stat.S_IMODE(saved.path.stat().st_mode) == 0o600
    assert queries.load("won THIS month") == "SELECT 1\n"
    queries.save("WON this month", "SELECT 2\n\n")
    assert [one.name for one in queries.list()] == ["Won this month"]
    assert queries.load("Won this month") == "SELECT 2\n"
    assert queries.delete("won this month")
    assert not queries.delete("won this month")
    assert queries.list() == ()


@pytest.mark.parametrize(
    "name",
    ["", ".hidden", "../up", "a/b", "a\\b", "-rf", "a\nb", "a\x1b[31m", "x" * 65, "a\u202eb"],
)
def test_a_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    assert check_name(name)
    with pytest.raises(QueryFileError, match="A name has"):
        SavedQueries(tmp_path).save(name, "SELECT 1")
    assert list(tmp_path.iterdir()) == []


def test_files_of_other_names_are_not_listed(tmp_path: Path) -> None:
    for name in ("good.sql", "notes.txt", "bad\x1b.sql"):
        (tmp_path / name).write_text("SELECT 1")
    (tmp_path / "folder.sql").mkdir()
    assert [one.name for one in SavedQueries(tmp_path).list()] == ["good"]


def test_what_is_no_file_of_sql_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(QueryFileError, match="cannot be read: No such file"):
        load_sql(tmp_path / "none.sql")
    with pytest.raises(QueryFileError, match="it is a folder"):
        load_sql(tmp_path)
    (tmp_path / "latin.sql").write_bytes(b"SELECT '\xe9'")
    with pytest.raises(QueryFileError, match="not text in UTF-8"):
        load_sql(tmp_path / "latin.sql")
    (tmp_path / "long.sql").write_bytes(b" " * (LARGEST_QUERY + 1))
    with pytest.raises(QueryFileError, match="bytes long"):
        load_sql(tmp_path / "long.sql")
    (tmp_path / "windows.sql").write_bytes(b"\xef\xbb\xbfSELECT 1\r\n")
    assert load_sql(tmp_path / "windows.sql") == "SELECT 1\n"
    with pytest.raises(ConfigurationError, match="cannot be written"):
        save_sql(tmp_path / "long.sql" / "x.sql", "SELECT 1")
    with pytest.raises(QueryFileError, match="There is no saved query 'gone'"):
        SavedQueries(tmp_path).load("gone")
