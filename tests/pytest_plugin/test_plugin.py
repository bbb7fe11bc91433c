"""The pytest plug-in, as an integrator has it: installed, and found by its entry point."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.pytest_plugin.conftest import ROOT, Runs

pytest_plugins = ["pytester"]

INTEGRATION = """
    import httpx

    def push(url, headers, name):
        with httpx.Client(base_url=f"{url}/api/v1") as http:
            token = http.post("/authenticate", headers=headers).json()["token"]
            answer = http.post(
                "/lead", json={"LastName": name}, headers={"Authorization": f"Bearer {token}"}
            )
            return answer.raise_for_status().json()["ExternalID"]
"""


def test_an_integration_is_tested_in_three_lines(runs: Runs) -> None:
    result = runs(
        INTEGRATION
        + """
    def test_a_lead_is_pushed(cmdm_sandbox, cmdm_client):
        pushed = push(cmdm_sandbox.url, cmdm_sandbox.sign_in_headers, "Jones")
        assert cmdm_client.record("lead", pushed).properties["LastName"] == "Jones"
"""
    )
    result.assert_outcomes(passed=1)


def test_a_test_fails_where_the_integration_is_wrong(runs: Runs) -> None:
    result = runs(
        INTEGRATION
        + """
    def test_a_lead_is_pushed(cmdm_sandbox, cmdm_client):
        pushed = push(cmdm_sandbox.url, cmdm_sandbox.sign_in_headers, "Smith")
        assert cmdm_client.record("lead", pushed).properties["LastName"] == "Jones"
"""
    )
    result.assert_outcomes(failed=1)


def test_each_test_finds_the_sandbox_as_it_was(runs: Runs) -> None:
    result = runs(
        """
        import pytest

        @pytest.mark.parametrize("time", ["first", "second"])
        def test_it_is_untouched(cmdm_sandbox, cmdm_client, time):
            assert cmdm_sandbox.control.settings()["rate_limit"] == 5_000
            assert abs(cmdm_sandbox.control.read_clock() - __import__("time").time()) < 3_000
            assert len(cmdm_client.records("lead")) == 100
            for lead in cmdm_client.records("lead")[:3]:
                cmdm_client.delete("lead", lead.external_id)
            cmdm_sandbox.control.advance_clock(5_000)
            cmdm_sandbox.control.set(rate_limit=60)
            cmdm_sandbox.control.set_behaviours(totals="numbers")
        """
    )
    result.assert_outcomes(passed=2)


def test_the_ini_file_says_how_many_records_there_are(
    runs: Runs, pytester: pytest.Pytester
) -> None:
    test = """
        def test_it_has_seven(cmdm_client):
            assert len(cmdm_client.records("lead")) == 7
        """
    runs(test, "-o", "cmdm_records=7").assert_outcomes(passed=1)
    wrong = runs(test, "-o", "cmdm_records=many")
    wrong.stdout.fnmatch_lines(["*cmdm_records is 'many' in the ini file; give a whole number*"])


def test_async_tests_may_use_the_async_client(runs: Runs) -> None:
    result = runs(
        """
        async def test_it_awaits(cmdm_sandbox, cmdm_client):
            async with cmdm_sandbox.client() as client:
                made = await client.create("lead", {"LastName": "Jones"})
            assert cmdm_client.record("lead", made.external_id).properties["LastName"] == "Jones"
        """,
        "-o", "asyncio_mode=auto",
    )  # fmt: skip
    result.assert_outcomes(passed=1)


def test_it_works_without_pytest_asyncio(runs: Runs) -> None:
    result = runs(
        """
        def test_it_creates(cmdm_client):
            made = cmdm_client.create("lead", {"LastName": "Jones"})
            cmdm_client.update("lead", made.external_id, {"City": "Leeds"})
            assert cmdm_client.record("lead", made.external_id).properties["City"] == "Leeds"
        """,
        "-p", "no:asyncio",
    )  # fmt: skip
    result.assert_outcomes(passed=1)


def test_workers_of_xdist_have_a_sandbox_each(runs: Runs) -> None:
    result = runs(
        """
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_it_is_alone(cmdm_client, number):
            before = len(cmdm_client.records("lead"))
            cmdm_client.create("lead", {"LastName": "Jones"})
            assert (before, len(cmdm_client.records("lead"))) == (100, 101)
        """,
        "-n", "2",
    )  # fmt: skip
    result.assert_outcomes(passed=6)


CASSETTE = """
    import httpx, pytest

    @pytest.mark.cmdm_cassette("get-lead")
    def test_it_reads(cmdm_cassette):
        with httpx.Client(base_url=f"{cmdm_cassette.url}/api/v1") as http:
            token = http.post("/authenticate").json()["token"]
            first = http.get("/lead?per_page=1&page=1").json()["Entity"][0]["ExternalID"]
            assert http.get(f"/lead/{first}").json()["ExternalID"] == first
        assert cmdm_cassette.left == 0

    @pytest.mark.parametrize("cmdm_cassette", ["get-lead"], indirect=True)
    async def test_it_awaits(cmdm_cassette):
        async with cmdm_cassette.client() as client:
            page = await client.page("lead", per_page=1, page=1)
        assert len(page.records) == 1
        assert cmdm_cassette.left == 1
"""


def test_a_cassette_answers_any_httpx_client(runs: Runs) -> None:
    runs(CASSETTE, "-o", "asyncio_mode=auto").assert_outcomes(passed=2)


def test_a_call_that_was_not_recorded_goes_nowhere(runs: Runs) -> None:
    result = runs(
        """
        import httpx, pytest

        @pytest.mark.cmdm_cassette("get-lead")
        def test_it_reads(cmdm_cassette):
            httpx.get(f"{cmdm_cassette.url}/api/v1/lead/OTHER")
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*CallNotRecorded: GET /api/v1/lead/OTHER was not recorded. The nearest recorded call is*"]
    )


