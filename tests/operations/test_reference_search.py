"""Who points at records that are deleted is searched for, told, and pointed at the new ids."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cmdm_tui.api import Parent
from cmdm_tui.catalog import Account
from cmdm_tui.changes import references
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.preview import ChangePreview
from cmdm_tui.changes.reference_notes import note_references
from cmdm_tui.operations.confirmation import WritePolicy
from cmdm_tui.operations.query import CallPolicy, CallsNotAllowed
from cmdm_tui.operations.reference_search import ReferenceSearch, SearchDeclined
from cmdm_tui.operations.write import WriteOperation
from cmdm_tui.query.engine import Engine
from cmdm_tui.sandbox import RunningInfo
from tests.operations.test_write import Person
from tests.services import CountedNetwork, profile_of


def show_nothing(_: ChangeSet, __: ChangePreview) -> None:
    """Show nothing."""


@dataclass
class Bench:
    """An account of the sandbox, in which a contact and a task point at `gone`, and one run."""

    account: Account
    network: CountedNetwork
    engine: Engine
    person: Person
    journal: Journal
    gone: str
    contact: str
    task: str

    def search(self, **policy: object) -> ReferenceSearch:
        calls = CallPolicy("Say --yes", **policy)  # pyright: ignore[reportArgumentType]
        return ReferenceSearch(self.account, self.engine, self.person, calls)

    @property
    def operation(self) -> WriteOperation:
        policy = WritePolicy("never", "Say --yes")
        return WriteOperation(self.account, self.journal, self.person, policy, show=show_nothing)

    def make(self, *changes: Change) -> ChangeSet:
        username = self.account.profile.credentials.username
        return ChangeSet(changes, "a test", self.account.client.address, username, 0.0)

    async def delete(self) -> JournalRun:
        change = Change(ChangeKind.DELETE, "account", self.gone)
        run = (await self.operation.apply(self.make(change))).run
        assert run is not None
        self.network.taken()
        return run

    async def value(self, entity: str, external_id: str, name: str) -> object:
        return (await self.account.client.record(entity, external_id)).properties[name]


@pytest.fixture
async def bench(sandbox: RunningInfo, tmp_path: Path) -> AsyncIterator[Bench]:
    network = CountedNetwork()
    profile = profile_of(sandbox)
    async with Account.open(profile, catalogs=None, transport=network) as account:
        client = account.client
        gone = (await client.create("account", {"Name": "Ash"})).external_id
        contact = await client.create("contact", {"LastName": "Elm", "AccountExternalID": gone})
        parent = Parent("account", gone)
        task = await client.create("task", {"Subject": "Ring"}, parent=parent)
        engine = Engine(account)
        with Journal.open(tmp_path / "journal.sqlite") as journal:
            yield Bench(
                account, network, engine, Person(), journal,
                gone, contact.external_id, task.external_id,
            )  # fmt: skip
        engine.close()


async def test_an_undo_finds_who_points_at_the_old_id_and_points_it_at_the_new_one(
    bench: Bench,
) -> None:
    run = await bench.delete()
    undo = await bench.operation.plan_undo(run, search=bench.search())
    update = undo.changes[1]
    assert (update.entity, update.external_id) == ("contact", bench.contact)
    assert (update.before, update.references) == (
        {"AccountExternalID": bench.gone},
        {"AccountExternalID": 0},
    )
    notes = " ".join(undo.notes)
    assert "1 record of contact points at an old id by AccountExternalID, and will" in notes
    assert f"which the API does not let change: {bench.task}." in notes
    assert "not looked for" not in notes
    undone = (await bench.operation.apply(undo, undo_of=run.id)).run
    assert undone is not None
    new_id = undone.entries[0].result_id
    assert await bench.value("contact", bench.contact, "AccountExternalID") == new_id
    assert await bench.value("task", bench.task, "RelatedExternalID") == bench.gone


async def test_a_search_that_takes_no_lookup_for_one_would_be_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    def is_none(_name: str, _field: object) -> bool:
        return False

    monkeypatch.setattr(references, "is_reference", is_none)
    undo = await bench.operation.plan_undo(await bench.delete(), search=bench.search())
    assert len(undo.changes) == 1


async def test_without_a_search_nothing_is_read_of_others_and_how_to_search_is_said(
    bench: Bench,
) -> None:
    run = await bench.delete()
    undo = await bench.operation.plan_undo(run)
    assert len(undo.changes) == 1
    assert f"cmdm journal undo {run.id} --find-references" in undo.notes[-1]
    assert [one.split("?")[0] for one in bench.network.taken()] == ["account/fields"]


async def test_an_undo_that_was_made_before_can_be_asked_to_search_later(bench: Bench) -> None:
    run = await bench.delete()
    first = (await bench.operation.apply(await bench.operation.plan_undo(run), undo_of=run.id)).run
    assert first is not None
    undo = await bench.operation.plan_undo(run, search=bench.search())
    assert [one.properties for one in undo.changes] == [
        {"AccountExternalID": first.entries[0].result_id}
    ]


async def test_a_contact_that_has_moved_on_since_is_left_where_it_is(bench: Bench) -> None:
    run = await bench.delete()
    undo = await bench.operation.plan_undo(run, search=bench.search())
    await bench.account.client.update("contact", bench.contact, {"AccountExternalID": None})
    undone = (await bench.operation.apply(undo)).run
    assert undone is not None
    assert undone.entries[1].state == "conflict"
    assert await bench.value("contact", bench.contact, "AccountExternalID") is None


async def test_what_the_undo_deletes_or_puts_back_is_no_reference(bench: Bench) -> None:
    """The run has moved one contact to the account, and made another of it, before it went."""
    ash = await bench.account.client.create("account", {"Name": "Oak"})
    bench.gone, old = ash.external_id, bench.gone
    moved = Change(ChangeKind.UPDATE, "contact", bench.contact, {"AccountExternalID": bench.gone})
    new = Change(
        ChangeKind.CREATE, "contact",
        properties={"LastName": "New", "AccountExternalID": bench.gone},
    )  # fmt: skip
    gone = Change(ChangeKind.DELETE, "account", bench.gone)
    run = (await bench.operation.apply(bench.make(moved, new, gone))).run
    assert run is not None
    undo = await bench.operation.plan_undo(run, search=bench.search())
    assert [one.kind for one in undo.changes] == ["create", "delete", "update"]
    assert undo.changes[2].properties == {"AccountExternalID": old}
    assert "No record outside of this run was found" in " ".join(undo.notes)


async def test_a_search_is_asked_about_as_any_query_is(bench: Bench) -> None:
    run = await bench.delete()
    bench.person.can_ask = False
    with pytest.raises(CallsNotAllowed, match="Say --yes"):
        await bench.operation.plan_undo(run, search=bench.search(unasked=0))
    bench.person.can_ask, bench.person.answer = True, False
    with pytest.raises(SearchDeclined):
        await bench.operation.plan_undo(run, search=bench.search(unasked=0))


async def test_entities_that_the_calls_do_not_reach_are_named(bench: Bench) -> None:
    found = await bench.search(max_calls=1, is_allowed=True).find({("account", bench.gone)})
    assert (found.calls_made, found.searched) == (1, ("lead",))
    assert found.skipped == ("contact", "task", "opportunity")
    noted = note_references(bench.make(), found)
    assert "not looked for to the end in contact, task, opportunity" in noted.notes[-1]


async def test_a_delete_tells_who_points_at_what_it_deletes(bench: Bench) -> None:
    delete = bench.make(
        Change(ChangeKind.DELETE, "account", bench.gone),
        Change(ChangeKind.DELETE, "task", bench.task),
    )
    keys = {("account", bench.gone), ("task", bench.task)}
    noted = note_references(delete, await bench.search().find(keys))
    assert noted.notes[0] == (
        "1 record of contact points at a record that is deleted, by AccountExternalID, and will "
        f"point at nothing: {bench.contact}."
    )
    assert bench.task not in " ".join(noted.notes)


async def test_nothing_is_read_where_nothing_is_made_again(bench: Bench) -> None:
    bench.network.taken()
    assert (await bench.search().find(())).searched == ()
    assert bench.network.taken() == []
