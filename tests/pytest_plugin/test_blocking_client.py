"""The client that waits: it can do what the client can, from any thread and beside any loop."""

import inspect

import pytest

from cmdm_tui.api import Client, NotFound
from cmdm_tui.pytest_plugin.blocking_client import BlockingClient
from cmdm_tui.sandbox import RunningInfo
from tests.tui.conftest import profile_of

LEFT_OUT = {"sign_in", "close_connections", "reconcile", "all_fields", "send_create"}
"""Done on its own; or of no use to a test; or what `fields` does, or half of what `create` does."""


@pytest.fixture
def client(sandbox: RunningInfo) -> BlockingClient:
    return BlockingClient(Client(sandbox.url, profile_of(sandbox).credentials))


def test_every_call_of_the_client_has_its_counterpart() -> None:
    calls = {
        name
        for name, _ in inspect.getmembers(Client, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert calls - LEFT_OUT <= {name for name in dir(BlockingClient) if not name.startswith("_")}


async def test_it_may_be_used_where_a_loop_runs(client: BlockingClient) -> None:
    with client:
        assert client.page("lead", per_page=2, page=1).total_records == 100


def test_errors_come_as_the_client_raises_them(client: BlockingClient) -> None:
    with client, pytest.raises(NotFound):
        client.record("lead", "NOWHERE1")


def test_a_lead_is_converted_and_a_task_closed(client: BlockingClient) -> None:
    with client:
        lead = client.create("lead", {"LastName": "Jones", "Company": "Jones & Co"})
        account = client.convert_lead(lead.external_id).account_external_id
        assert client.record("account", account or "").properties["Name"] == "Jones & Co"
        task = client.create("task", {"Subject": "Ring"}).external_id
        client.close_task(task)
        assert client.record("task", task).properties["Status"] == "Closed"
        assert {field.name for field in client.fields("account")} >= {"Name", "Industry"}
        assert client.request("GET", "account?per_page=1&page=1").status == 200
        assert client.quota.remaining is not None
