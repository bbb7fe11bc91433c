"""`cmdm fuzz` as a user meets it: what it tells, and how it ends."""

import json
import os
import signal
import xml.etree.ElementTree as ElementTree
from functools import partial
from pathlib import Path

import pytest

from cmdm_tui.cli.commands.fuzz import prepare_fuzzed_service
from cmdm_tui.cli.service import ChosenService
from cmdm_tui.cli.signals import end_on_signals
from cmdm_tui.harness.fuzz.events import FailureSaved, FuzzEvent, RunEnded
from cmdm_tui.harness.fuzz.execute.fuzz_session import FuzzSession
from cmdm_tui.harness.fuzz.execute.run_budget import ServiceGone
from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.harness.fuzz.workers import fuzz as fuzz_with_workers
from cmdm_tui.redaction.leak_scanner import LeakScanner
from cmdm_tui.sandbox import RunningInfo
from tests.cli.conftest import Command
from tests.harness.fuzz.conftest import fault
from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn, planted

FRESH_SANDBOX = partial(prepare_fuzzed_service, ChosenService(None))


def test_a_sound_sandbox_has_no_failure(
    cmdm: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = cmdm(
        "fuzz", "--seed", "1", "--max-requests", "150", "--report-dir", str(tmp_path / "r")
    )
    assert ended.code == 0, ended
    assert b"No failure." in ended.out
    assert b"150 requests in " in ended.out
    assert "seed 1, until 150 requests" in ended.err
    assert list(tmp_path.glob("fuzz-report*")) == []


def test_a_failure_is_told_kept_and_ends_with_1(cmdm: Command, tmp_path: Path) -> None:
    report = tmp_path / "report"
    words = ["fuzz", "--seed", "1", "--max-requests", "900", "--report-dir", str(report)]
    words += ["--only", "list", "--only", "stateless"]
    with planted(fault("405 without Allow")):
        ended = cmdm(*words)
        known = cmdm(*words, "--baseline", str(report / "failures.txt"))
    assert ended.code == 1, ended
    assert b"FAILED allow-names-methods in other (route:method-" in ended.out
    assert b"curl --request " in ended.out
    assert "seed 1" in ended.err
    assert (report / "regress" / "allow-names-methods-other.toml").is_file()
    assert {"junit.xml", "report.json", "report.html"} <= {one.name for one in report.iterdir()}
    assert known.code == 0, known
    assert b"known    allow-names-methods other" in known.out


def test_what_is_excluded_is_neither_sent_nor_judged(cmdm: Command, tmp_path: Path) -> None:
    report = tmp_path / "report"
    words = ["fuzz", "--seed", "1", "--max-requests", "500", "--report-dir", str(report)]
    for name in ("delete", "authenticate", "body", "id:*", "route:title", "own-entity"):
        words += ["--exclude", name]
    ended = cmdm(*words)
    assert ended.code == 0, ended
    told = json.loads((report / "report.json").read_bytes())
    classes = told["input_classes"]
    assert {"authorization:none", "valid"} <= classes.keys()
    assert not [name for name in classes if name.startswith(("body:", "id:", "route:title"))]
    assert "delete" not in {one["call"] for one in told["statuses"]}
    assert "own-entity" not in {one["check"] for one in told["checks"]}
    assert "allow-names-methods" in {one["check"] for one in told["checks"]}


OWN_CHECKS = '''
def owner_is_told(context):
    """Every lead that is read has an owner."""
    if context.is_success and context.intent.call == "get" and context.intent.entity == "lead":
        yield True
        if not context.exchange.json["Properties"].get("Owner"):
            yield f"{context.intent.external_id} has no owner."
'''


def test_own_checks_fail_a_run_and_their_cases(cmdm: Command, tmp_path: Path) -> None:
    laws, report = tmp_path / "laws.py", tmp_path / "report"
    laws.write_text(OWN_CHECKS)
    words = ["fuzz", "--seed", "1", "--max-requests", "400", "--report-dir", str(report)]
    ended = cmdm(*words, "--checks", str(laws), "--only", "owner-is-told")
    assert ended.code == 1, ended
    assert b"FAILED owner-is-told in get" in ended.out
    case = ("cases", "run", "owner-is-told-get", "--from", str(report / "regress"))
    judged = cmdm(*case, "--checks", str(laws))
    assert judged.code == 1
    assert b"owner-is-told: " in judged.out
    assert b"One of your own needs --checks." in cmdm(*case).out
    listed = cmdm("fuzz", "--list-checks", "--checks", str(laws)).out.decode()
    assert "owner-is-told" in listed
    assert "own         Every lead that is read has an owner." in listed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def law(context):\n    return 1 +\n", "laws.py, line 2: SyntaxError"),
        ("def law(context):\n    return {}['No']\n", "laws.py, line 2: KeyError: 'No'."),
    ],
)
def test_an_own_check_that_is_wrong_ends_the_run_with_2(
    cmdm: Command, tmp_path: Path, text: str, told: str
) -> None:
    laws = tmp_path / "laws.py"
    laws.write_text(text)
    ended = cmdm("fuzz", "--max-requests", "30", "--checks", str(laws))
    assert ended.code == 2
    assert told in ended.err
    assert "Traceback" not in ended.err
    ended = cmdm("cases", "run", "get-lead", "--checks", str(laws))
    assert ended.code == 2
    assert told in ended.err


