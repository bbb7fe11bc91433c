"""Resuming: what was about to be sent is looked for; nothing is done twice, and nothing lost."""

import asyncio
import dataclasses

import httpx
import pytest

from cmdm_tui.api.models import PendingWrite, Properties
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.journal import JournalRun
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.sandbox import RunningInfo
from tests.changes.conftest import Bench, create, delete, open_bench, pass_on, states, update

KINDS = list(ChangeKind)


async def make_change(bench: Bench, kind: ChangeKind) -> Change:
    """Return a change of the kind, of a new record."""
    match kind:
        case ChangeKind.CREATE:
            return create("account", Name="Ash & Co")
        case ChangeKind.CLOSE:
            task = await bench.client.create("task", {"Subject": "Call", "Status": "Open"})
            return Change(kind, "task", task.external_id)
        case _:
            lead = (
                await bench.client.create("lead", {"LastName": "Oak", "City": "York"})
            ).external_id
            before = dict((await bench.client.record("lead", lead)).properties)
            if kind is ChangeKind.UPDATE:
                return update("lead", lead, {"City": "York"}, City="Hull")
            return Change(kind, "lead", lead, before=before)


async def write(bench: Bench, run: JournalRun, *, is_done: bool) -> None:
    """Leave the first change of a run as a program leaves it that is killed while it is sent."""
    change = run.entries[0].change
    sent = PendingWrite(change.entity, change.properties)
    if change.kind is ChangeKind.CREATE:
        sent = bench.client.prepare_create(change.entity, change.properties)
    elif change.kind is ChangeKind.CONVERT:
        sent = PendingWrite("lead", {}, lead_id=change.external_id)
    run.mark_sending(1, write=sent, observed=change.before)
    if not is_done:
        return
    match change.kind:
        case ChangeKind.CREATE:
            await bench.client.send_create(sent)
        case ChangeKind.UPDATE:
            await bench.client.update("lead", change.external_id or "", change.properties)
        case ChangeKind.DELETE:
            await bench.client.delete("lead", change.external_id or "")
        case ChangeKind.CONVERT:
            await bench.client.convert_lead(change.external_id or "")
        case ChangeKind.CLOSE:
            await bench.client.close_task(change.external_id or "")


def written(bench: Bench) -> list[str]:
    """Return the requests that change something, and forget all."""
    requests = [one for one in bench.network.requests if not one.startswith("GET")]
    bench.network.requests.clear()
    return [one for one in requests if "authenticate" not in one]


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("kind", KINDS)
async def test_what_was_about_to_be_sent_is_done_once(
    bench: Bench, kind: ChangeKind, is_done: bool
) -> None:
    run = bench.begin(await make_change(bench, kind))
    await write(bench, run, is_done=is_done)
    accounts = (await bench.client.page("account", per_page=1, page=1)).total_records
    written(bench)
    resumed = await bench.resume(run)
    assert states(resumed) == ["done"]
    assert len(written(bench)) == (0 if is_done else 1)
    if kind in {ChangeKind.CREATE, ChangeKind.CONVERT}:
        assert resumed.entries[0].result_id is not None
        total = (await bench.client.page("account", per_page=1, page=1)).total_records
        assert accounts is not None
        assert total == accounts + (not is_done)


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "not done"])
async def test_without_a_mark_a_create_is_sent_again_only_where_nothing_can_be_it(
    sandbox: RunningInfo, bench: Bench, is_done: bool
) -> None:
    async with open_bench(sandbox, bench.journal, marks=False) as unmarked:
        run = unmarked.begin(create("account", Name="Ash & Co"))
        await write(unmarked, run, is_done=is_done)
        written(unmarked)
        resumed = await unmarked.resume(run)
        assert states(resumed) == (["unknown"] if is_done else ["done"])
        assert len(written(unmarked)) == (0 if is_done else 1)
        if is_done:
            assert "may come from this call or from another" in resumed.entries[0].reason
            assert not resumed.summary.is_complete


async def test_what_is_in_doubt_is_not_sent_again_unless_that_is_asked_for(bench: Bench) -> None:
    run = bench.begin(create("account", Name="Ash & Co"))
    await write(bench, run, is_done=False)
    run.set_state(1, EntryState.UNKNOWN, reason="The service accepted it")
    written(bench)
    assert states(await bench.resume(run)) == ["unknown"]
    assert written(bench) == []
    again = bench.begin(create("account", Name="Elm & Co"), resends_unknown=True)
    await write(bench, again, is_done=False)
    again.set_state(1, EntryState.UNKNOWN)
    assert states(await bench.resume(again)) == ["done"]
    assert written(bench) == ["POST account"]


async def test_what_needs_a_record_in_doubt_waits_for_it_and_says_so(bench: Bench) -> None:
    contact = dataclasses.replace(
        create("contact", LastName="Ash"), references={"AccountExternalID": 0}
    )
    run = bench.begin(create("account", Name="Ash & Co"), contact)
    await write(bench, run, is_done=False)
    run.set_state(1, EntryState.UNKNOWN, reason="The service accepted it")
    resumed = await bench.resume(run)
    assert states(resumed) == ["unknown", "pending"]
    assert resumed.entries[1].reason == "it needs the account of change 1, which is in doubt"
    found = await bench.client.create("account", {"Name": "Ash & Co"})
    resumed.set_state(1, EntryState.DONE, result_id=found.external_id)
    again = await bench.resume(resumed)
    assert (states(again), again.entries[1].reason) == (["done", "done"], "")
    linked = await bench.value("contact", again.entries[1].result_id or "", "AccountExternalID")
    assert linked == found.external_id


