"""What a terminal or a spreadsheet would act on is made visible, and nothing else is touched."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cmdm_tui.text import end_sentence, escape_formula, find_similar_names, one_line, visible

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("\x00\x07\x1b\x9b\x9d\u202e\u2066\u200b\ud800\u2028\ufeff[]/a\r\n\t")
)


def is_harmless(text: str) -> bool:
    """The law, said by Unicode's own properties: no control, no reordering, encodable."""
    text.encode("utf-8")
    return not any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(character) in {"LRE", "RLE", "PDF", "LRO", "RLO"}
        or unicodedata.bidirectional(character) in {"LRI", "RLI", "FSI", "PDI"}
        for character in text
    )


@given(ANY_TEXT)
@example("\x1b]52;c;aGFja2Vk\x07")
@example("\ud800")
@example("a\u202egpj.exe")
def test_nothing_a_terminal_acts_on_comes_through(text: str) -> None:
    assert is_harmless(visible(text))
    assert all(is_harmless(line) for line in visible(text, keep_lines=True).split("\n"))


def test_a_sentence_ends_with_one_mark() -> None:
    assert [end_sentence(words) for words in ("Done", "Done.", "Is it?")] == [
        "Done.",
        "Done.",
        "Is it?",
    ]


def test_the_law_can_fail() -> None:
    assert not is_harmless("\x1b[31m")
    assert not is_harmless("a\u202eb")
    with pytest.raises(UnicodeEncodeError):
        is_harmless("\ud800")


@given(ANY_TEXT)
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    "text", ["Siân O'Neill", "£1,200.50", "Łódź 東京 مرحبا", "[/] [red]", "👩‍👩‍👧 ❤️", "naïve"]
)
def test_ordinary_text_is_untouched(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("\x00", "␀"),
        ("\x7f", "␡"),
        ("a\nb\tc", "a␊b␉c"),
        ("\x9b31m", "<U+009B>31m"),
        ("\u202e", "<U+202E>"),
        ("\udc80", "<U+DC80>"),
    ],
)
def test_what_is_made_visible_says_what_it_was(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_are_kept_when_asked_for() -> None:
    assert visible("one\r\ntwo\tthree\rx", keep_lines=True) == "one\ntwo three␍x"


@given(ANY_TEXT, st.integers(1, 40))
def test_one_line_is_cut_before_it_is_made_visible(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert "\n" not in line
    assert line == visible(text) if len(text) <= limit else line.endswith("…")


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "＝1"])
def test_a_formula_is_quoted_in_csv(text: str) -> None:
    assert escape_formula(text) == "'" + text


@pytest.mark.parametrize("text", ["+44", "+447700900123", "'=1", "'" * 2 + "=1", "'+44"])
def test_a_telephone_and_a_guard_are_quoted_in_csv(text: str) -> None:
    assert escape_formula(text) == "'" + text


@pytest.mark.parametrize("text", ["-12.50", "44", "0", "", "Jones", "a=b", "'Tis", "'"])
def test_numbers_and_text_are_not_quoted_in_csv(text: str) -> None:
    assert escape_formula(text) == text


FIELDS = ("Score", "PostCode", "City", "Country", "CreatedDate", "Email", "FirstName", "Phone")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Scroe", "Score"), ("scor", "Score"), ("created_date", "CreatedDate"), ("Emial", "Email"),
        ("cty", "City"), ("Countries", "Country"), ("PhoneNumber", "Phone"),
        ("First-Name", "FirstName"),
    ],
)  # fmt: skip
def test_a_name_with_a_slip_is_found(written: str, meant: str) -> None:
    assert find_similar_names(written, FIELDS) == [meant]


@pytest.mark.parametrize(
    "written", ["Score", "LastName", "Street", "Status", "x", "ID", "", "Zork"]
)
def test_no_other_name_is_called_similar(written: str) -> None:
    others = [name for name in FIELDS if name != written]
    assert find_similar_names(written, others) == []