def test_the_network_is_blocked_while_a_cassette_plays_and_open_afterwards(runs: Runs) -> None:
    result = runs(
        """
        import socket, pytest

        @pytest.mark.cmdm_cassette("get-lead", allow_unused=True)
        def test_blocked(cmdm_cassette):
            with pytest.raises(OSError, match="network is blocked"):
                socket.create_connection(("192.0.2.1", 9))
            with pytest.raises(OSError, match="network is blocked"):
                socket.create_connection(("127.0.0.1", 8765))

        def test_open(cmdm_sandbox):
            port = int(cmdm_sandbox.url.rpartition(":")[2])
            socket.create_connection(("127.0.0.1", port)).close()
        """
    )
    result.assert_outcomes(passed=2)


def test_a_cassette_is_found_beside_the_test(runs: Runs, pytester: pytest.Pytester) -> None:
    recorded = (ROOT / "cassettes/contract/get-lead.yaml").read_text(encoding="utf-8")
    (pytester.path / "mine.yaml").write_text(recorded, encoding="utf-8")
    runs(CASSETTE.replace('"get-lead"', '"mine"'), "-o", "asyncio_mode=auto").assert_outcomes(
        passed=2
    )


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("", "*test_it uses cmdm_cassette and names none.*"),
        ("@pytest.mark.cmdm_cassette('nowhere')", "*There is no cassette nowhere.yaml next to*"),
    ],
)
def test_a_cassette_that_cannot_be_had_is_told_in_a_sentence(
    runs: Runs, mark: str, message: str
) -> None:
    result = runs(f"import pytest\n{mark}\ndef test_it(cmdm_cassette): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])


def test_whoever_does_not_use_it_loads_nothing_for_it(runs_anew: Runs) -> None:
    result = runs_anew(
        """
        import sys

        def test_nothing_is_loaded():
            ours = {name for name in sys.modules if name.split(".")[0] == "cmdm_tui"}
            assert ours == {"cmdm_tui", "cmdm_tui.pytest_plugin"}
            assert not {"httpx", "msgspec", "starlette", "uvicorn", "textual"} & set(sys.modules)
        """
    )
    result.assert_outcomes(passed=1)


def test_the_fixtures_are_described(runs: Runs) -> None:
    result = runs("", "--fixtures")
    for name in ("cmdm_sandbox", "cmdm_client", "cmdm_cassette"):
        result.stdout.fnmatch_lines([f"{name} -- *"])


def test_the_readme_s_example_runs(runs: Runs) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Testing your own integration")[2]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found is not None
    runs(textwrap.dedent(found[1])).assert_outcomes(passed=3)


def test_importing_the_plug_in_imports_nothing_heavy() -> None:
    code = "import sys, cmdm_tui.pytest_plugin; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(ROOT), check=True, capture_output=True, text=True
    )
    loaded = set(done.stdout.split())
    assert not {"httpx", "msgspec", "starlette", "textual", "hypothesis", "vcr"} & loaded


def test_the_calls_of_the_integration_are_in_a_journal(runs: Runs) -> None:
    result = runs(
        INTEGRATION
        + """
    import pytest

    @pytest.fixture(autouse=True)
    def prepared(cmdm_client):
        assert len(cmdm_client.records("lead")) == 100

    def test_it_tells_what_was_called(cmdm_sandbox, cmdm_client):
        assert list(cmdm_sandbox.calls) == []
        pushed = push(cmdm_sandbox.url, cmdm_sandbox.sign_in_headers, "Jones")
        cmdm_client.record("lead", pushed)
        sign_in, create = cmdm_sandbox.calls
        assert (sign_in.method, sign_in.path, sign_in.status) == ("POST", "/authenticate", 200)
        assert (create.method, create.path, create.status) == ("POST", "/lead", 201)
        assert create.json == {"LastName": "Jones"}
        assert len(cmdm_sandbox.calls.select("post", "/lead*")) == 1
        assert cmdm_sandbox.calls.select("DELETE") == []
        assert cmdm_sandbox.password not in repr(cmdm_sandbox.calls)

    def test_it_begins_anew_and_holds_what_failed(cmdm_sandbox):
        with httpx.Client(base_url=cmdm_sandbox.url) as http:
            http.get("/api/v1/lead?page=1&per_page=2")
            cmdm_sandbox.control.set_faults({"kind": "reset-before", "path": "/lead", "rate": 1.0})
            with pytest.raises(httpx.HTTPError):
                http.get("/api/v1/lead")
        refused, dropped = cmdm_sandbox.calls
        assert refused.parameters == {"page": "1", "per_page": "2"}
        assert (refused.status, dropped.status) == (401, 0)
"""
    )
    result.assert_outcomes(passed=2)


def test_a_sandbox_may_last_for_a_module_or_a_session(
    runs: Runs, pytester: pytest.Pytester
) -> None:
    test = """
        import pytest

        @pytest.mark.parametrize("number", range(2))
        def test_module(cmdm_client_module, cmdm_sandbox_module, number):
            cmdm_client_module.create("lead", {"LastName": "Jones"})
            assert len(cmdm_client_module.records("lead")) == 101 + number
            assert list(cmdm_sandbox_module.calls) == []

        def test_session(cmdm_client_session, cmdm_client, cmdm_sandbox_session):
            made = cmdm_client_session.create("lead", {"LastName": "Jones"})
            assert len(cmdm_client_session.records("lead")) in {101, 102}
            assert len(cmdm_client.records("lead")) == 100
        """
    pytester.makepyfile(test_first=test)
    runs(test).assert_outcomes(passed=6)
