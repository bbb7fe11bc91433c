"""The law of probing: whatever the service and its data, what a probe claims is true."""

import asyncio
import dataclasses
import random
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdm_tui.catalog.probe import count_probe_calls, run_probe
from cmdm_tui.catalog.probe.sorted_read import SortedRead
from cmdm_tui.catalog.traits import DefaultPage, Traits
from tests.catalog.configurable_service import (
    RATE_HEADERS,
    ConfigurableService,
    LeadRow,
    ServiceSettings,
    mixed_rows,
)

ENTITIES = ("lead", "account", "task")

NAMES = st.text(st.sampled_from("aAbBcCzZéÉäößøñ 19_-'"), min_size=1, max_size=5)
ROWS = st.lists(
    st.tuples(
        st.none() | NAMES,
        st.none() | st.decimals(-500, 5_000, places=1).map(str) | st.integers(0, 120).map(str),
        st.none() | st.dates().map(lambda day: f"{day:%Y}".zfill(4) + f"{day:-%m-%d}"),
        st.sampled_from(["x", "y", None]),
    ),
    max_size=60,
)
ORDERINGS = st.sampled_from(["as they come", "by name", "by amount", "by day"])


def grown(seed: int, letters: str, size: int) -> list[tuple[str | None, ...]]:
    """Return many rows from a seed: lists that are drawn item by item stay short."""
    chance = random.Random(seed)

    def row() -> tuple[str | None, ...]:
        name = "".join(chance.choices(letters, k=chance.randint(1, 4)))
        amount = str(chance.randint(-50, 500)) + chance.choice(["", ".5"])
        day = date(2026, 1, 1) + timedelta(days=chance.randint(-3000, 3000))
        cells = [name, amount, day.isoformat(), chance.choice("xy")]
        return tuple(None if chance.random() < 0.1 else cell for cell in cells)

    return [row() for _ in range(size)]


GROWN = st.builds(
    grown,
    st.integers(),
    st.sampled_from(["abcABC", "abcdefgh", "aAbBcCzZéÉäößøñ", "aAzZéÉ 19_-'", "0123456789"]),
    st.integers(20, 120),
)


@st.composite
def leads(draw: st.DrawFn) -> list[LeadRow]:
    """Draw leads, at times created in an order that may pass for a sorted one."""
    rows = draw(GROWN | ROWS)
    ordering = draw(ORDERINGS)
    index = {"by name": 0, "by amount": 1, "by day": 2}.get(ordering)
    if index is not None:
        rows = sorted(rows, key=lambda row: str(row[index] or ""), reverse=draw(st.booleans()))
    numbers = list(range(len(rows)))
    if draw(st.booleans()):
        draw(st.randoms(use_true_random=False)).shuffle(numbers)
    return [LeadRow(f"R{number:03}", *row) for number, row in zip(numbers, rows, strict=True)]


SETTINGS = st.builds(
    ServiceSettings,
    text=st.sampled_from(["casefold", "binary", "locale", "length"]),
    numbers=st.sampled_from(["value", "text"]),
    sorting=st.sampled_from(["applied", "applied", "ignored", "refused"]),
    ids=st.sampled_from(["applied", "ignored", "refused"]),
    dates=st.sampled_from(["applied", "ignored", "refused"]),
    nulls_first=st.booleans(),
    nulls_first_descending=st.booleans(),
    cap=st.sampled_from([None, 1, 7, 25, 50, 200, 1_000]),
    beyond_cap=st.sampled_from(["capped", "refused"]),
    default_page=st.sampled_from([None, 10, 50]),
    key=st.sampled_from(["Entity", "own name"]),
    totals=st.sampled_from(["text", "text", "number", "none"]),
    is_stable=st.sampled_from([True, True, False]),
    turns_alone=st.booleans(),
    overlap=st.sampled_from([0, 0, 0, 1, 3]),
    newest_first=st.booleans(),
    past_end=st.sampled_from(["empty", "404", "records"]),
    unknown_sort=st.sampled_from(["refused", "ignored"]),
    errors=st.sampled_from(["JSON with Message", "HTML", "text", "empty"]),
    headers=st.lists(st.sampled_from(sorted(RATE_HEADERS)), unique=True).map(tuple),
    is_dated=st.booleans(),
    is_described=st.booleans(),
    describes_task=st.booleans(),
)


def learnt(service: ConfigurableService) -> tuple[Traits, int]:
    """Probe the service; return the traits and the calls that the probe says it made."""

    async def probed() -> tuple[Traits, int]:
        async with service.client() as client:
            course = await run_probe(client, ENTITIES, traits=Traits(), keep=lambda _: None)
            return course.traits, course.calls

    return asyncio.run(probed())


