"""Record a session once, then run a program against the recording, with no service and no network.

Needs the extra `harness`. The recording is made on a sandbox of its own; the second half then
runs the same code, answered from the cassette.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from cmdm_tui.harness.cassettes import IndexedTransport
from cmdm_tui.harness.cassettes.format import ADDRESS

CASE = """\
version = 1
name = "first-lead"
summary = "The first lead by name."
endpoint = "list"

[[steps]]
method = "GET"
path = "/lead?per_page=1&page=1&sort_by=LastName"
expect = { status = 200 }
"""


def find_first_lead(http: httpx.Client) -> str:
    """Return a last name: the program under test."""
    page = http.get("/api/v1/lead?per_page=1&page=1&sort_by=LastName").raise_for_status().json()
    return page["Entity"][0]["Properties"]["LastName"]


def main(folder: Path) -> None:
    """Record into `folder`, then replay from it."""
    cases = folder / "cases"
    cases.mkdir()
    (cases / "first-lead.toml").write_text(CASE, encoding="utf-8")
    record = ["record", "--from", str(cases), "--into", str(folder / "cassettes")]
    subprocess.run([sys.executable, "-m", "cmdm_tui", *record], check=True)

    cassette = next((folder / "cassettes").rglob("first-lead.yaml"))
    transport = IndexedTransport.of(cassette)
    with httpx.Client(transport=transport, base_url=ADDRESS) as http:
        print(f"The first lead is {find_first_lead(http)}, read from {cassette.name}.")
    assert transport.left == 0, "calls were recorded that nothing made"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
