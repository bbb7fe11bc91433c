"""`cmdm record --proxy`, `cmdm record --har` and `cmdm --record`, run as a user runs them."""

import json
import os
import re
import signal
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cmdm_tui.api.events import CallFinished, CallInfo, CallSent
from cmdm_tui.api.models import Response
from cmdm_tui.cli.call_recording import CommandRecording
from cmdm_tui.cli.main import run as run_in_process
from cmdm_tui.config import Credentials, Profile, SecretStr
from cmdm_tui.harness.cases import read_case
from cmdm_tui.harness.cassettes.offline_replay import replay_case
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.recording.unfinished import read_mark
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.credentials import AccountCredentials
from tests.claims.program import Ended, ForkedProgram, run_cmdm
from tests.services import profile_of


def environment(info: RunningInfo | None, home: Path, url: str = "") -> Mapping[str, str]:
    folders = {name: str(home) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    if info is None:
        return folders
    return {
        **folders,
        "CMDM_URL": url or info.url,
        "CMDM_CLIENT_ID": info.client_id,
        "CMDM_CLIENT_SECRET": info.client_secret,
        "CMDM_USERNAME": info.username,
        "CMDM_PASSWORD": info.password,
    }


def run(*words: str, home: Path, info: RunningInfo | None = None, url: str = "") -> Ended:
    return run_cmdm(*words, home=home, extra=environment(info, home, url), deadline=100)


@contextmanager
def proxy(home: Path, info: RunningInfo, *words: str) -> Generator[tuple[ForkedProgram, str]]:
    """Run the proxy, and yield its process and address."""
    command = ["record", "--proxy", "--port", "0", "--into", "made", *words]
    with ForkedProgram(command, home, environment(info, home)) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if found := re.fullmatch(r"export CMDM_URL=(http://\S+)\n", line.decode()):
                    yield process, found[1]
                    break
        finally:
            process.kill()


def wait_for_calls(cassette: Path, count: int) -> None:
    """Wait until the cassette on the disk holds so many calls."""
    deadline = time.monotonic() + 60
    while not cassette.is_file() or len(read_cassette(cassette)) < count:
        assert time.monotonic() < deadline, "the calls were not written in time"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_proxy_and_what_was_recorded_replays(
    sandbox: RunningInfo, tmp_path: Path, number: signal.Signals
) -> None:
    with proxy(tmp_path, sandbox) as (process, url):
        listed = run("list", "lead", "--per-page", "1", "--page", "1",
                     home=tmp_path, info=sandbox, url=url)  # fmt: skip
        assert listed.code == 0, listed.err
        process.send_signal(number)
        said, noted = process.communicate(timeout=60)
    assert b"recorded made/stateful/session.yaml" in said
    assert b"2 calls recorded in 1 cassette." in noted
    replayed = run("replay", "--from", "made", home=tmp_path)
    assert replayed.code == 0, replayed.out + replayed.err


def wait_until_gone(mark: Path) -> None:
    deadline = time.monotonic() + 60
    while mark.exists():
        assert time.monotonic() < deadline, "the recording was not finished in time"
        time.sleep(0.05)


def test_a_proxy_that_is_killed_loses_no_more_than_its_last_call(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    cassette = tmp_path / "made/stateful/session.yaml"
    with proxy(tmp_path, sandbox) as (process, url):
        for number in range(6):
            httpx.get(f"{url}/api/v1/lead/{number}")
        process.kill()
        wait_for_calls(cassette, 5)
    wait_until_gone(cassette.with_suffix(".unfinished"))
    case = cassette.with_suffix(".toml")
    assert replay_case(read_case(case), cassette) == []
    assert run("replay", "--from", "made", home=tmp_path).code == 0


def test_a_recording_whose_writer_is_killed_too_is_told_as_cut_off(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    mark = tmp_path / "made/stateful/session.unfinished"
    with proxy(tmp_path, sandbox) as (process, url):
        for number in range(3):
            httpx.get(f"{url}/api/v1/lead/{number}")
        wait_for_calls(mark.with_suffix(".yaml"), 3)
        found = read_mark(mark)
        assert found is not None
        assert found.is_running
        process.kill()
        os.kill(found.process, signal.SIGKILL)
        process.wait()
    replayed = run("replay", "--from", "made", home=tmp_path)
    assert replayed.code == 1
    assert re.search("was cut off: it holds [0-3] of 3 calls, and maybe more", replayed.out)
    mark.unlink()
    assert "was cut off" not in run("replay", "--from", "made", home=tmp_path).out


@pytest.mark.parametrize("place", ["taken/made", "taken/made/session.yaml"])
def test_what_cannot_be_written_is_said_before_the_first_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("taken").write_text("a file where a folder is to be")
    proxied = ("record", "--proxy", "--port", "0", "--into", place)
    words = ("--record", place, "list", "lead") if place.endswith("yaml") else proxied
    assert run_in_process(words) == 2
    assert "cannot be written: Not a directory" in capsys.readouterr().err


def test_the_proxy_needs_live_for_what_is_no_sandbox(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_in_process(["record", "--proxy", "--target", "https://crm.example.com"]) == 2
    said = capsys.readouterr().err
    assert "https://crm.example.com is not known to be a sandbox. Say --live" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("record", "--proxy", "get-lead"), "--proxy takes no case"),
        (("record", "--proxy", "--exclude", "list"), "no --from and no --exclude"),
        (
            ("record", "--har", "x.har", "--target", "http://["),
            "is not an address of an API",
        ),
        (("record", "--proxy", "--har", "x.har"), "--proxy and --har are two ways"),
        (("record", "--port", "1"), "--port goes with --proxy"),
        (("record", "--proxy", "--name", "My Name"), "My Name cannot name a recording"),
        (("record", "--har", "x.har", "--live"), "--har sends nothing"),
        (("record", "--har", "missing.har"), "missing.har cannot be read"),
        (("--record", "x.txt", "list", "lead"), "--record x.txt cannot be a cassette"),
        (("--record", "x.yaml", "fuzz"), "--record does not record cmdm fuzz"),
        (("--keep-people", "list", "lead"), "--keep-people goes with --record here"),
    ],
)
def test_what_does_not_go_together_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_in_process(words) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.glob("*.yaml")) == []


