"""Each JSON document of cmdm's own has a name, a version and the shape that is promised."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from cmdm_tui.cli.json_documents import DOCUMENTS
from tests.cli.conftest import Command
from tests.cli.test_replay_server import ask, end
from tests.cli.test_replay_server import served as served_cassette
from tests.cli.test_sandbox import served

GOLDEN = Path(__file__).with_name("json_shapes.json")
EXPLAINED = "SELECT City, count(*) FROM lead WHERE Score > 50 GROUP BY City"


def shape_of(value: Any) -> Any:
    """Return the types of a document's parts; of a list those of all its items, sorted."""
    if isinstance(value, dict):
        return {key: shape_of(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        shapes = {json.dumps(shape_of(one), sort_keys=True) for one in cast("list[Any]", value)}
        return [json.loads(one) for one in sorted(shapes)]
    return "number" if type(value) in {int, float} else type(value).__name__


def explain(cmdm: Command) -> Any:
    return cmdm("query", "--explain", "--json", EXPLAINED).json


def stats(cmdm: Command) -> Any:
    return json.loads(cmdm("query", "--stats", "SELECT count(*) FROM lead").err)


def changes(cmdm: Command) -> Any:
    sql = "INSERT INTO lead (LastName, Company) VALUES ('Ng', 'Ng & Co')"
    return cmdm("sql", "--yes", "-o", "json", sql).json


def case_lines(*words: str) -> Callable[[Command], Any]:
    def run(cmdm: Command) -> Any:
        ended = cmdm(*words)
        assert ended.code == 0, ended.err
        return json.loads(ended.out.splitlines()[0])

    return run


MAKERS: dict[str, Callable[[Command], Any]] = {
    "cmdm-explain": explain,
    "cmdm-stats": stats,
    "cmdm-changes": changes,
    "cmdm-whoami": lambda cmdm: cmdm("whoami", "--check", "--json").json,
    "cmdm-doctor": lambda cmdm: cmdm("doctor", "--json", "--offline").json,
    "cmdm-traits": lambda cmdm: cmdm("probe", "--entity", "lead", "--json").json,
    "cmdm-drift": lambda cmdm: cmdm("verify", "--json", "get-lead").json,
    "cmdm-case": case_lines("cases", "list", "get-lead", "--json"),
    "cmdm-step": case_lines("cases", "run", "get-lead", "--json"),
    "cmdm-replay": case_lines("replay", "get-lead", "--json"),
}


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("name", MAKERS)
def test_a_document_has_the_shape_that_is_promised(cmdm: Command, name: str) -> None:
    document = MAKERS[name](cmdm)
    assert list(document)[:2] == ["schema", "version"]
    assert (document["schema"], document["version"]) == (name, DOCUMENTS[name].version)
    assert shape_of(document) == json.loads(GOLDEN.read_text("utf-8"))[name]
    if name != "cmdm-traits":
        promised = DOCUMENTS[name].keys
        assert all(key in promised for key in document if key not in {"schema", "version"})


def test_the_first_line_of_a_sandbox_has_the_shape_that_is_promised(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--control") as (_, document):
        pass
    assert (document["schema"], document["version"]) == ("cmdm-sandbox", 1)
    assert shape_of(document) == json.loads(GOLDEN.read_text("utf-8"))["cmdm-sandbox"]


def test_every_document_is_held_by_a_shape() -> None:
    assert set(json.loads(GOLDEN.read_text("utf-8"))) == set(DOCUMENTS)


def test_a_changed_shape_is_noticed() -> None:
    before = shape_of({"version": 1, "rows": [{"a": 1}, {"a": None}]})
    assert before != shape_of({"version": 1, "rows": [{"a": "1"}, {"a": None}]})
    assert before != shape_of({"version": 1, "row": [{"a": 1}, {"a": None}]})


@pytest.mark.usefixtures("signed_in")
def test_rows_and_the_service_s_own_json_have_no_version(cmdm: Command) -> None:
    rows = cmdm("query", "-o", "json", "SELECT LastName FROM lead LIMIT 2").json
    assert [list(row) for row in rows] == [["LastName"]] * 2
    assert set(cmdm("list", "lead", "--per-page", "1").json) == {
        "Total Records", "Total Pages", "Entity",
    }  # fmt: skip
    assert set(json.loads(cmdm("list", "lead", "--jsonl").out.splitlines()[0])) == {
        "ExternalID", "Properties",
    }  # fmt: skip


def test_a_served_cassette_has_two_documents_of_the_shape_that_is_promised() -> None:
    with served_cassette("get-lead") as (process, first):
        ask(first["url"], "/api/v1/lead/OTHER")
        _, last, _ = end(process)
    promised = json.loads(GOLDEN.read_text("utf-8"))
    for document in (first, last):
        assert shape_of(document) == promised[document["schema"]]
        assert document["version"] == DOCUMENTS[document["schema"]].version
