"""What the likely order leaves open is looked at near the page where the search in it ended."""

import random
from collections.abc import Sequence

import pytest

from cmdm_tui.catalog.traits import Trait, Traits
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek import extract_predicates, find_column_orders, find_records
from cmdm_tui.query.seek.bisect import ExtraPages
from cmdm_tui.query.seek.page_views import Gap
from tests.query.seek.fake_service import FIELD, FakeService
from tests.query.seek.reference_predicates import column
from tests.query.seek.test_predicates import where


def emails() -> list[str]:
    """Return addresses of which some go on with a dot where others have their @."""
    chance = random.Random(5)
    names = ["".join(chance.choices("abdeiklmnorstu", k=6)) for _ in range(4_000)]
    return sorted(
        f"{name}{'.smith' if number % 2 else ''}@host{number}.example"
        for name in dict.fromkeys(names)
        for number in range(6)
    )


async def count_calls() -> list[int]:
    """Return the calls of searches for several addresses on a thousand pages."""
    found: list[int] = []
    traits = Traits().with_findings(
        {"text_orders": Trait(("casefold", "casefold, before letters"))}
    )
    orders = find_column_orders(column(ColumnKind.TEXT), traits)
    assert orders is not None
    for email in emails()[100 :: len(emails()) // 12]:
        service = FakeService(emails(), cap=24)
        (predicate,) = extract_predicates(
            where(f"{FIELD} = '{email}'"), {FIELD: column(ColumnKind.TEXT)}
        )
        rows = await find_records(service, predicate, orders, fields=[], per_page=24)
        assert [one.properties[FIELD] for one in rows.records] == [email]
        found.append(len(service.calls))
    return found


async def test_doubts_that_end_on_the_next_page_cost_it_alone() -> None:
    assert sum(await count_calls()) <= 12 * 11


async def test_pages_that_are_always_halved_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broken twin."""
    read = ExtraPages.read

    async def read_middle(
        self: ExtraPages, gaps: Sequence[Gap], *, near: int | None = None
    ) -> None:
        assert near is None or near > 0
        await read(self, gaps)

    monkeypatch.setattr(ExtraPages, "read", read_middle)
    assert sum(await count_calls()) > 12 * 11