def test_any_command_is_recorded_and_replays(sandbox: RunningInfo, tmp_path: Path) -> None:
    made = run("--record", "made/one.yaml", "create", "lead", "LastName=Doe",
               home=tmp_path, info=sandbox)  # fmt: skip
    assert made.code == 0, made.err
    queried = run("--record", "made/two.yaml", "query", "SELECT count(*) FROM lead",
                  home=tmp_path, info=sandbox)  # fmt: skip
    assert "recorded in made/two.yaml" in queried.err
    replayed = run("replay", "--from", "made", home=tmp_path)
    assert replayed.code == 0, replayed.out + replayed.err
    assert "2 cases replayed offline" in replayed.err
    content = b"".join(path.read_bytes() for path in (tmp_path / "made").rglob("*.*"))
    for secret in (sandbox.client_id, sandbox.client_secret, sandbox.username, sandbox.password):
        assert secret.encode() not in content


def test_each_account_of_a_command_is_recorded_by_its_own_rule_of_people(
    sandbox: RunningInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDM_PEOPLE_KEY", "k" * 43)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    values = (
        SecretStr("cid-7f3a9b2c"),
        SecretStr("secret-7f3a9b"),
        "sync.bot",
        SecretStr("pa55word"),
    )
    live = Profile("live", "https://crm.example.com", Credentials(*values), "live")
    accounts = (profile_of(sandbox, "demo"), live)
    body = b'{"ExternalID":"A","Properties":{"LastName":"Weatherwax"}}'
    headers = {"content-type": "application/json"}
    answer = Response(1, "GET", "lead/A", 200, headers, body, 0.1)
    with CommandRecording(tmp_path / "one.yaml") as recording:
        for profile in accounts:
            for number in range(2):
                listen = recording.listen_to(profile)
                call = CallInfo(number, "GET", "lead/A")
                request = httpx.Request("GET", f"{profile.url}/api/v1/lead/A")
                listen(CallSent(call, 1, request))
                listen(CallFinished(call, 200, 0.1, len(body), answer))
    assert b"Weatherwax" in (tmp_path / "one.yaml").read_bytes()
    assert b"Weatherwax" not in (tmp_path / "one-account-2.yaml").read_bytes()
    assert len(read_cassette(tmp_path / "one-account-2.yaml")) == 2


