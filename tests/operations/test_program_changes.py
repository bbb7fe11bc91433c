"""Changes of a program, over `connect`: nothing is sent before `apply`, asserted at the network."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

import cmdm_tui
from cmdm_tui.api.errors import InvalidCall, ReadOnly
from cmdm_tui.api.models import Properties
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import Change
from cmdm_tui.changes.entity_fields import EntityFields
from cmdm_tui.config import ConfirmRule
from cmdm_tui.operations import change_requests, program_changes
from cmdm_tui.query.errors import SqlError, UnknownName
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.services import CountedNetwork, copy_records, profile_of


@dataclass
class Program:
    """A connection whose calls are counted, to an account with three leads of its own."""

    cm: cmdm_tui.Connection
    network: CountedNetwork
    ids: list[str]

    @property
    def writes(self) -> list[str]:
        sent = [one for one in self.network.requests if not one.startswith("GET ")]
        return [one for one in sent if "authenticate" not in one]

    async def read(self, external_id: str) -> dict[str, object]:
        sql = "SELECT * FROM lead WHERE ExternalID = $id"
        result = await self.cm.query(sql, parameters={"id": external_id}, raw=True)
        names = [column.name for column in result.columns]
        return {} if not result.rows else dict(zip(names, result.rows[0], strict=True))


async def open_program(
    sandbox: RunningInfo,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    read_only: bool = False,
    confirm: ConfirmRule | None = None,
) -> Program:
    network = CountedNetwork()
    opened = SimpleNamespace(open=partial(Account.open, transport=network))
    assert callable(cmdm_tui.connect)
    monkeypatch.setattr(sys.modules["cmdm_tui.connect"], "Account", opened)
    profile = replace(profile_of(sandbox), read_only=read_only, confirm=confirm)
    cm = cmdm_tui.connect(profile, catalogs=folder, journal=folder / "journal.sqlite")
    return Program(cm, network, [])


@pytest.fixture
async def program(
    sandbox: RunningInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Program]:
    opened = await open_program(sandbox, tmp_path, monkeypatch, confirm="always")
    async with opened.cm as cm:
        changes = cm.changes("Setting up")
        for name in ("Ng", "Okafor", "Ortiz"):
            changes.create("lead", {"LastName": name, "Score": 5, "Status": "New"})
        applied = await changes.apply()
        opened.ids = list(applied.created_ids.values())
        opened.network.requests.clear()
        yield opened


async def test_nothing_is_sent_before_apply(program: Program) -> None:
    first, second, third = program.ids
    changes = program.cm.changes("All kinds")
    changes.create("lead", {"LastName": "Xu", "Score": Decimal("7.5"), "OptIn": True,
                            "LastContacted": date(2026, 3, 31)})  # fmt: skip
    changes.update("lead", first, {"Status": "Contacted", "Score": 5})
    changes.delete("lead", second)
    changes.convert(third)
    assert program.network.requests == []
    preview = await changes.preview()
    assert program.writes == []
    assert preview.change_count == 4
    assert (preview.calls_low, preview.calls_high) == (4, 7)
    updated = [row for row in preview.rows() if row.change == "update"]
    assert [(row.field, row.old, row.new) for row in updated] == [("Status", "New", "Contacted")]
    applied = await changes.apply(max_writes=4)
    assert not applied.has_failures
    assert applied.is_complete
    assert sorted(one.split()[0] for one in program.writes) == ["DELETE", "POST", "PUT", "PUT"]
    made = await program.read(applied.created_ids[1])
    assert (made["Score"], made["OptIn"], made["LastContacted"]) == ("7.5", "true", "2026-03-31")
    assert (await program.read(first))["Status"] == "Contacted"
    assert await program.read(second) == {}


async def test_records_that_a_preview_has_read_are_not_read_for_the_apply(
    program: Program,
) -> None:
    changes = program.cm.changes()
    changes.update("lead", program.ids[0], {"Status": "Contacted"})
    await changes.preview()
    program.network.requests.clear()
    applied = await changes.apply()
    # The record is read again, just before it is written.
    assert len(program.network.requests) == applied.calls_made == 2
    without = program.cm.changes()
    without.update("lead", program.ids[0], {"Status": "New"})
    await without.preview()
    program.network.requests.clear()
    await without.apply(recheck=False)
    assert program.network.requests == [f"PUT lead/{program.ids[0]}"]


async def test_what_holds_the_wanted_values_is_left_out(program: Program) -> None:
    changes = program.cm.changes()
    changes.update("lead", program.ids[0], {"Score": "5.0", "Status": "New"})
    applied = await changes.apply()
    assert (applied.run_id, applied.unchanged, applied.counts) == (None, 1, {})
    assert program.writes == []


async def test_a_later_change_of_the_same_record_counts(program: Program) -> None:
    (first, *_) = program.ids
    changes = program.cm.changes()
    changes.update("lead", first, {"Status": "Contacted"})
    changes.update("lead", first, {"Status": "New", "Score": 6})
    (await changes.apply()).raise_for_failures()
    assert (await program.read(first))["Status"] == "New"


async def test_a_later_change_that_is_compared_with_what_was_read_would_be_noticed(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: the last value is on the service now, so it would be left out."""
    fields = await program.cm._account.catalog.load_fields("lead")
    entity = EntityFields("lead", fields)

    def compare(change: Change, before: Properties, _: EntityFields | None) -> Change | str:
        return compare_soundly(change, before, entity)

    compare_soundly = change_requests._compare
    monkeypatch.setattr(change_requests, "_compare", compare)
    changes = program.cm.changes()
    changes.update("lead", program.ids[0], {"Status": "Contacted"})
    changes.update("lead", program.ids[0], {"Status": "New"})
    await changes.apply()
    assert (await program.read(program.ids[0]))["Status"] == "Contacted"


