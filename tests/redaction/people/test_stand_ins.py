"""A stand-in has the form of its value, is always the same, and no other value has it."""

import re
import string
import unicodedata
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.redaction.people.permutation import permute
from cmdm_tui.redaction.people.stand_ins import (
    MAIL_ENDING,
    StandIns,
    find_mails,
    fold_word,
    is_mail,
    replace_mails,
)

MADE = StandIns(b"k" * 32)
OTHER = StandIns(b"x" * 32)

SCRIPTS = "aeiouyzßéñøłžЖдΩψ李小金철سمक"
WORDS = st.text(st.sampled_from(string.ascii_letters + SCRIPTS), min_size=1, max_size=20)
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
PHONES = st.from_regex(r"\A[+(]?[0-9][0-9 ().-]{6,16}[0-9]\Z").filter(
    lambda text: sum(map(str.isdecimal, text)) >= 5 and any(one in text for one in "123456789")
)
MAILS = st.from_regex(r"\A[a-z][a-z0-9]{0,8}([.+-][a-z0-9]{1,8})?@([a-z]{2,9}\.){1,2}[a-z]{2,3}\Z")


def form_of(text: str) -> str:
    """Return a text with each letter and digit replaced by what of it must stay."""
    kinds: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        base = unicodedata.normalize("NFD", character)
        if character.isdecimal():
            kinds.append("0")
        elif character.isalpha():
            kinds.append("A" if base[0] != base[0].lower() else "a")
        else:
            kinds.append(character)
    return "".join(kinds)


@given(st.lists(st.integers(1, 30), max_size=6), st.data())
def test_a_permutation_keeps_each_digit_in_its_radix_and_moves_every_list(
    radixes: list[int], data: st.DataObject
) -> None:
    digits = [data.draw(st.integers(0, radix - 1)) for radix in radixes]
    moved = permute(digits, radixes, b"key")
    assert all(0 <= digit < radix for digit, radix in zip(moved, radixes, strict=True))
    assert (moved != digits) == any(radix > 1 for radix in radixes)


@pytest.mark.parametrize("radixes", [(7,), (3, 4), (5, 2, 6), (10, 10, 10)])
def test_a_permutation_reaches_every_list_once(radixes: tuple[int, ...]) -> None:
    lists = [list(each) for each in product(*map(range, radixes))]
    moved = {tuple(permute(each, radixes, b"key")) for each in lists}
    assert len(moved) == len(lists)


@given(st.text(string.ascii_letters + " '-.", max_size=40))
def test_a_name_keeps_its_case_its_initials_and_its_punctuation(name: str) -> None:
    replaced = MADE.replace_words(name)
    assert form_of(replaced) == form_of(name)
    assert replaced == MADE.replace_words(name)


@given(NAMES)
def test_no_word_of_a_name_is_left_in_any_script(name: str) -> None:
    for before, after in zip(name.split(), MADE.replace_words(name).split(), strict=True):
        assert fold_word(before) != fold_word(after)


@given(WORDS)
def test_a_word_has_one_stand_in_however_it_is_written(word: str) -> None:
    plain = MADE.replace_word(word)
    for form in ("NFC", "NFD"):
        written = unicodedata.normalize(form, word)
        made = MADE.replace_word(written)
        assert unicodedata.normalize("NFC", made) == unicodedata.normalize("NFC", plain)
        assert unicodedata.is_normalized(form, made)
    for written in (word.upper(), word.lower(), word.swapcase()):
        if written.casefold() == word.casefold():
            assert fold_word(MADE.replace_word(written)) == fold_word(plain)


@given(st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=6), unique=True))
def test_different_words_have_different_stand_ins(words: list[str]) -> None:
    assert len({MADE.replace_word(word) for word in words}) == len(words)


def test_another_key_makes_other_stand_ins() -> None:
    names = ["Robinson", "Marchetti", "Ögrenström"]
    assert not {MADE.replace_word(name) for name in names} & {
        OTHER.replace_word(name) for name in names
    }
    assert MADE.fingerprint != OTHER.fingerprint


