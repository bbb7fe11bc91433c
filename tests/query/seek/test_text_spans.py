"""What encloses the texts between two others is never too narrow, also where one side is open."""

import random
from itertools import pairwise, product

import pytest

from cmdm_tui.catalog.text_orders import (
    TEXT_ORDERS,
    Accents,
    CaseOrder,
    Punctuation,
    TextOrder,
    keep_possible,
)
from cmdm_tui.query.seek.column_predicate import engine_key
from cmdm_tui.query.seek.region import HIGHEST, LOWEST, Interval, Place, Region, before
from cmdm_tui.query.seek.text_spans import enclose
from tests.query.makes.makes import TEXT_ORDERS as SERVICES
from tests.query.seek.words import FLAVOURS, make_word

WORD = TextOrder(punctuation=Punctuation.WORD)
BASE = TextOrder(accents=Accents.BASE)
_CHARACTERS = "abyzABYZ019 -'_.~@{[éÉñß\u0301\u017f\u1e9a"


def texts(count: int) -> list[str]:
    chance = random.Random(1)
    return ["".join(chance.choices(_CHARACTERS, k=chance.randint(1, 4))) for _ in range(count)]


def is_enclosed(order: TextOrder, low: str | None, high: str | None, text: str) -> bool:
    spans = enclose(order, low, high)
    inside = Region.of(*(Interval(below or LOWEST, above or HIGHEST) for below, above in spans))
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


@pytest.mark.parametrize("order", TEXT_ORDERS, ids=lambda one: one.name)
def test_what_may_be_on_one_side_of_a_text_is_enclosed(order: TextOrder) -> None:
    several = texts(20)
    for end, text in product(several, several):
        if order.compare(end, text) < 0:
            assert is_enclosed(order, end, None, text), (end, None, text)
        if order.compare(text, end) < 0:
            assert is_enclosed(order, None, end, text), (None, end, text)


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_puts_between_two_texts_is_enclosed(name: str) -> None:
    """By every order in which its texts may stand, decided or not."""
    chance = random.Random(name)
    for flavour in chance.sample(FLAVOURS, 3):
        words = sorted((make_word(chance, flavour) for _ in range(30)), key=SERVICES[name])
        for order in keep_possible(TEXT_ORDERS, pairwise(words)):
            for _ in range(8):
                low, text, high = (words[at] for at in sorted(chance.choices(range(30), k=3)))
                for ends in ((low, high), (low, None), (None, high)):
                    assert is_enclosed(order, *ends, text), (order.name, ends, text)


def cut(text: str) -> Place:
    return before((text, ""))


def test_marks_that_are_dropped_leave_the_cut_above() -> None:
    assert enclose(WORD, "london", "manchester") == ((None, cut("n")),)
    assert enclose(WORD, "lo ndon", "lo_don") == ((None, cut("lp")),)
    assert enclose(WORD, "@a", "_b") == ((None, None),)


def test_accents_that_are_ignored_leave_a_span_for_the_place_of_the_first() -> None:
    with_accent = (cut("\x80"), None)
    assert enclose(BASE, "london", "manchester") == (with_accent, (cut("la\u02be"), cut("n")))
    later = (cut("e\x80"), cut("f")), (cut("el\x80"), cut("em"))
    assert enclose(BASE, "élan", "elbow") == (with_accent, *later, (cut("elaa\u02be"), cut("elc")))
    assert enclose(BASE, "élan", None) == ((cut("a\u02be"), None),)


def test_a_sign_that_comes_before_letters_may_follow_them_for_the_account() -> None:
    signs_first = TextOrder(punctuation=Punctuation.BEFORE)
    assert enclose(signs_first, None, "york") == ((None, None),)
    assert enclose(signs_first, "x", "york") == ((cut("x"), cut("z")),)


def test_what_comes_after_all_plain_letters_begins_with_none_for_the_account() -> None:
    """But for the characters that the account spells with several plain ones."""
    signs_first = TextOrder(punctuation=Punctuation.BEFORE)
    assert enclose(signs_first, "łuk", "łuk") == ((cut("a\u02be"), None),)
    assert enclose(signs_first, "młuk", "mz") == ((cut("ma\u02be"), cut("n")),)


def test_a_capital_is_compared_where_the_order_has_it() -> None:
    capitals = TextOrder(CaseOrder.UPPER)
    assert enclose(capitals, "abbott", None) == ((cut("["), None),)
    # A capital I may be one without a dot, which comes after all plain letters for the account.
    assert enclose(capitals, "abbott", "young") == ((cut("a["), cut("\u0132")),)
    assert enclose(capitals, "abbott", "baker") == ((cut("a["), cut("ba\u0132")),)


def test_a_cut_on_the_open_side_would_be_noticed() -> None:
    """The broken twin: the cuts of an order that drops nothing."""
    plain = TextOrder(punctuation=Punctuation.BEFORE)
    assert WORD.compare("london", "'manches") < 0 < WORD.compare("manchester", "'manches")
    assert is_enclosed(WORD, "london", "manchester", "'manches")
    assert not is_enclosed(plain, "london", "manchester", "'manches")