async def test_an_update_that_another_has_overwritten_is_a_conflict(bench: Bench) -> None:
    change = await make_change(bench, ChangeKind.UPDATE)
    run = bench.begin(change)
    await write(bench, run, is_done=True)
    await bench.client.update("lead", change.external_id or "", {"City": "Leeds"})
    resumed = await bench.resume(run)
    assert states(resumed) == ["conflict"]
    assert await bench.value("lead", change.external_id or "", "City") == "Leeds"


async def test_a_record_that_another_changed_before_its_delete_is_kept(bench: Bench) -> None:
    change = await make_change(bench, ChangeKind.DELETE)
    run = bench.begin(change)
    await write(bench, run, is_done=False)
    await bench.client.update("lead", change.external_id or "", {"City": "Leeds"})
    assert states(await bench.resume(run)) == ["conflict"]


async def test_an_update_whose_answers_are_all_lost_is_found_done(bench: Bench) -> None:
    change = await make_change(bench, ChangeKind.UPDATE)

    async def lose(request: httpx.Request) -> None:
        if request.method == "PUT":
            raise httpx.ReadError("lost", request=request)

    bench.network.after = lose
    run, _ = await bench.apply(change)
    assert states(run) == ["done"]


async def test_a_create_whose_answer_is_lost_is_found_by_its_mark(bench: Bench) -> None:
    async def lose(request: httpx.Request) -> None:
        if request.method == "POST" and "account" in request.url.path:
            raise httpx.ReadError("lost", request=request)

    await bench.client.sign_in()
    bench.network.after = lose
    written(bench)
    run, _ = await bench.apply(create("account", Name="Ash"), create("account", Name="Ash"))
    assert states(run) == ["done", "done"]
    assert run.entries[0].result_id != run.entries[1].result_id
    assert written(bench) == ["POST account"] * 2


async def test_where_the_service_is_gone_the_rest_stays_pending(bench: Bench) -> None:
    ids = await bench.ids("lead", 3)

    async def fail(request: httpx.Request) -> None:
        raise httpx.ConnectError("refused", request=request)

    bench.network.before = fail
    run, summary = await bench.apply(*(update("lead", one, {}, City="Hull") for one in ids))
    assert states(run) == ["pending"] * 3
    assert summary.stop_reason == "the service cannot be reached"
    assert summary.error is not None
    bench.network.before = pass_on
    assert states(await bench.resume(run)) == ["done"] * 3


async def test_a_service_that_goes_away_after_a_write_leaves_it_to_be_looked_for(
    bench: Bench,
) -> None:
    change = await make_change(bench, ChangeKind.UPDATE)

    async def fail(request: httpx.Request) -> None:
        if request.method == "PUT":
            bench.network.before = fail_all
            raise httpx.ReadError("lost", request=request)

    async def fail_all(request: httpx.Request) -> None:
        raise httpx.ConnectError("refused", request=request)

    bench.network.after = fail
    run, _ = await bench.apply(change)
    assert states(run) == ["sending"]
    bench.network.before = bench.network.after = pass_on
    written(bench)
    assert states(await bench.resume(run)) == ["done"]
    assert written(bench) == []


class MarksAfter(JournalRun):
    """A broken journal: what is about to be sent is not on the disk."""

    def mark_sending(
        self, number: int, *, write: PendingWrite, observed: Properties | None
    ) -> JournalEntry:
        return self.entry(number)


class MarksDone(JournalRun):
    """A broken journal: a change is done before it is sent."""

    def mark_sending(
        self, number: int, *, write: PendingWrite, observed: Properties | None
    ) -> JournalEntry:
        super().mark_sending(number, write=write, observed=observed)
        return self.set_state(number, EntryState.DONE, result_id="X")


async def count_after_crash(bench: Bench, kind: type[JournalRun], *, is_sent: bool) -> int:
    """Apply one create, end at once before or after it is sent, resume; return what there is."""
    run = bench.begin(create("account", Name="Ash & Co"))
    run.__class__ = kind
    reached = asyncio.Event()

    async def hang(request: httpx.Request) -> None:
        if request.url.path.endswith("/account"):
            reached.set()
            await asyncio.Event().wait()

    bench.network.before = pass_on if is_sent else hang
    bench.network.after = hang if is_sent else pass_on
    task = asyncio.create_task(bench.applier(run).run())
    await reached.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    bench.network.before = bench.network.after = pass_on
    await bench.resume(run)
    page = await bench.client.page("account", per_page=1_000, page=1)
    return sum(record.properties["Name"] == "Ash & Co" for record in page.records)


@pytest.mark.parametrize("is_sent", [True, False], ids=["after", "before"])
async def test_what_ends_around_a_call_is_done_once(bench: Bench, is_sent: bool) -> None:
    assert await count_after_crash(bench, JournalRun, is_sent=is_sent) == 1


async def test_a_journal_that_is_written_after_the_call_creates_twice(bench: Bench) -> None:
    """The broken twin: the test above can fail."""
    assert await count_after_crash(bench, MarksAfter, is_sent=True) == 2


async def test_a_journal_that_says_done_before_the_call_loses_it(bench: Bench) -> None:
    """The broken twin: the test above can fail."""
    assert await count_after_crash(bench, MarksDone, is_sent=False) == 0


async def test_a_delete_that_was_in_doubt_needs_no_second_one(bench: Bench) -> None:
    lead = (await bench.ids("lead", 1))[0]
    run = bench.begin(delete("lead", lead))
    await write(bench, run, is_done=True)
    written(bench)
    assert states(await bench.resume(run)) == ["done"]
    assert written(bench) == []
