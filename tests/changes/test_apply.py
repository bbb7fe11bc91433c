"""Applying: what is sent, in which order, and what is not."""

import asyncio
import dataclasses
from pathlib import Path

import httpx
import pytest

from cmdm_tui.api import Client
from cmdm_tui.api.models import Parent
from cmdm_tui.changes.apply import ChangeApplier
from cmdm_tui.changes.apply_events import ChangeApplied
from cmdm_tui.changes.change_file import load_change_set, save_change_set
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.errors import InvalidChange, OtherAccount, RunInUse
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.changes.lookup_check import list_lookups, reject_missing
from cmdm_tui.changes.refused import make_refused_set
from cmdm_tui.sandbox import RunningInfo
from tests.changes.conftest import Bench, create, delete, pass_on, states, update
from tests.services import CountedNetwork, profile_of


async def test_every_kind_of_change_is_done(bench: Bench) -> None:
    account, other = await bench.ids("account", 2)
    task = (await bench.ids("task", 1))[0]
    lead = (await bench.client.create("lead", {"LastName": "Oak"})).external_id
    city = await bench.value("account", account, "City")
    run, summary = await bench.apply(
        create("account", Name="Ash & Co"),
        update("account", account, {"City": city}, City="Hull"),
        delete("account", other),
        Change(ChangeKind.CONVERT, "lead", lead),
        Change(ChangeKind.CLOSE, "task", task),
    )  # fmt: skip
    assert states(run) == ["done"] * 5
    assert summary.is_complete
    assert not summary.has_failures
    assert await bench.value("account", summary.created_ids[1], "Name") == "Ash & Co"
    assert await bench.value("account", account, "City") == "Hull"
    assert await bench.value("lead", lead, "AccountExternalID") == run.entries[3].result_id
    assert await bench.value("task", task, "Status") == "Closed"
    assert other not in await bench.ids("account", 1_000)


async def test_an_update_takes_a_read_and_a_write_and_the_summary_counts_them(bench: Bench) -> None:
    ids = await bench.ids("lead", 5)
    wanted = [update("lead", one, {}, City="Hull") for one in ids]
    _, summary = await bench.apply(*wanted)
    assert sorted(bench.network.taken()) == sorted(f"lead/{one}" for one in ids * 2)
    assert summary.calls_made == 10


async def test_without_rechecks_an_update_takes_one_call(bench: Bench) -> None:
    ids = await bench.ids("lead", 2)
    _, summary = await bench.apply(
        *(update("lead", one, {}, City="Hull") for one in ids), rechecks=False
    )
    assert summary.calls_made == len(bench.network.taken()) == 2


async def test_what_has_changed_since_it_was_read_is_a_conflict_and_not_overwritten(
    bench: Bench,
) -> None:
    lead = (await bench.ids("lead", 1))[0]
    city = await bench.value("lead", lead, "City")
    change = update("lead", lead, {"City": city}, City="Hull")
    await bench.client.update("lead", lead, {"City": "Leeds"})
    run, summary = await bench.apply(change)
    assert states(run) == ["conflict"]
    assert run.entries[0].reason == f"City was {city!r} and is 'Leeds'"
    assert await bench.value("lead", lead, "City") == "Leeds"
    assert summary.has_failures


async def test_without_rechecks_it_is_overwritten(bench: Bench) -> None:
    """The broken twin: the test of conflicts can fail."""
    lead = (await bench.ids("lead", 1))[0]
    change = update("lead", lead, {"City": await bench.value("lead", lead, "City")}, City="Hull")
    await bench.client.update("lead", lead, {"City": "Leeds"})
    run, _ = await bench.apply(change, rechecks=False)
    assert states(run) == ["done"]
    assert await bench.value("lead", lead, "City") == "Hull"


async def test_a_change_of_another_field_is_no_conflict(bench: Bench) -> None:
    lead = (await bench.ids("lead", 1))[0]
    change = update("lead", lead, {"City": await bench.value("lead", lead, "City")}, City="Hull")
    await bench.client.update("lead", lead, {"Company": "Elm plc"})
    run, _ = await bench.apply(change)
    assert states(run) == ["done"]
    assert await bench.value("lead", lead, "Company") == "Elm plc"


