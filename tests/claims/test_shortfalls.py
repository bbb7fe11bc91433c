"""A service that counts more records than it gives: the result is partial, after few calls."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cmdm_tui.api import Client, Credentials, Event, RecordsMissing, SecretStr
from tests.claims.odd_service import Answer, Call, OddService, Row, Rows, page, serve
from tests.claims.program import Ended, run_cmdm

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
    assert "cmdm query" in ended.err
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


async def test_a_walk_of_python_reports_what_is_missing() -> None:
    credentials = Credentials(SecretStr("a"), SecretStr("b"), "c", SecretStr("d"))
    events: list[Event] = []
    with serve(told(list(Rows(300)), MANY)) as service:
        async with Client(service.url, credentials, listener=events.append) as client:
            ids = [one.external_id async for page in client.pages("lead") for one in page.records]
    assert len(set(ids)) == len(ids) == 300
    assert RecordsMissing("lead", MANY, 300) in events
    assert len(service.calls) <= 9