async def test_a_new_record_can_be_referred_to(program: Program) -> None:
    changes = program.cm.changes()
    account = changes.create("account", {"Name": "Mill"})
    changes.create("contact", {"LastName": "Xu", "AccountExternalID": account})
    changes.create("task", {"Subject": "Ring"}, parent=account)
    changes.create("task", {"Subject": "Write"}, parent=("lead", program.ids[0]))
    applied = await changes.apply()
    applied.raise_for_failures()
    ids = applied.created_ids
    found = await program.cm.query(
        "SELECT AccountExternalID FROM contact WHERE ExternalID = $id", parameters={"id": ids[2]}
    )
    assert found.rows == [(ids[1],)]
    owners = await program.cm.query(
        "SELECT RelatedExternalID FROM task WHERE ExternalID IN ($a, $b) ORDER BY Subject",
        parameters={"a": ids[3], "b": ids[4]},
    )
    assert owners.rows == [(ids[1],), (program.ids[0],)]


async def test_a_statement_is_part_of_the_set(program: Program) -> None:
    changes = program.cm.changes()
    changes.create("lead", {"LastName": "Xu"})
    changes.sql(
        "UPDATE lead SET Score = Score + $more WHERE LastName IN ('Ng', 'Ortiz') AND Score = 5",
        parameters={"more": 2},
    )
    account = changes.create("account", {"Name": "Mill"})
    changes.create("contact", {"LastName": "Xu", "AccountExternalID": account})
    preview = await changes.preview()
    assert [one.origin.split(",")[0] for one in preview.changes] == [
        "item 1", "item 2", "item 2", "item 3", "item 4",
    ]  # fmt: skip
    (await changes.apply()).raise_for_failures()
    assert {(await program.read(one))["Score"] for one in program.ids} == {"5", "7"}


async def test_a_statement_and_a_record_that_it_reads_do_not_mix(program: Program) -> None:
    changes = program.cm.changes()
    changes.update("lead", program.ids[0], {"Status": "Contacted"})
    changes.sql("UPDATE lead SET Status = 'New' WHERE LastName = 'Ng'")
    with pytest.raises(cmdm_tui.InvalidChange, match="Item 1 and item 2"):
        await changes.apply()
    assert program.writes == []


