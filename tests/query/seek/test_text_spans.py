"""What encloses the texts between two others is never too narrow, also where one side is open."""

import random
from itertools import product

import pytest

from cmdm_tui.catalog.text_orders import TEXT_ORDERS, Accents, Punctuation, TextOrder
from cmdm_tui.query.seek.column_predicate import engine_key
from cmdm_tui.query.seek.region import HIGHEST, LOWEST, Interval, Region, before
from cmdm_tui.query.seek.text_spans import enclose

WORD = TextOrder(punctuation=Punctuation.WORD)
BASE = TextOrder(accents=Accents.BASE)
_CHARACTERS = "abyzABYZ019 -'_.~@éÉñß\u0301"


def texts(count: int) -> list[str]:
    chance = random.Random(1)
    return ["".join(chance.choices(_CHARACTERS, k=chance.randint(1, 4))) for _ in range(count)]


def is_enclosed(order: TextOrder, low: str, high: str, text: str) -> bool:
    span = enclose(order, low, high)
    if span is None:
        return True
    below, above = span
    inside = Region.of(Interval(below or LOWEST, above or HIGHEST))
    return inside.holds(engine_key(text))


@pytest.mark.parametrize("order", TEXT_ORDERS, ids=lambda one: one.name)
def test_what_may_be_between_two_texts_is_enclosed(order: TextOrder) -> None:
    """A text is between two others for certain where the order decides so of both."""
    several = texts(16)
    for low, high in product(several, several):
        if order.compare(low, high) >= 0:
            continue
        for text in several:
            if order.compare(low, text) < 0 and order.compare(text, high) < 0:
                assert is_enclosed(order, low, high, text), (low, text, high)


def test_marks_that_are_dropped_leave_the_cut_above() -> None:
    assert enclose(WORD, "london", "manchester") == (None, before(("n", "")))
    assert enclose(WORD, "lo ndon", "lo_don") == (None, before(("lp", "")))
    assert enclose(WORD, "@a", "_b") is None


def test_accents_that_are_ignored_leave_the_cut_below() -> None:
    assert enclose(BASE, "london", "manchester") == (before(("l", "")), None)
    assert enclose(BASE, "élan", "elbow") == (before(("ela", "")), None)
    assert enclose(BASE, "~a", "~b") is None


def test_a_cut_on_the_open_side_would_be_noticed() -> None:
    """The broken twin: the cuts of an order that drops nothing."""
    plain = TextOrder(punctuation=Punctuation.BEFORE)
    assert WORD.compare("london", "'manches") < 0 < WORD.compare("manchester", "'manches")
    assert is_enclosed(WORD, "london", "manchester", "'manches")
    assert not is_enclosed(plain, "london", "manchester", "'manches")
