"""What the proxy and other recorders write of a live service names no one, and can be replayed."""

import json
from pathlib import Path

from cmdm_tui.harness.cases.files import read_case
from cmdm_tui.harness.cassettes.manifest import read_manifest
from cmdm_tui.harness.cassettes.offline_replay import replay_case
from cmdm_tui.harness.proxy.recorded_answers import RecordedAnswers
from cmdm_tui.harness.recording.observed_call import ObservedCall
from cmdm_tui.harness.recording.session import SessionFiles
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.redaction.people.stand_ins import StandIns

HEADERS = (("content-type", "application/json"),)
SIGNED_IN = (("authorization", "Bearer abcdefghijklmnop"),)


def redactor() -> PersonRedactor:
    return PersonRedactor(StandIns(b"k" * 32))


def seen(target: str, answer: object) -> ObservedCall:
    body = json.dumps(answer).encode()
    return ObservedCall("GET", f"/api/v1{target}", SIGNED_IN, b"", 200, "OK", HEADERS, body)


CALLS = [
    seen("/task/A", {"ExternalID": "A", "Properties": {"Notes": "Ring Weatherwax"}}),
    seen("/lead/B?who=Weatherwax", {"ExternalID": "B", "Properties": {"LastName": "Weatherwax"}}),
]


def written(folder: Path, people: PersonRedactor | None) -> bytes:
    files = SessionFiles(folder, "session", "live", people=people)
    for call in CALLS:
        assert files.add(call) == ""
        files.save()
    files.finish()
    return b"".join(path.read_bytes() for path in sorted((folder / "live").iterdir()))


def test_a_name_that_is_known_later_is_replaced_in_what_was_written_before(tmp_path: Path) -> None:
    assert b"Weatherwax" in written(tmp_path / "kept", None)
    assert b"Weatherwax" not in written(tmp_path / "replaced", redactor())
    manifest = read_manifest(tmp_path / "replaced")
    assert manifest["live/session.yaml"].people_key == redactor().fingerprint


def test_its_case_is_replayed_and_a_program_finds_its_calls_by_the_originals(
    tmp_path: Path,
) -> None:
    written(tmp_path, redactor())
    cassette = tmp_path / "live" / "session.yaml"
    assert replay_case(read_case(cassette.with_suffix(".toml")), cassette) == []
    answers = RecordedAnswers.of([cassette], "/api/v1", people=redactor())
    assert [list(answers.compare(call)) for call in CALLS] == [[], []]
    without_key = RecordedAnswers.of([cassette], "/api/v1")
    assert [bool(list(without_key.compare(call))) for call in CALLS] == [True, True]
