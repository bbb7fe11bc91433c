"""Changes are sent once they were shown and confirmed, and not before: asserted at the network."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from msgspec import structs

from cmdm_tui.api.errors import ReadOnly
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet, Reject
from cmdm_tui.changes.errors import OtherAccount
from cmdm_tui.changes.journal import Journal
from cmdm_tui.changes.preview import ChangePreview
from cmdm_tui.config import ConfirmRule
from cmdm_tui.operations import write
from cmdm_tui.operations.confirmation import (
    FEW_LOST,
    ChangesNotConfirmed,
    WritePolicy,
    confirm_rule,
)
from cmdm_tui.operations.prompter import CheckText
from cmdm_tui.operations.write import PartialChanges, WriteOperation
from cmdm_tui.sandbox import RunningInfo
from tests.services import CountedNetwork, profile_of


@dataclass
class Person:
    """A prompter that answers as told, and notes what it was asked and told."""

    answer: bool = True
    can_ask: bool = True
    asked: list[str] = field(default_factory=list[str])
    told: list[str] = field(default_factory=list[str])

    async def confirm(self, question: str) -> bool:
        self.asked.append(question)
        return self.answer

    async def enter_count(self, question: str, count: int) -> bool:
        self.asked.append(f"{question} #{count}")
        return self.answer

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:
        self.asked.append(question)
        return choices[0] if self.answer else None

    def show_progress(self, line: str) -> None: ...

    async def enter_text(
        self,
        question: str,
        check: CheckText,
        *,
        suggestions: Sequence[str] = (),
        default: str = "",
    ) -> str | None:
        self.asked.append(question)
        return next((one for one in suggestions if not check(one)), None) if self.answer else None

    def notify(self, message: str) -> None:
        self.told.append(message)

    def progress(self, most_calls: int) -> AbstractContextManager[None]:
        assert most_calls >= 0
        return nullcontext()


@dataclass
class Bench:
    """An account of the sandbox, a person, and what was shown and sent."""

    account: Account
    network: CountedNetwork
    journal: Journal
    person: Person = field(default_factory=Person)
    shown: list[ChangePreview] = field(default_factory=list[ChangePreview])

    def operation(
        self, rule: ConfirmRule = "always", *, yes: bool = False, most: int | None = None
    ) -> WriteOperation:
        policy = WritePolicy(rule, "Say --yes", is_confirmed=yes, max_writes=most)
        return WriteOperation(
            self.account,
            self.journal,
            self.person,
            policy,
            show=self._show,
            options=write.DEFAULT_OPTIONS,
        )

    def _show(self, _: ChangeSet, preview: ChangePreview) -> None:
        assert not self.writes
        self.shown.append(preview)

    @property
    def writes(self) -> list[str]:
        sent = [one for one in self.network.requests if not one.startswith("GET ")]
        return [one for one in sent if "authenticate" not in one]

    def make(self, *changes: Change) -> ChangeSet:
        client, name = self.account.client, self.account.profile.credentials.username
        return ChangeSet(changes, "a test", client.address, name, 0.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.sqlite") as opened:
        yield opened


@pytest.fixture
async def bench(sandbox: RunningInfo, journal: Journal) -> AsyncIterator[Bench]:
    network = CountedNetwork()
    async with Account.open(profile_of(sandbox), catalogs=None, transport=network) as account:
        yield Bench(account, network, journal)


def create(name: str = "Jones") -> Change:
    return Change(ChangeKind.CREATE, "lead", properties={"LastName": name})


def deletes(count: int) -> list[Change]:
    return [Change(ChangeKind.DELETE, "lead", f"NONE{at:04}") for at in range(count)]


async def test_what_is_confirmed_is_shown_and_sent(bench: Bench) -> None:
    outcome = await bench.operation().apply(bench.make(create()))
    assert outcome.summary is not None
    assert outcome.summary.is_complete
    assert bench.shown[0].change_count == 1
    assert bench.person.asked == [f"Send 1 change to {bench.account.client.host}?"]
    assert bench.writes == ["POST lead"]


async def test_a_count_is_not_believed_after_a_change_of_it(
    sandbox: RunningInfo, journal: Journal, tmp_path: Path
) -> None:
    for lead_count in (7, None):
        async with Account.open(profile_of(sandbox), catalogs=tmp_path) as account:
            catalog = account.catalog
            if lead_count is not None:
                for entity in ("lead", "contact"):
                    catalog.store_total(entity, lead_count)
                bench = Bench(account, CountedNetwork(), journal)
                await bench.operation().apply(bench.make(create()))
            # The next program finds it so, too.
            assert (catalog.cached_total("lead"), catalog.cached_total("contact")) == (None, 7)


async def test_a_no_sends_nothing(bench: Bench) -> None:
    bench.person.answer = False
    outcome = await bench.operation().apply(bench.make(create()))
    assert outcome.is_declined
    assert bench.writes == []
    assert bench.journal.runs() == []


async def test_a_yes_that_is_not_waited_for_would_be_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin."""

    async def said_yes(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(write, "is_confirmed", said_yes)
    bench.person.answer = False
    await bench.operation().apply(bench.make(create()))
    assert bench.writes == ["POST lead"]


async def test_where_no_one_can_be_asked_nothing_is_sent(bench: Bench) -> None:
    bench.person.can_ask = False
    with pytest.raises(ChangesNotConfirmed, match=r"1 change would be sent .* Say --yes"):
        await bench.operation().apply(bench.make(create()))
    assert bench.writes == []


@pytest.mark.parametrize(
    ("rule", "changes", "is_asked"),
    [
        ("always", [create()], True),
        ("destructive", [create()], False),
        ("destructive", [create(), *deletes(1)], True),
        ("never", deletes(1), False),
    ],
)
async def test_the_rule_of_the_profile_says_what_is_asked(
    bench: Bench, rule: ConfirmRule, changes: list[Change], is_asked: bool
) -> None:
    await bench.operation(rule).apply(bench.make(*changes))
    assert bool(bench.person.asked) is is_asked
    assert bench.shown


async def test_to_lose_many_records_their_number_is_entered(bench: Bench) -> None:
    bench.person.answer = False
    await bench.operation().apply(bench.make(*deletes(FEW_LOST), create()))
    await bench.operation().apply(bench.make(*deletes(FEW_LOST + 1), create()))
    yes_no, count = bench.person.asked
    assert yes_no.startswith("Send 11 changes")
    assert count.endswith("#11")
    assert bench.writes == []


@pytest.mark.parametrize(
    ("rule", "count", "asked"),
    [
        ("destructive", FEW_LOST + 1, "Every record of lead is meant, and 11 change. Enter"),
        ("always", FEW_LOST + 1, "Every record of lead is meant, and 11 change. Enter"),
        ("destructive", FEW_LOST, ""),
        ("never", FEW_LOST + 1, ""),
    ],
)
async def test_to_change_every_record_their_number_is_entered_too(
    bench: Bench, rule: ConfirmRule, count: int, asked: str
) -> None:
    bench.person.answer = False
    made = [Change(ChangeKind.UPDATE, "lead", f"NONE{at:04}", {"City": "X"}) for at in range(count)]
    await bench.operation(rule).apply(replace(bench.make(*made), every_of="lead"))
    assert bench.person.asked[:1] == [one for one in bench.person.asked if asked and asked in one]
    assert bool(bench.person.asked) is bool(asked)


async def test_the_same_changes_with_a_where_ask_nothing(bench: Bench) -> None:
    """The broken twin: without the mark of the statement no number is asked for."""
    made = [Change(ChangeKind.UPDATE, "lead", f"NONE{at:04}", {"City": "X"}) for at in range(11)]
    await bench.operation("destructive").apply(bench.make(*made))
    assert bench.person.asked == []


async def test_more_changes_than_allowed_are_refused_whatever_is_said(bench: Bench) -> None:
    with pytest.raises(ChangesNotConfirmed, match=r"at most 1 are allowed.*--max-writes"):
        await bench.operation(yes=True, most=1).apply(bench.make(create(), create("Smith")))
    assert bench.writes == []


async def test_a_read_only_profile_refuses_before_anything_is_read_or_shown(bench: Bench) -> None:
    account = structs.replace(bench.account, profile=replace(bench.account.profile, read_only=True))
    bench.account = account
    with pytest.raises(ReadOnly, match="read-only"):
        await bench.operation(yes=True).apply(bench.make(create()))
    assert (bench.shown, bench.network.requests) == ([], [])


async def test_changes_for_another_account_are_refused(bench: Bench) -> None:
    made = replace(bench.make(create()), username="someone")
    with pytest.raises(OtherAccount, match="someone"):
        await bench.operation(yes=True).apply(made)
    assert bench.writes == []


async def test_a_run_of_another_account_is_not_read_to_be_taken_back(bench: Bench) -> None:
    made = replace(bench.make(create()), username="someone")
    run = bench.journal.begin(made, profile="other")
    with pytest.raises(OtherAccount, match="someone"):
        await bench.operation(yes=True).plan_undo(run)
    assert bench.network.requests == []


async def test_a_part_of_what_is_meant_is_not_sent(bench: Bench) -> None:
    with pytest.raises(PartialChanges, match="Not every record"):
        await bench.operation(yes=True).apply(replace(bench.make(create()), is_partial=True))
    assert bench.writes == []


async def test_nothing_to_change_asks_nothing(bench: Bench) -> None:
    made = replace(bench.make(), rejects=(Reject("it is no number"),))
    outcome = await bench.operation().apply(made)
    assert (outcome.summary, bench.person.asked) == (None, [])


async def test_a_run_is_taken_back_by_a_run_that_is_asked_about_too(bench: Bench) -> None:
    done = await bench.operation().apply(bench.make(create()))
    assert done.run is not None
    bench.network.requests.clear()
    bench.person.asked.clear()
    operation = bench.operation()
    undone = await operation.apply(await operation.plan_undo(done.run), undo_of=done.run.id)
    assert undone.run is not None
    assert undone.run.undo_of == done.run.id
    (created,) = (entry.result_id for entry in done.run.entries)
    assert bench.person.asked
    assert bench.writes == [f"DELETE lead/{created}"]


async def test_a_finished_run_has_nothing_to_resume(bench: Bench) -> None:
    done = await bench.operation().apply(bench.make(create()))
    assert done.run is not None
    bench.network.requests.clear()
    assert (await bench.operation().resume(done.run)).summary is None
    assert bench.network.requests == []


def test_a_service_on_this_machine_asks_less(sandbox: RunningInfo) -> None:
    profile = profile_of(sandbox)
    assert confirm_rule(profile) == "destructive"
    assert confirm_rule(replace(profile, url="https://crm.example.com")) == "always"
    assert confirm_rule(replace(profile, confirm="never")) == "never"
