"""The recording proxy passes calls on honestly, and what it records replays."""

import base64
import gzip
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from cmdm_tui.harness.cases import read_case
from cmdm_tui.harness.cassettes.offline_replay import replay_case, replay_case_with_vcrpy
from cmdm_tui.harness.cassettes.reader import read_cassette
from cmdm_tui.harness.proxy.proxy_app import PROXY_HEADER
from cmdm_tui.harness.proxy.server import ProxyFailed, ProxySettings, RunningProxy, run_proxy
from tests.harness.conftest import ControlledSandbox
from tests.harness.recording.raw_service import run_raw_service

StartProxy = Callable[..., AbstractContextManager[RunningProxy]]

JSON_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def proxied(controlled: ControlledSandbox, tmp_path: Path) -> StartProxy:
    def start(mode: str = "once", **options: object) -> AbstractContextManager[RunningProxy]:
        return run_proxy(
            ProxySettings(controlled.info.url, tmp_path, mode=mode, **options)  # pyright: ignore[reportArgumentType]
        )

    return start


def sign_in(client: httpx.Client, sandbox: ControlledSandbox) -> None:
    info = sandbox.info
    values = {
        "client_id": info.client_id,
        "client_secret": info.client_secret,
        "username": info.username,
        "password": info.password,
    }
    answer = client.post("/api/v1/authenticate", headers=values)
    client.headers["authorization"] = f"Bearer {answer.json()['token']}"


def run_session(url: str, sandbox: ControlledSandbox) -> list[tuple[int, object]]:
    """Make calls of most kinds; return the status and the JSON of each answer."""
    name = sandbox.info.username
    with httpx.Client(base_url=url) as client:
        sign_in(client, sandbox)
        created = client.post("/api/v1/lead", json={"LastName": "Doe", "Owner": name})
        external_id = created.json()["ExternalID"]
        answers = [
            created,
            client.get("/api/v1/lead", params={"per_page": 2, "page": 1, "sort_by": "LastName"}),
            client.get("/api/v1/lead", params={"owner": name}),
            client.get(f"/api/v1/lead/{external_id}"),
            client.put(f"/api/v1/lead/{external_id}", json={"Notes": "ü ${x} \u2028"}),
            client.post(f"/api/v1/lead/{external_id}/task", json={"Subject": "Call"}),
            client.put(f"/api/v1/lead/convert/{external_id}", json={}),
            client.delete(f"/api/v1/lead/{external_id}"),
            client.get(f"/api/v1/lead/{external_id}"),
            client.get("/api/v1/lead", headers={"authorization": "Bearer wrong-token-of-nobody"}),
            client.put("/api/v1/lead/X", content=b"\xff\x00"),
        ]
        return [(one.status_code, one.json()) for one in answers]


def list_problems(folder: Path) -> list[str]:
    """Return what is not as recorded, over both replays of every case below the folder."""
    cases = sorted(folder.rglob("*.toml"))
    assert cases
    return [
        problem
        for path in cases
        for replay in (replay_case, replay_case_with_vcrpy)
        for problem in replay(read_case(path), path.with_suffix(".yaml"))
    ]


def test_a_session_is_recorded_without_its_secrets_and_replays(
    proxied: StartProxy, controlled: ControlledSandbox, tmp_path: Path
) -> None:
    with proxied() as proxy:
        seen = run_session(proxy.url, controlled)
    assert [status for status, _ in seen] == [
        201, 200, 200, 200, 200, 201, 200, 200, 404, 401, 400
    ]  # fmt: skip
    assert proxy.summary is not None
    assert (proxy.summary.recorded, proxy.summary.left_out_count) == (12, 0)
    assert list_problems(tmp_path) == []
    info = controlled.info
    content = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    for secret in (info.client_id, info.client_secret, info.username, info.password):
        assert secret.encode() not in content
    assert info.url.encode() not in (tmp_path / "stateful/session.yaml").read_bytes()


def test_a_case_that_was_edited_does_not_replay(
    proxied: StartProxy, controlled: ControlledSandbox, tmp_path: Path
) -> None:
    with proxied() as proxy:
        run_session(proxy.url, controlled)
    case = tmp_path / "stateful/session.toml"
    case.write_text(case.read_text().replace("page=1", "page=2"))
    assert "was not recorded" in " ".join(list_problems(tmp_path))


