"""The odd service: it answers as documented until a test says otherwise."""

from pathlib import Path

from tests.claims.odd_service import Answer, Rows, serve
from tests.claims.program import run_cmdm


def test_it_answers_as_documented(tmp_path: Path) -> None:
    with serve(rows=list(Rows(3))) as service:
        ended = run_cmdm(
            "query", "-o", "csv", "SELECT count(*) FROM lead", home=tmp_path,
            extra=service.environment,
        )  # fmt: skip
    assert (ended.code, ended.out.split()[-1]) == (0, "3")


def test_an_answer_of_a_test_comes_first(tmp_path: Path) -> None:
    with serve(lambda call: Answer.of({"Message": "Out of order."}, 400)) as service:
        ended = run_cmdm("get", "lead", "ID000001", home=tmp_path, extra=service.environment)
    assert ended.code != 0
    assert "Out of order" in ended.err
