"""Undo: what a run has done is taken back, where no one has changed it since."""

import dataclasses

from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.schedule import ChangeSchedule
from cmdm_tui.changes.undo import make_undo
from cmdm_tui.sandbox import RunningInfo
from tests.changes.conftest import Bench, create, delete, open_bench, states, update


async def test_updates_are_put_back_creates_deleted_and_deletes_made_again(
    sandbox: RunningInfo, bench: Bench
) -> None:
    lead, other = await bench.ids("lead", 2)
    before = dict((await bench.client.record("lead", lead)).properties)
    gone = dict((await bench.client.record("lead", other)).properties)
    async with open_bench(sandbox, bench.journal, marks=False) as unmarked:
        run, summary = await unmarked.apply(
            create("account", Name="Ash & Co"),
            update("lead", lead, {"City": before["City"]}, City="Hull", Notes="New"),
            delete("lead", other, gone),
        )
        undo = await make_undo(run, unmarked.client)
        assert [change.kind.value for change in undo.changes] == ["create", "update", "delete"]
        assert undo.changes[2].external_id == summary.created_ids[1]
        assert undo.title == f"Undo of run {run.id}: a test"
        assert "1 deleted record will have a new id" in undo.notes[0]
        undone = unmarked.journal.begin(undo, profile="tried", undo_of=run.id)
        assert (await unmarked.applier(undone).run()).is_complete
    assert states(undone) == ["done"] * 3
    assert undone.summary.undo_of == run.id
    after = dict((await bench.client.record("lead", lead)).properties)
    assert {**after, "ModifiedDate": None} == {**before, "ModifiedDate": None}
    remade = (await bench.client.record("lead", undone.entries[0].result_id or "")).properties
    dates = {"CreatedDate": None, "ModifiedDate": None}
    assert {**remade, **dates} == {
        **gone,
        **dates,
        "AccountExternalID": remade["AccountExternalID"],
    }
    assert summary.created_ids[1] not in await bench.ids("account", 1_000)


async def test_a_value_that_another_has_changed_is_not_put_back(bench: Bench) -> None:
    lead = (await bench.ids("lead", 1))[0]
    city = await bench.value("lead", lead, "City")
    run, _ = await bench.apply(update("lead", lead, {"City": city}, City="Hull", Notes="New"))
    await bench.client.update("lead", lead, {"City": "Leeds"})
    undo = await make_undo(run, bench.client)
    assert [dict(change.properties).keys() for change in undo.changes] == [{"Notes"}]
    assert undo.rejects[0].column == "City"
    assert "was written as 'Hull' and is 'Leeds' now" in undo.rejects[0].reason


async def test_a_created_record_that_another_has_changed_is_kept(bench: Bench) -> None:
    run, summary = await bench.apply(create("account", Name="Ash & Co"))
    await bench.client.update("account", summary.created_ids[1], {"Name": "Ash plc"})
    undo = await make_undo(run, bench.client)
    assert undo.changes == ()
    assert undo.rejects[0].column == "Name"


async def test_what_is_as_before_already_needs_no_undo(bench: Bench) -> None:
    lead = (await bench.ids("lead", 1))[0]
    city = await bench.value("lead", lead, "City")
    run, _ = await bench.apply(update("lead", lead, {"City": city}, City="Hull"))
    await bench.client.update("lead", lead, {"City": city})
    undo = await make_undo(run, bench.client)
    assert (undo.changes, undo.unchanged) == ((), 1)


async def test_several_updates_of_one_record_are_taken_back_as_one(bench: Bench) -> None:
    lead = (await bench.ids("lead", 1))[0]
    city = await bench.value("lead", lead, "City")
    run, _ = await bench.apply(
        *(update("lead", lead, {"City": city}, City=one) for one in ("Hull", "Leeds", "York"))
    )
    undo = await make_undo(run, bench.client)
    assert [change.properties for change in undo.changes] == [{"City": city}]
    assert undo.calls_made == 1


async def test_old_values_that_were_read_just_before_are_put_back_too(bench: Bench) -> None:
    """Of a change set that was made without reading."""
    lead = (await bench.ids("lead", 1))[0]
    city = await bench.value("lead", lead, "City")
    change = Change(ChangeKind.UPDATE, "lead", lead, {"City": "Hull"})
    run, _ = await bench.apply(change)
    undo = await make_undo(run, bench.client)
    assert undo.changes[0].properties == {"City": city}


