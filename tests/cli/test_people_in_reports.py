"""What `cmdm fuzz --live` tells and writes of its failures names no one, unless it is told to."""

import re
from pathlib import Path

from cmdm_tui.harness.cases.files import read_case
from tests.cli.conftest import Command
from tests.harness.fuzz.live_looking import (
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


CASE = """
version = 1
name = "ask-someone"
summary = "A lead is read, and one that is not there."
endpoint = "get"
source = "retrieve one"

[[steps]]
method = "GET"
path = "/lead?per_page=1&page=1"
capture = { lead = "/Entity/0/ExternalID" }
[steps.expect]
status = 200
body = "none"

[[steps]]
method = "GET"
path = "/lead/${lead}"
[steps.expect]
status = 200
body = "exact"

[[steps]]
method = "GET"
path = "/lead/NOSUCHID"
[steps.expect]
status = 404
body = "exact"
"""


def verify(cmdm: Command, folder: Path, *words: str) -> tuple[bytes, bytes]:
    """Verify a case of the sandbox on the service that looks live; return text and files."""
    cases, junit = folder / "cases", folder / "junit.xml"
    (cases / "contract").mkdir(parents=True)
    (cases / "contract" / "ask-someone.toml").write_text(CASE)
    assert cmdm("record", "--from", str(cases), "--into", str(cases)).code == 0
    ask = ("verify", "--live", "--from", str(cases), *words)
    with live_looking_service(folder) as info:
        given = {f"CMDM_{name.upper()}": getattr(info, name) for name in VARIABLES}
        lines = cmdm(*ask, "--junit", str(junit), **given)
        kept = cmdm(*ask, "--json", "--since", "--history", str(folder / "history"), **given)
    assert lines.code == 1, lines
    told = (lines.out + lines.err.encode(), kept.out + kept.err.encode())
    files = [junit, *(folder / "history").rglob("*.json")]
    assert len(files) == 2
    return b"\n".join(told), read_all(files)


def test_what_is_told_of_drift_names_no_one(cmdm: Command, tmp_path: Path) -> None:
    told, written = verify(cmdm, tmp_path)
    assert (find_people(told), find_people(written)) == ([], [])
    # The drift is told all the same: where, what is there, and that it is another value.
    assert b"step 2, /Properties/LastName is " in told
    assert b".stand-in.example" in told + written


def test_with_people_kept_drift_names_them(cmdm: Command, tmp_path: Path) -> None:
    told, written = verify(cmdm, tmp_path, "--keep-people")
    assert set(find_people(told)) >= {"Esmerelda", "Weatherwax"}
    assert "Weatherwax" in find_people(written)
