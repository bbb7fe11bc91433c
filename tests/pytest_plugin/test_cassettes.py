"""Cassettes in tests of an integrator: which clients they answer, what is an error, recording."""

import pytest

from tests.pytest_plugin.conftest import ROOT, Runs

pytest_plugins = ["pytester"]

COMMON = """
    import contextlib, json, threading, urllib.request
    import aiohttp, httpx, pytest, requests, urllib3

    LIST = "/api/v1/lead?per_page=1&page=1"
    lead = pytest.mark.cmdm_cassette("get-lead", allow_unused=True)
    BLOCKED = "network is blocked"
"""

CLIENTS = (
    COMMON
    + """
    @lead
    def test_requests(cmdm_cassette):
        with requests.Session() as http:
            answer = http.get(cmdm_cassette.url + LIST)
        assert answer.json()["Entity"][0]["ExternalID"] == "8RR4CB5Q"
        assert cmdm_cassette.left == 1

    @lead
    def test_urllib3_and_the_standard_library(cmdm_cassette):
        with urllib3.PoolManager() as pool:
            assert pool.request("GET", cmdm_cassette.url + LIST).status == 200
        url = f"{cmdm_cassette.url}/api/v1/lead/8RR4CB5Q"
        assert json.load(urllib.request.urlopen(url))["ExternalID"] == "8RR4CB5Q"

    @lead
    async def test_aiohttp_with_a_base_url(cmdm_cassette):
        async with aiohttp.ClientSession(base_url=cmdm_cassette.url) as http:
            async with http.get(LIST) as answer:
                assert (await answer.json())["Entity"][0]["ExternalID"] == "8RR4CB5Q"

    @lead
    async def test_httpx(cmdm_cassette):
        async with httpx.AsyncClient(base_url=cmdm_cassette.url) as http:
            assert (await http.get(LIST)).status_code == 200

    @lead
    def test_a_client_made_before_is_answered_too(cmdm_cassette, client_of_the_module):
        assert client_of_the_module.get(cmdm_cassette.url + LIST).status_code == 200

    @pytest.fixture(scope="module")
    def client_of_the_module():
        with httpx.Client() as http:
            yield http

    @lead
    def test_a_transport_of_its_own_is_left_alone(cmdm_cassette):
        answer = lambda request: httpx.Response(418)
        with httpx.Client(transport=httpx.MockTransport(answer)) as http:
            assert http.get(cmdm_cassette.url + LIST).status_code == 418

    @lead
    def test_this_machine_is_let_through_and_nothing_else(cmdm_cassette, cmdm_sandbox):
        assert requests.get(cmdm_sandbox.url + LIST).status_code == 401
        assert httpx.get(cmdm_sandbox.url + LIST).status_code == 401
        assert [call.status for call in cmdm_sandbox.calls] == [401, 401]
        with pytest.raises(Exception, match="was not recorded"):
            httpx.get("http://192.0.2.1/")

    @pytest.mark.cmdm_cassette("get-lead", ignore_localhost=False)
    def test_this_machine_may_be_kept_out(cmdm_cassette, cmdm_sandbox):
        httpx.get(cmdm_cassette.url + LIST)
        with pytest.raises(Exception, match="it is a call of http://127.0.0.1:8765"):
            httpx.get(cmdm_sandbox.url + LIST)
        cmdm_cassette.playback.not_recorded.clear()

    @pytest.mark.cmdm_cassette("get-lead")
    def test_a_marker_is_enough():
        assert requests.get("http://127.0.0.1:8765" + LIST).status_code == 200

    @pytest.mark.cmdm_cassette("get-lead")
    def test_threads_are_answered_each_once(cmdm_cassette):
        found = []
        def read():
            try:
                found.append(requests.get(cmdm_cassette.url + LIST).status_code)
            except Exception as error:
                found.append(type(error).__name__)
        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert sorted(map(str, found)) == ["200", *["CallNotRecorded"] * 3]
        cmdm_cassette.playback.not_recorded.clear()
"""
)


def test_every_client_is_answered_and_named_hosts_are_let_through(runs: Runs) -> None:
    result = runs(CLIENTS, "-o", "asyncio_mode=auto")
    result.stdout.no_fnmatch_line("*was not recorded* and passed*")
    result.assert_outcomes(passed=10, errors=1)
    result.stdout.fnmatch_lines(["*test_this_machine_is_let*made a call that no cassette holds*"])