@pytest.mark.parametrize("name", ["nope", "body:nope", "stateful", "\x1b[2J"])
def test_what_is_excluded_must_exist(cmdm: Command, name: str) -> None:
    ended = cmdm("fuzz", "--exclude", name)
    assert ended.code == 2
    assert "there is no call, check or class of input of that name" in ended.err
    assert "\x1b" not in ended.err


def test_the_environment_s_sandbox_is_fuzzed(
    cmdm: Command, signed_in: RunningInfo, tmp_path: Path
) -> None:
    ended = cmdm("fuzz", "--max-requests", "80", "--report-dir", str(tmp_path))
    assert ended.code == 0, ended
    assert f"Fuzzing {signed_in.url}, with records that the run creates" in ended.err


def test_a_live_service_is_only_read(cmdm: Command, signed_in: RunningInfo, tmp_path: Path) -> None:
    ended = cmdm("fuzz", "--live", "--max-requests", "80", "--report-dir", str(tmp_path))
    assert ended.code == 0, ended
    assert f"Fuzzing {signed_in.url}, reading only" in ended.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--only", "nothing-such"), "no phase, call or check of that name"),
        (("--only", "stateles"), "Did you mean stateless? The phases are stateless and stateful"),
        (("--writes",), "--writes goes with --live"),
        (("--max-requests", "0"), "0 is not in the range"),
        (("--max-time", "nan"), "--max-time takes a number of seconds"),
        (("--max-time", "inf"), "--max-time takes a number of seconds"),
        (("-x",), "cmdm fuzz has no option -x"),
    ],
)
def test_what_cannot_be_run_ends_with_2(cmdm: Command, words: tuple[str, ...], told: str) -> None:
    ended = cmdm("fuzz", *words)
    assert ended.code == 2
    assert told in ended.err


def test_a_service_that_is_not_there_ends_with_2(cmdm: Command, signed_in: RunningInfo) -> None:
    ended = cmdm("fuzz", "--max-requests", "9", CMDM_URL="http://127.0.0.1:1")
    assert ended.code == 2
    assert "http://127.0.0.1:1 does not answer" in ended.err
    assert "Traceback" not in ended.err


