"""What the plug-in and `cmdm fuzz` write of a live service names no one, and can be replayed."""

import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from cmdm_tui.config import Paths, PeopleRules, ProfileStore
from cmdm_tui.harness.calls import CallRequest
from cmdm_tui.harness.cassettes.people import PeopleSettings
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.cassettes.vcr_playback import Playback, play
from cmdm_tui.harness.exchange import Exchange, Intent
from cmdm_tui.harness.fuzz.save.case_writer import save_failure
from cmdm_tui.harness.fuzz.save.failure_redactor import FailureRedactor
from cmdm_tui.harness.fuzz.shrink.reproduction import RecordedStep, Reproduction
from cmdm_tui.harness.oracle import Finding, ServiceModel
from cmdm_tui.pytest_plugin.cassette import CassetteFolders, make_playback
from cmdm_tui.pytest_plugin.cassette_options import CassetteOptions, InvalidOption, merge_options
from cmdm_tui.redaction.leak_scanner import LeakScanner
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.redaction.people.stand_ins import StandIns
from cmdm_tui.sandbox.credentials import AccountCredentials
from tests.harness.recording.raw_service import run_raw_service

RECORD = {"LastName": "Weatherwax", "Email": "esme@lancre.org", "Phone": "+44 20 7946 0911"}
LEAD = {"ExternalID": "A1", "Properties": RECORD}
MADE = {"ExternalID": "T1"}


def redactor() -> PersonRedactor:
    return PersonRedactor(StandIns(b"k" * 32))


def answer(content: object) -> bytes:
    body = json.dumps(content).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def run_program(url: str, *, reads: int) -> list[str]:
    """Read a lead `reads` times, then make a task that names it, and somebody of its own."""
    seen: list[str] = []
    lead: dict[str, str] = {}
    with httpx.Client(base_url=url) as http:
        for _ in range(reads):
            lead = http.get("/api/v1/lead/A1").json()["Properties"]
        task = {
            "Subject": f"Ring {lead['LastName']}",
            "Contact": lead["LastName"],
            "Notes": f"{lead['Email']}, or ask Ogg at gytha@ogg.example",
        }
        seen += [task["Subject"], http.post("/api/v1/task", json=task).json()["ExternalID"]]
        http.get("/api/v1/lead", params={"LastName": "Garlick"})
    return seen


def record(target: Path, people: PersonRedactor | None, *, reads: int = 1) -> tuple[list[str], str]:
    answers = {"lead/A1": answer(LEAD), "task": answer(MADE), "lead": answer({"Entity": [LEAD]})}
    with run_raw_service(**answers) as service:
        playback = Playback([], target, service.url, frozenset(), people=people)
        with play(playback, record_mode="once"):
            seen = run_program(service.url, reads=reads)
    return seen, target.read_text("utf-8")


def test_a_recording_of_a_test_names_no_one_and_answers_the_same_test(tmp_path: Path) -> None:
    target = tmp_path / "session.yaml"
    seen, content = record(target, redactor())
    for name in (*RECORD.values(), "esme"):
        assert name not in content
    # What the test itself says stays: it is in its source, and is sent in a replay too.
    assert "Ogg" in content
    assert "gytha@ogg.example" in content
    assert "LastName=Garlick" in content
    played = Playback([target], None, "https://crm.example.com", frozenset())
    with play(played):
        again = run_program("https://crm.example.com", reads=1)
    assert (played.left, played.not_recorded) == (0, [])
    assert seen[0] == "Ring Weatherwax"
    assert again[0] != seen[0]


def test_without_a_redactor_they_would_be_there(tmp_path: Path) -> None:
    _, content = record(tmp_path / "session.yaml", None)
    assert all(name in content for name in RECORD.values())


def test_a_recording_of_a_test_may_be_of_any_length(tmp_path: Path) -> None:
    target = tmp_path / "session.yaml"
    record(target, redactor(), reads=120)
    played = Playback([target], None, "https://crm.example.com", frozenset())
    with play(played):
        run_program("https://crm.example.com", reads=120)
    assert played.left == 0