def test_once_answers_the_same_client_from_the_recording_alone(
    proxied: StartProxy, controlled: ControlledSandbox
) -> None:
    with proxied() as proxy:
        first = run_session(proxy.url, controlled)
    with proxied() as proxy:
        second = run_session(proxy.url, controlled)
        with httpx.Client(base_url=proxy.url) as client:
            unknown = client.get("/api/v1/contact")
            sign_in(client, controlled)
    assert [status for status, _ in first] == [status for status, _ in second]
    assert (proxy.counts.forwarded, proxy.counts.replayed, proxy.left) == (0, 13, 0)
    (refused,) = proxy.refused
    assert "No call of its path, or of a like one, was recorded." in refused
    assert unknown.status_code == 502
    assert unknown.headers[PROXY_HEADER] == "not-recorded"
    assert proxy.summary is None


def test_new_gives_each_answer_once_and_records_the_rest(
    proxied: StartProxy, controlled: ControlledSandbox, tmp_path: Path
) -> None:
    for mode, expected in (("once", (3, 0)), ("new", (3, 2)), ("spy", (1, 4)), ("spy", (1, 4))):
        with proxied(mode) as proxy, httpx.Client(base_url=proxy.url) as client:
            sign_in(client, controlled)
            for _ in range(2 if mode == "once" else 4):
                assert client.get("/api/v1/lead?per_page=1&page=1").status_code == 200
        assert (proxy.counts.forwarded, proxy.counts.replayed) == expected, mode
    names = sorted(path.name for path in tmp_path.rglob("*.yaml"))
    assert names == ["session-2.yaml", "session.yaml"]
    assert list_problems(tmp_path) == []


def test_spy_sends_no_number_of_a_recording_to_the_service(
    proxied: StartProxy, controlled: ControlledSandbox, tmp_path: Path
) -> None:
    with proxied() as proxy:
        run_session(proxy.url, controlled)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")}
    with proxied("spy") as proxy, httpx.Client(base_url=proxy.url) as client:
        answer = client.put("/api/v1/lead/NEW00001", json={"City": "York"})
        other = client.put("/api/v1/lead/OLD00001", json={"City": "York"})
    assert (answer.status_code, answer.headers[PROXY_HEADER]) == (404, "refused")
    assert "so nothing was sent or recorded" in answer.json()["Message"]
    assert PROXY_HEADER not in other.headers
    assert (proxy.counts.forwarded, proxy.counts.refused) == (1, 1)
    kept = {path: path.read_bytes() for path in before}
    assert kept == before


def test_diff_passes_over_the_times_of_records_that_the_session_makes(
    proxied: StartProxy, controlled: ControlledSandbox
) -> None:
    def run_short(url: str) -> None:
        with httpx.Client(base_url=url) as client:
            sign_in(client, controlled)
            made = client.post("/api/v1/lead", json={"LastName": "Doe"}).json()["ExternalID"]
            assert client.get(f"/api/v1/lead/{made}").status_code == 200

    with proxied() as proxy:
        run_short(proxy.url)
    controlled.control.advance_clock(61)
    with proxied("diff") as proxy:
        run_short(proxy.url)
        assert (proxy.counts.differing, proxy.list_left()) == (0, [])
    controlled.control.advance_clock(3 * 86_400)
    with proxied("diff") as proxy, httpx.Client(base_url=proxy.url) as client:
        sign_in(client, controlled)
        client.post("/api/v1/lead", json={"LastName": "Smith"})
    assert proxy.counts.differing == 1
    assert len(proxy.list_left()) == 2


def test_rewrite_replaces_what_was_recorded(
    proxied: StartProxy, controlled: ControlledSandbox, tmp_path: Path
) -> None:
    with proxied() as proxy, httpx.Client(base_url=proxy.url) as client:
        for number in range(60):
            client.get(f"/api/v1/lead/{number}")
    assert len(list(tmp_path.rglob("*.yaml"))) == 2
    with proxied("rewrite") as proxy, httpx.Client(base_url=proxy.url) as client:
        client.get("/api/v1/lead/1")
    assert proxy.summary is not None
    assert proxy.summary.removed == (str(tmp_path / "stateful/session-2.yaml"),)
    (cassette,) = tmp_path.rglob("*.yaml")
    assert len(read_cassette(cassette)) == 1
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert list(manifest["cassettes"]) == ["stateful/session.yaml"]


