"""A service that counts more records than it gives: the result is partial, after few calls."""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.api import Client, Credentials, Event, RecordsMissing, SecretStr
from cmdm_tui.catalog import Account
from cmdm_tui.config import Profile
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.fetching.fetcher import RunReport
from tests.claims.odd_service import Answer, Call, OddService, Row, Rows, page, serve
from tests.claims.program import Ended, run_cmdm
from tests.claims.test_shapes import CREDENTIALS

MANY = 999_999_999_999


def told(rows: Sequence[Row], total: Any, pages: Any = None, cap: int = 250) -> Callable[..., Any]:
    """Return an answering that counts `total` records, whatever it has, `cap` on a page at most."""

    def answer(call: Call) -> Answer | None:
        if not call.is_list:
            return None
        size = min(int(call.query.get("per_page", cap)), cap)
        start = (int(call.query.get("page", 1)) - 1) * size
        counted = total if isinstance(total, int) else len(rows)
        return page(
            rows[start : start + size], total, -(-counted // size) if pages is None else pages
        )

    return answer


def cmdm(service: OddService, home: Path, *words: str, stdin: bytes = b"") -> Ended:
    return run_cmdm(*words, home=home, extra=service.environment, stdin=stdin)


@pytest.mark.parametrize(
    ("words", "came"),
    [
        (("list", "lead"), "250 of the 20,000 records"),
        (("list", "lead", "--per-page", "1000", "--page", "1"), "page 1 holds 250"),
        (("list", "lead", "--per-page", "300"), "300 were asked for"),
    ],
)
def test_a_list_says_how_many_of_how_many_came(
    tmp_path: Path, words: tuple[str, ...], came: str
) -> None:
    with serve(told(list(Rows(300)), 20_000)) as service:
        ended = cmdm(service, tmp_path, *words)
    assert ended.code == 8
    assert len(json.loads(ended.out)["Entity"]) == 250
    assert came in ended.err
    assert "20,000" in ended.err
    assert "cmdm list lead --jsonl" in ended.err
    assert len(service.calls) == 1


@pytest.mark.parametrize("words", [(), ("--per-page", "3", "--page", "2"), ("--page", "9")])
def test_a_page_that_holds_what_was_asked_for_is_not_partial(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with serve(rows=list(Rows(7))) as service:
        ended = cmdm(service, tmp_path, "list", "lead", *words)
    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("total", [-5, "-1", "many", 10**30, 1e308, "", None, True, [], 0])
def test_a_wild_total_is_survived(tmp_path: Path, total: Any) -> None:
    rows = list(Rows(7))

    def answer(call: Call) -> Answer | None:
        if not call.is_list:
            return None
        start = (int(call.query["page"]) - 1) * 3
        size = min(int(call.query["per_page"]), 3)
        listed = [{"ExternalID": key, "Properties": dict(v)} for key, v in rows[start:][:size]]
        return Answer.of({"Total Records": total, "Total Pages": "3", "Entity": listed})

    with serve(answer) as service:
        ended = cmdm(service, tmp_path, "query", "-y", "-o", "csv", "SELECT ExternalID FROM lead")
    assert ended.code == 0, ended.all
    assert ended.out.split()[1:] == [key for key, _ in rows]
    assert len(service.calls) <= 5


def test_a_total_with_a_separator_is_a_count(tmp_path: Path) -> None:
    with serve(told(list(Rows(7)), "1,000")) as service:
        ended = cmdm(service, tmp_path, "query", "-y", "-o", "csv", "SELECT ExternalID FROM lead")
    assert ended.code == 8
    assert "7 of the 1,000 records" in ended.err


@pytest.mark.parametrize("noun", ["fields", "records"])
def test_a_list_command_that_believes_the_count_would_be_noticed(
    tmp_path: Path, noun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cmdm_tui.api import paging
    from cmdm_tui.cli.commands import records

    answer = records._ListAnswer(noun, 1, 2, None, None)
    assert records._report_missing(answer, "") == 8

    def believe(came: int, total: int | None, *, per_page: int | None, number: int | None) -> int:
        return 0

    monkeypatch.setattr(paging, "count_missing", believe)
    assert records._report_missing(answer, "") == 0


def test_a_list_of_fields_says_it_too(tmp_path: Path) -> None:
    def answer(call: Call) -> Answer | None:
        field = {"ExternalID": "F1", "Properties": {"Name": "City", "Type": "Text"}}
        return Answer.of({"Total Records": "30", "Total Page": "1", "Field": [field]})

    with serve(answer) as service:
        ended = cmdm(service, tmp_path, "fields", "lead")
    assert ended.code == 8
    assert "1 of the 30 fields" in ended.err


def test_the_prompt_says_how_many_of_how_many_came(tmp_path: Path) -> None:
    with serve(told(list(Rows(300)), 20_000)) as service:
        ended = cmdm(service, tmp_path, "repl", stdin=b"GET lead\n")
    assert ended.code == 0
    assert "250 of 20,000 records" in ended.err


PARTIAL = b"SELECT LastName FROM lead;\n"
WHOLE = b"SELECT LastName FROM account;\n"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (PARTIAL, 8),
        (WHOLE, 0),
        (PARTIAL + WHOLE, 8),
        (WHOLE + PARTIAL + b"GET account\n\\d\n", 8),
        (PARTIAL + b"GET lead/NONE\n" + WHOLE, 4),
        (PARTIAL + b"SELECT nonsense FROM;\n", 2),
        (PARTIAL + b"\\last\n", 8),
    ],
    ids=["partial", "whole", "then whole", "then others", "then not found", "then usage", "again"],
)
def test_a_script_at_the_prompt_ends_with_8_after_a_partial_result(
    tmp_path: Path, script: bytes, code: int
) -> None:
    """An error ends it with its own code; otherwise one partial result is enough for 8."""
    short = told(list(Rows(300)), 20_000)

    def answer(call: Call) -> Answer | None:
        return short(call) if call.segments[0] == "lead" and len(call.segments) == 1 else None

    with serve(answer, list(Rows(7))) as service:
        ended = cmdm(service, tmp_path, "repl", stdin=b"\\confirm off\n" + script)
    assert ended.code == code, ended.err
    assert ("of the 20,000 records" in ended.err) == (script != WHOLE)


def test_a_result_that_more_completes_is_not_partial(tmp_path: Path) -> None:
    stopped = b"\\confirm off\n\\calls 2\nSELECT LastName FROM lead;\n"
    with serve(rows=list(Rows(2_500))) as service:
        codes = [
            cmdm(service, tmp_path, "repl", stdin=stopped + more).code
            for more in (b"", b"\\calls 500\n\\more\n")
        ]
    assert codes == [8, 0]


def test_a_prompt_that_forgets_it_would_be_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "from cmdm_tui.repl.session import ReplSession\nReplSession.has_partial = False\n"
    )
    with serve(told(list(Rows(300)), 20_000)) as service:
        extra = {**service.environment, "PYTHONPATH": str(folder)}
        script = b"\\confirm off\n" + PARTIAL
        assert run_cmdm("repl", home=tmp_path, extra=extra, stdin=script).code == 0