async def test_what_was_never_read_cannot_be_put_back_and_that_is_said(bench: Bench) -> None:
    lead, other = await bench.ids("lead", 2)
    change = Change(ChangeKind.UPDATE, "lead", lead, {"City": "Hull"})
    run, _ = await bench.apply(change, delete("lead", other), rechecks=False)
    undo = await make_undo(run, bench.client)
    assert undo.changes == ()
    assert {one.reason for one in undo.rejects} == {
        "its old value was not read",
        "it was deleted and not read before, so it cannot be made again",
    }


async def test_conversions_and_closings_are_named_as_not_undoable(bench: Bench) -> None:
    lead = (await bench.client.create("lead", {"LastName": "Oak"})).external_id
    task = (await bench.ids("task", 1))[0]
    run, _ = await bench.apply(
        Change(ChangeKind.CONVERT, "lead", lead), Change(ChangeKind.CLOSE, "task", task)
    )
    undo = await make_undo(run, bench.client)
    assert undo.changes == ()
    assert undo.notes == (
        f"1 conversion cannot be taken back: {lead}.",
        f"1 closing cannot be taken back: {task}.",
    )


async def test_records_deleted_together_point_at_each_other_again(bench: Bench) -> None:
    account = (await bench.client.create("account", {"Name": "Ash"})).external_id
    contact = (
        await bench.client.create("contact", {"LastName": "Ash", "AccountExternalID": account})
    ).external_id
    kept = (
        await bench.client.create("contact", {"LastName": "Elm", "AccountExternalID": account})
    ).external_id
    run, _ = await bench.apply(
        Change(ChangeKind.UPDATE, "contact", kept, {"AccountExternalID": None}),
        delete("contact", contact),
        delete("account", account),
    )
    undo = await make_undo(run, bench.client)
    told = f"contact {kept} (AccountExternalID), contact {contact} (AccountExternalID)"
    assert any(all(part in note for part in told.split(", ")) for note in undo.notes)
    undone, _ = await bench.apply(*undo.changes)
    ids = {entry.change.entity: entry.result_id for entry in undone.entries if entry.result_id}
    linked = await bench.value("contact", ids["contact"] or "", "AccountExternalID")
    assert linked == ids["account"]
    assert await bench.value("contact", kept, "AccountExternalID") == ids["account"]


async def test_what_an_undo_made_again_is_not_made_twice(bench: Bench) -> None:
    account = (await bench.client.create("account", {"Name": "Ash"})).external_id
    contact = (
        await bench.client.create("contact", {"LastName": "Ash", "AccountExternalID": account})
    ).external_id
    run, _ = await bench.apply(delete("contact", contact), delete("account", account))
    undo = await make_undo(run, bench.client)
    undone = bench.journal.begin(undo, profile="tried", undo_of=run.id)
    bench.stops_at = lambda _: True
    await bench.applier(undone).run()

    # Stopped after the account: it stands, and the contact may be made by a resume.
    assert states(undone) == ["done", "pending"]
    new_account = undone.entries[0].result_id or ""
    again = await make_undo(run, bench.client, earlier=bench.journal.load_undos(run.id))
    assert again.changes == ()
    assert again.unchanged == 1
    assert f"Run {undone.id} made 1 deleted record again already: account {new_account}." in (
        again.notes
    )
    assert [f"cmdm journal resume {undone.id}" in reject.reason for reject in again.rejects] == [
        True
    ]

    undone.set_state(2, EntryState.REFUSED, reason="the service refused it")
    again = await make_undo(run, bench.client, earlier=bench.journal.load_undos(run.id))
    (change,) = again.changes
    assert (change.kind, change.entity) == (ChangeKind.CREATE, "contact")
    assert change.properties["AccountExternalID"] == new_account

    # What was made and is gone is made once more; so is everything where no undo is known of.
    await bench.client.delete("account", new_account)
    again = await make_undo(run, bench.client, earlier=bench.journal.load_undos(run.id))
    assert [change.entity for change in again.changes] == ["account", "contact"]
    assert len((await make_undo(run, bench.client)).changes) == 2


