"""What `cmdm fuzz --live` tells and writes of its failures names no one, unless it is told to."""

import re
from pathlib import Path

from cmdm_tui.harness.cases.files import read_case
from tests.cli.conftest import Command
from tests.harness.fuzz.lancre import (
    OWN_CHECKS,
    PEOPLE,
    find_people,
    live_looking_service,
    read_all,
)

VARIABLES = ("url", "client_id", "client_secret", "username", "password")
FILES = {"junit.xml", "report.json", "report.html", "failures.txt", "regress"}
CHECKS = ("notes-are-short", "external-id-form", "list-agrees-with-records")
ASKED = re.compile(r"--path-as-is 'http://[^/]+/api/v1(/[^']*)'")


def fuzz(cmdm: Command, folder: Path, *words: str) -> tuple[str, bytes, list[Path]]:
    """Fuzz the service that looks live; return what was told, written, and the files."""
    laws, report = folder / "laws.py", folder / "report"
    laws.write_text(OWN_CHECKS)
    with live_looking_service(folder) as info:
        ended = cmdm(
            "fuzz", "--live", "--strict", "--seed", "2", "--max-requests", "60", "--plain",
            "--checks", str(laws), "--report-dir", str(report), *words,
            *(word for name in CHECKS for word in ("--only", name)),
            **{f"CMDM_{name.upper()}": getattr(info, name) for name in VARIABLES},
        )  # fmt: skip
    assert ended.code == 1, ended
    files = sorted(report.rglob("*"))
    assert {path.name for path in files} >= FILES
    return ended.out.decode() + ended.err, read_all(files), files


def test_the_reports_of_a_live_service_name_no_one(cmdm: Command, tmp_path: Path) -> None:
    told, written, files = fuzz(cmdm, tmp_path)
    assert find_people(told.encode()) == []
    assert find_people(written) == []
    # A failure can still be read and repeated: what is printed is what its case sends.
    (stand_in,) = set(re.findall(r"'(\S+\.stand-in\.example)' is not 8 capitals", told))
    assert all(stand_in in read_all([path]).decode() for path in files if path.suffix == ".yaml")
    assert f"{stand_in} has the notes " in told
    printed = told.count("\n  case  ")
    cases = [path for path in files if path.suffix == ".toml"]
    assert printed == len(cases) == 2
    for part in told.split("FAILED ")[1:3]:
        (case,) = [path for path in cases if str(path) in part]
        steps = [one.path for one in read_case(case).steps]
        assert [path for path in ASKED.findall(part) if path not in steps] == []


def test_with_people_kept_they_are_there(cmdm: Command, tmp_path: Path) -> None:
    told, written, _ = fuzz(cmdm, tmp_path, "--keep-people")
    assert len(find_people(told.encode())) > 3
    assert set(find_people(written)) == set(PEOPLE) - {"79460911"}
