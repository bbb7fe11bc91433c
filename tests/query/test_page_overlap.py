"""A service whose pages repeat the end of the page before: what the plan takes, what comes."""

from dataclasses import dataclass

import pytest

from cmdm_tui.query.engine import Engine
from cmdm_tui.query.fetching.trait_learner import TraitLearner
from cmdm_tui.query.result import QueryResult
from tests.query.small_service import SmallService, open_engine

_NAMES = [f"name {number:03}" for number in range(100)]


@dataclass
class OverlappingService(SmallService):
    """A small service of which each page but the first repeats `repeated` records."""

    repeated: int = 2

    def page_start(self, number: int, size: int) -> int:
        """Return the place of a page's first record."""
        return (number - 1) * (size - self.repeated)


def _service(repeated: int = 2, page: int = 10) -> OverlappingService:
    leads = [(f"L{number:03}", {"LastName": name}) for number, name in enumerate(_NAMES)]
    types = {"lead": {"LastName": "Text"}}
    return OverlappingService({"lead": leads}, types, page=page, repeated=repeated)


async def _run(engine: Engine, sql: str) -> QueryResult:
    return await engine.run(await engine.prepare(sql))


async def test_the_first_run_ends_where_its_plan_does_and_says_so() -> None:
    service = _service()
    async with open_engine(service) as engine:
        with await _run(engine, "SELECT LastName FROM lead") as result:
            assert result.mark == "partial"
            assert result.count < len(_NAMES)


async def test_the_next_run_knows_the_overlap_and_brings_every_record() -> None:
    service = _service()
    async with open_engine(service) as engine:
        (await _run(engine, "SELECT LastName FROM lead")).close()
        service.calls.clear()
        prepared = await engine.prepare("SELECT LastName FROM lead")
        # 10 records, then 8 new ones a page.
        assert prepared.plan.cost.high == 13
        with await engine.run(prepared) as result:
            assert not result.mark
            assert sorted(name for (name,) in result.rows) == _NAMES
        assert service.calls == ["lead"] * 13


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) AS n FROM lead WHERE LastName > 'name 089'",
        "SELECT count(*) AS n FROM (SELECT * FROM lead WHERE LastName > 'name 089') AS l",
        "SELECT 1 + count(DISTINCT LastName) AS n FROM lead WHERE LastName > 'name 090'",
    ],
)
async def test_what_is_counted_then_is_right(sql: str) -> None:
    async with open_engine(_service()) as engine:
        (await _run(engine, "SELECT LastName FROM lead")).close()
        with await _run(engine, sql) as result:
            assert not result.mark
            assert list(result.rows) == [(10,)]


async def test_a_limit_over_several_pages_brings_as_many_rows() -> None:
    async with open_engine(_service()) as engine:
        (await _run(engine, "SELECT LastName FROM lead")).close()
        with await _run(engine, "SELECT LastName FROM lead LIMIT 35") as result:
            assert not result.mark
            assert len({name for (name,) in result.rows}) == 35


async def test_pages_that_fit_again_are_learnt_too() -> None:
    service = _service()
    async with open_engine(service) as engine:
        (await _run(engine, "SELECT LastName FROM lead")).close()
        service.repeated = 0
        (await _run(engine, "SELECT LastName FROM lead")).close()
        assert (await engine.prepare("SELECT LastName FROM lead")).plan.cost.high == 10


async def test_two_pages_alone_show_no_overlap() -> None:
    """Another may have made a record meanwhile, which shifts one to the second page."""
    service = _service(repeated=1, page=60)
    async with open_engine(service) as engine:
        (await _run(engine, "SELECT LastName FROM lead")).close()
        assert (await engine.prepare("SELECT LastName FROM lead")).plan.cost.high == 2


async def test_an_overlap_that_is_not_learnt_leaves_every_run_partial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broken twin."""

    def learn_nothing(_: TraitLearner, __: int | None) -> None:
        return None

    monkeypatch.setattr(TraitLearner, "observe_overlap", learn_nothing)
    async with open_engine(_service()) as engine:
        for _ in range(2):
            with await _run(engine, "SELECT LastName FROM lead") as result:
                assert result.mark == "partial"
