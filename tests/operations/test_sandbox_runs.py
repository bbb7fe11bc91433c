"""The runs of a sandbox that cmdm starts itself belong to its data, whatever port it gets."""

import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.errors import OtherAccount
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.preview import ChangePreview
from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox
from cmdm_tui.config import Profile
from cmdm_tui.operations.account_runs import find_last_run
from cmdm_tui.operations.confirmation import WritePolicy
from cmdm_tui.operations.write import WriteOperation
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from tests.operations.test_write import Person
from tests.services import CountedNetwork, copy_records


def configure(folder: Path) -> SandboxConfig:
    config = SandboxConfig(data=folder, port=0, records=5)
    copy_records(config)
    return config


def show_nothing(_: ChangeSet, __: ChangePreview) -> None:
    """Show nothing of what is sent."""


async def create_lead(profile: Profile, journal: Journal) -> None:
    """Create a lead, as run 1."""
    async with Account.open(profile, catalogs=None) as account:
        change = Change(ChangeKind.CREATE, "lead", properties={"LastName": "Ng"})
        made = ChangeSet((change,), "One", account.service_name, profile.credentials.username, 0.0)
        await operation_on(account, journal).apply(made)


def operation_on(account: Account, journal: Journal) -> WriteOperation:
    policy = WritePolicy("never", "Say --yes")
    return WriteOperation(account, journal, Person(), policy, show=show_nothing)


async def undo(profile: Profile, journal: Journal) -> list[str]:
    """Take run 1 back and return the calls that change something."""
    network = CountedNetwork()
    async with Account.open(profile, catalogs=None, transport=network) as account:
        operation = operation_on(account, journal)
        await operation.apply(await operation.plan_undo(journal.load(1)), undo_of=1)
    return [one for one in network.requests if one.split()[0] in {"PUT", "DELETE"}]


async def test_a_run_is_taken_back_in_the_next_demo(tmp_path: Path) -> None:
    config = configure(tmp_path / "data")
    with Journal.open(tmp_path / "journal.sqlite") as journal:
        with Sandbox.embedded(config) as info:
            await create_lead(profile_of_sandbox(info), journal)
            port = urlsplit(info.url).port or 0
        lead = journal.load(1).entries[0].result_id
        # The port is taken, so the next start has another.
        with closing(socket.create_server(("127.0.0.1", port))), Sandbox.embedded(config) as again:
            assert again.url != info.url
            profile = profile_of_sandbox(again)
            async with Account.open(profile, catalogs=None) as account:
                assert find_last_run(journal, account) == 1
            # The twin: a service on another port is another account.
            with pytest.raises(OtherAccount):
                await undo(replace(profile, data_name=None), journal)
            assert await undo(profile, journal) == [f"DELETE lead/{lead}"]


async def test_a_run_is_not_taken_back_in_other_data(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "journal.sqlite") as journal:
        with Sandbox.embedded(configure(tmp_path / "one")) as info:
            await create_lead(profile_of_sandbox(info), journal)
        with Sandbox.embedded(configure(tmp_path / "two")) as other:
            # The same user of other data.
            named = replace(
                profile_of_sandbox(other).credentials,
                username=profile_of_sandbox(info).credentials.username,
            )
            with pytest.raises(OtherAccount):
                await undo(replace(profile_of_sandbox(other), credentials=named), journal)


async def test_a_run_of_a_port_is_not_that_of_another(tmp_path: Path) -> None:
    config = configure(tmp_path / "data")
    with Journal.open(tmp_path / "journal.sqlite") as journal, Sandbox.embedded(config) as info:
        profile = replace(profile_of_sandbox(info), data_name=None)
        await create_lead(profile, journal)
        async with Account.open(profile_of_sandbox(info), catalogs=None) as account:
            assert find_last_run(journal, account) is None
        assert len(await undo(profile, journal)) == 1
