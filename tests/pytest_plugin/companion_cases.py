"""The plug-in next to other libraries: `scripts/plugin_table` runs this in a fresh environment.

Each test is a row of the table that it prints: the library, then what works. A test is left out
where its library is not installed.
"""

import http.client
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

HTTPX_KIND = ["httpx", "httpx2", "httpxyz"]
LIST = "/api/v1/lead?per_page=1&page=1"
SIGN_IN = "/api/v1/authenticate"
MAIL = "https://mail.example.com/send"

cassette = pytest.mark.cmdm_cassette("get-lead", allow_unused=True)


def library(name: str) -> Any:
    return pytest.importorskip(name)


def read_by_requests(url: str, headers: Any) -> Any:
    with library("requests").Session() as http_:
        token = http_.post(f"{url}{SIGN_IN}", headers=headers).json()["token"]
        signed = {"Authorization": f"Bearer {token}"}
        answer = http_.get(f"{url}{LIST}", headers=signed)
        answer.raise_for_status()
        return answer.json()["Entity"][0]["ExternalID"]


def read_by_httpx(httpx: Any, url: str, headers: Any) -> Any:
    with httpx.Client(base_url=url) as http_:
        token = http_.post(SIGN_IN, headers=headers).json()["token"]
        answer = http_.get(LIST, headers={"Authorization": f"Bearer {token}"})
        return answer.raise_for_status().json()["Entity"][0]["ExternalID"]


async def read_by_aiohttp(url: str, headers: Any, **options: Any) -> Any:
    aiohttp = library("aiohttp")
    async with aiohttp.ClientSession(base_url=url, trust_env=True, **options) as http_:
        async with http_.post(SIGN_IN, headers=headers) as answer:
            token = (await answer.json())["token"]
        async with http_.get(LIST, headers={"Authorization": f"Bearer {token}"}) as answer:
            answer.raise_for_status()
            return (await answer.json())["Entity"][0]["ExternalID"]


@cassette
def test_requests(cmdm_cassette: Any, cmdm_sandbox: Any) -> None:
    """requests | answered from a cassette; reaches the sandbox in the same test"""
    recorded = read_by_requests(cmdm_cassette.url, cmdm_cassette.sign_in_headers)
    served = read_by_requests(cmdm_sandbox.url, cmdm_sandbox.sign_in_headers)
    assert (recorded, len(cmdm_sandbox.calls)) == ("8RR4CB5Q", 2)
    assert served


@cassette
def test_urllib3(cmdm_cassette: Any, cmdm_sandbox: Any) -> None:
    """urllib3 | answered from a cassette; reaches the sandbox in the same test"""
    with library("urllib3").PoolManager() as pool:
        found = pool.request("GET", cmdm_cassette.url + LIST).json()
        assert found["Entity"][0]["ExternalID"] == "8RR4CB5Q"
        assert pool.request("GET", cmdm_sandbox.url + LIST, retries=False).status == 401


@cassette
def test_http_client(cmdm_cassette: Any) -> None:
    """http.client, urllib.request | answered from a cassette"""
    address = urlsplit(str(cmdm_cassette.url))
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    connection.request("GET", LIST)
    assert connection.getresponse().status == 200
    connection.close()


@cassette
async def test_aiohttp(cmdm_cassette: Any, cmdm_sandbox: Any) -> None:
    """aiohttp | answered from a cassette; reaches the sandbox in the same test"""
    found = await read_by_aiohttp(cmdm_cassette.url, cmdm_cassette.sign_in_headers)
    assert found == "8RR4CB5Q"
    assert await read_by_aiohttp(cmdm_sandbox.url, cmdm_sandbox.sign_in_headers)


@pytest.mark.parametrize("name", HTTPX_KIND)
@cassette
def test_httpx(cmdm_cassette: Any, cmdm_sandbox: Any, name: str) -> None:
    """{name} | answered from a cassette; reaches the sandbox in the same test"""
    httpx = library(name)
    found = read_by_httpx(httpx, cmdm_cassette.url, cmdm_cassette.sign_in_headers)
    assert found == "8RR4CB5Q"
    assert read_by_httpx(httpx, cmdm_sandbox.url, cmdm_sandbox.sign_in_headers)


@pytest.mark.parametrize("name", HTTPX_KIND)
@cassette
async def test_httpx_awaited(cmdm_cassette: Any, name: str) -> None:
    """{name} | its async client is answered too"""
    async with library(name).AsyncClient(base_url=cmdm_cassette.url) as http_:
        answer = await http_.get(LIST)
    assert answer.json()["Entity"][0]["ExternalID"] == "8RR4CB5Q"


@pytest.mark.cmdm_cassette("get-lead", allow_unused=True, pass_hosts=["mail.example.com"])
def test_respx(cmdm_cassette: Any, cmdm_sandbox: Any) -> None:
    """respx | mocks one host while a cassette and the sandbox answer others"""
    httpx, respx = library("httpx"), library("respx")
    with respx.mock(assert_all_mocked=True) as router:
        router.route(host="127.0.0.1").pass_through()
        router.post(MAIL).respond(202)
        assert httpx.post(MAIL).status_code == 202
        assert httpx.get(cmdm_cassette.url + LIST).status_code == 200
        assert httpx.get(cmdm_sandbox.url + LIST).status_code == 401


def is_mail(request: Any) -> bool:
    return request.url.host == "mail.example.com"


only_mail = pytest.mark.httpx_mock(should_mock=is_mail)
with_mail = pytest.mark.cmdm_cassette(
    "get-lead", allow_unused=True, pass_hosts=["mail.example.com"]
)


