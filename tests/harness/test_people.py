"""A live recording names no one: its people are stand-ins, and it is replayed and verified so."""

import json
from pathlib import Path

import httpx
import pytest

from cmdm_tui.harness.cases.files import parse_case
from cmdm_tui.harness.cassettes.case_recorder import record_case
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.library import LibraryEntry
from cmdm_tui.harness.cassettes.offline_replay import replay_case, replay_case_with_vcrpy
from cmdm_tui.harness.cassettes.people import accept_stand_ins, redact_key
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.cassettes.transport import IndexedTransport, NotInCassette
from cmdm_tui.harness.verify import verify
from cmdm_tui.redaction.people.person_fields import PersonFields
from cmdm_tui.redaction.people.person_redactor import PersonRedactor
from cmdm_tui.redaction.people.stand_ins import StandIns
from tests.harness.conftest import ControlledSandbox

CASE = b"""\
version = 1
name = "readers"
summary = "People are read, one of them again, and one is made."
endpoint = "list"

[[steps]]
method = "GET"
path = "/contact?per_page=20&page=1"
capture = { one = "/Entity/3/ExternalID", last = "/Entity/3/Properties/LastName" }
expect = { status = 200 }

[[steps]]
method = "GET"
path = "/contact/${one}?who=${last}"
expect = { status = 200, body = "exact", values = { "/Properties/LastName" = "${last}" } }

[[steps]]
method = "POST"
path = "/lead"
body = '{"LastName":"Weatherwax","Notes":"Ask Weatherwax."}'
capture = { lead = "/ExternalID" }
expect = { status = 201 }

[[steps]]
method = "GET"
path = "/lead/${lead}"
expect = { status = 200, values = { "/Properties/LastName" = "Weatherwax" } }
"""


def redactor(key: bytes = b"k" * 32, fields: PersonFields | None = None) -> PersonRedactor:
    return PersonRedactor(StandIns(key), fields)


def people_of(controlled: ControlledSandbox) -> set[str]:
    """Return the last names of the sandbox that are easy to find again."""
    service = controlled.service()
    with service:
        rows = json.loads(service.send_call("GET", "/contact?per_page=20&page=1").body)["Entity"]
    names = {row["Properties"]["LastName"] for row in rows}
    return {name for name in names if name.isascii() and len(name) > 5}


def record(controlled: ControlledSandbox, path: Path, people: PersonRedactor | None) -> None:
    with controlled.uncontrolled_service() as service:
        assert record_case(parse_case(CASE, "readers"), path, service, people) == ()


def names_in(path: Path, names: set[str]) -> set[str]:
    text = b" ".join(one.body for one in read_cassette(path)).decode()
    return {name for name in names if name in text}


def test_a_live_recording_holds_none_of_the_people_it_saw(
    controlled: ControlledSandbox, tmp_path: Path
) -> None:
    names = people_of(controlled)
    assert len(names) > 3
    path = tmp_path / "readers.yaml"
    record(controlled, path, redactor())
    assert names_in(path, names) == set()
    # The same check, where they are kept.
    for kept in (None, redactor(fields=PersonFields({"LastName": "keep"}))):
        record(controlled, path, kept)
        assert names_in(path, names) == names


def test_it_is_replayed_whole_in_both_ways(controlled: ControlledSandbox, tmp_path: Path) -> None:
    path = tmp_path / "readers.yaml"
    record(controlled, path, redactor())
    case = parse_case(CASE, "readers")
    assert replay_case(case, path) == []
    assert replay_case_with_vcrpy(case, path) == []
    assert b"Weatherwax" in read_cassette(path)[2].key[2]


def test_it_is_verified_by_the_same_stand_ins(
    controlled: ControlledSandbox, tmp_path: Path
) -> None:
    path = tmp_path / "readers.yaml"
    record(controlled, path, redactor())
    case = parse_case(CASE, "readers")
    entry = LibraryEntry(case, "live", path.with_suffix(".toml"))
    keys = {entry.key: redactor().fingerprint}

    def drifts(people: PersonRedactor | None, keys: dict[str, str]) -> list[str]:
        with controlled.uncontrolled_service() as service:
            (verified,) = verify([entry], service, people=people, people_keys=keys)
        return [str(one.message) for one in verified.drifts if one.matters]

    assert drifts(redactor(), keys) == []
    assert drifts(redactor(b"x" * 32), keys) == []  # by shape
    assert drifts(None, {}) != []


def test_a_program_that_sends_the_originals_is_answered_where_the_key_is(
    controlled: ControlledSandbox, tmp_path: Path
) -> None:
    path = tmp_path / "readers.yaml"
    case = CASE.replace(b"20&page=1", b"5&page=1")
    with controlled.uncontrolled_service() as service:
        # What a case says is kept, so the name is one that only the service knows.
        rows = json.loads(service.send_call("GET", "/contact?per_page=5&page=1").body)["Entity"]
        assert record_case(parse_case(case, "readers"), path, service, redactor()) == ()
    one, name = rows[3]["ExternalID"], rows[3]["Properties"]["LastName"]
    target = f"{ADDRESS}/api/v1/contact/{one}"
    people = redactor()
    accept_stand_ins(read_cassette(path), people)
    transport = IndexedTransport(read_cassette(path), restate=lambda key: redact_key(key, people))
    with httpx.Client(transport=transport) as http:
        assert http.get(target, params={"who": name}).json()["ExternalID"] == one
    with (
        httpx.Client(transport=IndexedTransport.of(path)) as http,
        pytest.raises(NotInCassette),
    ):
        http.get(target, params={"who": name})
