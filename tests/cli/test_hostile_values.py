"""Five hundred hostile values through every output of the commands that read.

A terminal gets no byte that it would act on; what is written for a program is read back as it was
stored.
"""

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from tests.claims.odd_service import OddService, serve
from tests.cli.conftest import Command
from tests.formats.test_xlsx import cells
from tests.hostile_values import ACTED_ON, COUNT, VALUES

SQL = "SELECT ExternalID, Notes FROM lead ORDER BY ExternalID"


@pytest.fixture(scope="module")
def hostile() -> Iterator[OddService]:
    rows = [(f"R{number:04}", {"Notes": value}) for number, value in enumerate(VALUES)]
    with serve(rows=rows) as service:
        service.fields = [{"Name": "Notes", "Type": "Text"}]
        yield service


@pytest.fixture(autouse=True)
def profile(hostile: OddService, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in hostile.environment.items():
        monkeypatch.setenv(name, value)


def read_json(content: bytes) -> list[str]:
    return [row["Notes"] for row in json.loads(content)]


def read_lines(content: bytes) -> list[str]:
    return [json.loads(line)["Notes"] for line in content.split(b"\n") if line]


def read_csv(content: bytes) -> list[str]:
    return [row[1] for row in csv.reader(io.StringIO(content.decode(), newline=""))][1:]


def read_tsv(content: bytes) -> list[str]:
    rows = csv.reader(io.StringIO(content.decode(), newline=""), delimiter="\t")
    ends = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}

    def unescape(found: re.Match[str]) -> str:
        return ends.get(found[1], found[0])

    return [re.sub(r"\\(.)", unescape, row[1]) for row in rows][1:]


def read_parquet(content: bytes) -> list[str]:
    file = Path("hostile.parquet").absolute()
    file.write_bytes(content)
    with duckdb.connect(":memory:") as connection:
        return [row[0] for row in connection.execute(f"SELECT Notes FROM '{file}'").fetchall()]


def read_xlsx(content: bytes) -> list[str]:
    # Characters that XML does not hold are _x001B_ in a workbook, as Excel has them.
    return [
        re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), row[1][1] or "")
        for row in cells(content)[1:]
    ]


READERS: dict[str, Callable[[bytes], list[str]]] = {
    "json": read_json,
    "jsonl": read_lines,
    "csv": read_csv,
    "tsv": read_tsv,
    "parquet": read_parquet,
    "xlsx": read_xlsx,
}


@pytest.mark.parametrize("name", READERS)
def test_what_a_program_reads_is_what_is_stored(
    cmdm: Command, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = cmdm("query", "-o", name, "--raw-csv", SQL)
    assert ended.code == 0, ended.err
    assert READERS[name](ended.out) == VALUES


def test_records_that_are_listed_are_what_is_stored(cmdm: Command) -> None:
    whole = cmdm("list", "lead", "--sort-by", "ExternalID").json["Entity"]
    lines = cmdm("list", "lead", "--jsonl", "--sort-by", "ExternalID").out.split(b"\n")
    assert [row["Properties"]["Notes"] for row in whole] == VALUES
    assert [json.loads(line)["Properties"]["Notes"] for line in lines if line] == VALUES
    assert cmdm("get", "lead", "R0001").json["Properties"]["Notes"] == VALUES[1]


def test_a_value_that_is_changed_on_its_way_is_noticed(
    cmdm: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(value: object) -> bytes:
        return json.dumps(value.strip() if isinstance(value, str) else value).encode()

    monkeypatch.setattr("cmdm_tui.formats.json.json_bytes", change)
    assert read_json(cmdm("query", "-o", "json", SQL).out) != VALUES


def show(*words: str, code: str = "") -> str:
    """Return what a command writes to a terminal, without its own ends of lines."""
    own, other = pty.openpty()
    start = f"{code}\nimport sys\nfrom cmdm_tui.cli.main import main\nmain(sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-c", start, *words],
        stdout=other, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        env={**os.environ, "NO_COLOR": "1", "TERM": "xterm", "LC_ALL": "C.UTF-8"},
    ) as process:  # fmt: skip
        os.close(other)
        content = b""
        try:
            while part := os.read(own, 65_536):
                content += part
        except OSError:
            pass
        os.close(own)
    assert process.returncode == 0
    return content.decode().replace("\r\n", "\n")


SHOWN = [
    *(("query", "-o", name, SQL) for name in
      ("table", "vertical", "markdown", "json", "jsonl", "csv", "tsv")),
    ("list", "lead"),
    ("list", "lead", "--jsonl"),
    ("api", "GET", "lead"),
]  # fmt: skip


@pytest.mark.parametrize("words", SHOWN, ids=[" ".join(one[:3]) for one in SHOWN])
def test_a_terminal_gets_nothing_that_it_would_act_on(words: tuple[str, ...]) -> None:
    text = show(*words)
    assert text.count("R0") >= COUNT
    assert ACTED_ON.search(text) is None


def test_a_value_that_is_shown_as_it_came_is_noticed() -> None:
    code = "import cmdm_tui.text as t\nt.visible = lambda text, **_: text\n"
    assert ACTED_ON.search(show("query", "-o", "json", SQL, code=code)) is not None
