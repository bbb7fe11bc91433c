"""However a service sorts text, a seek's answer is that of a scan, or it leaves it to a scan.

Columns of words that orders disagree about, sorted by the rules of databases (`service_orders`),
on few pages and on more than the engine reads whole. A plain evaluation says what is right.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.seek import (
    SeekFailed,
    count_matches,
    count_values,
    extract_predicates,
    find_column_orders,
    find_first,
    find_largest,
    find_records,
    find_smallest,
    not_null,
)
from cmdm_tui.query.seek.sorted_pages import SortedPages
from tests.query.seek.fake_service import FIELD
from tests.query.seek.reference_predicates import (
    IS_NOT_NULL,
    IS_NULL,
    Predicate,
    account_key,
    between,
    both,
    column,
    compared,
    either,
    liked,
    listed,
    negated,
)
from tests.query.seek.service_orders import NULLS, ORDERS, OrderedService
from tests.query.seek.test_predicates import where
from tests.query.seek.words import FLAVOURS, make_word

TEXT = column(ColumnKind.TEXT)
A_SAMPLE, THE_WHOLE = 2, 300
"""Trials of each order."""


def make_predicate(chance: random.Random, words: Sequence[str]) -> Predicate:
    def word() -> str:
        one = chance.choice(words)
        return (
            one if chance.random() < 0.8 else chance.choice([one.swapcase(), one + "x", "q" + one])
        )

    prefix = word()[: chance.randint(1, 4)].replace("_", "u")
    made: list[Predicate] = [
        compared("=", word(), is_turned=False),
        compared("=", word(), is_turned=False),
        compared(chance.choice(["<", "<=", ">", ">=", "<>"]), word(), is_turned=False),
        between(word(), word()),
        listed([word(), word(), word()], has_null=False),
        liked(
            prefix,
            chance.choice(["%", "%", "_", "%x"]),
            is_folded=chance.random() < 0.4,
            is_negated=chance.random() < 0.1,
            has_escape=False,
        ),
        IS_NULL,
        IS_NOT_NULL,
    ]
    one, other = chance.choice(made), chance.choice(made)
    return chance.choice([one, one, one, one, both(one, other), either(one, other), negated(one)])


@dataclass(frozen=True)
class Trial:
    """One column on one service."""

    order: str
    seed: int
    sees_nulls: bool = True

    def __post_init__(self) -> None:
        chance = random.Random(f"{self.order} {self.seed}")
        flavour = chance.choice(FLAVOURS)
        pool = [make_word(chance, flavour) for _ in range(chance.choice([5, 60, 300]))]
        size = chance.choice([3, 20, 90, 200])
        nulls = chance.choice([0.0, 0.1, 0.5]) if self.sees_nulls else 0.0
        words = [None if chance.random() < nulls else chance.choice(pool) for _ in range(size)]
        object.__setattr__(self, "pool", pool)
        object.__setattr__(self, "values", words)
        object.__setattr__(self, "per_page", chance.choice([1, 2, 2, 5, 20]))
        object.__setattr__(self, "nulls", chance.choice(NULLS))
        object.__setattr__(self, "predicate", make_predicate(chance, pool))

    pool: Sequence[str] = ()
    values: Sequence[str | None] = ()
    per_page: int = 1
    nulls: str = "first"
    predicate: Predicate = IS_NULL

    @property
    def places(self) -> list[int]:
        """Places that decided something before, wherever that was."""
        chance = random.Random(self.seed)
        return [chance.randrange(-1, 250) for _ in range(self.seed % 5)]

    def service(self) -> OrderedService:
        return OrderedService(
            self.values, ORDERS[self.order], nulls=self.nulls, cap=self.per_page, name=self.order
        )


@dataclass
class Tally:
    """What came of trials."""

    answered: int = 0
    given_up: int = 0
    calls: int = 0


def tried(work: Coroutine[Any, Any, Any], tally: Tally) -> Any:
    try:
        found = asyncio.run(work)
    except SeekFailed:
        tally.given_up += 1
        return None
    tally.answered += 1
    return found


def find_faults(trial: Trial, tally: Tally) -> list[str]:
    """Run every seek that the trial's predicate allows, and return what is wrong."""
    service, wrong = trial.service(), list[str]()
    orders, size = find_column_orders(TEXT), trial.per_page
    assert orders is not None
    kept = [number for number, one in enumerate(trial.values) if trial.predicate.of(one) is True]

    def check(what: str, came: Any, right: Any) -> None:
        if came != right:
            wrong.append(
                f"{trial.order} {trial.seed}: {what} {trial.predicate.sql}: {came}, not {right}"
            )

    for predicate in extract_predicates(where(trial.predicate.sql), {FIELD: TEXT}):
        found = tried(
            find_records(service, predicate, orders, fields=["Other"], per_page=size), tally
        )
        if found is not None:
            came = {record.properties["Other"] for record in found.records}
            check("rows", sorted(set(kept) - came), [])
        if predicate.is_exact:
            found = tried(count_matches(service, predicate, orders, per_page=size), tally)
            check(
                "count",
                None if found is None else found.count,
                None if found is None else len(kept),
            )
            check_extremes(trial, predicate, tally, check, kept)
    return wrong + find_other_faults(trial, tally)


