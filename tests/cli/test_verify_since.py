"""`cmdm verify --since`: runs are kept, and a run is judged by what changed since earlier ones."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cmdm_tui.harness.cassettes.library import built_in_folder
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.cli.conftest import Command, Ended
from tests.services import copy_records

CASES = "get-*"
ALL = len(
    [
        path
        for path in (built_in_folder() / "contract").glob(f"{CASES}.toml")
        if "[needs]" not in path.read_text(encoding="utf-8")
    ]
)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningInfo]:
    config = SandboxConfig(data=tmp_path / "sandbox", port=0, records=40, control=True)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        yield info


@pytest.fixture
def control(service: RunningInfo) -> Iterator[ControlClient]:
    client = ControlClient(service.control or "", service.control_token or "")
    yield client
    client.close()


Nightly = Callable[..., Ended]


@pytest.fixture
def nightly(cmdm: Command, service: RunningInfo, tmp_path: Path) -> Nightly:
    """The nightly job: every word but the cases may be given."""
    names = ("url", "client_id", "client_secret", "username", "password")
    environment = {f"CMDM_{name.upper()}": getattr(service, name) for name in names}

    def run(*words: str, since: str = "--since", cases: str = CASES) -> Ended:
        history = ("--history", str(tmp_path / "history"))
        junit = ("--junit", str(tmp_path / "drift.xml"))
        return cmdm("verify", cases, "--live", *history, *junit, since, *words, **environment)

    return run


def read_junit(tmp_path: Path) -> ElementTree.Element:
    return ElementTree.parse(tmp_path / "drift.xml").getroot()


def summary_of(ended: Ended) -> str:
    (line,) = re.findall(r"^cmdm: (verify .*)$", ended.err, re.MULTILINE)
    return line


def test_a_first_run_has_nothing_to_compare_with_and_says_so(
    nightly: Nightly, tmp_path: Path
) -> None:
    ended = nightly()
    assert (ended.code, ended.out) == (0, b"")
    assert "no earlier answer to compare with" in summary_of(ended)
    junit = read_junit(tmp_path)
    assert junit.get("failures") == "0"
    assert int(junit.get("skipped", "0")) >= ALL


def test_a_change_is_told_once_and_an_old_drift_fails_no_later_night(
    nightly: Nightly, control: ControlClient, tmp_path: Path
) -> None:
    assert nightly().code == 0
    assert "no change since " in summary_of(nightly())
    control.set_behaviours(error_body="html")
    changed = nightly()
    assert changed.code == 1
    place = "error    get-id-unknown, step 1, body is no JSON, and was JSON."
    assert place in changed.out.decode().splitlines()
    assert "not answered as recorded" in summary_of(changed)
    failed = read_junit(tmp_path).findall(".//testcase/failure/..")
    assert "get-id-unknown" in {test.get("name") for test in failed}
    again = nightly()
    assert again.code == 0
    assert "no change since " in summary_of(again)
    assert "not answered as recorded" in summary_of(again)
    assert read_junit(tmp_path).get("failures") == "0"


def test_what_an_incomplete_run_did_not_reach_is_compared_with_an_older_run(
    nightly: Nightly, control: ControlClient, tmp_path: Path
) -> None:
    assert nightly().code == 0
    control.set(rate_limit=62)
    cut = nightly()
    assert cut.code == 5
    assert "(INCOMPLETE)" in summary_of(cut)
    assert "Run the rest in the next hour" in cut.err or "limit of calls" in cut.err
    junit = read_junit(tmp_path)
    assert junit.get("errors") == "1"
    assert any("not reached" in (one.get("message") or "") for one in junit.iter("skipped"))
    control.set(rate_limit=5_000)
    control.set_behaviours(error_body="html")
    changed = nightly("--json")
    assert changed.code == 1
    told = changed.json
    assert told["complete"] is True
    assert told["compared"] == told["cases"]
    assert len(told["since"]) == 2
    assert ", some since " in told["summary"]


def test_a_run_that_is_killed_is_kept_as_not_finished(
    nightly: Nightly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cmdm_tui.cli.commands.harness import verify_run

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(verify_run, "report_progress", killed)
        stopped = nightly()
    assert stopped.code == 130
    assert " cases verified until then: " in stopped.err
    (kept,) = (tmp_path / "history").rglob("*.json")
    run = json.loads(kept.read_bytes())
    assert (run["is_complete"], run["reason"]) == (False, "The run was interrupted.")
    assert len(run["cases"]) == 1
    assert read_junit(tmp_path).get("errors") == "1"


def test_what_a_run_that_did_not_end_has_seen_is_not_known_to_a_later_one(
    nightly: Nightly, control: ControlClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cmdm_tui.cli.commands.harness import verify_run

    assert nightly(cases="get-id-unknown").code == 0
    control.set_behaviours(error_body="html")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(verify_run, "report_drifts", interrupted)
        nightly(cases="get-id-unknown")
    assert len(list((tmp_path / "history").rglob("*.json"))) == 2
    told = nightly(cases="get-id-unknown")
    assert told.code == 1, "nobody was told of the change"
    assert "1 run did not end, and is not compared with" in told.err
    assert nightly(cases="get-id-unknown").code == 0, "known, as a run that ended has told it"


def test_no_value_of_a_record_and_no_secret_is_kept(
    nightly: Nightly, service: RunningInfo, tmp_path: Path
) -> None:
    nightly()
    (kept,) = (tmp_path / "history").rglob("*.json")
    text = kept.read_text()
    assert '"LastName":"text"' in text
    assert "Ap Rhys" not in text
    assert service.password not in text
    assert service.username not in text
    assert kept.stat().st_mode & 0o077 == 0


def test_since_a_day_compares_with_the_last_run_up_to_it(
    nightly: Nightly, control: ControlClient, tmp_path: Path
) -> None:
    nightly(cases="get-id-unknown")
    (kept,) = (tmp_path / "history").rglob("*.json")
    run = json.loads(kept.read_bytes())
    run["began"] = "2026-01-05T02:00:00Z"
    kept.write_text(json.dumps(run))
    control.set_behaviours(error_body="html")
    assert nightly(cases="get-id-unknown").code == 1
    since = nightly(cases="get-id-unknown", since="--since=2026-02-01")
    assert since.code == 1
    assert "since 2026-01-05 02:00:00 UTC" in summary_of(since)
    early = nightly(cases="get-id-unknown", since="--since=2026-01-04")
    assert early.code == 2
    assert "is so old: the oldest is of 2026-01-05 02:00:00 UTC" in early.err


@pytest.mark.parametrize("since", ["--since=yesterday", "--since=\x1b[2J"])
def test_an_unknown_time_is_refused(nightly: Nightly, since: str) -> None:
    ended = nightly(since=since)
    assert ended.code == 2
    assert "give last, a day such as 2026-11-30" in ended.err
    assert "\x1b" not in ended.err


def test_a_fresh_sandbox_has_no_earlier_run(cmdm: Command) -> None:
    ended = cmdm("verify", "get-lead", "--since")
    assert ended.code == 2
    assert "--since compares runs on one service; name it: -p PROFILE" in ended.err
    wrong = cmdm("verify", "get-lead", "--since=yesterday")
    assert wrong.code == 2
    assert "give last, a day such as 2026-11-30" in wrong.err


def test_a_run_that_cannot_be_read_is_left_out_and_told(nightly: Nightly, tmp_path: Path) -> None:
    nightly(cases="get-lead")
    (kept,) = (tmp_path / "history").rglob("*.json")
    kept.write_text("{")
    ended = nightly(cases="get-lead")
    assert ended.code == 0
    assert "cannot be read as a run, and is left out" in ended.err
    assert "no earlier answer to compare with" in summary_of(ended)


def test_a_case_that_was_edited_is_not_compared(
    nightly: Nightly, cmdm: Command, tmp_path: Path
) -> None:
    nightly(cases="get-lead")
    (kept,) = (tmp_path / "history").rglob("*.json")
    kept.write_text(
        re.sub('"case_sha256":"[0-9a-f]{8}', '"case_sha256":"00000000', kept.read_text())
    )
    ended = nightly(cases="get-lead")
    assert ended.code == 0
    assert "1 case not compared: The case itself was changed." in ended.err


def test_junit_without_since_judges_by_the_recordings(
    cmdm: Command, service: RunningInfo, control: ControlClient, tmp_path: Path
) -> None:
    control.set_behaviours(error_body="html")
    names = ("url", "client_id", "client_secret", "username", "password")
    environment = {f"CMDM_{name.upper()}": getattr(service, name) for name in names}
    words = ("get-id-unknown", "get-lead", "--live", "--junit", str(tmp_path / "drift.xml"))
    assert cmdm("verify", *words, **environment).code == 1
    junit = read_junit(tmp_path)
    assert (junit.get("tests"), junit.get("failures"), junit.get("errors")) == ("2", "1", "0")