LEFT_OVER = (
    COMMON
    + """
    every = pytest.mark.cmdm_cassette("get-lead", require_all=True)

    @every
    def test_some(cmdm_cassette):
        httpx.get(cmdm_cassette.url + LIST)

    @every
    def test_all(cmdm_cassette):
        httpx.get(cmdm_cassette.url + LIST)
        httpx.get(cmdm_cassette.url + "/api/v1/lead/8RR4CB5Q")

    @pytest.mark.cmdm_cassette("get-lead")
    def test_by_default(cmdm_cassette):
        httpx.get(cmdm_cassette.url + LIST)

    @lead
    def test_allowed(cmdm_cassette):
        httpx.get(cmdm_cassette.url + LIST)

    @pytest.mark.cmdm_cassette("get-lead", require_all=True, allow_unused=True)
    def test_both(cmdm_cassette): pass
"""
)
MADE_ONE = "test_some made 1 of 2 recorded calls*GET *lead/8RR4CB5Q"


def test_all_recorded_calls_may_be_required(runs: Runs) -> None:
    result = runs(LEFT_OVER)
    result.assert_outcomes(passed=4, errors=2)
    result.stdout.fnmatch_lines([f"*{MADE_ONE}*", "*allow_unused=True and require_all=True excl*"])


def test_all_recorded_calls_may_be_required_of_every_test(runs: Runs) -> None:
    result = runs(LEFT_OVER, "-o", "cmdm_require_all=true")
    result.assert_outcomes(passed=4, errors=3)
    result.stdout.fnmatch_lines(["*test_by_default made 1 of 2 recorded calls*"])


@pytest.mark.parametrize("client", ["requests", "httpx", "urllib3.PoolManager()"])
def test_a_call_that_is_not_recorded_fails_in_the_line_of_the_test(runs: Runs, client: str) -> None:
    test = f"""
    @lead
    def test_it(cmdm_cassette):
        {client}.request("GET", cmdm_cassette.url + "/api/v1/lead/NONE0000")
    """
    result = runs(COMMON + test)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">*request(*NONE0000*", "E  *GET *NONE0000 was not recorded*"])
    result.stdout.no_fnmatch_line("*site-packages*")
    assert "site-packages" in runs(COMMON + test, "--full-trace").stdout.str()


def test_wrong_uses_are_errors_in_a_sentence(runs: Runs, pytester: pytest.Pytester) -> None:
    whole = (ROOT / "cassettes/contract/get-lead.yaml").read_text("utf-8")
    (pytester.path / "cut.yaml").write_text(whole[:700], "utf-8")
    result = runs(
        COMMON
        + """
    mark = pytest.mark.cmdm_cassette

    @mark("get-lead")
    def test_never_called(cmdm_cassette): pass

    @mark("get-lead", "list-leads-page")
    def test_one_never_called(cmdm_cassette): httpx.get(cmdm_cassette.url + LIST)

    @mark("get-lead")
    def test_skipped(cmdm_cassette): pytest.skip("not today")

    @mark("get-lead", recordmode="none")
    def test_unknown_option(cmdm_cassette): pass

    @mark("get-lead", serializer="json")
    def test_option_without_a_use(cmdm_cassette): pass

    @mark("get-lead", record_mode="always")
    def test_unknown_mode(cmdm_cassette): pass

    @mark("get-lead", match_on=["methods"])
    def test_unknown_matcher(cmdm_cassette): pass

    @mark("get-lead", pass_hosts=["http://x/"])
    def test_no_host(cmdm_cassette): pass

    @mark("cut")
    def test_damaged(cmdm_cassette): pass

    @mark("get-lead")
    def test_swallowed(cmdm_cassette):
        httpx.get(cmdm_cassette.url + LIST)
        with contextlib.suppress(Exception):
            httpx.get(cmdm_cassette.url + LIST)
    """.replace("list-leads-page", "get-account")
    )
    result.assert_outcomes(passed=3, skipped=1, errors=9)
    result.stdout.fnmatch_lines_random([
        "*test_never_called made no call that is answered from get-lead.yaml. Check*",
        "*test_one_never_called made no call that is answered from get-account.yaml. Check*",
        "*marker cmdm_cassette has no option 'recordmode'. Did you mean record_mode[?]*",
        "*marker cmdm_cassette does not take serializer: cassettes here have one format*",
        "*'always' is not a record_mode. There are none, once, new_episodes, all, rewrite.*",
        "*Matcher methods doesn't exist or isn't registered.*",
        "*pass_hosts holds 'http://x/'; give names of hosts*",
        "*cut.yaml is not laid out as a cassette: line*",
        "*test_swallowed made a call that no cassette holds, and passed: GET*more often*",
    ])  # fmt: skip