async def test_a_task_made_again_belongs_to_the_record_made_again(bench: Bench) -> None:
    account = create("account", Name="Ash")
    task = dataclasses.replace(create("task", Subject="Call"), parent_reference=0)
    made, summary = await bench.apply(account, task)
    assert states(made) == ["done", "done"]
    run, _ = await bench.apply(
        delete("task", summary.created_ids[2]), delete("account", summary.created_ids[1])
    )
    undo = await make_undo(run, bench.client)
    undone, again = await bench.apply(*undo.changes)
    assert states(undone) == ["done", "done"]
    new = {undone.entry(number).change.entity: one for number, one in again.created_ids.items()}
    assert await bench.value("task", new["task"], "RelatedExternalID") == new["account"]


async def test_what_is_in_doubt_or_pending_is_not_taken_back_and_that_is_said(bench: Bench) -> None:
    run = bench.begin(create("account", Name="Ash"), create("account", Name="Elm"))
    run.mark_sending(
        1, write=bench.client.prepare_create("account", {"Name": "Ash"}), observed=None
    )
    undo = await make_undo(run, bench.client)
    assert undo.notes == (
        "In doubt, and not taken back: 1 change.",
        "The run is not complete: what is still pending is not part of this.",
    )


async def test_what_points_at_a_record_is_deleted_before_it(bench: Bench) -> None:
    contacts = [
        dataclasses.replace(create("contact", LastName=name), references={"AccountExternalID": 0})
        for name in "ABCDEF"
    ]
    run, summary = await bench.apply(create("account", Name="Ash & Co"), *contacts)
    undo = await make_undo(run, bench.client)
    bench.network.requests.clear()
    await bench.applier(bench.journal.begin(undo, profile="tried")).run()
    deletes = [one for one in bench.network.requests if one.startswith("DELETE")]
    assert len(deletes) == 7
    assert deletes[-1] == f"DELETE account/{summary.created_ids[1]}"


async def test_what_a_record_that_is_kept_points_at_is_kept_too(bench: Bench) -> None:
    contact = dataclasses.replace(
        create("contact", LastName="Ash"), references={"AccountExternalID": 0}
    )
    run, summary = await bench.apply(
        create("account", Name="Ash & Co"), contact, create("account", Name="Elm & Co")
    )
    await bench.client.update("contact", summary.created_ids[2], {"LastName": "Oak"})
    undo = await make_undo(run, bench.client)
    assert [change.external_id for change in undo.changes] == [summary.created_ids[3]]
    reasons = [reject.reason for reject in undo.rejects]
    assert reasons[1] == f"contact {summary.created_ids[2]} points at it and is kept"


def test_a_record_waits_for_the_deletes_of_what_points_at_it() -> None:
    changes = [
        delete("contact", "C1", {"AccountExternalID": "A1"}),
        delete("account", "A1", {"Name": "Ash", "ParentID": "A2"}),
        delete("account", "A2", {"ParentID": "A1"}),
        delete("account", "A3", {"Name": "A1"}),
    ]
    schedule = ChangeSchedule([JournalEntry(at, one) for at, one in enumerate(changes, 1)])
    assert [schedule.take(), schedule.take(), schedule.take()] == [1, 4, None]
    schedule.finish(1)
    assert [schedule.take(), schedule.take()] == [2, None]
    schedule.finish(2)
    assert schedule.take() == 3


async def test_who_pointed_at_an_old_id_and_was_left_in_place_is_told(bench: Bench) -> None:
    """Known of the run alone: the delete of the contact was refused as it had changed."""
    account = (await bench.client.create("account", {"Name": "Ash"})).external_id
    contact = (
        await bench.client.create("contact", {"LastName": "Ash", "AccountExternalID": account})
    ).external_id
    read = dict((await bench.client.record("contact", contact)).properties)
    await bench.client.update("contact", contact, {"City": "Hull"})
    run, _ = await bench.apply(delete("contact", contact, read), delete("account", account))
    assert states(run) == ["conflict", "done"]
    undo = await make_undo(run, bench.client)
    assert undo.notes[1] == (
        "1 record of contact of this run points at an old id by AccountExternalID, unless that has "
        f"changed since: {contact}."
    )
