"""The law of undo: random changes applied, then taken back, leave the data as it was."""

import asyncio
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.journal import Journal, JournalRun
from cmdm_tui.changes.journal_entry import JournalEntry
from cmdm_tui.changes.run_effect import RecordEffect
from cmdm_tui.changes.undo import make_undo
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.changes.conftest import Bench, open_bench
from tests.changes.mixed_changes import Records, read_records
from tests.sandbox.control_client import ControlPlaneClient
from tests.services import copy_records

ENTITIES = ("account", "lead", "contact", "task", "product")
NEVER_THE_SAME = {"CreatedDate", "ModifiedDate"}
LOST: Mapping[str, set[str]] = {"lead": {"AccountExternalID"}, "task": {"ClosedDate"}}
"""Read-only fields of records that are made again."""

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
VALUES: Mapping[str, Mapping[str, st.SearchStrategy[Any]]] = {
    "account": {"Name": texts, "City": st.none() | texts, "Phone": st.sampled_from(
        [None, "+447700900123", "447700900123", "0117 496 0000"]
    ), "Employees": st.none() | st.integers(0, 10**6).map(str)},
    "lead": {"LastName": texts, "Notes": st.none() | texts, "OptIn": st.sampled_from(
        [None, "true", "false"]
    ), "EstimatedValue": st.none() | st.decimals(0, 10**6, places=2).map(str)},
    "contact": {"LastName": texts, "City": st.none() | texts, "Birthday": st.none() | st.dates(
    ).map(str)},
    "task": {"Subject": texts, "Notes": st.none() | texts},
    "product": {"Name": texts, "SKU": texts, "Price": st.sampled_from(["1", "1.0", "01.00", None])},
}  # fmt: skip


@st.composite
def change_sets(draw: st.DrawFn, records: Records) -> tuple[Change, ...]:
    """Draw changes of drawn kinds; several may be of one record."""
    changes: list[Change] = []
    gone: set[str] = set()
    for _ in range(draw(st.integers(1, 8))):
        entity = draw(st.sampled_from(ENTITIES))
        fields = VALUES[entity]
        kind = draw(st.sampled_from([ChangeKind.CREATE, ChangeKind.UPDATE, ChangeKind.DELETE]))
        if kind is ChangeKind.CREATE:
            values = {name: draw(of) for name, of in fields.items()}
            made = [at for at, one in enumerate(changes) if one.kind is kind]
            parent = draw(st.sampled_from([None, *made])) if entity == "task" else None
            changes.append(Change(kind, entity, properties=values, parent_reference=parent))
            continue
        one = draw(st.sampled_from(sorted(records[entity])[:4]))
        if one in gone:
            continue
        before = records[entity][one]
        if kind is ChangeKind.DELETE:
            gone.add(one)
            changes.append(Change(kind, entity, one, before=before))
        else:
            names = draw(st.sets(st.sampled_from(sorted(fields)), min_size=1))
            values = {name: draw(fields[name]) for name in names}
            old = {name: before[name] for name in names}
            changes.append(Change(kind, entity, one, values, before=old))
    return tuple(changes)


def find_differences(before: Records, after: Records, undone: JournalRun) -> list[str]:
    """Return what differs, the ids of records that were made again aside."""
    new_ids = {
        str(entry.change.origin.rpartition(" ")[2]): entry.result_id or ""
        for entry in undone.entries
        if entry.change.kind is ChangeKind.CREATE
    }
    found: list[str] = []
    for entity, rows in before.items():
        for old_id, old in rows.items():
            new = after[entity].get(new_ids.get(old_id, old_id))
            if new is None:
                found.append(f"{entity} {old_id} is gone")
                continue
            is_remade = old_id in new_ids
            ignored = NEVER_THE_SAME | LOST.get(entity if is_remade else "", set())
            found += [
                f"{entity} {old_id}: {name} was {value!r} and is {new[name]!r}"
                for name, value in old.items()
                if name not in ignored and not is_as_before(value, new[name], new_ids, is_remade)
            ]
        if len(after[entity]) != len(rows):
            found.append(f"{len(after[entity])} of {entity}, not {len(rows)}")
    return found


def is_as_before(old: object, new: object, new_ids: Mapping[str, str], is_remade: bool) -> bool:
    """Return whether a value is as before, or the new id of what it named.

    A record that was not made again may go on pointing at an old id.
    """
    moved = new_ids.get(str(old), old)
    return new == moved or (new == old and not is_remade)


async def apply_and_undo(
    bench: Bench, changes: tuple[Change, ...]
) -> tuple[JournalRun, JournalRun]:
    run, _ = await bench.apply(*changes)
    undo = await make_undo(run, bench.client)
    assert undo.rejects == ()
    undone = bench.journal.begin(undo, profile="tried", undo_of=run.id)
    await bench.applier(undone).run()
    return run, undone


def try_laws(folder: Path, examples: int, phases: Sequence[Phase] = tuple(Phase)) -> None:
    config = SandboxConfig(
        folder / "sandbox", port=0, records=20, lasting=False, control=True, rate_limit=10**9,
        month_limit=10**9,
    )  # fmt: skip
    copy_records(config)
    with (
        Sandbox.embedded(config) as info,
        Journal.open(folder / "journal" / "journal.sqlite") as journal,
    ):
        control = ControlPlaneClient.of(info)
        with control.http:
            run_examples(info, journal, control, examples, phases)


def run_examples(
    info: RunningInfo,
    journal: Journal,
    control: ControlPlaneClient,
    examples: int,
    phases: Sequence[Phase],
) -> None:
    async def read() -> Records:
        async with open_bench(info, journal, marks=False) as bench:
            return await read_records(bench.client, ENTITIES)

    before = asyncio.run(read())

    async def check(changes: tuple[Change, ...]) -> None:
        async with open_bench(info, journal, marks=False) as bench:
            run, undone = await apply_and_undo(bench, changes)
            assert {entry.state for entry in run.entries} <= {"done", "unchanged"}
            assert {entry.state for entry in undone.entries} <= {"done"}
            after = await read_records(bench.client, ENTITIES)
            assert find_differences(before, after, undone) == []

    @settings(
        max_examples=examples,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(change_sets(before))
    def law(changes: tuple[Change, ...]) -> None:
        control.reset()
        asyncio.run(check(changes))

    law()


def test_what_is_applied_and_taken_back_is_as_it_was(tmp_path: Path, *, runs_whole: bool) -> None:
    try_laws(tmp_path, 250 if runs_whole else 12)


def test_an_undo_that_puts_another_value_back_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: the test above can fail."""
    add = RecordEffect.add

    def add_wrongly(self: RecordEffect, entry: JournalEntry) -> None:
        add(self, entry)
        self.old.update(dict.fromkeys(self.old, "77"))

    monkeypatch.setattr(RecordEffect, "add", add_wrongly)
    with pytest.raises(AssertionError):
        try_laws(tmp_path, 25, phases=[Phase.generate])


def test_the_comparison_of_records_can_fail() -> None:
    run = dataclasses.make_dataclass("Run", ["entries"])(())
    before = {"lead": {"A": {"City": "Hull"}, "B": {"City": "York"}}}
    after = {"lead": {"A": {"City": "Leeds"}}}
    assert find_differences(before, after, run) == [
        "lead A: City was 'Hull' and is 'Leeds'",
        "lead B is gone",
        "1 of lead, not 2",
    ]
