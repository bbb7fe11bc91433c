"""`cmdm query --param`: values that are given to the program arrive as they were given."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.claims.odd_service import OddService, serve
from tests.claims.program import Ended, run_cmdm

NAMES = ["O'Neill", 'a "b"', "x\ny", "Zoë; DROP", "--"]


@pytest.fixture
def service() -> Iterator[OddService]:
    rows = [(f"L{place}", {"LastName": name}) for place, name in enumerate(NAMES)]
    with serve(rows=rows) as running:
        yield running


def query(service: OddService, home: Path, *words: str) -> Ended:
    return run_cmdm("query", "-o", "json", *words, home=home, extra=service.environment)


def test_values_arrive_as_they_were_given(service: OddService, tmp_path: Path) -> None:
    words = [word for place, name in enumerate(NAMES) for word in ("--param", f"p{place}={name}")]
    names = ", ".join(f"$p{place}" for place in range(len(NAMES)))
    sql = f"SELECT LastName FROM lead WHERE LastName IN ({names}) ORDER BY ExternalID"
    ended = query(service, tmp_path, *words, sql)
    assert [one["LastName"] for one in json.loads(ended.out)] == NAMES


def test_a_value_may_hold_an_equals_sign(service: OddService, tmp_path: Path) -> None:
    ended = query(service, tmp_path, "--param", "x=a=b", "SELECT $x AS x")
    assert json.loads(ended.out) == [{"x": "a=b"}]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["SELECT $x"],
            "cmdm: No value is given for $x. Write the value itself, or give it with --param x",
        ),
        (["--param", "x=1", "SELECT 1"], "cmdm: The SQL has no $x."),
        (["--param", "x", "SELECT $x"], "cmdm: x is not NAME=VALUE."),
        (["--param", "=1", "SELECT $x"], "cmdm: =1 is not NAME=VALUE."),
        (["--param", "x=1", "--param", "x=2", "SELECT $x"], "cmdm: $x is given twice."),
        (["SELECT ?"], "cmdm: A parameter needs a name: ? has none."),
    ],
)
def test_what_cannot_be_used_is_one_line(
    service: OddService, tmp_path: Path, words: list[str], sentence: str
) -> None:
    ended = query(service, tmp_path, *words)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(sentence)
    assert ended.err.count("\n") == 1
    assert service.calls == []


def test_another_value_is_another_query_to_a_kept_file(tmp_path: Path) -> None:
    rows = [(f"L{place:03}", {"LastName": f"n{place % 3}"}) for place in range(60)]
    with serve(rows=rows) as service:
        service.answering = lambda call: (
            service.documented(replace(call, query={**call.query, "per_page": "10"}))
            if call.is_list
            else None
        )
        sql = "SELECT count(*) AS n FROM lead WHERE lower(LastName) = $x"
        words = ["--max-calls", "4", "--resume", "kept", sql]
        assert query(service, tmp_path, "--param", "x=n1", *words).code == 8
        other = query(service, tmp_path, "--param", "x=n2", *words)
        assert other.code == 1
        assert "kept holds what was read for another query" in other.err
        again = query(service, tmp_path, "--param", "x=n1", *words)
        assert (again.code, json.loads(again.out)) == (0, [{"n": 20}])