def write_har(path: Path) -> None:
    """Write a HAR file as a browser does: signed in, but without what signs a call in."""
    answer = json.dumps({"ExternalID": "ABC1D2E3", "Properties": {"LastName": "Doe"}})
    json_type = [{"name": "Content-Type", "value": "application/json"}]
    entries = [
        {
            "request": {"method": "GET", "url": url, "headers": [{"name": ":path", "value": "/"}]},
            "response": {
                "status": status, "statusText": "OK", "headers": json_type,
                "content": {"size": len(answer), "text": answer},
            },
        }
        for url, status in (
            ("https://crm.example.com/api/v1/lead/ABC1D2E3", 200),
            ("https://crm.example.com/app.js", 200),
            ("https://crm.example.com/api/v1/contact/ABC1D2E3", 0),
        )
    ]  # fmt: skip
    entries.append(
        {
            "request": {
                "method": "PUT",
                "url": "https://crm.example.com/api/v1/lead/ABC1D2E3#top",
                "headers": json_type,
                "postData": {"mimeType": "application/json", "text": '{"Notes":"é"}'},
            },
            "response": {
                "status": 200, "statusText": "", "headers": json_type,
                "content": {"size": 9, "encoding": "base64", "text": "eyJNIjoiIn0="},
            },
        }
    )  # fmt: skip
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))


def test_a_har_file_is_recorded_and_replays(tmp_path: Path) -> None:
    write_har(tmp_path / "a.har")
    ended = run("record", "--har", "a.har", "--name", "browser", "--into", "made", home=tmp_path)
    assert (ended.code, ended.out) == (0, "recorded made/live/browser.yaml\n")
    assert "Left out of the file: 2" in ended.err
    replayed = run("replay", "--from", "made", home=tmp_path)
    assert replayed.code == 0, replayed.out + replayed.err
    cassette = (tmp_path / "made/live/browser.yaml").read_text()
    assert "crm.example.com" not in cassette
    keys = [one.key for one in read_cassette(tmp_path / "a.har")]
    assert keys == [one.key for one in read_cassette(tmp_path / "made/live/browser.yaml")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read as a HAR file: it is not JSON"),
        ('{"log": {"entries": [1]}}', "cannot be read as a HAR file: an entry has not the parts"),
        ("{}", "cannot be read as a HAR file: it has no list of entries (log.entries)"),
        ('{"log":{}}', "cannot be read as a HAR file: it has no list of entries (log.entries)"),
        ('{"log": {"entries": []}}', "holds no answered call below a path such as /api/v1"),
    ],
)
def test_a_file_that_is_no_har_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.har").write_text(text)
    assert run_in_process(["record", "--har", "a.har"]) == 2
    assert f"a.har {said}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("origin", "username", "place"),
    [
        ("http://127.0.0.1:8765", "demo-0a1b2c@sandbox.example", "stateful"),
        ("http://127.0.0.1:8765", "me@acme.example", "live"),
        ("https://crm.example.com", "demo-0a1b2c@sandbox.example", "live"),
    ],
)
def test_a_har_file_goes_to_the_recordings_of_a_live_service_unless_it_is_a_sandboxs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    origin: str,
    username: str,
    place: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"client_id": "sandbox-0123456789ab", "client_secret": "Tq8-vR2_kz5Lw0Xc",
             "username": username, "password": "h4H.n7:Pd1$Ye9-B"}  # fmt: skip
    headers = [{"name": name, "value": value} for name, value in given.items()]
    answer = {"mimeType": "application/json", "text": '{"token": "abcdefgh12345678"}'}
    entry: dict[str, object] = {
        "request": {"method": "POST", "url": f"{origin}/api/v1/authenticate", "headers": headers},
        "response": {"status": 200, "headers": [], "content": answer},
    }
    Path("a.har").write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}))
    assert run_in_process(["record", "--har", "a.har", "--into", "made"]) == 0
    assert capsys.readouterr().out == f"recorded made/{place}/session.yaml\n"
    named = json.loads(Path("made/manifest.json").read_bytes())["cassettes"]
    assert named[f"{place}/session.yaml"]["target"] == origin
    other = ["record", "--har", "a.har", "--target", "https://other.example"]
    assert run_in_process(other) == 2
    assert f"to https://other.example, but calls to {origin}. Name" in capsys.readouterr().err


