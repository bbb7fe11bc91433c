"""A run that was taken back is not resumed, and the same changes are not sent twice."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cmdm_tui.catalog import Account
from cmdm_tui.changes.apply_events import ApplyOptions
from cmdm_tui.changes.change_file import load_change_set, save_change_set
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.errors import ChangesSentBefore, RunTakenBack
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.journal_entry import EntryState
from cmdm_tui.changes.preview import ChangePreview
from cmdm_tui.changes.refused import make_refused_set
from cmdm_tui.operations import write
from cmdm_tui.sandbox import RunningInfo
from tests.operations.test_write import Bench, Person, create
from tests.services import CountedNetwork, profile_of


class Stopper(Person):
    """A person who stops what runs at the first thing that is reported."""

    stop: Callable[[], object] | None = None

    def show_progress(self, line: str) -> None:
        if line and self.stop is not None:
            self.stop()


@dataclass
class LaterBench(Bench):
    """A bench on which changes are sent after others."""

    def _show(self, _: ChangeSet, preview: ChangePreview) -> None:
        self.shown.append(preview)


@pytest.fixture
async def bench(sandbox: RunningInfo, tmp_path: Path) -> AsyncIterator[Bench]:
    network = CountedNetwork()
    with Journal.open(tmp_path / "journal.sqlite") as journal:
        async with Account.open(profile_of(sandbox), catalogs=None, transport=network) as account:
            yield LaterBench(account, network, journal, Stopper())


async def update_two(bench: Bench) -> list[Change]:
    page = await bench.account.client.page("lead", per_page=2, page=1)
    return [
        Change(ChangeKind.UPDATE, "lead", one.external_id, {"City": "Hull 9"})
        for one in page.records
    ]


async def apply_half(bench: Bench, *changes: Change) -> JournalRun:
    """Send the first of two changes."""
    options = ApplyOptions(concurrency=1)
    run = bench.journal.begin(bench.make(*changes), profile="tried", options=options)
    operation = bench.operation(yes=True)
    assert isinstance(bench.person, Stopper)
    bench.person.stop = operation.stop
    await operation.resume(run)
    bench.person.stop = None
    assert [entry.state for entry in run.entries] == [EntryState.DONE, EntryState.PENDING]
    return run


async def undo(bench: Bench, run: JournalRun) -> JournalRun:
    operation = bench.operation(yes=True)
    undone = (await operation.apply(await operation.plan_undo(run), undo_of=run.id)).run
    assert undone is not None
    return undone


async def resume(bench: Bench, run: JournalRun) -> list[EntryState]:
    again = bench.journal.load(run.id)
    await bench.operation(yes=True).resume(again)
    return [entry.state for entry in again.entries]


def find_nothing(*_: object, **__: object) -> None:
    """Find no earlier run."""


async def test_a_run_that_was_taken_back_is_not_resumed(bench: Bench) -> None:
    run = await apply_half(bench, create("One"), create("Two"))
    await undo(bench, run)
    sent = list(bench.writes)
    with pytest.raises(RunTakenBack, match=r"Run 2 has taken run 1 back: what is left of it is "):
        await resume(bench, run)
    assert bench.writes == sent


async def test_a_resume_that_does_not_look_for_an_undo_would_be_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""
    run = await apply_half(bench, create("One"), create("Two"))
    await undo(bench, run)
    monkeypatch.setattr(write, "find_undo", find_nothing)
    await resume(bench, run)
    assert bench.writes.count("POST lead") == 2


async def test_where_the_undo_was_taken_back_whole_the_run_goes_on(bench: Bench) -> None:
    run = await apply_half(bench, *await update_two(bench))
    undone = await undo(bench, run)
    with pytest.raises(RunTakenBack):
        await resume(bench, run)
    redone = await undo(bench, undone)
    await undo(bench, redone)
    with pytest.raises(RunTakenBack, match="Run 2 has"):
        await resume(bench, run)
    await undo(bench, undone)
    assert await resume(bench, run) == [EntryState.DONE] * 2


async def test_records_that_were_made_again_have_other_ids_so_the_run_does_not_go_on(
    bench: Bench,
) -> None:
    run = await apply_half(bench, create("One"), create("Two"))
    await undo(bench, await undo(bench, run))
    with pytest.raises(RunTakenBack):
        await resume(bench, run)


async def test_an_undo_that_did_nothing_does_not_keep_a_run_from_going_on(bench: Bench) -> None:
    run = await apply_half(bench, create("One"), create("Two"))
    made = await bench.operation(yes=True).plan_undo(run)
    bench.journal.begin(made, profile="tried", undo_of=run.id)
    assert await resume(bench, run) == [EntryState.DONE] * 2


def keep(bench: Bench, folder: Path, *changes: Change) -> Callable[[], ChangeSet]:
    """Save changes, and return what loads them again."""
    save_change_set(folder / "kept", bench.make(*changes))
    return lambda: load_change_set(folder / "kept")


async def test_a_file_of_changes_is_sent_once(bench: Bench, tmp_path: Path) -> None:
    load = keep(bench, tmp_path, create("One"), create("Two"))
    await bench.operation(yes=True).apply(load())
    bench.person.asked.clear()
    shown = len(bench.shown)
    with pytest.raises(ChangesSentBefore, match=r"^Run 1 has sent .* journal show 1 says what"):
        await bench.operation(yes=True).apply(load())
    assert (bench.person.asked, len(bench.shown)) == ([], shown)
    assert bench.writes == ["POST lead"] * 2


async def test_a_journal_that_does_not_compare_would_be_noticed(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""
    load = keep(bench, tmp_path, create("One"))
    await bench.operation(yes=True).apply(load())
    monkeypatch.setattr(write, "find_sent", find_nothing)
    await bench.operation(yes=True).apply(load())
    assert bench.writes == ["POST lead"] * 2


async def test_of_a_file_that_was_sent_in_part_the_rest_is_resumed(bench: Bench) -> None:
    run = await apply_half(bench, create("One"), create("Two"))
    with pytest.raises(ChangesSentBefore, match="cmdm journal resume 1 goes on with what is left"):
        await bench.operation(yes=True).apply(run.change_set)


async def test_a_run_whose_changes_another_has_sent_is_not_resumed(bench: Bench) -> None:
    made = bench.make(create("One"))
    first = bench.journal.begin(made, profile="tried")
    with first.hold():
        pass  # It ended with nothing sent.
    await bench.operation(yes=True).apply(made)
    with pytest.raises(ChangesSentBefore, match="Run 2 has"):
        await resume(bench, first)
    assert bench.writes == ["POST lead"]


async def test_changes_that_were_taken_back_whole_may_be_sent_again(
    bench: Bench, tmp_path: Path
) -> None:
    load = keep(bench, tmp_path, create("One"))
    first = await bench.operation(yes=True).apply(load())
    assert first.run is not None
    undone = await undo(bench, first.run)
    redone = await undo(bench, undone)
    with pytest.raises(ChangesSentBefore):  # as they are there again
        await bench.operation(yes=True).apply(load())
    await undo(bench, redone)
    await bench.operation(yes=True).apply(load())
    assert bench.journal.runs()[0].counts == {EntryState.DONE: 1}


async def test_the_same_changes_made_at_another_time_are_others(bench: Bench) -> None:
    made = bench.make(create("One"))
    await bench.operation(yes=True).apply(made)
    for other in (replace(made, made_at=1.0), replace(made, title="another")):
        await bench.operation(yes=True).apply(other)
    await bench.operation(yes=True).apply(replace(made, changes=(create("Two"),)))
    assert len(bench.journal.runs()) == 4


async def test_what_was_not_done_may_be_sent_again(bench: Bench, tmp_path: Path) -> None:
    gone = Change(ChangeKind.UPDATE, "lead", "NONE0000", {"City": "Hull"})
    outcome = await bench.operation(yes=True).apply(bench.make(create("One"), gone))
    assert outcome.run is not None
    refused = make_refused_set(outcome.run)
    assert refused is not None
    save_change_set(tmp_path / "refused", refused.change_set, reasons=refused.reasons)
    await bench.operation(yes=True).apply(load_change_set(tmp_path / "refused"))
    assert len(bench.journal.runs()) == 2


async def test_of_two_at_once_one_sends_the_changes(bench: Bench, tmp_path: Path) -> None:
    load = keep(bench, tmp_path, create("One"))

    class Slow(Person):
        async def confirm(self, question: str) -> bool:
            with Journal.open(tmp_path / "journal.sqlite") as journal:
                other = replace(bench, journal=journal, person=Person())
                await other.operation(yes=True).apply(load())
            return await super().confirm(question)

    bench.person = Slow()
    with pytest.raises(ChangesSentBefore):
        await bench.operation().apply(load())
    assert bench.writes == ["POST lead"]