async def test_a_record_that_holds_the_values_already_is_not_written(bench: Bench) -> None:
    lead = (await bench.ids("lead", 1))[0]
    change = update("lead", lead, {"City": await bench.value("lead", lead, "City")}, City="Hull")
    await bench.client.update("lead", lead, {"City": "Hull"})
    bench.network.taken()
    run, _ = await bench.apply(change)
    assert states(run) == ["unchanged"]
    assert bench.network.taken() == [f"lead/{lead}"]


async def test_a_phone_that_gets_its_plus_is_written(bench: Bench) -> None:
    """As numbers both are equal."""
    lead = (await bench.ids("lead", 1))[0]
    await bench.client.update("lead", lead, {"Phone": "447700900123"})
    run, _ = await bench.apply(
        update("lead", lead, {"Phone": "447700900123"}, Phone="+447700900123")
    )
    assert states(run) == ["done"]
    assert await bench.value("lead", lead, "Phone") == "+447700900123"


async def test_a_record_that_changed_is_not_deleted(bench: Bench) -> None:
    lead = (await bench.ids("lead", 1))[0]
    before = dict((await bench.client.record("lead", lead)).properties)
    await bench.client.update("lead", lead, {"Notes": "Call on Monday"})
    run, _ = await bench.apply(delete("lead", lead, before))
    assert states(run) == ["conflict"]
    assert await bench.value("lead", lead, "Notes") == "Call on Monday"


async def test_a_record_that_was_only_dated_again_is_deleted(bench: Bench) -> None:
    lead = (await bench.ids("lead", 1))[0]
    before = dict((await bench.client.record("lead", lead)).properties)
    before["ModifiedDate"] = "2001-01-01T00:00:00Z"
    run, _ = await bench.apply(delete("lead", lead, before))
    assert states(run) == ["done"]


async def test_a_record_that_is_gone_needs_no_delete_and_allows_no_update(bench: Bench) -> None:
    lead = (await bench.ids("lead", 1))[0]
    await bench.client.delete("lead", lead)
    run, _ = await bench.apply(
        delete("lead", lead), update("lead", lead, {"City": "Hull"}, City="York")
    )
    assert states(run) == ["unchanged", "conflict"]


async def test_changes_of_one_record_are_sent_in_order_and_build_on_each_other(
    bench: Bench,
) -> None:
    lead = (await bench.ids("lead", 1))[0]
    before = dict((await bench.client.record("lead", lead)).properties)
    cities = [f"City {number}" for number in range(6)]
    run, _ = await bench.apply(
        *(update("lead", lead, {"City": before["City"]}, City=one) for one in cities),
        delete("lead", lead, before),
    )
    assert states(run) == ["done"] * 7


async def test_a_new_record_may_refer_to_one_that_comes_after_it(bench: Bench) -> None:
    contact = dataclasses.replace(
        create("contact", LastName="Ash"), references={"AccountExternalID": 1}
    )
    task = dataclasses.replace(create("task", Subject="Call"), parent_reference=1)
    run, summary = await bench.apply(contact, create("account", Name="Ash & Co"), task)
    assert states(run) == ["done"] * 3
    account = summary.created_ids[2]
    linked = await bench.value("contact", summary.created_ids[1], "AccountExternalID")
    assert linked == account
    assert await bench.value("task", summary.created_ids[3], "RelatedExternalID") == account


async def test_what_needs_a_record_that_was_refused_is_skipped_with_a_reason(bench: Bench) -> None:
    contact = dataclasses.replace(
        create("contact", LastName="Ash"), references={"AccountExternalID": 0}
    )
    run, summary = await bench.apply(create("account", City="Hull"), contact)
    assert states(run) == ["refused", "skipped"]
    assert "Name is required" in run.entries[0].reason
    assert run.entries[1].reason == "it needs the account of change 1, which was not created"
    assert summary.is_complete


async def test_an_update_of_a_new_record_is_sent_once_that_is_created(bench: Bench) -> None:
    owner = dataclasses.replace(
        Change(ChangeKind.UPDATE, "account", before={"Owner": None}),
        references={"Owner": 1},
        record_reference=2,
    )
    run, summary = await bench.apply(
        owner, create("contact", LastName="Ash"), create("account", Name="A")
    )
    assert states(run) == ["done"] * 3
    account, contact = summary.created_ids[3], summary.created_ids[2]
    assert await bench.value("account", account, "Owner") == contact
    loaded = bench.journal.load(run.id)
    assert loaded.entries[0].change.external_id == account
    assert loaded.change_set.changes[0] == owner


