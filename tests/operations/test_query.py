"""A query as an operation, with a face that only keeps what it is asked and told."""

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cmdm_tui.api import Quota
from cmdm_tui.catalog import Account, KnownQuota
from cmdm_tui.formats import OutputColumn, OutputRow
from cmdm_tui.operations.prompter import CheckText
from cmdm_tui.operations.query import CallPolicy, CallsNotAllowed, CheckpointFile, QueryOperation
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import QueryError, UnknownName
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.text import count_noun
from tests.services import CountedNetwork, profile_of

SQL = "SELECT LastName FROM lead ORDER BY Score, LastName"
RECORDS = 30


@dataclass
class Face:
    """A prompter; `answer` None is one that cannot ask."""

    answer: bool | None = None
    asked: list[str] = field(default_factory=list[str])
    told: list[str] = field(default_factory=list[str])
    rows: list[OutputRow] = field(default_factory=list[OutputRow])

    @property
    def can_ask(self) -> bool:
        return self.answer is not None

    async def enter_count(self, question: str, count: int) -> bool:
        raise AssertionError(question, count)

    async def confirm(self, question: str) -> bool:
        self.asked.append(question)
        return bool(self.answer)

    async def choose(self, question: str, choices: Sequence[str]) -> str | None:
        self.asked.append(question)
        return choices[0]

    async def enter_text(
        self,
        question: str,
        check: CheckText,
        *,
        suggestions: Sequence[str] = (),
        default: str = "",
    ) -> str | None:
        raise AssertionError(question, check, suggestions, default)

    def show_progress(self, line: str) -> None: ...

    def notify(self, message: str) -> None:
        self.told.append(message)

    def progress(self, most_calls: int) -> AbstractContextManager[None]:
        return nullcontext()

    def receive(self, columns: Sequence[OutputColumn], rows: Sequence[OutputRow]) -> None:
        self.rows += rows


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningInfo]:
    data = tmp_path_factory.mktemp("sandbox")
    with Sandbox.embedded(SandboxConfig(data, 0, RECORDS, behaviours={"page_cap": "2"})) as info:
        yield info


@pytest.fixture
async def account(sandbox: RunningInfo) -> AsyncGenerator[Account]:
    async with Account.open(profile_of(sandbox), catalogs=None) as opened:
        yield opened


async def test_few_calls_are_made_without_asking(account: Account) -> None:
    face = Face(answer=True)
    operation = QueryOperation(Engine(account), face, CallPolicy("Allow them"))
    outcome = await operation.run(await operation.prepare(SQL), face.receive)
    assert outcome.result is not None
    assert len(face.rows) == outcome.result.count == RECORDS
    assert face.asked == []


@pytest.mark.parametrize("answer", [True, False])
async def test_many_calls_are_asked_about(account: Account, answer: bool) -> None:
    face = Face(answer)
    operation = QueryOperation(Engine(account), face, CallPolicy("Allow them", unasked=2))
    outcome = await operation.run(await operation.prepare(SQL), face.receive)
    assert len(face.asked) == 1
    assert outcome.is_declined is not answer
    assert operation.has_run is answer
    assert len(face.rows) == (RECORDS if answer else 0)


async def test_many_calls_are_refused_where_no_one_can_be_asked(account: Account) -> None:
    face = Face()
    operation = QueryOperation(Engine(account), face, CallPolicy("Allow them", unasked=2))
    prepared = await operation.prepare(SQL)
    with pytest.raises(CallsNotAllowed, match=r"made without asking\. Allow them\."):
        await operation.run(prepared, face.receive)
    assert face.rows == []


@pytest.mark.parametrize("answer", [None, False])
@pytest.mark.parametrize("policy", [CallPolicy("Allow them", unasked=0), CallPolicy("", 1, 0)])
async def test_explain_is_asked_nothing_however_few_calls_are_left(
    sandbox: RunningInfo, answer: bool | None, policy: CallPolicy
) -> None:
    network = CountedNetwork()
    async with Account.open(
        replace(profile_of(sandbox), floor=0), catalogs=None, transport=network
    ) as one:
        await one.catalog.load_fields("lead")
        face, engine = Face(answer), Engine(one)
        known = await QueryOperation(engine, face, CallPolicy("", is_allowed=True)).prepare(SQL)
        sent = one.client.sent_count
        short = KnownQuota(Quota(remaining=0, limit=100))
        operation = QueryOperation(engine, face, policy)
        explained = await operation.prepare(f"EXPLAIN {SQL}")
        explained = replace(explained, known_quota=short)
        outcome = await operation.run(explained, face.receive)
        assert explained.verdict == "exceeds"
        assert [str(row[0]).split(maxsplit=1)[0] for row in face.rows][:1] == ["plan"]
        assert not outcome.is_declined
        assert face.asked == []
        assert one.client.sent_count == sent
        twin = replace(known, known_quota=short)  # the same query, not explained
        if answer is None:
            with pytest.raises(CallsNotAllowed):
                await operation.run(twin, face.receive)
        else:
            assert (await operation.run(twin, face.receive)).is_declined


async def test_a_wrong_explain_says_what_planning_it_took(account: Account) -> None:
    face = Face()
    operation = QueryOperation(Engine(account), face, CallPolicy("Allow them"))
    with pytest.raises(UnknownName):
        await operation.prepare("EXPLAIN SELECT Nope FROM lead")
    calls = account.client.sent_count
    assert calls > 0
    assert face.told == [f"Planning it took {count_noun(calls, 'call')}."]
    with pytest.raises(UnknownName):  # the fields are known now
        await operation.prepare("EXPLAIN SELECT Nope FROM lead")
    assert account.client.sent_count == calls
    assert len(face.told) == 1


async def test_what_its_calls_stopped_is_kept_and_continued(
    account: Account, tmp_path: Path
) -> None:
    await account.catalog.load_fields("lead")
    file = CheckpointFile(tmp_path / "kept", account.profile)
    face = Face()
    few = CallPolicy("Allow them", max_calls=6, is_allowed=True)
    operation = QueryOperation(Engine(account), face, few, checkpoint_file=file)
    outcome = await operation.run(await operation.prepare(SQL), face.receive)
    assert outcome.result is not None
    assert outcome.result.partial
    assert file.path.exists()
    assert "the same command continues there" in face.told[-1]
    whole = CallPolicy("Allow them", is_allowed=True)
    face.rows.clear()
    operation = QueryOperation(Engine(account), face, whole, checkpoint_file=file)
    await operation.run(await operation.prepare(SQL), face.receive)
    assert len(face.rows) == RECORDS
    assert not file.path.exists()
    with pytest.raises(QueryError, match="folder is not there"):
        CheckpointFile(tmp_path / "nowhere" / "kept", account.profile).load(SQL)