RECORD = (
    COMMON
    + """
    def push(url, headers, name, http):
        token = http.post(f"{url}/api/v1/authenticate", headers=headers).json()["token"]
        signed = {"Authorization": f"Bearer {token}"}
        made = http.post(f"{url}/api/v1/lead", json={"LastName": name}, headers=signed)
        found = http.get(f"{url}/api/v1/lead/{made.json()['ExternalID']}", headers=signed)
        return found.json()["Properties"]["LastName"]

    @pytest.mark.cmdm_cassette("pushed")
    def test_pushed(cmdm_cassette):
        with httpx.Client() as http:
            url, headers = cmdm_cassette.url, cmdm_cassette.sign_in_headers
            assert push(url, headers, "Jones", http) == "Jones"
        assert cmdm_cassette.left == 0
"""
)


def test_a_test_is_recorded_of_the_sandbox_and_played_back(
    runs: Runs, pytester: pytest.Pytester
) -> None:
    file = pytester.path / "cassettes" / "pushed.yaml"
    runs(RECORD).assert_outcomes(errors=1)
    assert not file.exists()
    runs(RECORD, "--cmdm-record-mode=once").assert_outcomes(passed=1)
    first = file.read_bytes()
    assert b"NEW00001" in first
    assert first.count(b"- request:") == 3
    assert b"http://127.0.0.1:8765/api/v1/authenticate" in first
    for words in ((), ("--cmdm-record-mode=once",), ("-n", "2")):
        runs(RECORD, *words).assert_outcomes(passed=1)
    runs(RECORD, "--cmdm-record-mode=rewrite").assert_outcomes(passed=1)
    assert file.read_bytes() == first
    more = RECORD.replace('"Jones", http)', '"Jones", http) == push(url, headers, "Ng", http)')
    assert more != RECORD
    failing = runs(more, "--cmdm-record-mode=rewrite")
    failing.assert_outcomes(failed=1)
    assert file.read_bytes() == first


def test_a_function_for_people_that_fails_is_named_in_a_sentence(
    runs: Runs, pytester: pytest.Pytester
) -> None:
    pytester.makefile(".py", hook="def redact(*_):\n    raise RuntimeError")
    test = RECORD.replace(
        'cmdm_cassette("pushed")', 'cmdm_cassette("pushed", people_hook="hook.py")'
    )
    ended = runs(test, "--cmdm-record-mode=once")
    ended.assert_outcomes(passed=1, errors=1)
    ended.stdout.fnmatch_lines(
        ["*hook.py, asked about *failed with RuntimeError. Correct it there.*"]
    )
    ended.stdout.no_fnmatch_line("*vcr_playback.py*")


def test_fixtures_of_the_project_say_how_and_where(runs: Runs, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def record_mode():
            return "once"

        @pytest.fixture(scope="module")
        def vcr_config():
            return {"allow_playback_repeats": True, "serializer": "yaml"}

        @pytest.fixture
        def cmdm_cassette_dir(tmp_path_factory):
            return "elsewhere"
        """
    )
    runs(RECORD).assert_outcomes(passed=1)
    assert (pytester.path / "elsewhere" / "pushed.yaml").exists()
    twice = RECORD.replace(
        '"Jones", http) == "Jones"', '"Jones", http) == push(url, headers, "Jones", http)'
    )
    assert twice != RECORD
    runs(twice).assert_outcomes(passed=1)


def test_the_address_may_be_that_of_the_service(runs: Runs) -> None:
    test = (
        COMMON
        + """
    @pytest.mark.cmdm_cassette("get-lead", order_free=True, allow_unused=True)
    def test_it(cmdm_cassette):
        assert cmdm_cassette.url == "https://crm.example.com"
        found = requests.get("https://crm.example.com/api/v1/lead?page=1&per_page=1")
        assert found.status_code == 200
    """
    )
    runs(test, "-o", "cmdm_service=https://crm.example.com/api/v1/").assert_outcomes(passed=1)
    wrong = runs(test, "-o", "cmdm_service=crm.example.com")
    wrong.assert_outcomes(errors=1)
    wrong.stdout.fnmatch_lines(["*cmdm_service is 'crm.example.com'; give an address*"])