async def test_an_update_of_a_record_that_was_refused_is_skipped_and_kept_with_it(
    bench: Bench,
) -> None:
    owner = dataclasses.replace(update("account", "", {}, Owner="Ann"), external_id=None)
    run, _ = await bench.apply(
        create("account", City="Hull"), dataclasses.replace(owner, record_reference=0)
    )
    assert states(run) == ["refused", "skipped"]
    refused = make_refused_set(run)
    assert refused is not None
    assert refused.change_set.changes[1].record_reference == 0


async def test_what_was_refused_is_kept_with_reasons_and_can_be_applied_again(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory
) -> None:
    account = create("account", Name="Ash & Co")
    bad = dataclasses.replace(create("task", Type="Call"), parent_reference=0)
    worse = dataclasses.replace(
        create("contact", FirstName="A"), references={"AccountExternalID": 0}
    )
    run, summary = await bench.apply(account, bad, worse)
    assert states(run) == ["done", "refused", "refused"]
    refused = make_refused_set(run)
    assert refused is not None
    path = tmp_path_factory.mktemp("refused") / "refused.jsonl"
    save_change_set(path, refused.change_set, reasons=refused.reasons)
    assert "Subject is required" in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace('"Type": "Call"', '"Subject": "Call"'))
    again = load_change_set(path)
    assert again.changes[0].parent == Parent("account", summary.created_ids[1])
    second, _ = await bench.apply(*again.changes)
    assert states(second) == ["done", "refused"]
    assert make_refused_set((await bench.apply(account))[0]) is None


async def test_it_stops_at_the_first_failure_where_asked(bench: Bench) -> None:
    bad, good = create("account", City="Hull"), create("account", Name="Ash")
    run, summary = await bench.apply(good, bad, good, good, stops_on_error=True, concurrency=1)
    assert states(run) == ["done", "refused", "pending", "pending"]
    assert summary.stop_reason == "change 2 ended as refused"
    assert not summary.is_complete


async def test_a_stop_after_the_last_change_ended_nothing_early(bench: Bench) -> None:
    bench.stops_at = lambda event: isinstance(event, ChangeApplied) and event.finished == 2
    _, summary = await bench.apply(create("account", Name="A"), create("account", Name="B"))
    assert summary.is_complete
    assert summary.stop_reason == ""


async def test_it_stops_in_good_order_and_goes_on_later(bench: Bench) -> None:
    run = bench.begin(*(create("account", Name=f"Ash {n}") for n in range(8)), concurrency=2)
    bench.stops_at = lambda event: isinstance(event, ChangeApplied) and event.finished == 3
    summary = await bench.applier(run).run()
    assert summary.stop_reason == "it was stopped"
    assert 3 <= states(run).count("done") <= 4
    assert states(run).count("sending") == 0
    assert states(await bench.resume(run)) == ["done"] * 8


async def test_no_more_records_are_changed_at_once_than_asked(bench: Bench) -> None:
    await bench.client.sign_in()
    await bench.apply(*(create("account", Name=f"Ash {n}") for n in range(12)), concurrency=3)
    assert bench.network.most_under_way == 3


async def test_a_run_is_applied_by_one_at_a_time(bench: Bench) -> None:
    run = bench.begin(create("account", Name="Ash"))
    with run.hold():
        assert bench.journal.is_in_use(run.id)
        with pytest.raises(RunInUse, match="is being applied already"):
            await bench.applier(bench.journal.load(run.id)).run()
    assert not bench.journal.is_in_use(run.id)
    assert bench.network.taken() == []


async def test_a_run_that_another_has_ended_meanwhile_sends_nothing(bench: Bench) -> None:
    run = bench.begin(create("account", Name="Ash"))
    stale = bench.journal.load(run.id)
    await bench.applier(run).run()
    bench.network.taken()
    await bench.applier(stale).run()
    assert bench.network.taken() == []
    assert states(stale) == ["done"]


async def test_changes_for_another_account_are_not_sent(bench: Bench) -> None:
    made = ChangeSet((create("account", Name="A"),), "t", "https://other.example/api/v1", "u", 0.0)
    run = bench.journal.begin(made, profile="tried")
    with pytest.raises(OtherAccount, match="are for https://other"):
        await bench.applier(run).run()
    assert bench.network.taken() == []