def test_a_har_file_has_its_people_replaced_as_the_named_profile_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("CMDM_PEOPLE_KEY", "k" * 32)
    (tmp_path / "cmdm").mkdir()
    (tmp_path / "cmdm/profiles.toml").write_text(
        '[profiles.live]\nurl = "https://crm.example.com"\nclient_id = "a"\nusername = "b"\n'
        'secrets = "ask"\npeople_fields = { Motto = "name", LastName = "keep" }\n'
    )
    record = {"ExternalID": "A", "Properties": {"Motto": "Granny", "LastName": "Weatherwax"}}
    answer = {"mimeType": "application/json", "text": json.dumps(record)}
    entry: dict[str, object] = {
        "request": {"method": "GET", "url": "https://crm.example.com/api/v1/lead/A", "headers": []},
        "response": {"status": 200, "headers": [], "content": answer},
    }
    Path("a.har").write_text(json.dumps({"log": {"version": "1.2", "entries": [entry]}}))
    for words, kept in (
        ((), (True, False)),
        (("--target", "live"), (False, True)),
        (("--keep-people",), (True, True)),
    ):
        assert run_in_process(["record", "--har", "a.har", "--into", "made", *words]) == 0
        content = Path("made/live/session.yaml").read_text()
        assert ("Granny" in content, "Weatherwax" in content) == kept, words


OWN = AccountCredentials("acme-crm", "Tq8-vR2_kz5Lw0Xc", "me@acme.example", "h4H.n7:Pd1$Ye9-B")


@pytest.fixture
def tunnel(tmp_path: Path) -> Generator[RunningInfo]:
    """What is on this machine, and takes a sign-in that no sandbox has made: maybe a tunnel."""
    folder = tmp_path / "data"
    with Sandbox.embedded(SandboxConfig(folder, port=0, records=5, credentials=OWN)) as info:
        yield info


def test_people_behind_an_address_of_this_machine_are_replaced(
    tunnel: RunningInfo, tmp_path: Path
) -> None:
    create = ("create", "lead", "LastName=Weatherwax")
    made = run("--record", "one.yaml", *create, home=tmp_path, info=tunnel)
    assert "People are replaced by stand-ins: 1 name" in made.err
    assert "Weatherwax" not in (tmp_path / "one.yaml").read_text()
    kept = run("--record", "two.yaml", "--keep-people", *create, home=tmp_path, info=tunnel)
    assert kept.code == 0, kept.err
    assert "Weatherwax" in (tmp_path / "two.yaml").read_text()
    with proxy(tmp_path, tunnel) as (process, url):
        run(*create, home=tmp_path, info=tunnel, url=url)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert "Weatherwax" not in (tmp_path / "made/stateful/session.yaml").read_text()


def test_the_people_of_a_sandbox_are_recorded_as_they_are(
    sandbox: RunningInfo, tmp_path: Path
) -> None:
    made = run("--record", "one.yaml", "create", "lead", "LastName=Weatherwax",
               home=tmp_path, info=sandbox)  # fmt: skip
    assert "stand-ins" not in made.err
    assert "Weatherwax" in (tmp_path / "one.yaml").read_text()