async def test_a_walk_of_python_reports_what_is_missing() -> None:
    credentials = Credentials(SecretStr("a"), SecretStr("b"), "c", SecretStr("d"))
    events: list[Event] = []
    with serve(told(list(Rows(300)), MANY)) as service:
        async with Client(service.url, credentials, listener=events.append) as client:
            ids = [one.external_id async for page in client.pages("lead") for one in page.records]
    assert len(set(ids)) == len(ids) == 300
    assert RecordsMissing("lead", MANY, 300) in events
    assert len(service.calls) <= 9


LYING = {
    "too many": lambda: told(list(Rows(300)), 9_000, cap=100),
    "far too many": lambda: told(list(Rows(3)), 3_000, cap=1),
    "too few": lambda: told(list(Rows(300)), 5, cap=100),
    "smaller pages": lambda: told(list(Rows(300)), 300, cap=7),
}
QUERIES = (
    "SELECT * FROM lead",
    "SELECT count(LastName || '') FROM lead",
    "SELECT LastName FROM lead WHERE LastName LIKE '%9' LIMIT 100",
    "SELECT LastName FROM lead LIMIT 2000",
    "SELECT max(LastName) FROM lead",
    "SELECT count(*) FROM lead",
    "SELECT LastName FROM lead WHERE LastName = 'Name 2'",
    "SELECT LastName FROM lead ORDER BY LastName LIMIT 20",
    "SELECT l.LastName FROM lead l JOIN contact c USING (LastName)",
    "DESCRIBE lead",
)


async def stats_outside(lie: str) -> list[tuple[str, int, int, int]]:
    """Return the queries that used calls outside the bounds that their `--stats` give."""
    found: list[tuple[str, int, int, int]] = []
    with serve(LYING[lie]()) as service:
        lying = Profile("lying", service.url, CREDENTIALS, catalog="lying")
        async with Account.open(lying, catalogs=None) as account:
            with closing(Engine(account)) as engine:
                for sql in QUERIES:
                    with await engine.run(await engine.prepare(sql)) as result:
                        stats = result.stats
                    if not stats.calls_low <= stats.calls_used <= stats.calls_high:
                        found.append((sql, stats.calls_low, stats.calls_used, stats.calls_high))
    return found


@pytest.mark.parametrize("lie", LYING)
async def test_the_calls_used_lie_between_those_of_the_stats(lie: str) -> None:
    assert await stats_outside(lie) == []


async def test_stats_that_believe_the_totals_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broken twin: what a run has learnt of the totals does not reach its stats."""

    def believe(_: RunReport) -> bool:
        return False

    def forget(_: RunReport, __: bool) -> None:
        pass

    monkeypatch.setattr(RunReport, "is_unlike_plan", property(believe, forget))
    assert await stats_outside("too many")


def test_the_command_writes_such_stats(tmp_path: Path) -> None:
    with serve(told(list(Rows(3)), 3_000, cap=1)) as service:
        ended = cmdm(service, tmp_path, "query", "-y", "--stats", "SELECT * FROM lead")
    stats = json.loads(ended.err.splitlines()[-1])
    assert stats["calls_low"] <= stats["calls_used"] <= 10 < stats["calls_high"]