async def test_a_change_set_that_is_not_sound_is_not_begun(bench: Bench) -> None:
    loop = [
        dataclasses.replace(create("task", Subject="A"), parent_reference=1),
        dataclasses.replace(create("task", Subject="B"), parent_reference=0),
    ]
    with pytest.raises(InvalidChange, match="in a circle"):
        bench.begin(*loop)
    with pytest.raises(InvalidChange, match="names no record"):
        bench.begin(Change(ChangeKind.DELETE, "lead"))
    assert bench.journal.runs() == []


async def test_events_count_what_is_finished(bench: Bench) -> None:
    await bench.apply(*(create("account", Name=f"Ash {n}") for n in range(3)))
    applied = [event for event in bench.events if isinstance(event, ChangeApplied)]
    assert [(one.finished, one.total) for one in applied] == [(1, 3), (2, 3), (3, 3)]
    assert applied[-1].calls_made == 3
    assert applied[-1].calls_left is not None


async def test_a_cancelled_run_leaves_what_was_under_way_in_doubt_and_is_resumed(
    bench: Bench,
) -> None:
    run = bench.begin(create("account", Name="Ash"), create("account", Name="Elm"), concurrency=1)
    reached = asyncio.Event()

    async def hang(request: httpx.Request) -> None:
        if request.url.path.endswith("/account"):
            reached.set()
            await asyncio.Event().wait()

    bench.network.after = hang
    task = asyncio.create_task(bench.applier(run).run())
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    bench.network.after = pass_on
    assert states(run) == ["sending", "pending"]
    resumed = await bench.resume(run)
    assert states(resumed) == ["done", "done"]
    page = await bench.client.page("account", per_page=1_000, page=1)
    names = [record.properties["Name"] for record in page.records]
    assert names.count("Ash") == names.count("Elm") == 1


async def test_no_secret_comes_into_the_journal(
    bench: Bench, sandbox: RunningInfo, journal: Journal, tmp_path: Path
) -> None:
    await bench.apply(create("account", Name="A"), create("account", Name="x" * 300))
    token = bench.client._sign_in
    path = tmp_path / "journal" / "journal.sqlite"
    kept = path.read_bytes() + path.with_name("journal.sqlite-wal").read_bytes()
    assert b"is longer than" in kept
    for secret in (sandbox.password, sandbox.client_secret, sandbox.client_id):
        assert secret.encode() not in kept
        assert token.redact(secret) != secret


async def test_a_read_only_profile_changes_nothing(sandbox: RunningInfo, bench: Bench) -> None:
    profile, lead = profile_of(sandbox), (await bench.ids("lead", 1))[0]
    run = bench.begin(update("lead", lead, {}, City="Hull"), create("account", Name="A"))
    async with Client(
        profile.url, profile.credentials, transport=CountedNetwork(), read_only=True
    ) as client:
        summary = await ChangeApplier(client, run).run()
    assert states(run) == ["pending", "pending"]
    assert summary.stop_reason == "the account cannot be used"
    assert "read-only" in str(summary.error)


async def test_changes_whose_lookups_do_not_exist_are_rejected(bench: Bench) -> None:
    account = (await bench.ids("account", 1))[0]
    fields = {"contact": await bench.client.all_fields("contact")}
    wanted = [
        create("contact", LastName="A", AccountExternalID=account),
        create("contact", LastName="B", AccountExternalID="NONE0000"),
        create("contact", LastName="C", AccountExternalID="NONE0000"),
        Change(ChangeKind.CREATE, "task", parent=Parent("lead", "NONE0001")),
    ]
    named = [("account", account), ("account", "NONE0000"), ("lead", "NONE0001")]
    assert list_lookups(wanted, fields) == tuple(named)
    kept, rejects = reject_missing(wanted, fields, named[1:])
    assert kept == (wanted[0],)
    assert [reject.reason for reject in rejects] == [
        "there is no account NONE0000",
        "there is no account NONE0000",
        "there is no lead NONE0001",
    ]
    assert rejects[0].column == "AccountExternalID"


def test_only_what_may_go_on_is_open() -> None:
    assert {state for state in EntryState if state.is_open} == {
        EntryState.PENDING, EntryState.SENDING, EntryState.UNKNOWN,
    }  # fmt: skip
