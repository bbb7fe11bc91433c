"""What one run learns, the next one is told: the calls left, the counts; else "not known"."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.claims.odd_service import Answer, Call, OddService, Rows, serve
from tests.claims.program import Ended, run_cmdm

SQL = "SELECT LastName FROM lead WHERE lower(LastName) = 'x'"


class Limited:
    """A service whose answers state the quota, as long as `states` is true."""

    def __init__(self, service: OddService) -> None:
        self.service = service
        self.remaining = 40
        self.reset = time.time() + 1_800
        self.states = True
        service.answering = self.answer

    def answer(self, call: Call) -> Answer | None:
        answer = self.service.documented(call)
        if not self.states:
            return answer
        self.remaining -= 1
        headers = (
            ("x-rate-limit-limit", "50"),
            ("x-rate-limit-remaining", str(self.remaining)),
            ("x-rate-limit-reset", str(int(self.reset))),
        )
        return Answer(answer.status, answer.body, headers)


@pytest.fixture
def limited() -> Iterator[Limited]:
    with serve(rows=list(Rows(7))) as service:
        yield Limited(service)


def query(limited: Limited, home: Path, *words: str) -> Ended:
    return run_cmdm("query", *words, home=home, extra=limited.service.environment)


def told(limited: Limited, home: Path, sql: str = SQL) -> dict[str, Any]:
    return json.loads(query(limited, home, "--explain", "--json", sql).out)


def test_the_next_run_is_told_the_calls_left(limited: Limited, tmp_path: Path) -> None:
    assert query(limited, tmp_path, SQL).code == 0
    calls = len(limited.service.calls)
    plan = told(limited, tmp_path)
    assert (plan["quota_left"], plan["verdict"]) == (limited.remaining, "fits")
    assert plan["quota_seen"] is not None
    assert plan["quota_reset"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(limited.reset))
    lines = query(limited, tmp_path, "--explain", SQL).out
    assert f"quota    at most {limited.remaining} calls left this hour, which ends at" in lines
    assert len(limited.service.calls) == calls


def test_a_plan_beyond_what_is_left_is_not_begun(limited: Limited, tmp_path: Path) -> None:
    limited.remaining = 2
    assert query(limited, tmp_path, SQL).code == 0
    assert limited.remaining == 0
    before = len(limited.service.calls)
    ended = query(limited, tmp_path, SQL)
    assert ended.code == 8
    assert "The query takes 1 call of at most 0 left this hour" in ended.err
    assert len(limited.service.calls) == before


def test_a_quota_that_nobody_stated_is_not_known(limited: Limited, tmp_path: Path) -> None:
    limited.states = False
    assert query(limited, tmp_path, SQL).code == 0
    plan = told(limited, tmp_path)
    assert (plan["quota_left"], plan["quota_seen"], plan["verdict"]) == (None, None, "not known")
    lines = query(limited, tmp_path, "--explain", SQL).out.splitlines()
    assert "quota    not known: no answer of this hour has stated it" in lines
    assert "verdict  not known" in lines


def test_a_quota_of_an_hour_that_has_ended_is_not_known(limited: Limited, tmp_path: Path) -> None:
    limited.reset = time.time() + 1
    assert query(limited, tmp_path, SQL).code == 0
    limited.states = False
    while time.time() < limited.reset + 1:
        time.sleep(0.05)
    assert told(limited, tmp_path)["verdict"] == "not known"


def test_every_command_tells_it_to_the_next(limited: Limited, tmp_path: Path) -> None:
    extra = limited.service.environment
    assert run_cmdm("get", "lead", "ID000001", home=tmp_path, extra=extra).code == 0
    assert told(limited, tmp_path, "SELECT 1")["quota_left"] == limited.remaining
    prompt = run_cmdm("repl", home=tmp_path, extra=extra, stdin=b"\\quota\n")
    assert f'"Left":{limited.remaining}' in prompt.out.replace(" ", "")
    assert "This is of an earlier run, at" in prompt.err


def test_a_list_tells_its_count_to_the_next(limited: Limited, tmp_path: Path) -> None:
    extra = limited.service.environment
    words = ["list", "lead", "--per-page", "2", "--page", "1"]
    assert run_cmdm(*words, home=tmp_path, extra=extra).code == 0
    rows = json.loads(query(limited, tmp_path, "-o", "json", "SHOW ENTITIES").out)
    assert next(row["records"] for row in rows if row["entity"] == "lead") == 7