def check_extremes(trial: Trial, predicate: Any, tally: Tally, check: Any, kept: list[int]) -> None:
    orders = find_column_orders(TEXT)
    assert orders is not None
    values = [one for number in kept if (one := trial.values[number]) is not None]
    for seek, of in ((find_smallest, min), (find_largest, max)):
        found = tried(
            seek(trial.service(), predicate, orders, per_page=trial.per_page, places=trial.places),
            tally,
        )
        if found is not None:
            check(of.__name__, found.value, of(values, key=account_key, default=None))


def find_other_faults(trial: Trial, tally: Tally) -> list[str]:
    orders, size, wrong = find_column_orders(TEXT), trial.per_page, list[str]()
    assert orders is not None
    filled = [one for one in trial.values if one is not None]
    found = tried(count_values(trial.service(), orders, per_page=size), tally)
    if found is not None and dict(found.counts) != dict(Counter(trial.values)):
        wrong.append(f"{trial.order} {trial.seed}: groups")
    largest = tried(find_largest(trial.service(), not_null(TEXT), orders, per_page=size), tally)
    if largest is not None and largest.value != max(filled, key=account_key, default=None):
        wrong.append(f"{trial.order} {trial.seed}: max {largest.value}")
    for descending in (False, True):
        found = tried(
            find_first(
                trial.service(), orders, descending=descending, count=3, fields=["Other"],
                per_page=size, places=trial.places,
            ),
            tally,
        )  # fmt: skip
        if found is None:
            continue
        came: list[str | None] = [
            trial.values[record.properties["Other"]] for record in found.records
        ]
        empty = [None] * (len(trial.values) - len(filled))
        ordered = sorted(filled, key=account_key, reverse=descending)
        right = (ordered + empty if descending else empty + ordered)[:3]
        if came != right:
            wrong.append(f"{trial.order} {trial.seed}: first {descending} {came}, not {right}")
    return wrong


@pytest.mark.parametrize("order", ORDERS)
def test_no_answer_is_wrong_in_any_order(order: str, *, runs_whole: bool) -> None:
    tally, wrong = Tally(), list[str]()
    for seed in range(THE_WHOLE if runs_whole else A_SAMPLE):
        wrong += find_faults(Trial(order, seed), tally)
    assert not wrong, f"{len(wrong)} wrong: " + "\n".join(wrong[:10])
    assert tally.answered > tally.given_up / 10


def find_unmarked(trial: Trial, tally: Tally) -> list[str]:
    """Run seeks that trust the likely order; return the wrong answers that do not say so."""
    orders, size, wrong = find_column_orders(TEXT), trial.per_page, list[str]()
    assert orders is not None
    filled = [one for one in trial.values if one is not None]
    empty = [None] * (len(trial.values) - len(filled))
    kept = [number for number, one in enumerate(trial.values) if trial.predicate.of(one) is True]
    for descending in (False, True):
        found = tried(
            find_first(
                trial.service(), orders, descending=descending, count=3, fields=["Other"],
                per_page=size, sure=False,
            ),
            tally,
        )  # fmt: skip
        ordered = sorted(filled, key=account_key, reverse=descending)
        right = (ordered + empty if descending else empty + ordered)[:3]
        if found is not None and found.is_sure:
            came: list[str | None] = [
                trial.values[record.properties["Other"]] for record in found.records
            ]
            wrong += [] if came == right else [f"{trial}: first, descending {descending}: {came}"]
    for find, of in ((find_smallest, min), (find_largest, max)):
        work = find(trial.service(), not_null(TEXT), orders, per_page=size, sure=False)
        found = tried(work, tally)
        if found is not None and found.is_sure:
            right = of(filled, key=account_key, default=None)
            wrong += [] if found.value == right else [f"{trial}: {of.__name__} {found.value}"]
    for predicate in extract_predicates(where(trial.predicate.sql), {FIELD: TEXT}):
        work = find_records(
            trial.service(), predicate, orders, fields=["Other"], per_page=size, sure=False
        )
        found = tried(work, tally)
        if found is not None and found.is_sure:
            numbers = {record.properties["Other"] for record in found.records}
            wrong += [f"{trial}: rows {trial.predicate.sql}"] if set(kept) - numbers else []
    return wrong


@pytest.mark.parametrize("order", ORDERS)
def test_a_wrong_answer_that_trusts_the_order_says_so(order: str, *, runs_whole: bool) -> None:
    tally, wrong = Tally(), list[str]()
    for seed in range(THE_WHOLE if runs_whole else A_SAMPLE):
        wrong += find_unmarked(Trial(order, seed), tally)
    assert not wrong, f"{len(wrong)} wrong: " + "\n".join(wrong[:10])
    assert tally.answered > tally.given_up


def test_nulls_that_trusting_leaves_out_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: nulls seen at the end do not make the first rows unsure."""
    monkeypatch.setattr(SortedPages, "has_nulls", False)
    trials = (Trial(order, seed) for order in ORDERS for seed in range(20))
    assert any(find_unmarked(trial, Tally()) for trial in trials)