async def test_a_value_that_its_field_does_not_hold_refuses_all_before_a_record_is_read(
    program: Program,
) -> None:
    changes = program.cm.changes()
    changes.update("lead", program.ids[0], {"Status": "Often"})
    changes.update("lead", program.ids[1], {"CreatedDate": date(2026, 1, 1)})
    changes.update("lead", program.ids[2], {"Notes": ["a", "list"]})
    changes.create("lead", {"Company": "Mill"})
    changes.update("lead", "NONE0000", {"Status": "New"})
    with pytest.raises(cmdm_tui.RejectedChanges, match="item 3, Notes: Notes is a list") as refused:
        await changes.apply()
    assert program.writes == []
    assert [one.origin for one in refused.value.rejects] == [
        "item 3", "item 1", "item 2", "item 4", "item 5",
    ]  # fmt: skip
    # Of the five, the last alone has values that can be sent.
    assert [one.split("?")[0] for one in program.network.requests] == ["GET lead/NONE0000"]


async def test_lookups_are_checked_on_request(program: Program) -> None:
    async def list_rejects(*, check_lookups: bool) -> list[str]:
        changes = program.cm.changes(check_lookups=check_lookups)
        changes.create("task", {"Subject": "Ring"}, parent=("lead", program.ids[0]))
        changes.create("task", {"Subject": "Ring"}, parent=("lead", "NONE0000"))
        return [one.reason for one in (await changes.preview()).rejects]

    assert await list_rejects(check_lookups=True) == ["there is no lead NONE0000"]
    assert await list_rejects(check_lookups=False) == []


async def test_what_can_be_sent_is_sent_on_request(program: Program) -> None:
    changes = program.cm.changes()
    changes.update("lead", program.ids[0], {"Status": "Often"})
    changes.update("lead", program.ids[1], {"Status": "Contacted"})
    applied = await changes.apply(skip_rejected=True)
    assert (len(applied.rejects), applied.counts) == (1, {cmdm_tui.EntryState.DONE: 1})


async def test_more_changes_than_allowed_are_refused(program: Program) -> None:
    changes = program.cm.changes()
    for one in program.ids:
        changes.delete("lead", one)
    with pytest.raises(cmdm_tui.ChangesNotConfirmed, match="Allow more with max_writes"):
        await changes.apply(max_writes=2)
    assert program.writes == []
    assert changes.run_id is None
    await changes.apply(max_writes=3)
    assert len(program.writes) == 3


async def test_a_set_is_applied_once(program: Program) -> None:
    changes = program.cm.changes()
    changes.create("lead", {"LastName": "Xu"})
    applied = await changes.apply()
    with pytest.raises(cmdm_tui.InvalidChange, match=rf"as run {applied.run_id}"):
        await changes.apply()
    with pytest.raises(cmdm_tui.InvalidChange, match="nothing can be added"):
        changes.create("lead", {"LastName": "Xu"})
    assert program.writes == ["POST lead"]


async def test_a_set_is_applied_once_however_many_ask_for_it(program: Program) -> None:
    changes = program.cm.changes()
    changes.create("lead", {"LastName": "Xu"})
    ended = await asyncio.gather(changes.apply(), changes.apply(), return_exceptions=True)
    assert [type(one) for one in ended] == [cmdm_tui.AppliedChanges, cmdm_tui.InvalidChange]
    assert program.writes == ["POST lead"]


async def test_after_the_connection_nothing_is_sent(program: Program) -> None:
    changes = program.cm.changes()
    changes.create("lead", {"LastName": "Xu"})
    await changes.preview()
    await program.cm.__aexit__()
    with pytest.raises(cmdm_tui.ChangeError, match="connection is closed"):
        await changes.apply()
    with pytest.raises(InvalidCall, match="connection is closed"):
        await program.cm.query("SELECT count(*) FROM lead")
    assert program.writes == []
    assert [run.title for run in program.cm.list_runs()] == ["Setting up"]


