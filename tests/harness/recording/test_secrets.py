"""No secret of a session is in a file of its recording, however it is written in the calls."""

import base64
import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from cmdm_tui.config import ConfigurationError
from cmdm_tui.harness.cases import read_case
from cmdm_tui.harness.cassettes.manifest import read_manifest
from cmdm_tui.harness.cassettes.offline_replay import replay_case
from cmdm_tui.harness.recording import session as session_module
from cmdm_tui.harness.recording.observed_call import ObservedCall
from cmdm_tui.harness.recording.session import SessionFiles
from cmdm_tui.harness.recording.session_secrets import SessionSecrets
from cmdm_tui.redaction.leak_scanner import LeakScanner, SecretLeak

SECRETS = {
    "client_id": "cid-7f3a9b2c4d5e",
    "client_secret": 'c"s/ecr+et 9\u00fc8&7',
    "username": "sync.bot@acme.example",
    "password": "p\u00e4ss w0rd/\\'x",
}
JSON = (("content-type", "application/json"),)


Planted = tuple[str, bytes, bytes, tuple[tuple[str, str], ...]]


def write_secret(value: str, place: int) -> Planted:
    """Return a target, a sent body, an answer's body and its headers; one of them has the value."""
    raw = value.encode()
    target, sent, answer, headers = "/api/v1/lead/1", b"", b'{"Message":"ok"}', JSON
    packed = gzip.compress(json.dumps({"Echo": value}).encode())
    places: list[Planted] = [
        (f"/api/v1/lead?owner={quote(value, safe='')}", sent, answer, headers),
        (f"/api/v1/lead/{quote(value, safe='')}", sent, answer, headers),
        (target, json.dumps({"Owner": value}).encode(), answer, headers),
        (target, json.dumps({"Owner": value}, ensure_ascii=False).encode(), answer, headers),
        (target, sent, packed, (*JSON, ("content-encoding", "gzip"))),
        (target, sent, answer, (*JSON, ("location", f"http://x/api/{quote(value, safe='')}"))),
        *(
            (target, sent, echo, headers)
            for echo in (
                json.dumps({"Owner": f"x {value} y"}, ensure_ascii=False).encode(),
                json.dumps({"Blob": base64.b64encode(b"ab" + raw + b"c").decode()}).encode(),
                json.dumps({"Blob": raw.hex()}).encode(),
                json.dumps({"Inner": json.dumps({"Deep": value})}).encode(),
                b"<p>" + "".join(f"&#{ord(one)};" for one in value).encode() + b"</p>",
                json.dumps({"Blob": base64.b64encode(packed).decode()}).encode(),
            )
        ),
    ]
    return places[place]


PLACES = 12


def plant_secrets(count: int) -> Iterator[tuple[ObservedCall, list[str]]]:
    """Yield calls and the secrets known with them: sign-ins, then calls that hold secrets."""
    draw = random.Random(17)
    token = ""
    for number in range(count):
        if number % 400 == 3:
            token = f"tok-{draw.getrandbits(128):032x}"
            lines = tuple((k, v.encode().decode("latin-1")) for k, v in SECRETS.items())
            answer = json.dumps({"token": token}).encode()
            yield (
                ObservedCall(
                    "POST", "/api/v1/authenticate", lines, b"", 200, "OK", JSON, answer
                ),
                [token],
            )  # fmt: skip
            continue
        known = [*SECRETS.values(), *([token] if token else [])]
        target, sent, answer, headers = write_secret(draw.choice(known), draw.randrange(PLACES))
        lines = (("authorization", f"Bearer {token}"),) if token else ()
        method = "PUT" if sent else "GET"
        yield ObservedCall(method, target, (*JSON, *lines), sent, 200, "OK", headers, answer), []


def record_planted(folder: Path, count: int) -> tuple[SessionFiles, LeakScanner]:
    files = SessionFiles(folder, "session")
    scanner = LeakScanner(SECRETS.values())
    for call, tokens in plant_secrets(count):
        for token in tokens:
            scanner.add_secret(token)
        assert files.add(call) == ""
    files.save()
    return files, scanner


def find_leaks(folder: Path, scanner: LeakScanner) -> list[str]:
    """Return the files in which a secret is found, in whatever encoding."""
    leaks: list[str] = []
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file():
                scanner.check(path.read_bytes(), path.name)
        except SecretLeak as leak:
            leaks.append(str(leak))
    return leaks


@pytest.mark.timeout(3600)
def test_no_planted_secret_is_in_a_file(tmp_path: Path, runs_whole: bool) -> None:
    count = 10_000 if runs_whole else 150
    files, scanner = record_planted(tmp_path, count)
    assert files.recorded == count
    assert find_leaks(tmp_path, scanner) == []
    problems = [
        problem
        for case in sorted(tmp_path.rglob("*.toml"))
        for problem in replay_case(read_case(case), case.with_suffix(".yaml"))
    ]
    assert problems == []


def test_the_search_for_secrets_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(_secrets: SessionSecrets, _content: bytes) -> bool:
        return False

    monkeypatch.setattr(SessionSecrets, "holds_secret", find_nothing)
    _, scanner = record_planted(tmp_path, 150)
    assert find_leaks(tmp_path, scanner)


def conceal_nothing(_secrets: SessionSecrets, call: ObservedCall) -> ObservedCall:
    """Take no secret out of a call."""
    return call


def test_a_call_whose_secret_cannot_be_taken_out_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SessionSecrets, "conceal_deeply", conceal_nothing)
    files = SessionFiles(tmp_path, "session")
    files.secrets.add("password", SECRETS["password"])
    answer = json.dumps({"Blob": SECRETS["password"].encode().hex()}).encode()
    call = ObservedCall("GET", "/api/v1/lead/1", (), b"", 200, "OK", JSON, answer)
    assert files.add(call) == "a secret is in it that cannot be replaced"
    files.save()
    assert list(tmp_path.rglob("*")) == []