def false_claims(traits: Traits, service: ConfigurableService) -> list[str]:
    """Return the names of the traits that claim what is not so."""
    said = service.settings
    overlap = said.overlap if said.cap is None else min(said.overlap, said.cap - 1)
    is_so = {
        "list_key": said.key,
        "totals": said.totals,
        "sort_order_alone": said.turns_alone and not said.newest_first,
        "stable_unsorted": said.is_stable,
        "page_overlap": overlap,
        "stable_ties": said.is_stable and not overlap,
        "past_end": said.past_end,
        "unknown_sort_field": said.unknown_sort,
        "error_bodies": (said.errors,),
        "rate_headers": tuple(name for name in RATE_HEADERS if name in said.headers),
        "date_header": said.is_dated,
        "field_metadata": ("Name", "Type") if said.is_described else None,
        "task_fields": said.describes_task and said.is_described,
        "nulls_first": said.nulls_first if said.sorting == "applied" else None,
        "nulls_first_descending": (
            said.nulls_first_descending if said.sorting == "applied" else None
        ),
        "external_id_sorts": said.ids == said.sorting == "applied",
        "dates_sort": said.dates == said.sorting == "applied",
    }
    claimed = {name: traits.trait(name).value for name in is_so}
    wrong = [name for name in is_so if claimed[name] not in {None, is_so[name]}]
    return wrong + false_sizes(traits, service) + false_orders(traits, service)


def false_sizes(traits: Traits, service: ConfigurableService) -> list[str]:
    said, wrong = service.settings, list[str]()
    size = traits.largest_page.value
    if size is not None:
        is_granted = said.cap is None or size <= said.cap
        is_largest = said.beyond_cap == "refused" or size in {said.cap, 1_000}
        wrong += [] if is_granted and is_largest else ["largest_page"]
    page = traits.default_page.value
    if page is not None:
        counts = [count for count in (len(service.leads), service.accounts) if count]
        possible = [
            DefaultPage(came := min(said.default_page or count, count), is_complete=came == count)
            for count in counts
        ]
        wrong += [] if page in possible else ["default_page"]
    return wrong


def false_orders(traits: Traits, service: ConfigurableService) -> list[str]:
    """Return the orders that are claimed though they are not followed.

    Several may be left; the one followed must be among them, and none may be where none is.
    """
    said, wrong = service.settings, list[str]()
    claims: list[tuple[str, str, tuple[str, ...] | None]] = [
        ("collation", said.text, traits.collation.value),
        ("number_order", said.numbers, traits.number_order.value),
    ]
    for name, followed, orders in claims:
        if orders is None:
            continue
        is_followed = said.sorting == "applied" and followed != "length"
        is_wrong = followed not in orders if is_followed else said.sorting != "applied" and orders
        wrong += [name] if is_wrong else []
    return wrong


@settings(
    max_examples=settings().max_examples // 2,  # each is a whole probe
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(SETTINGS, leads(), st.integers(0, 60), st.integers())
def test_no_claim_is_false_and_no_call_beyond_those_stated(
    said: ServiceSettings, rows: list[LeadRow], accounts: int, seed: int
) -> None:
    service = ConfigurableService(said, rows, accounts)
    service.chance.seed(seed)
    traits, calls = learnt(service)
    assert false_claims(traits, service) == []
    assert calls == len(service.calls) <= count_probe_calls(ENTITIES)


def never(*_: object) -> bool:
    return False


def always(*_: object) -> bool:
    return True


def in_order() -> list[LeadRow]:
    """Return leads that were created in the order of their names."""
    return [
        LeadRow(f"R{n:03}", f"name {n:03}", str(n), f"2026-03-{n % 28 + 1:02}") for n in range(40)
    ]


def test_the_law_finds_a_probe_that_takes_creation_for_sorting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = ConfigurableService(ServiceSettings(sorting="ignored", newest_first=True), in_order())
    assert false_claims(learnt(service)[0], service) == []
    monkeypatch.setattr(SortedRead, "has_unsorted_order", never)
    monkeypatch.setattr(SortedRead, "differs_from_unsorted", always)
    assert "external_id_sorts" in false_claims(learnt(service)[0], service)


def test_the_law_finds_a_probe_that_takes_chance_for_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [LeadRow(f"R{n}", name, None, None) for n, name in enumerate(["b", "c", "a"])]
    hasty = False
    for seed in range(40):
        service = ConfigurableService(ServiceSettings(sorting="ignored", is_stable=False), rows)
        service.chance.seed(seed)
        assert false_claims(learnt(service)[0], service) == []
    monkeypatch.setattr("cmdm_tui.catalog.probe.comparers.ENOUGH_PAIRS", 1)
    for seed in range(40):
        service = ConfigurableService(ServiceSettings(sorting="ignored", is_stable=False), rows)
        service.chance.seed(seed)
        hasty = hasty or bool(false_claims(learnt(service)[0], service))
    assert hasty


@pytest.mark.parametrize("name", [name.name for name in dataclasses.fields(ServiceSettings)])
def test_the_law_judges_every_setting(name: str) -> None:
    told: dict[str, Any] = {
        "cap": 25, "default_page": 10, "headers": (), "text": "binary", "numbers": "text",
        "sorting": "ignored", "ids": "ignored", "dates": "ignored", "key": "own name",
        "totals": "number", "past_end": "404", "unknown_sort": "ignored", "errors": "HTML",
    }  # fmt: skip
    if name == "beyond_cap":
        pytest.skip("it decides how a probe goes about it, not what it claims")
    truth = ConfigurableService(ServiceSettings(describes_task=True, cap=50), mixed_rows(120))
    before = getattr(truth.settings, name)
    other = dataclasses.replace(truth.settings, **{name: told.get(name, not before)})
    assert false_claims(learnt(truth)[0], ConfigurableService(other, truth.leads))