@given(PHONES)
def test_a_phone_keeps_its_length_its_punctuation_and_its_leading_zeros(phone: str) -> None:
    replaced = MADE.replace_phone(phone)
    assert replaced is not None
    assert re.sub("[0-9]", "0", replaced) == re.sub("[0-9]", "0", phone)
    digits, made = re.sub("[^0-9]", "", phone), re.sub("[^0-9]", "", replaced)
    assert digits != made
    assert len(digits) - len(digits.lstrip("0")) == len(made) - len(made.lstrip("0"))


@given(PHONES, st.sampled_from(" -./()"))
def test_a_phone_has_the_same_digits_however_it_is_punctuated(phone: str, mark: str) -> None:
    digits = [one for one in phone if one.isdecimal()]
    other = MADE.replace_phone(mark.join(digits)) or ""
    made = MADE.replace_phone(phone) or ""
    assert re.sub("[^0-9]", "", other) == re.sub("[^0-9]", "", made)


def test_what_has_too_few_digits_is_not_a_phone() -> None:
    assert MADE.replace_phone("ext. 1234") is None
    assert MADE.replace_phone("") is None


@given(MAILS)
def test_a_mail_keeps_its_form_reaches_nobody_and_is_known_as_a_stand_in(mail: str) -> None:
    replaced = MADE.replace_mail(mail)
    assert is_mail(replaced)
    assert replaced.endswith(MAIL_ENDING)
    assert form_of(replaced.removesuffix(MAIL_ENDING)) == form_of(mail)
    assert replaced.partition("@")[0] != mail.partition("@")[0]
    assert MADE.replace_mail(replaced) == replaced


def test_mails_of_one_domain_keep_one_domain_and_names_in_them_are_those_of_the_name() -> None:
    name = MADE.replace_words("ann robinson").replace(" ", ".")
    first, second = MADE.replace_mail("ann.robinson@acme.com"), MADE.replace_mail("bo@ACME.com")
    assert first.split("@")[0] == name
    assert first.split("@")[1] == second.split("@")[1].lower()


@given(st.dates())
def test_a_birth_date_keeps_its_year_and_moves_its_day(date: object) -> None:
    replaced = MADE.replace_date(f"{date}T00:00:00Z") or ""
    assert replaced[:5] == str(date)[:5]
    assert replaced[:10] != str(date)
    assert replaced.endswith("T00:00:00Z")


@pytest.mark.parametrize("text", ["", "17.05.1980", "1980-13-01", "1980-05-177"])
def test_what_begins_with_no_date_has_none_to_replace(text: str) -> None:
    assert MADE.replace_date(text) is None


def first_letter_kept(word: str) -> str:
    return word[:1] + MADE.replace_word(word[1:])


def told_apart_by_case(word: str) -> str:
    return (OTHER if word.isupper() else MADE).replace_word(word)


def all_alike(word: str) -> str:
    return "X" * len(word)


@pytest.mark.parametrize("broken", [first_letter_kept, told_apart_by_case, all_alike, str.lower])
def test_the_laws_of_a_word_can_fail(broken: Callable[[str], str]) -> None:
    words = ["Robinson", "Marchetti", "J"]
    keeps_form = all(form_of(broken(word)) == form_of(word) for word in words)
    is_moved = all(broken(word)[:1] != word[:1] for word in words)
    is_told_together = all(
        broken(word.upper()).casefold() == broken(word).casefold() for word in words
    )
    is_injective = len({broken(word) for word in words}) == len(words)
    assert not (keeps_form and is_moved and is_told_together and is_injective)


MAIL = re.compile(r"[^\W_](?:[\w.!#$%&'*+/=?^`{|}~-]*[\w-])?@(?:[\w-]+\.)+[^\W\d_][\w-]*")


@given(st.text("ab1é_.-'+@ ", max_size=24))
def test_mail_addresses_are_found_as_one_pattern_describes_them(text: str) -> None:
    assert list(find_mails(text)) == [found.span() for found in MAIL.finditer(text)]
    assert is_mail(text) == (MAIL.fullmatch(text) is not None)
    assert replace_mails(text, str.upper) == MAIL.sub(lambda found: found[0].upper(), text)


@pytest.mark.parametrize("part", ["a", "a.", "@", "a@", "@a", "@a.b", "@1.1", ".a@"])
def test_a_text_without_an_end_is_searched_in_one_pass(part: str) -> None:
    text = f"{part * 300_000} @"
    assert sum(1 for _ in find_mails(text)) in {0, 1, 150_000, 300_000}