def test_diff_reports_what_the_service_answers_differently(
    proxied: StartProxy, controlled: ControlledSandbox, tmp_path: Path
) -> None:
    with proxied() as proxy, httpx.Client(base_url=proxy.url) as client:
        sign_in(client, controlled)
        client.get("/api/v1/lead?per_page=1&page=1")
        client.get("/api/v1/task?per_page=1&page=1")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    said: list[str] = []
    settings = ProxySettings(controlled.info.url, tmp_path, mode="diff")
    with (
        run_proxy(settings, report=lambda call, one: said.append(f"{call} {one[1]}")) as proxy,
        httpx.Client(base_url=proxy.url) as client,
    ):
        sign_in(client, controlled)
        client.get("/api/v1/task?per_page=1&page=1")
        assert said == []
        first = client.get("/api/v1/lead?per_page=1&page=1&fields=LastName").json()
        assert said == ["GET /api/v1/lead?per_page=1&page=1&fields=LastName call"]
        external_id = first["Entity"][0]["ExternalID"]
        httpx.put(
            f"{controlled.info.url}/api/v1/lead/{external_id}",
            json={"Notes": "Changed meanwhile"},
            headers=client.headers,
        )
        client.get("/api/v1/lead?per_page=1&page=1")
    assert any("/Entity/0/Properties/Notes" in line for line in said)
    # The times of a record that the session did not make are a difference.
    assert any("/Entity/0/Properties/ModifiedDate" in line for line in said)
    assert proxy.counts.differing == 2
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_diff_needs_a_recording(proxied: StartProxy) -> None:
    with pytest.raises(ProxyFailed, match="There is no recording session"), proxied("diff"):
        pass


def test_what_comes_is_what_the_service_sent(
    proxied: StartProxy, controlled: ControlledSandbox
) -> None:
    with (
        proxied() as proxy,
        httpx.Client(base_url=proxy.url) as through,
        httpx.Client(base_url=controlled.info.url) as direct,
    ):
        sign_in(direct, controlled)
        through.headers["authorization"] = direct.headers["authorization"]
        changing = {"date", "x-rate-limit-remaining"}
        for method, path in (
            ("GET", "/api/v1/lead?per_page=3&page=1"),
            ("GET", "/api/v1/lead"),
            ("HEAD", "/api/v1/lead"),
            ("GET", "/api/v1/lead/%2e%2E/..;/x"),
            ("PATCH", "/api/v1/lead/1"),
            ("OPTIONS", "/api/v1/lead"),
            ("GET", "/"),
        ):
            one, other = direct.request(method, path), through.request(method, path)
            assert (one.status_code, one.content) == (other.status_code, other.content), path
            lines = [
                [line for line in answer.headers.multi_items() if line[0] not in changing]
                for answer in (one, other)
            ]
            assert sorted(lines[0]) == sorted(lines[1]), path


def test_compressed_chunked_and_empty_answers_pass_and_are_recorded(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"a":1}')
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    size = f"Content-Length: {len(packed)}\r\n\r\n".encode()
    chunked = head + b'Transfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n'
    answers = {
        "gzip": head + b"Content-Encoding: gzip\r\n" + size + packed,
        "chunked": chunked,
        "empty": b"HTTP/1.1 204 No Content\r\n\r\n",
        "long": head + b"Content-Length: 2000000\r\n\r\n" + b"x" * 2_000_000,
        "hops": b"HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n"
        b"Content-Length: 2\r\n\r\n{}",
    }  # fmt: skip
    with (
        run_raw_service(**answers) as service,
        run_proxy(ProxySettings(service.url, tmp_path)) as proxy,
        httpx.Client(base_url=proxy.url, headers={"accept-encoding": "gzip, br"}) as client,
    ):
        with client.stream("GET", "/api/v1/gzip") as answer:
            assert b"".join(answer.iter_raw()) == packed
        assert client.get("/api/v1/chunked").json() == {"a": 1}
        assert client.get("/api/v1/empty").status_code == 204
        assert len(client.get("/api/v1/long").content) == 2_000_000
        hops = client.get("/api/v1/hops").headers
    assert ("x-hop" in hops, hops["x-end"]) == (False, "2")
    assert b"accept-encoding: gzip\r\n" in service.requests[0].lower()
    found = [one.body for one in read_cassette(tmp_path / "stateful/session.yaml")]
    assert found == [b'{"a":1}', b'{"a":1}', b"", b"x" * 2_000_000, b"{}"]


def test_faults_of_the_service_are_told_in_the_proxys_words_and_not_recorded(
    tmp_path: Path,
) -> None:
    answers = {
        "nothing": b"",
        "garbage": b"what?\r\n\r\n",
        "short": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "broken": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
    }
    with (
        run_raw_service(**answers) as service,
        run_proxy(ProxySettings(service.url, tmp_path)) as proxy,
        httpx.Client(base_url=proxy.url) as client,
    ):
        for name in ("nothing", "garbage", "short"):
            answer = client.get(f"/api/v1/{name}")
            assert (answer.status_code, answer.headers[PROXY_HEADER]) == (502, "unreachable"), name
            assert answer.json()["Message"].endswith("Nothing was recorded.")
        # What has begun to go out cannot be taken back: it does not end as a whole answer does.
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/api/v1/broken")
    assert (proxy.counts.unanswered, proxy.counts.broken, proxy.counts.forwarded) == (2, 2, 0)
    assert list(tmp_path.rglob("*")) == []


