"""Test your own integration with the fixtures that cmdm gives pytest: `pytest test_integration.py`.

`cmdm_sandbox` is a service on a real socket that is reset before each test, `cmdm_client` sets the
scene and looks at the outcome.
"""

import httpx
import pytest

from cmdm_tui.pytest_plugin.blocking_client import BlockingClient
from cmdm_tui.pytest_plugin.sandbox_server import SandboxServer


def push(url: str, headers: dict[str, str], name: str) -> str:
    """Sign in and create a lead: the integration under test."""
    with httpx.Client(base_url=f"{url}/api/v1") as http:
        token = http.post("/authenticate", headers=headers).raise_for_status().json()["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        return http.post("/lead", json={"LastName": name}).raise_for_status().json()["ExternalID"]


def test_a_lead_is_pushed(cmdm_sandbox: SandboxServer, cmdm_client: BlockingClient) -> None:
    pushed = push(cmdm_sandbox.url, cmdm_sandbox.sign_in_headers, "Jones")
    assert cmdm_client.record("lead", pushed).properties["LastName"] == "Jones"


def test_the_hourly_limit_is_reported(cmdm_sandbox: SandboxServer) -> None:
    cmdm_sandbox.control.set(rate_limit=1)  # a sign-in is a call too
    with pytest.raises(httpx.HTTPStatusError, match="429"):
        push(cmdm_sandbox.url, cmdm_sandbox.sign_in_headers, "Jones")


def test_a_server_error_leaves_no_lead(
    cmdm_sandbox: SandboxServer, cmdm_client: BlockingClient
) -> None:
    before = len(cmdm_client.records("lead"))
    cmdm_sandbox.control.set_faults(
        {"kind": "error-500", "method": "POST", "path": "/lead", "rate": 1.0}
    )
    with pytest.raises(httpx.HTTPStatusError, match="500"):
        push(cmdm_sandbox.url, cmdm_sandbox.sign_in_headers, "Jones")
    assert len(cmdm_client.records("lead")) == before
