"""An export, imported again into an emptied entity, gives the same export: by the commands."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("signed_in")

TEXTS = (
    "=1+1", "'=1+1", "''=1+1", "＝1", "+44 7700 900123", "-5", "@SUM(A1)", "\ttab", "a\nb",
    "a\r\nb", " lead ", " ", "", "NULL", "null", "-", "1.10", "007", "1e5", "TRUE", "\u00e9",
    "e\u0301", "\u202eabc", '"q"', "a,b", "a;b\tc|d", "'", "#N/A", "2026-01-02", "\u00a0x",
    "\U0001f600", "\\n", "a\\", "[/]", "\ufeffz", "_x0041_",
)  # fmt: skip
LEADS = [
    {
        "LastName": f"N{at:03}",
        "Notes": text,
        "Score": f"{at}.25",
        "EstimatedValue": f"{at}.10" if at % 3 else None,
        "OptIn": bool(at % 2),
        "LastContacted": f"2026-03-{at % 28 + 1:02}" if at % 5 else None,
        "Phone": f"+4477009{at:05}",
    }
    for at, text in enumerate(TEXTS)
]
QUERY = (
    "SELECT LastName, Notes, Score, EstimatedValue, OptIn, LastContacted, Phone FROM lead"
    " WHERE LastName LIKE 'N0%' ORDER BY LastName"
)
EMPTY = "DELETE FROM lead WHERE LastName LIKE 'N0%'"


def read_stored(cmdm: Command) -> Any:
    """Return the records' values as stored, numbers by value."""
    rows = cmdm("query", "--raw", QUERY, "-o", "json").json
    for row in rows:
        for name in ("Score", "EstimatedValue"):
            row[name] = None if row[name] is None else Decimal(row[name])
    return rows


def test_every_format_brings_an_export_back(cmdm: Command, tmp_path: Path) -> None:
    made = tmp_path / "made.json"
    made.write_text(json.dumps(LEADS), "utf-8")
    assert cmdm("import", "lead", str(made), "--yes").code == 0
    stored = read_stored(cmdm)
    assert [row["Notes"] for row in stored] == list(TEXTS)
    for form in ("csv", "tsv", "json", "jsonl", "parquet", "xlsx"):
        export = str(tmp_path / f"export.{form}")
        assert cmdm("query", QUERY, "--out", export).code == 0
        assert cmdm("sql", EMPTY, "--yes").json["counts"] == {"done": len(LEADS)}
        ended = cmdm("import", "lead", export, "--yes")
        assert ended.json["counts"] == {"done": len(LEADS)}, ended.err
        assert read_stored(cmdm) == stored, form


def test_what_is_lost_on_the_way_would_be_seen(cmdm: Command, tmp_path: Path) -> None:
    """The broken twin: a CSV read as one of another program's, whose quotes guard nothing."""
    made = tmp_path / "made.csv"
    made.write_text("LastName,Notes\nN000,'=1+1\n", "utf-8")
    assert cmdm("import", "lead", str(made), "--yes").code == 0
    assert read_stored(cmdm)[0]["Notes"] == "=1+1"
