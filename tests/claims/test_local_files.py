"""`cmdm query` and local files: which of these do we have, and nothing but what is named."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.claims.odd_service import OddService, serve
from tests.claims.program import Ended, run_cmdm

WHICH = (
    "SELECT f.Email, l.ExternalID FROM read_csv('emails.csv') f JOIN lead l ON l.Email = f.Email"
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[OddService]:
    rows = [(f"L{place:03}", {"Email": f"u{place:03}@x.com"}) for place in range(50)]
    (tmp_path / "emails.csv").write_text("Email,n\nu007@x.com,1\nnobody@x.com,2\n")
    with serve(rows=rows) as running:
        running.fields = [{"Name": "Email", "Type": "Email"}]
        yield running


def query(service: OddService, home: Path, *words: str, **extra: str) -> Ended:
    return run_cmdm("query", *words, home=home, extra={**service.environment, **extra})


def test_which_of_these_do_we_have(service: OddService, tmp_path: Path) -> None:
    ended = query(service, tmp_path, "-o", "json", WHICH)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out) == [{"Email": "u007@x.com", "ExternalID": "L007"}]
    told = query(service, tmp_path, "--explain", WHICH)
    assert "file     emails.csv (2 rows)" in told.out.splitlines()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("read_csv('nope.csv')", "nope.csv cannot be read: No such file or directory"),
        ("read_csv('.')", ". cannot be read: it is a folder"),
        ("read_csv('pipe')", "pipe cannot be read: it is a pipe, not a file"),
        (
            "read_csv('https://example.com/x.csv')",
            "'https://example.com/x.csv' is not a local file",
        ),
        ("read_json('emails.csv')", "emails.csv cannot be read as JSON: "),
        ("read_text('emails.csv')", "read_text() is not allowed in FROM"),
        ("'secret.csv'", "secret.csv cannot be read: Permission denied"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    service: OddService, tmp_path: Path, source: str, sentence: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    secret.chmod(0)
    if source == "'secret.csv'" and os.access(secret, os.R_OK):
        pytest.skip("this user may read every file")
    ended = query(service, tmp_path, f"SELECT * FROM {source}")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"cmdm: {sentence}"), ended.err
    assert "Traceback" not in ended.err
    assert service.calls == []


def test_a_profile_may_forbid_local_files(service: OddService, tmp_path: Path) -> None:
    folder = tmp_path / "config" / "cmdm"
    folder.mkdir(parents=True)
    table = f'[profiles.a]\nurl = "{service.url}"\nclient_id = "c"\nusername = "u"\n'
    secrets = {"CMDM_CLIENT_SECRET": "s" * 12, "CMDM_PASSWORD": "p" * 12}

    def run(line: str) -> Ended:
        (folder / "profiles.toml").write_text(table + line)
        words = ["-p", "a", "query", "-o", "json", "SELECT count(*) AS n FROM 'emails.csv'"]
        return run_cmdm(*words, home=tmp_path, extra=secrets)

    refused = run("local_files = false\n")
    assert (refused.code, refused.out) == (2, "")
    assert "reads a local file, which is not allowed here" in refused.err
    allowed = run("")
    assert (allowed.code, json.loads(allowed.out)) == (0, [{"n": 2}]), allowed.err