def test_a_call_that_is_taken_out_again_is_counted_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SessionSecrets, "conceal_deeply", conceal_nothing)
    files = SessionFiles(tmp_path, "session")
    answer = json.dumps({"Blob": SECRETS["password"].encode().hex()}).encode()
    files.add(ObservedCall("GET", "/api/v1/lead/1", (), b"", 200, "OK", JSON, answer))
    files.save()
    assert [path.name for path in files.cassettes] == ["session.yaml"]
    lines = (("password", SECRETS["password"].encode().decode("latin-1")),)
    # What is outside the API is in no case, and in another file.
    files.add(ObservedCall("GET", "/elsewhere", lines, b"", 200, "OK", JSON, b"{}"))
    files.save()
    assert (files.recorded, files.taken_out) == (1, 1)
    assert [path.name for path in files.cassettes] == ["session-other.yaml"]
    assert [path.name for path in tmp_path.rglob("session*.*")] == ["session-other.yaml"]


def test_a_secret_that_is_learnt_late_is_taken_out_of_what_was_recorded(tmp_path: Path) -> None:
    files = SessionFiles(tmp_path, "session")
    early = b'{"Owner":"sync.bot@acme.example"}'
    files.add(ObservedCall("GET", "/api/v1/lead/1", (), b"", 200, "OK", JSON, early))
    files.save()
    cassette = tmp_path / "stateful/session.yaml"
    assert b"sync.bot" in cassette.read_bytes()
    lines = tuple((k, v.encode().decode("latin-1")) for k, v in SECRETS.items())
    files.add(ObservedCall("POST", "/api/v1/authenticate", lines, b"", 401, "", JSON, b"{}"))
    files.save()
    assert b"sync.bot" not in cassette.read_bytes()
    assert b"recorded-username" in cassette.read_bytes()


@pytest.mark.parametrize("name", ["admin", "lead", "Sales", "recorded", "status"])
def test_a_user_name_that_is_a_common_word_leaves_other_text_as_it_is(
    tmp_path: Path, name: str
) -> None:
    files = SessionFiles(tmp_path, "session")
    lines = (("username", name), ("password", "password"))
    body = json.dumps({"Owner": name, "Notes": f"{name} says status of lead"}).encode()
    calls = [
        ObservedCall("POST", "/api/v1/authenticate", lines, b"", 200, "", JSON, b'{"token":"t0k"}'),
        ObservedCall("GET", f"/api/v1/lead?owner={name}", JSON, b"", 200, "OK", JSON, body),
    ]  # fmt: skip
    assert [files.add(call) for call in calls] == ["", ""]
    files.save()
    case = tmp_path / "stateful/session.toml"
    assert 'path = "/lead?owner=${username}"' in case.read_text()
    content = case.with_suffix(".yaml").read_text()
    assert f'"Owner": "recorded-username", "Notes": "{name} says status of lead"' in content
    assert replay_case(read_case(case), case.with_suffix(".yaml")) == []


@pytest.mark.parametrize(
    "first", ["first-token-7f3a9b2c", "7f3a/9b2c+4d5e6f==", "17|first-token:7f3a"]
)
def test_one_of_the_oldest_of_many_tokens_is_in_no_file(tmp_path: Path, first: str) -> None:
    files = SessionFiles(tmp_path, "session")
    for token in (first, *(f"other-token-{number:04}" for number in range(40))):
        lines = (("authorization", f"Bearer {token}"),)
        files.add(ObservedCall("GET", "/api/v1/lead/1", lines, b"", 200, "OK", JSON, b"{}"))
    echo = json.dumps({"Message": f"{first} is /x/{first}/y, or key={first}.", "List": [first]})
    for target in (f"/api/v1/lead?key={first}", f"/api/v1/{first}/task"):
        files.add(ObservedCall("GET", target, JSON, b"", 200, "OK", JSON, echo.encode()))
    files.save()
    content = b"".join(path.read_bytes() for path in (tmp_path / "stateful").iterdir())
    assert first.encode() not in content
    assert content.count(b"recorded-token is /x/recorded-token/y, or key=recorded-token.") == 2


def test_an_old_token_that_is_sent_again_is_searched_for_in_every_encoding() -> None:
    secrets = SessionSecrets()
    for token in ("first-token-7f3a9b2c", *(f"other-token-{number:04}" for number in range(40))):
        secrets.add("token", token)
    encoded = base64.b64encode(b"first-token-7f3a9b2c")
    assert not secrets.holds_secret(encoded)
    assert not secrets.add("token", "first-token-7f3a9b2c")
    assert secrets.holds_secret(encoded)


def test_what_could_not_be_written_is_written_by_the_next_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = SessionFiles(tmp_path, "session")
    files.add(ObservedCall("GET", "/api/v1/lead/1", (), b"", 200, "OK", JSON, b"{}"))

    def fail(*_: object) -> None:
        raise ConfigurationError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(session_module, "write_manifest", fail)
        for _ in range(2):
            with pytest.raises(ConfigurationError, match="disk is full"):
                files.save()
    files.save()
    assert read_manifest(tmp_path).keys() == {"stateful/session.yaml"}


def test_files_are_made_again_the_same(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        record_planted(tmp_path / folder, 60)
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / folder).rglob("session*")}
        for folder in ("one", "two")
    ]
    assert contents[0] == contents[1]
    assert session_module.MOST_STEPS == 50
    assert len(contents[0]) == 4