def test_a_wrong_control_token_ends_with_2(cmdm: Command, signed_in: RunningInfo) -> None:
    where = f"{signed_in.url}/_sandbox"
    ended = cmdm("fuzz", "--max-requests", "9", CMDM_CONTROL=where, CMDM_CONTROL_TOKEN="wrong")
    assert ended.code == 2
    assert "Check CMDM_CONTROL and CMDM_CONTROL_TOKEN" in ended.err
    assert "wrong" not in ended.err


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"own-entity\n", "line 1: give a check and a call"), (b"\xff\xfe", "is not UTF-8")],
)
def test_a_baseline_that_is_none_ends_with_2(
    cmdm: Command, tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "baseline"
    file.write_bytes(content)
    ended = cmdm("fuzz", "--baseline", str(file))
    assert ended.code == 2
    assert told in ended.err


def test_a_report_folder_that_cannot_be_made_ends_with_2_before_the_run(
    cmdm: Command, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    ended = cmdm("fuzz", "--report-dir", str(tmp_path / "file" / "report"))
    assert ended.code == 2
    assert "Give another --report-dir" in ended.err
    assert "Fuzzing" not in ended.err


@pytest.mark.parametrize("token", [None, "an-other-token", "odd\ntoken"])
def test_what_stands_for_a_token_is_no_secret_itself(
    cmdm: Command, tmp_path: Path, token: str | None
) -> None:
    """A kept session that signs in makes no secret of the name that stands for its token."""

    async def tell(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        if asked.call == "authenticate" and given.ok:
            memory["token"] = given.json()["token"]
        if asked.call == "list" and given.ok:
            return given.set_json({"token": token or memory["token"]})
        return given

    memory: dict[str, str] = {}
    with planted(tell):
        ended = cmdm("fuzz", "--seed", "1", "--max-requests", "60", "--report-dir", str(tmp_path))
    assert ended.code == 1, ended
    assert "left out" not in ended.err + ended.out.decode()
    assert "$CMDM_TOKEN" in (tmp_path / "report.html").read_text(encoding="utf-8")
    told = token or memory["token"]
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert json.dumps(told)[1:-1].encode() not in written


def test_the_checks_can_be_listed(cmdm: Command) -> None:
    ended = cmdm("fuzz", "--list-checks")
    assert ended.code == 0
    lines = ended.out.decode().splitlines()
    assert len(lines) > 50
    assert any(line.startswith("converts-once ") and " ours " in line for line in lines)


def test_workers_share_the_requests(tmp_path: Path) -> None:
    events: list[FuzzEvent] = []
    settings = FuzzSettings(seed=1, requests=121, workers=2)
    ended = fuzz_with_workers(FRESH_SANDBOX, settings, events.append, tmp_path)
    assert isinstance(ended, RunEnded)
    assert ended.requests == 121
    assert not ended.failures
    assert not [event for event in events if isinstance(event, FailureSaved)]


def test_the_secrets_of_every_worker_are_known_to_what_writes_the_reports(tmp_path: Path) -> None:
    scanner = LeakScanner()
    settings = FuzzSettings(seed=1, requests=40, workers=2)
    fuzz_with_workers(FRESH_SANDBOX, settings, lambda _: None, tmp_path, guard=scanner)
    # Of each sandbox: the client secret, the password, the control plane's token and a token.
    assert len(scanner.secrets) >= 8


def test_workers_that_are_interrupted_put_back_and_tell_what_they_found(tmp_path: Path) -> None:
    heard: list[FuzzEvent] = []

    def interrupt(event: FuzzEvent) -> None:
        heard.append(event)
        if len(heard) == 20:
            raise KeyboardInterrupt

    settings = FuzzSettings(seed=1, requests=1_000_000, workers=2)
    ended = fuzz_with_workers(FRESH_SANDBOX, settings, interrupt, tmp_path)
    assert ended.reason == "interrupted"
    assert 0 < ended.requests < 1_000_000
    assert heard[-1] == ended


def test_a_command_that_is_told_to_end_ends_as_one_that_is_interrupted() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), end_on_signals():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_run_that_cannot_go_on_ends_with_2_and_says_so_in_its_reports(
    cmdm: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise ServiceGone("It is not reached any more.")

    monkeypatch.setattr(FuzzSession, "learn", gone)
    report = tmp_path / "report"
    ended = cmdm("fuzz", "--max-requests", "9", "--report-dir", str(report))
    assert ended.code == 2
    assert "The run was cut short: It is not reached any more." in ended.err
    junit = ElementTree.parse(report / "junit.xml")
    assert [one.get("message") for one in junit.iter("error")] == ["It is not reached any more."]
    assert junit.getroot().get("errors") == "1"
