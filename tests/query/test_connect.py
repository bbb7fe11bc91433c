"""The Python face: light to import, rows by name, whole results, and errors as they are."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import cmdm_tui
from cmdm_tui.query.errors import UnknownName
from cmdm_tui.query.row import Row
from cmdm_tui.sandbox import RunningInfo
from tests.services import profile_of


async def test_rows_come_one_by_one_and_by_name(sandbox: RunningInfo, tmp_path: Path) -> None:
    async with cmdm_tui.connect(profile_of(sandbox), catalogs=tmp_path) as cm:
        query = cm.query("SELECT LastName, Score FROM lead WHERE Score > 90 LIMIT 3")
        rows = [row async for row in query]
        assert len(rows) == 3
        assert all(row.score == row["Score"] == row[1] > Decimal(90) for row in rows)
        assert query.result is not None
        assert query.result.count == 3


async def test_a_query_can_be_awaited_whole_and_explained(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    async with cmdm_tui.connect(profile_of(sandbox), catalogs=tmp_path) as cm:
        result = await cm.query("SELECT count(*) AS n FROM lead")
        assert result.rows == [(3_000,)]
        assert (await cm.explain("SELECT count(*) FROM lead")).plan.plan_class.value == "count"
        with pytest.raises(UnknownName):
            await cm.query("SELECT * FROM leads")


async def test_raw_rows_are_the_text_that_is_stored(sandbox: RunningInfo, tmp_path: Path) -> None:
    sql = "SELECT * FROM lead WHERE Score > 90 LIMIT 3"
    async with cmdm_tui.connect(profile_of(sandbox), catalogs=tmp_path) as cm:
        query = cm.query(sql, raw=True)
        rows = [row async for row in query]
        assert {type(value) for row in rows for value in row} <= {str, type(None)}
        assert query.result is not None
        assert {column.type for column in query.result.columns} == {"VARCHAR"}
        assert (await cm.query(sql, raw=True)).rows == [tuple(row) for row in rows]
        assert {column.type for column in (await cm.explain(sql, raw=True)).columns} == {"VARCHAR"}
        assert [Decimal(row.score) for row in rows] == [one.score async for one in cm.query(sql)]


async def test_the_likely_order_is_trusted_on_request(sandbox: RunningInfo, tmp_path: Path) -> None:
    """On few pages every doubt is read about, unless the order is trusted."""
    sql = "SELECT max(City) FROM lead"
    async with cmdm_tui.connect(profile_of(sandbox), catalogs=tmp_path) as cm:
        trusting = await cm.query(sql, trust_order=True)
        assert (await cm.explain(sql, trust_order=True)).trusts_order
        certain = await cm.query(sql)
        assert trusting.rows == certain.rows
        assert (trusting.unsure, certain.unsure) == (True, False)


async def test_a_result_that_its_calls_ended_is_gone_on_with(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    sql = "SELECT LastName FROM lead ORDER BY Score, LastName"
    async with cmdm_tui.connect(profile_of(sandbox), catalogs=tmp_path) as cm:
        await cm.query("SELECT count(*) FROM lead WHERE Score + 1 > 0")
        partial = await cm.query(sql, max_calls=2)
        assert partial.partial
        whole = await cm.resume(partial, max_calls=1)
        assert not whole.partial
        assert whole.rows == (await cm.query(sql)).rows


async def test_a_profile_of_the_environment_is_used(
    sandbox: RunningInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(folder, str(tmp_path))
    monkeypatch.setenv("CMDM_URL", sandbox.url)
    monkeypatch.setenv("CMDM_CLIENT_ID", sandbox.client_id)
    monkeypatch.setenv("CMDM_CLIENT_SECRET", sandbox.client_secret)
    monkeypatch.setenv("CMDM_USERNAME", sandbox.username)
    monkeypatch.setenv("CMDM_PASSWORD", sandbox.password)
    async with cmdm_tui.connect() as cm:
        assert (await cm.query("SELECT count(*) FROM lead")).rows == [(3_000,)]


def test_importing_the_package_stays_light() -> None:
    program = (
        "import sys, cmdm_tui; "
        "print([name for name in ('httpx', 'duckdb', 'sqlglot') if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert ran.stdout.strip() == "[]"


def test_every_public_name_of_the_face_is_the_packages() -> None:
    face = sys.modules[cmdm_tui.connect.__module__]
    assert all(getattr(cmdm_tui, name) is getattr(face, name) for name in face.__all__)
    with pytest.raises(AttributeError, match="PlannedQuery"):
        _ = cmdm_tui.PlannedQuery  # pyright: ignore[reportAttributeAccessIssue]


def test_a_row_tells_which_columns_it_has() -> None:
    row = Row(("A", "b c"), (1, 2))
    assert (row.a, row["B C"], row[-1], list(row), len(row)) == (1, 2, 2, [1, 2], 2)
    assert row == (1, 2)
    with pytest.raises(KeyError, match="it has A, b c"):
        row["d"]
    with pytest.raises(AttributeError):
        _ = row.d