def test_a_call_that_is_added_leaves_the_stand_ins_as_they_are(tmp_path: Path) -> None:
    target = tmp_path / "session.yaml"
    record(target, redactor())
    before = read_cassette(target)
    with run_raw_service(**{"lead/B": answer(LEAD)}) as service:
        playback = Playback([target], target, service.url, frozenset(), people=redactor())
        with play(playback, record_mode="new_episodes"), httpx.Client() as http:
            http.get(f"{service.url}/api/v1/lead/B")
    kept = read_cassette(target)[: len(before)]
    assert [(one.key, one.body) for one in kept] == [(one.key, one.body) for one in before]
    (added,) = read_cassette(target)[len(before) :]
    assert json.loads(added.body) == json.loads(before[0].body)


@pytest.mark.parametrize(
    ("service", "options", "is_replaced"),
    [
        ("https://crm.example.com", {}, True),
        ("https://crm.example.com", {"keep_people": True}, False),
        ("http://127.0.0.1:9", {}, True),  # it may be a tunnel to a live one
        ("http://127.0.0.1:7", {}, False),  # the environment holds a sandbox's sign-in for it
        ("", {}, False),
        ("https://crm.example.com", {"record_mode": "none"}, False),
    ],
)
def test_the_plug_in_replaces_people_of_what_is_not_known_to_be_a_sandbox(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    options: dict[str, Any],
    is_replaced: bool,
) -> None:
    monkeypatch.setenv("CMDM_PEOPLE_KEY", "k" * 32)
    monkeypatch.setenv("CMDM_URL", "http://127.0.0.1:7/api/v1")
    for name, value in msgspec.structs.asdict(AccountCredentials.random()).items():
        monkeypatch.setenv(f"CMDM_{name.upper()}", value)
    folders = CassetteFolders(tmp_path, tmp_path)
    (tmp_path / "there.yaml").write_text("interactions: []\nversion: 1\n")
    given: dict[str, Any] = {"record_mode": "all", **options}
    chosen = CassetteOptions(**given)
    playback = make_playback(["there"], folders, chosen, service)
    assert (playback.people is not None) is is_replaced


def test_keeping_people_and_a_hook_exclude_each_other() -> None:
    given = {"keep_people": True, "people_hook": "people.py"}
    with pytest.raises(InvalidOption, match="keep_people=True and people_hook exclude each other"):
        merge_options(given, [], default_mode="once", forced_mode=None)


# The cases and cassettes of failures


def save(folder: Path, people: PeopleSettings | None) -> bytes:
    intent = Intent("get", "lead")
    log = tuple(
        Exchange(
            number, "GET", path, (), b"", 200, (("content-type", "application/json"),),
            json.dumps(LEAD).encode(), 0.0, intent=intent,
        )
        for number, path in enumerate(("/api/v1/lead/A1", "/api/v1/lead/A1?q=Weatherwax"), 1)
    )  # fmt: skip
    message = "LastName was Weatherwax, and is esme@lancre.org now."
    finding = Finding("own-law", message, 2, values=(("LastName", "Weatherwax"),), certainty="own")
    steps = tuple(RecordedStep(CallRequest("GET", one.path, intent, b"")) for one in log)
    failure = Reproduction(steps, log, finding)
    searched = None
    if people is not None:
        redacted = FailureRedactor(people).redact_failure(failure, ServiceModel())
        failure, searched = redacted.reproduction, redacted.people
    save_failure(folder, "x", failure, LeakScanner(), seed=0, people=searched)
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*.*ml")))


def test_a_failure_on_a_live_service_is_kept_without_its_people(tmp_path: Path) -> None:
    with_people = save(tmp_path / "kept", None)
    without = save(tmp_path / "replaced", PeopleSettings(b"k" * 32))
    for name in (b"Weatherwax", b"esme@lancre.org"):
        assert name in with_people
        assert name not in without
    stand_in = json.loads(redactor().redact_body("lead", json.dumps(RECORD)))["LastName"].encode()
    # The case and the cassette have the same stand-in.
    assert without.count(stand_in) >= 3


# The rules of a profile


def test_the_rules_of_a_profile_are_read_without_its_secrets(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path)
    store = ProfileStore(paths)
    (tmp_path / "profiles.toml").write_text(
        '[profiles.live]\nurl = "https://crm.example.com"\nclient_id = "a"\nusername = "b"\n'
        'secrets = "ask"\npeople_fields = { Nickname = "name" }\npeople_hook = "people.py"\n'
    )
    rules = store.find_people_rules(store.load_settings("live"))
    assert rules == PeopleRules({"Nickname": "name"}, tmp_path / "people.py")
