"""The orders of text decide nothing that a service which sorts so would not.

The keys of services (`service_orders`) are written without the engine's code.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.catalog import text_orders
from cmdm_tui.catalog.text_orders import (
    TEXT_ORDERS,
    Accents,
    CaseOrder,
    DigitOrder,
    Punctuation,
    TextOrder,
    find_orders,
    is_settled,
    keep_possible,
)
from tests.query.seek.service_orders import ORDERS

TEXTS = st.text(st.sampled_from("aAbBcCsSzZéÉöÖßøłñ019 -'_.@&~[:’日Ж"), max_size=6) | st.text(
    max_size=4
)
ANY_ORDER = st.sampled_from(TEXT_ORDERS)

NAMESAKES: dict[str, TextOrder] = {
    "casefold": TextOrder(),
    "casefold then code point": TextOrder(),
    "binary": TextOrder(CaseOrder.BINARY),
    "UTF-16": TextOrder(CaseOrder.BINARY),
    "NOCASE": TextOrder(CaseOrder.ASCII),
    "upper": TextOrder(CaseOrder.UPPER),
    "upper alone": TextOrder(CaseOrder.UPPER),
    "general_ci": TextOrder(CaseOrder.UPPER, accents=Accents.BASE),
    "accents last": TextOrder(CaseOrder.UPPER, accents=Accents.BASE),
    "unaccented": TextOrder(accents=Accents.BASE),
    "ICU": TextOrder(punctuation=Punctuation.BEFORE, accents=Accents.BASE),
    "ICU shifted": TextOrder(punctuation=Punctuation.SHIFTED, accents=Accents.BASE),
    "glibc": TextOrder(punctuation=Punctuation.IGNORED, accents=Accents.BASE),
    "Windows": TextOrder(punctuation=Punctuation.WORD, accents=Accents.BASE),
    "Windows CI_AI": TextOrder(punctuation=Punctuation.WORD, accents=Accents.BASE),
    "dictionary": TextOrder(CaseOrder.BINARY, Punctuation.IGNORED),
    "natural": TextOrder(digits=DigitOrder.NUMBER),
    "natural binary": TextOrder(CaseOrder.BINARY, digits=DigitOrder.NUMBER),
    "natural ICU": TextOrder(
        punctuation=Punctuation.BEFORE, accents=Accents.BASE, digits=DigitOrder.NUMBER
    ),
}
"""The order that each of the services sorts in."""

PLAIN = "aAbBcCsSzZéÉöÖñ019 -'_.@&~[:"
"""What services agree about that sort in an order: letters, digits and signs of every day."""


def compare_by(key: Callable[[str], Any], one: str, other: str) -> int:
    return (key(one) > key(other)) - (key(one) < key(other))


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_decides_nothing_that_its_services_do_not(name: str) -> None:
    order, key = NAMESAKES[name], ORDERS[name]

    @settings(deadline=None)
    @given(st.text(st.sampled_from(PLAIN), max_size=6), st.text(st.sampled_from(PLAIN), max_size=6))
    def law(one: str, other: str) -> None:
        decided = order.compare(one, other)
        assert decided in {0, compare_by(key, one, other)}

    law()


@settings(deadline=None)
@given(ANY_ORDER, TEXTS, TEXTS)
def test_a_comparison_is_the_reverse_of_its_reverse(order: TextOrder, one: str, other: str) -> None:
    assert order.compare(one, other) == -order.compare(other, one)


@settings(deadline=None)
@given(ANY_ORDER, TEXTS)
def test_what_is_equal_is_not_decided(order: TextOrder, one: str) -> None:
    assert order.compare(one, one) == 0


@settings(deadline=None)
@given(ANY_ORDER, st.lists(TEXTS, min_size=3, max_size=3))
def test_no_circle_is_decided(order: TextOrder, texts: list[str]) -> None:
    one, two, three = texts
    signs = {order.compare(one, two), order.compare(two, three), order.compare(three, one)}
    assert signs not in ({1}, {-1})


@settings(deadline=None)
@given(ANY_ORDER, TEXTS, TEXTS, st.text(st.sampled_from(PLAIN), max_size=4))
def test_what_is_decided_of_a_stem_is_so_of_all_that_begin_with_it(
    order: TextOrder, stem: str, other: str, rest: str
) -> None:
    decided = order.compare(stem, other, is_stem=True)
    assert decided in {0, order.compare(stem + rest, other)}


@settings(deadline=None)
@given(ANY_ORDER, TEXTS, TEXTS)
def test_what_is_settled_at_a_glance_is_so_in_every_order(
    order: TextOrder, one: str, other: str
) -> None:
    if is_settled(one, other):
        assert order.compare(one, other) == -1


@pytest.mark.parametrize("name", ORDERS)
def test_no_page_of_a_service_removes_its_order(name: str) -> None:
    @settings(deadline=None)
    @given(st.lists(st.text(st.sampled_from(PLAIN), max_size=6), max_size=30))
    def law(texts: list[str]) -> None:
        page = sorted(texts, key=ORDERS[name])
        assert NAMESAKES[name] in keep_possible(TEXT_ORDERS, pairwise(page))

    law()


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("b", "B2", "casefold"),
        ("Zoe", "anna", "casefold"),
        ("_x", "ax", "upper case"),
        ("a_b", "aab", "casefold, all signs ignored"),
        ("Zorn", "Öst", "casefold, accents ignored"),
        ("a10", "a9", "casefold, natural numbers"),
        ("x_", "x1", "casefold"),
        ("ax", "{x", "casefold, before letters"),
    ],
)
def test_a_pair_of_neighbours_removes_an_order(before: str, after: str, name: str) -> None:
    left = {order.name for order in keep_possible(TEXT_ORDERS, [(before, after)])}
    assert (name in left) is ((before, after) == ("b", "B2"))
    assert left


def test_the_likely_order_is_the_first() -> None:
    assert TEXT_ORDERS[0] == TextOrder()
    assert len({order.name for order in TEXT_ORDERS}) == len(TEXT_ORDERS)


def test_orders_are_found_by_their_names() -> None:
    assert find_orders([order.name for order in TEXT_ORDERS]) == TEXT_ORDERS
    assert find_orders(["binary", "no such"]) == (TextOrder(CaseOrder.BINARY),)


def test_without_ties_an_order_decides_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    def by_code_point(_: TextOrder, one: str, other: str) -> int:
        return (one > other) - (one < other)

    monkeypatch.setattr(text_orders.TextOrder, "_compare_characters", by_code_point)
    order = NAMESAKES["ICU"]
    wrong = [
        (one, other)
        for one in PLAIN
        for other in PLAIN
        if order.compare(one, other) not in {0, compare_by(ORDERS["ICU"], one, other)}
    ]
    assert wrong
