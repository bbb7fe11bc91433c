"""`cmdm repl` with a script: where it comes from, when it ends, and what its exit code says."""

import os
import subprocess
from pathlib import Path

import pytest

from cmdm_tui.sandbox import RunningInfo
from tests.claims.program import ForkedProgram
from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("signed_in")


def test_statements_of_the_command_line_run_in_order(cmdm: Command, tmp_path: Path) -> None:
    ended = cmdm("repl", "-c", "\\set a 1", "-c", "SELECT $a AS a; SELECT :a + 1 AS b;")
    assert ended.code == 0
    assert ended.out.split() == b'[ {"a": "1"} ] [ {"b": 2} ]'.split()
    assert cmdm("repl", "-c", "SELECT $a AS a;", "--param", "a=x y").out.decode().split() == (
        ["[", '{"a":', '"x', 'y"}', "]"]
    )
    file = tmp_path / "script.sql"
    file.write_text("-- a script\n\nSELECT 'from a file' AS a;\n")
    assert b"from a file" in cmdm("repl", "-f", str(file)).out
    assert b"from stdin" in cmdm("repl", "-f", "-", stdin=b"SELECT 'from stdin' AS a;").out


def test_no_prompt_and_no_colour_are_in_what_a_script_writes(cmdm: Command) -> None:
    ended = cmdm("repl", "-c", "\\o table", "-c", "SELECT ExternalID FROM lead LIMIT 1;")
    assert b"\x1b" not in ended.out
    assert "\x1b" not in ended.err
    assert b">" not in ended.out


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("SELECT 1;", 0),
        ("nonsense", 2),
        ("GET lead/NOSUCHID", 4),
        ("SELECT FROM;", 2),
        ("DELETE FROM lead;", 2),
        ("\\calls 1\nSELECT lead.City, account.City FROM lead, account;", 8),
        ("\\! exit 3", 2),
        ("SELECT 1; | exit 3", 2),
        ("SELECT 1; > /no/such/folder/x.csv", 2),
    ],
)
def test_a_script_ends_with_the_exit_code_of_its_error(
    cmdm: Command, script: str, code: int
) -> None:
    ended = cmdm("repl", "-c", script)
    assert ended.code == code


def test_an_error_names_its_file_and_line(cmdm: Command, tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.sql", tmp_path / "outer.sql"
    inner.write_text("SELECT 1;\nSELECT a,\n  b FROM (SELECT 1 AS a) WHERE\n  c = ;\n")
    outer.write_text(f"SELECT 1;\n\\i '{inner}'\n")
    ended = cmdm("repl", "-f", str(outer))
    assert ended.code == 2
    assert f"Stopped at {inner}:4: SELECT a, b FROM" in ended.err.replace("\n", " ")
    assert "^" in ended.err
    assert "Stopped at -c:2" in cmdm("repl", "-c", "SELECT 1;\nnonsense").err
    assert "Stopped at -c 2:1" in cmdm("repl", "-c", "SELECT 1;", "-c", "nonsense").err


def test_a_script_goes_on_after_errors_where_it_is_to(cmdm: Command) -> None:
    script = "nonsense\nSELECT 'second' AS a;\nGET lead/NOSUCHID\nSELECT 'last' AS a;\n"
    ended = cmdm("repl", "-c", script, "--on-error", "continue")
    assert ended.code == 2
    assert b"second" in ended.out
    assert b"last" in ended.out
    assert "Failed at -c:1" in ended.err
    assert "Failed at -c:3" in ended.err
    assert "2 of 4 statements failed" in ended.err
    stopped = cmdm("repl", "-c", script)
    assert (stopped.code, stopped.out) == (2, b"")


def test_a_script_is_resumed_from_its_checkpoint(
    cmdm: Command, tmp_path: Path, signed_in: RunningInfo
) -> None:
    assert signed_in
    kept, late = tmp_path / "progress", tmp_path / "late.csv"
    script = (
        'POST lead {"LastName": "Once"}\n'
        f"SELECT * FROM '{late}';\n"
        'POST lead {"LastName": "Twice"}\n'
    )
    words = ("repl", "-c", script, "--checkpoint", str(kept), "--yes")
    assert cmdm(*words).code == 1 or kept.exists()
    count = (
        "SELECT LastName, count(*) AS n FROM lead WHERE LastName IN ('Once', 'Twice') GROUP BY ALL"
    )
    assert cmdm("query", "-o", "json", count).json == [{"LastName": "Once", "n": 1}]
    assert "Add --resume to go on" in cmdm(*words).err
    late.write_text("a\n1\n")
    assert cmdm(*words, "--resume").code == 0
    rows = cmdm("query", "-o", "json", f"{count} ORDER BY 1").json
    assert rows == [{"LastName": "Once", "n": 1}, {"LastName": "Twice", "n": 1}]
    assert "Nothing is left to do" in cmdm(*words, "--resume").err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-c", "SELECT 1", "-f", "x"), "not both"),
        (("-c", "SELECT 1", "--resume"), "--resume needs --checkpoint"),
        (("-c", "SELECT 1", "--begun", "skip"), "--begun needs --checkpoint"),
        (("-c", "SELECT 1", "--checkpoint", "x", "--begun", "skip"), "Add --resume"),
        (("-f", "/no/such/file"), "cannot be read"),
        (("-c", "SELECT 1", "--param", "nonsense"), "NAME=VALUE"),
        (("-c", "SELECT 1", "--checkpoint", "x", "--resume"), "There is no x to resume"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    cmdm: Command, words: tuple[str, ...], message: str
) -> None:
    ended = cmdm("repl", *words)
    assert ended.code in {1, 2}
    assert message in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ("repl", "-c", "SELECT * FROM nosuch;"),
        ("repl", "-c", "\\d nosuch"),
        ("repl", "-c", "DESCRIBE nosuch;"),
        ("query", "SELECT * FROM nosuch"),
        ("fields", "nosuch"),
    ],
)
def test_an_unknown_entity_ends_with_4_whoever_says_it(
    cmdm: Command, words: tuple[str, ...]
) -> None:
    assert cmdm(*words).code == 4
    assert cmdm(*(word.replace("nosuch", "lead") for word in words)).code == 0


@pytest.mark.parametrize(
    "words", [("repl", "-f", "no.sql"), ("query", "-f", "no.sql"), ("repl", "-c", "\\i no.sql")]
)
def test_a_script_that_is_not_there_is_a_slip_of_usage(
    cmdm: Command, words: tuple[str, ...]
) -> None:
    ended = cmdm(*words)
    assert ended.code == 2
    assert "no.sql cannot be read: No such file or directory" in ended.err


@pytest.mark.parametrize("words", [("repl", "-c", "SELECT * FROM lead;"), ("list", "lead")])
def test_a_reader_that_has_gone_ends_it_quietly(words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with (
        os.fdopen(writing, "wb") as gone,
        ForkedProgram(
            [*words], Path.cwd(), os.environ, stdin=subprocess.DEVNULL, stdout=gone
        ) as program,
    ):
        _, errors = program.communicate(timeout=30)
    assert program.returncode == 141
    assert b"Traceback" not in errors
    assert b"Broken" not in errors
