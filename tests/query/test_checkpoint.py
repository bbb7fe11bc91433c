"""What a run has read is kept as it was, values of every kind, and found again."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.api import Page, Record, Response
from cmdm_tui.catalog import Account
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.errors import BudgetReached, QueryError
from cmdm_tui.query.fetching.checkpoint import (
    Checkpoint,
    CheckpointPage,
    CheckpointRecord,
    describe_age,
    load_checkpoint,
    save_checkpoint,
)
from cmdm_tui.query.fetching.page_cache import PageCache
from cmdm_tui.query.fetching.trait_learner import TraitLearner

SECRET = SecretStr("x")
PROFILE = Profile("a", "http://localhost", Credentials(SECRET, SECRET, "u", SECRET), "a")
SQL = "SELECT 1"
SINCE = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)

VALUES: dict[str, Any] = {
    "text": "é\0'\"\u2028",
    "number": Decimal("123456789012345678901234567890.10"),
    "whole": 7,
    "nothing": None,
    "nested": {"list": [1, Decimal("0.10"), None, True]},
}


def reading(values: dict[str, Any]) -> Checkpoint:
    page = CheckpointPage("lead", 2, "City", "asc", 2, ["City"], 3, 2, [("R1", values), ("R2", {})])
    records = [CheckpointRecord("lead", "R3", values), CheckpointRecord("lead", "R4", None)]
    return Checkpoint(PROFILE.url, "u", SQL, 4, SINCE, [page], records)


def test_what_is_kept_is_found_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    assert load_checkpoint(file, PROFILE, SQL) is None
    save_checkpoint(file, reading(VALUES))
    assert load_checkpoint(file, PROFILE, SQL) == reading(VALUES)


def test_half_a_character_is_kept_as_what_stands_for_it(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    save_checkpoint(file, reading({"a": "x\ud800", "n": {"\udc00": [Decimal("1.0")]}}))
    found = load_checkpoint(file, PROFILE, SQL)
    assert found is not None
    assert found.records[0].properties == {"a": "x\ufffd", "n": {"\ufffd": [Decimal("1.0")]}}


@pytest.mark.parametrize("content", ["", "x", "[]", "{}", "[" * 100_000, '{"version": 1}'])
def test_a_file_of_something_else_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "kept"
    file.write_text(content)
    with pytest.raises(QueryError, match="is not the checkpoint of a query"):
        load_checkpoint(file, PROFILE, SQL)


@pytest.mark.parametrize(
    ("later", "age"),
    [
        (timedelta(seconds=59), ""),
        (timedelta(seconds=-5), ""),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=119), "1 hour"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_the_age_of_what_was_kept_is_told(later: timedelta, age: str) -> None:
    told = f"Some records were read {age} ago, at 2026-03-01 12:30 UTC." if age else ""
    assert describe_age(SINCE, SINCE + later) == told


def test_what_may_never_end_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(QueryError, match="is not the checkpoint of a query"):
        load_checkpoint(pipe, PROFILE, SQL)


async def test_pages_that_were_kept_cost_no_call() -> None:
    async with Account.open(PROFILE, catalogs=None) as account:
        pages = PageCache(account.client, "lead", CallBudget(0), TraitLearner(account))
        pages.restore(reading(VALUES))
        asked: dict[str, Any] = {"sort_by": "City", "sort_order": "asc", "per_page": 2}
        page = await pages.page(2, fields=["City"], **asked)
        record = Record("lead", "R1", VALUES)
        answer = Response(0, "GET", "", 200, {}, b"", 0.0)
        assert page == Page("lead", (record, Record("lead", "R2", {})), 3, 2, 2, 2, answer)
        assert await pages.record_or_none("R3") == Record("lead", "R3", VALUES)
        assert await pages.record_or_none("R4") is None
        assert pages.export() == (reading(VALUES).pages, reading(VALUES).records)
        with pytest.raises(BudgetReached):
            await pages.page(2, fields=["City", "Score"], **asked)
