"""No run makes more calls than its plan says, unless it was given a number: it stops there."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.config import Profile
from cmdm_tui.query import engine as query_engine
from cmdm_tui.query.budget import CallBudget
from cmdm_tui.query.engine import Engine
from tests.claims.odd_service import Answer, Call, Rows, page, serve
from tests.claims.test_shapes import CREDENTIALS
from tests.claims.test_shortfalls import LYING, QUERIES, cmdm, told

Answering = Callable[[Call], Answer | None]
EVERY = "SELECT ExternalID FROM lead"


def overlapping(call: Call) -> Answer | None:
    """Answer with pages that each begin with the last record of the one before, of 300."""
    if not call.is_list:
        return None
    rows, number = list(Rows(300)), int(call.query.get("page", 1))
    size = min(int(call.query.get("per_page", 50)), 50)
    start = (number - 1) * size - (number - 1)
    return page(rows[start : start + size], 300, -(-300 // size))


def growing(most: int = 400) -> Answering:
    """Answer with the pages of an entity that grows by a page at every call."""
    calls = 0

    def answer(call: Call) -> Answer | None:
        nonlocal calls
        if not call.is_list:
            return None
        calls += 1
        rows = list(Rows(min(100 + 50 * calls, most)))
        size = min(int(call.query.get("per_page", 50)), 50)
        start = (int(call.query.get("page", 1)) - 1) * size
        return page(rows[start : start + size], len(rows), -(-len(rows) // size))

    return answer


def shrinking_pages() -> Answering:
    """Answer with fewer records a page from the third call on."""
    calls = 0

    def answer(call: Call) -> Answer | None:
        nonlocal calls
        if not call.is_list:
            return None
        calls += 1
        return told(list(Rows(300)), 300, cap=100 if calls < 3 else 7)(call)

    return answer


ODD: dict[str, Callable[[], Answering]] = {
    **LYING,
    "one fewer": lambda: told(list(Rows(300)), 299, cap=100),
    "too few by pages": lambda: told(list(Rows(300)), 150, cap=100),
    "no total": lambda: told(list(Rows(300)), None, pages="", cap=100),
    "one more": lambda: told(list(Rows(300)), 301, cap=100),
    "overlapping": lambda: overlapping,
    "growing": growing,
    "shrinking pages": shrinking_pages,
}
MORE_QUERIES = (
    *QUERIES[:-1],
    "SELECT count(*) FROM lead WHERE LastName > 'Name 2'",
    "SELECT min(LastName), max(LastName), count(*) FROM lead",
    "SELECT ExternalID FROM lead WHERE ExternalID IN ('ID000001', 'ID000002')",
    "SELECT LastName, count(*) FROM lead GROUP BY LastName",
)


async def runs_beyond_their_plan(oddity: str) -> list[tuple[str, int, int]]:
    """Return the queries that made more calls than planned, or stopped there and do not say so."""
    found: list[tuple[str, int, int]] = []
    with serve(ODD[oddity]()) as service:
        profile = Profile("odd", service.url, CREDENTIALS, catalog="odd")
        async with Account.open(profile, catalogs=None) as account:
            with closing(Engine(account)) as engine:
                for sql in MORE_QUERIES:
                    before = len(service.calls)
                    prepared = await engine.prepare(sql)
                    high = prepared.plan.cost.high
                    with await engine.run(prepared) as result:
                        used = result.stats.calls_used
                        is_told = result.partial or "at most" not in str(result.notes.sentences)
                    if used > high or len(service.calls) - before > high + 1 or not is_told:
                        found.append((sql, used, high))
    return found


@pytest.mark.parametrize("oddity", ODD)
async def test_no_run_makes_more_calls_than_its_plan_says(oddity: str) -> None:
    assert await runs_beyond_their_plan(oddity) == []


async def test_a_plan_that_does_not_bind_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin."""

    def unbound(
        most: int | None = None,
        *,
        planned: int | None = None,
        used: int = 0,
    ) -> CallBudget:
        return CallBudget(most, used=used)

    monkeypatch.setattr(query_engine, "CallBudget", unbound)
    assert await runs_beyond_their_plan("overlapping") != []
    assert await runs_beyond_their_plan("shrinking pages") != []


@pytest.mark.parametrize("oddity", ["overlapping", "one fewer"])
def test_the_command_says_that_it_stopped_and_what_to_do(tmp_path: Path, oddity: str) -> None:
    with serve(ODD[oddity]()) as service:
        cmdm(service, tmp_path, "query", "SELECT ExternalID FROM lead LIMIT 60")
        plan = json.loads(cmdm(service, tmp_path, "query", "--explain", "--json", EVERY).out)
        before = len(service.calls)
        stopped = cmdm(service, tmp_path, "query", "-y", "-o", "csv", EVERY)
        made = len(service.calls) - before
        allowed = cmdm(service, tmp_path, "query", "--max-calls", "90", "-o", "csv", EVERY)
    assert stopped.code == 8
    assert made <= plan["calls_high"]
    assert "at most" in stopped.err
    assert "--max-calls" in stopped.err
    assert len(stopped.out.split()) <= 301
    # A number of calls above that of the plan lifts it: it reads on, to the last record.
    assert len(allowed.out.split()) == 301
    assert allowed.code == 0
    assert "at most" not in allowed.err


def test_a_wrong_count_is_not_believed_a_second_time(tmp_path: Path) -> None:
    """A page that holds more records than are counted shows that the count is none."""
    with serve(told(list(Rows(300)), 5, cap=100)) as service:
        for _ in range(2):
            ended = cmdm(service, tmp_path, "query", "-y", "-o", "csv", EVERY)
            assert ended.code == 0
            assert len(ended.out.split()) == 301