def test_a_service_that_is_not_there_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with run_proxy(ProxySettings(f"http://127.0.0.1:{port}", tmp_path)) as proxy:
        answer = httpx.get(f"{proxy.url}/api/v1/lead")
    assert answer.status_code == 502
    assert f"127.0.0.1:{port} cannot be reached" in answer.json()["Message"]
    assert list(tmp_path.rglob("*")) == []


def test_a_page_under_another_name_is_refused(
    proxied: StartProxy, controlled: ControlledSandbox
) -> None:
    with proxied() as proxy:
        answer = httpx.get(f"{proxy.url}/api/v1/lead", headers={"host": "evil.example"})
    assert (answer.status_code, proxy.counts.forwarded) == (421, 0)


def test_a_service_that_is_only_read_gets_no_change(
    proxied: StartProxy, controlled: ControlledSandbox
) -> None:
    with proxied(may_write=False) as proxy, httpx.Client(base_url=proxy.url) as client:
        sign_in(client, controlled)
        refused = client.post("/api/v1/lead", json={"LastName": "Doe"})
        assert client.get("/api/v1/lead?per_page=1&page=1").status_code == 200
    assert (refused.status_code, refused.headers[PROXY_HEADER]) == (403, "refused")
    assert proxy.counts.forwarded == 2


def test_many_clients_at_once_are_recorded_whole(
    proxied: StartProxy, controlled: ControlledSandbox, tmp_path: Path
) -> None:
    ready = threading.Barrier(8)

    def work(number: int) -> None:
        with httpx.Client(base_url=proxy.url) as client:
            sign_in(client, controlled)
            ready.wait()
            for turn in range(10):
                client.get(f"/api/v1/lead/{number}-{turn}")

    with proxied() as proxy, ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert proxy.summary is not None
    assert proxy.summary.recorded == 88
    assert list_problems(tmp_path) == []
    calls = [one.key for path in tmp_path.rglob("*.yaml") for one in read_cassette(path)]
    assert len({key for key in calls if "/lead/" in key[1]}) == 80


def test_a_port_in_use_is_named(proxied: StartProxy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ProxyFailed, match=f"cannot listen on 127.0.0.1:{port}"),
            proxied(port=port),
        ):
            pass


@pytest.mark.parametrize("exempt", ["", "crm.invalid"])
def test_the_proxy_of_the_environment_is_used(
    exempt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    for name in ("no_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with run_raw_service(**{"crm.invalid:443": refusal}) as company:
        monkeypatch.setenv("HTTPS_PROXY", company.url)
        monkeypatch.setenv("NO_PROXY", exempt)
        with (
            run_proxy(ProxySettings("https://crm.invalid", tmp_path)) as proxy,
            httpx.Client(base_url=proxy.url, trust_env=False) as client,
        ):
            answer = client.get("/api/v1/lead")
    assert (answer.status_code, answer.headers[PROXY_HEADER]) == (502, "unreachable")
    asked = [one.split(b"\r\n")[0] for one in company.requests]
    assert asked == ([] if exempt else [b"CONNECT crm.invalid:443 HTTP/1.1"])


def test_a_cassette_of_another_tool_is_answered_from_as_it_came(
    proxied: StartProxy, tmp_path: Path
) -> None:
    packed = base64.b64encode(gzip.compress(b'{"ExternalID":"A"}')).decode()
    cassette = tmp_path / "stateful" / "session.yaml"
    cassette.parent.mkdir()
    cassette.write_text(
        "version: 1\ninteractions:\n- request:\n    method: POST\n"
        "    uri: http://127.0.0.1:8765/api/v1/lead\n    body: '{}'\n  response:\n"
        "    status: {code: 201, message: Created}\n    headers:\n"
        "      Content-Length: ['9']\n      Transfer-Encoding: [chunked]\n"
        "      Content-Encoding: [gzip]\n      Location: ['http://127.0.0.1:8765/api/v1/lead/A']\n"
        f"    body: {{string: !!binary {packed}}}\n"
    )
    with proxied() as running, httpx.Client(base_url=running.url) as client:
        answer = client.post("/api/v1/lead", content=b"{}")
    assert (answer.status_code, answer.json()) == (201, {"ExternalID": "A"})
    assert answer.headers["location"] == "/api/v1/lead/A"
    assert "transfer-encoding" not in answer.headers
