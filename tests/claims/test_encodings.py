"""What cannot be decoded is one line and exit code 2, at every door; what can be is right."""

import codecs
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.claims.odd_service import OddService, Rows, serve
from tests.claims.program import Ended, run_cmdm
from tests.claims.terminal import ProgramTerminal

POUND = b"\xa3"
SQL = "SELECT '£' AS a"
C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}

Door = tuple[list[str | bytes], bytes]

BAD: dict[str, Door] = {
    "sql": (["query", b"SELECT '" + POUND + b"'"], b""),
    "name": (["get", "lead", POUND], b""),
    "value": (["create", "lead", b"LastName=" + POUND], b""),
    "data": (["api", "POST", "lead", "--data", b'{"LastName": "' + POUND + b'"}'], b""),
    "option": (["-p", POUND, "list", "lead"], b""),
    "stdin of query": (["query"], b"SELECT '" + POUND + b"'"),
    "stdin of repl": (["repl"], b"GET lead/" + POUND + b"\n"),
    "sql of repl": (["repl"], b"SELECT '" + POUND + b"';\n"),
    "stdin of api": (["api", "POST", "lead", "--json", "-"], b'{"LastName": "' + POUND + b'"}'),
    "stdin of create": (["create", "lead", "--json", "-"], b'{"LastName": "' + POUND + b'"}'),
    "file": (["query", "-f", "bad.sql"], b""),
    "file of api": (["api", "POST", "lead", "--json", "bad.sql"], b""),
    "utf-16 without a mark": (["query"], "SELECT 1 AS a".encode("utf-16-le")),
    "utf-32": (["query"], codecs.BOM_UTF32_LE + "SELECT 1 AS a".encode("utf-32-le")),
    "half of utf-16": (["query"], "SELECT 1".encode("utf-16") + b"\0"),
    "password": (["login", "x", "--password-stdin"], b"pass" + POUND + b"\n"),
}
C_SAMPLE = ("sql", "stdin of repl", "stdin of query", "value")


@pytest.fixture(scope="module")
def service() -> Iterator[OddService]:
    with serve(rows=list(Rows(3))) as service:
        yield service


def run(service: OddService, home: Path, door: Door, **extra: str) -> Ended:
    (home / "bad.sql").write_bytes(b"SELECT '" + POUND + b"'")
    service.calls.clear()
    words, stdin = door
    return run_cmdm(*words, home=home, extra={**service.environment, **extra}, stdin=stdin)


def assert_refused(service: OddService, ended: Ended) -> None:
    assert ended.code == 2, ended.all
    assert ended.out == ""
    (line,) = [one for one in ended.err.splitlines() if not one.startswith("Stopped at line")]
    assert "UTF-8" in line or "UTF-16" in line
    assert "codec" not in line
    assert service.calls == []


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_decoded_is_refused_in_a_line(
    tmp_path: Path, service: OddService, name: str
) -> None:
    assert_refused(service, run(service, tmp_path, BAD[name]))


@pytest.mark.parametrize("name", C_SAMPLE)
def test_it_is_the_same_in_the_c_locale(tmp_path: Path, service: OddService, name: str) -> None:
    assert_refused(service, run(service, tmp_path, BAD[name], **C_LOCALE))


MARKED = {
    "utf-8": codecs.BOM_UTF8 + SQL.encode(),
    "utf-16 little": codecs.BOM_UTF16_LE + SQL.encode("utf-16-le"),
    "utf-16 big": codecs.BOM_UTF16_BE + SQL.encode("utf-16-be"),
}


@pytest.mark.parametrize("name", MARKED)
def test_a_byte_order_mark_is_accepted(tmp_path: Path, service: OddService, name: str) -> None:
    content = MARKED[name]
    (tmp_path / "given.sql").write_bytes(content)
    mark = content[:3] if name == "utf-8" else content[:2]
    codec = {"utf-8": "utf-8", "utf-16 little": "utf-16-le", "utf-16 big": "utf-16-be"}[name]
    piped = run(service, tmp_path, (["query"], content))
    from_file = run(service, tmp_path, (["query", "-f", "given.sql"], b""))
    prompt = run(service, tmp_path, (["repl"], mark + f"{SQL};\n".encode(codec)))
    body = mark + '{"LastName": "£"}'.encode(codec)
    created = run(service, tmp_path, (["api", "POST", "lead", "--json", "-"], body))
    assert [json.loads(one.out) for one in (piped, from_file, prompt)] == [[{"a": "£"}]] * 3
    assert created.code == 0, created.err
    assert service.calls[-1].json() == {"LastName": "£"}
    assert service.calls[-1].body == '{"LastName": "£"}'.encode()


def test_the_c_locale_gives_the_right_result(tmp_path: Path, service: OddService) -> None:
    argument = run(service, tmp_path, (["query", "-o", "csv", SQL], b""), **C_LOCALE)
    piped = run(service, tmp_path, (["repl"], f"{SQL};\n".encode()), **C_LOCALE)
    created = run(service, tmp_path, (["create", "lead", "LastName=£"], b""), **C_LOCALE)
    assert argument.out.split() == ["a", "£"]
    assert json.loads(piped.out) == [{"a": "£"}]
    assert created.code == 0, created.err
    assert service.calls[-1].json() == {"LastName": "£"}


def test_a_file_that_the_locale_cannot_name_is_told(tmp_path: Path, service: OddService) -> None:
    ended = run(service, tmp_path, (["query", "--out", "£.csv", SQL], b""), **C_LOCALE)
    assert ended.code in {0, 2}
    assert "Traceback" not in ended.err
    if ended.code:
        assert "LC_ALL" in ended.err


def test_a_byte_that_is_typed_is_told_at_the_prompt(tmp_path: Path, service: OddService) -> None:
    terminal = ProgramTerminal(["repl"], tmp_path, service.environment)
    try:
        terminal.wait_for(">")
        os.write(terminal.process.child_fd, b"SELECT '" + POUND + b"' AS a;\r")
        terminal.wait_for("not UTF-8")
        assert b"Traceback" not in terminal.raw
    finally:
        terminal.close()


def test_a_program_that_decodes_nothing_is_noticed(tmp_path: Path, service: OddService) -> None:
    """As it was: what Python keeps of an argument that it cannot decode went to DuckDB."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import importlib\nimportlib.import_module('cmdm_tui.cli.main').decode_arguments = list\n"
    )
    ended = run(service, tmp_path, BAD["sql"], PYTHONPATH=str(folder))
    with pytest.raises(AssertionError):
        assert_refused(service, ended)