async def test_a_set_that_does_not_know_its_run_is_known_to_the_journal(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: it gets another error, and later."""

    def forget(_: program_changes.PendingChanges, __: int) -> None: ...

    monkeypatch.setattr(program_changes.PendingChanges, "_note_run", forget)
    changes = program.cm.changes()
    changes.create("lead", {"LastName": "Xu"})
    await changes.apply()
    with pytest.raises(cmdm_tui.ChangesSentBefore):
        await changes.apply()
    assert program.writes == ["POST lead"]


async def test_a_record_that_another_has_changed_is_a_conflict(program: Program) -> None:
    changes = program.cm.changes()
    changes.update("lead", program.ids[0], {"Status": "Contacted"})
    await changes.preview()
    other = program.cm.changes()
    other.update("lead", program.ids[0], {"Status": "Qualified"})
    (await other.apply()).raise_for_failures()
    events: list[object] = []
    applied = await changes.apply(on_event=events.append)
    assert applied.counts == {cmdm_tui.EntryState.CONFLICT: 1}
    assert [type(one) for one in events] == [cmdm_tui.ChangeApplied]
    with pytest.raises(cmdm_tui.ChangesNotMade, match="change 1 is conflict"):
        applied.raise_for_failures()
    assert (await program.read(program.ids[0]))["Status"] == "Qualified"


async def test_a_run_is_taken_back(program: Program) -> None:
    changes = program.cm.changes()
    changes.update("lead", program.ids[0], {"Status": "Contacted"})
    applied = await changes.apply()
    assert applied.run_id is not None
    assert program.cm.list_runs()[0].id == applied.run_id
    undo = program.cm.undo(applied.run_id)
    assert [(row.old, row.new) for row in (await undo.preview()).rows()] == [("Contacted", "New")]
    assert len(program.writes) == 1
    await undo.apply()
    assert (await program.read(program.ids[0]))["Status"] == "New"
    assert program.cm.list_runs()[0].undo_of == applied.run_id
    with pytest.raises(cmdm_tui.NoSuchRun):
        await program.cm.undo(99).preview()


async def test_a_finished_run_has_nothing_to_resume(program: Program) -> None:
    run = program.cm.list_runs()[0]
    resumed = await program.cm.resume_run(run.id)
    assert (resumed.is_complete, resumed.calls_made) == (True, 0)
    assert program.network.requests == []


async def test_changes_are_kept_in_a_file(program: Program, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    changes = program.cm.changes("From a file")
    changes.update("lead", program.ids[0], {"Status": "Contacted"})
    await changes.save(kept)
    with pytest.raises(cmdm_tui.ChangeFileError, match="already"):
        await changes.save(str(kept))
    assert program.writes == []
    loaded = program.cm.load_changes(kept)
    assert (await loaded.preview()).title == "From a file"
    (await loaded.apply()).raise_for_failures()
    assert (await program.read(program.ids[0]))["Status"] == "Contacted"
    with pytest.raises(cmdm_tui.ChangeFileError, match="cannot be read"):
        program.cm.load_changes(tmp_path / "none.jsonl")


async def test_a_reading_that_its_calls_have_ended_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SandboxConfig(tmp_path / "data", 0, 100, behaviours={"page_cap": "20"})
    copy_records(config)
    with Sandbox.embedded(config) as sandbox:
        opened = await open_program(sandbox, tmp_path, monkeypatch)
        async with opened.cm as cm:
            await cm.query("SELECT count(*) FROM lead WHERE Score + 1 > 0")
            changes = cm.changes()
            changes.sql("UPDATE lead SET Status = 'New' WHERE City LIKE '%e%'", max_calls=4)
            preview = await changes.preview()
            assert (preview.is_partial, preview.change_count > 0) == (True, True)
            with pytest.raises(cmdm_tui.PartialChanges, match="max_calls"):
                await changes.apply()
    assert opened.writes == []


async def test_a_read_only_profile_shows_and_changes_nothing(
    sandbox: RunningInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await open_program(sandbox, tmp_path, monkeypatch, read_only=True)
    async with opened.cm as cm:
        changes = cm.changes()
        changes.create("lead", {"LastName": "Xu"})
        with pytest.raises(ReadOnly):
            await changes.apply()
        assert opened.network.requests == []
        assert (await changes.preview()).change_count == 1
    assert opened.writes == []


async def test_what_is_asked_wrongly_is_an_error_at_once(program: Program) -> None:
    changes = program.cm.changes()
    with pytest.raises(SqlError, match="changes nothing"):
        changes.sql("SELECT 1")
    with pytest.raises(SqlError, match="one by one"):
        changes.sql("DELETE FROM lead; DELETE FROM task")
    other = program.cm.changes().create("account", {"Name": "Mill"})
    with pytest.raises(cmdm_tui.InvalidChange, match="another change set"):
        changes.create("contact", {"LastName": "Xu", "AccountExternalID": other})
    assert program.network.requests == []
    changes.delete("leads", "ABC1D2E3")
    with pytest.raises(UnknownName, match="leads"):
        await changes.preview()