def mix_with_pytest_httpx(cmdm_cassette: Any, cmdm_sandbox: Any, httpx_mock: Any) -> None:
    httpx = library("httpx")
    httpx_mock.add_response(url=MAIL, status_code=202)
    assert httpx.post(MAIL).status_code == 202
    assert httpx.get(cmdm_cassette.url + LIST).status_code == 200
    assert httpx.get(cmdm_sandbox.url + LIST).status_code == 401


@only_mail
@with_mail
def test_pytest_httpx(request: Any, cmdm_cassette: Any, cmdm_sandbox: Any) -> None:
    """pytest-httpx | mocks one host while a cassette and the sandbox answer others"""
    library("pytest_httpx")
    mix_with_pytest_httpx(cmdm_cassette, cmdm_sandbox, request.getfixturevalue("httpx_mock"))


@pytest.fixture
def httpx_mock_first(request: Any) -> Any:
    library("pytest_httpx")
    return request.getfixturevalue("httpx_mock")


@only_mail
@with_mail
def test_pytest_httpx_first(httpx_mock_first: Any, cmdm_cassette: Any, cmdm_sandbox: Any) -> None:
    """pytest-httpx | its fixture may come first"""
    mix_with_pytest_httpx(cmdm_cassette, cmdm_sandbox, httpx_mock_first)


@pytest.fixture
def dead_proxy(monkeypatch: Any) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")


@cassette
@pytest.mark.usefixtures("dead_proxy")
@pytest.mark.parametrize("name", ["requests", "aiohttp", *HTTPX_KIND])
async def test_proxy(cmdm_cassette: Any, cmdm_sandbox: Any, cmdm_client: Any, name: str) -> None:
    """{name} | with a dead HTTP_PROXY, a cassette answers and the sandbox is reached"""
    module = library(name)
    assert len(cmdm_client.records("lead")) == 100
    for one in (cmdm_cassette, cmdm_sandbox):
        if name == "requests":
            assert read_by_requests(one.url, one.sign_in_headers)
        elif name == "aiohttp":
            assert await read_by_aiohttp(one.url, one.sign_in_headers)
        else:
            assert read_by_httpx(module, one.url, one.sign_in_headers)


@pytest.mark.parametrize("name", ["requests", "aiohttp", *HTTPX_KIND])
async def test_recorded_and_played(pytester: Any, name: str) -> None:
    """{name} | a test is recorded of the sandbox, and plays back with no network"""
    library(name)
    pytester.makepyfile(RECORDED.format(name=name))
    quiet = ("-p", "no:randomly", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto")
    recorded = pytester.runpytest_subprocess(*quiet, "--cmdm-record-mode=once")
    recorded.assert_outcomes(passed=1)
    written = (pytester.path / "cassettes" / "mine.yaml").read_text("utf-8")
    assert "NEW00001" in written
    assert written.count("- request:") == 3
    pytester.runpytest_subprocess(*quiet).assert_outcomes(passed=1)


RECORDED = """
import pytest
import {name} as module

async def push(url, headers):
    lead = {{"LastName": "Jones", "City": "Lyon"}}
    if "{name}" == "aiohttp":
        async with module.ClientSession(base_url=url) as http:
            async with http.post("/api/v1/authenticate", headers=headers) as answer:
                token = (await answer.json())["token"]
            signed = {{"Authorization": f"Bearer {{token}}"}}
            async with http.post("/api/v1/lead", json=lead, headers=signed) as answer:
                made = (await answer.json())["ExternalID"]
            async with http.get(f"/api/v1/lead/{{made}}", headers=signed) as answer:
                return (await answer.json())["Properties"]["City"]
    make = module.Session if "{name}" == "requests" else module.Client
    with make() as http:
        token = http.post(url + "/api/v1/authenticate", headers=headers).json()["token"]
        signed = {{"Authorization": f"Bearer {{token}}"}}
        made = http.post(url + "/api/v1/lead", json=lead, headers=signed).json()["ExternalID"]
        found = http.get(f"{{url}}/api/v1/lead/{{made}}", headers=signed)
        return found.json()["Properties"]["City"]

@pytest.mark.cmdm_cassette("mine")
async def test_it(cmdm_cassette):
    assert await push(cmdm_cassette.url, cmdm_cassette.sign_in_headers) == "Lyon"
    assert cmdm_cassette.left == 0
"""


def test_pytest_recording(pytester: Any) -> None:
    """pytest-recording | both in one project: its marker, and its `vcr_config` and `record_mode`"""
    if find_spec("pytest_recording") is None:
        pytest.skip("pytest-recording is not installed")
    recorded = (Path(os.environ["CMDM_CASSETTES"]) / "contract" / "get-lead.yaml").read_text(
        "utf-8"
    )
    folder = pytester.mkdir("cassettes")
    (folder / "mine.yaml").write_text(recorded, encoding="utf-8")
    (folder / "test_both").mkdir()
    (folder / "test_both" / "test_theirs.yaml").write_text(recorded, encoding="utf-8")
    pytester.makepyfile(
        test_both="""
        import pytest, requests
        LIST = "http://127.0.0.1:8765/api/v1/lead?per_page=1&page=1"

        @pytest.fixture
        def vcr_config():
            return {"allow_playback_repeats": True, "serializer": "yaml"}

        @pytest.mark.vcr
        def test_theirs():
            assert [requests.get(LIST).status_code for _ in range(2)] == [200, 200]

        @pytest.mark.cmdm_cassette("mine")
        def test_ours(cmdm_record_mode):
            assert cmdm_record_mode == "none"
            assert [requests.get(LIST).status_code for _ in range(2)] == [200, 200]
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)
