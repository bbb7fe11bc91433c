"""Records that lookups name are read as a query reads them: many calls are asked about first."""

from contextlib import closing

import pytest

from cmdm_tui.api.models import Parent
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.operations.lookups import LookupOperation
from cmdm_tui.operations.query import CallPolicy, CallsNotAllowed
from cmdm_tui.query.engine import Engine
from cmdm_tui.sandbox import RunningInfo
from tests.operations.test_write import Person
from tests.services import CountedNetwork, profile_of


def ring(lead: str) -> Change:
    return Change(
        ChangeKind.CREATE, "task", properties={"Subject": "x"}, parent=Parent("lead", lead)
    )


async def check(sandbox: RunningInfo, person: Person) -> tuple[ChangeSet | None, list[str]]:
    """Check two tasks of leads that do not exist, where one call is made without asking."""
    network = CountedNetwork()
    async with Account.open(profile_of(sandbox), catalogs=None, transport=network) as account:
        await account.catalog.load_fields("task")
        await account.catalog.load_fields("lead")
        with closing(Engine(account)) as engine:
            operation = LookupOperation(account, engine, person, CallPolicy("Say so", unasked=1))
            network.taken()
            made = ChangeSet((ring("NO1"), ring("NO2")), "x", account.client.address, "me", 0.0)
            checked = await operation.check(made)
        return checked, network.taken()


async def test_more_calls_than_are_made_unasked_are_asked_about(sandbox: RunningInfo) -> None:
    person = Person()
    checked, calls = await check(sandbox, person)
    assert checked is not None
    assert (len(person.asked), len(calls), checked.calls_made) == (1, 2, 2)
    assert [one.reason for one in checked.rejects] == [
        "there is no lead NO1", "there is no lead NO2",
    ]  # fmt: skip


async def test_a_no_reads_nothing(sandbox: RunningInfo) -> None:
    assert await check(sandbox, Person(answer=False)) == (None, [])


async def test_where_no_one_can_be_asked_it_is_refused(sandbox: RunningInfo) -> None:
    with pytest.raises(CallsNotAllowed, match="Say so"):
        await check(sandbox, Person(can_ask=False))
