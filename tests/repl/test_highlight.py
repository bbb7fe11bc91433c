"""The colours of what is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.document import Document
from prompt_toolkit.output import ColorDepth

from cmdm_tui.repl.highlight import StatementLexer, highlight_statements, split_styles


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("SELECT 'a' FROM x", {"SELECT": "keyword", "'a'": "text", "FROM": "keyword"}),
        ('POST lead {"a": "b", "n": 1.5, "t": true}', {
            "POST": "keyword", '"a"': "key", '"b"': "text", '"n"': "key", "1.5": "number",
            '"t"': "key", "true": "keyword",
        }),
        ("get lead/5", {"get": "keyword"}),
        ("\\sort City", {"\\sort": "command"}),
        ("-- one\nSELECT 1; \\d lead\n# two", {
            "-- one": "comment", "SELECT": "keyword", "1": "number", "\\d": "command",
            "# two": "comment",
        }),
        ("SELECT\n  1", {"SELECT": "keyword", "1": "number"}),
        ("nothing of it", {}),
        ("SELECT 'open", {"SELECT": "keyword", "'open": "text"}),
    ],
)  # fmt: skip
def test_parts_have_their_colours(text: str, parts: dict[str, str]) -> None:
    assert {text[start:end]: style for start, end, style in highlight_statements(text)} == parts


PIECES = st.sampled_from(
    ["SELECT ", "'", '"', "--", "\n", ";", "\\d ", "GET lead", "POST x {", "}", "{", "a", " ", "#",
     "/*", "*/", "\\;", "| sort", "> x", "\\G", "\x1b", "\ud800", ":x", "1", "FROM lead"]
)  # fmt: skip


@given(st.lists(PIECES | st.characters(), max_size=14).map("".join))
def test_colours_change_no_character(text: str) -> None:
    lines = ["".join(words for _, words, *_ in line) for line in split_styles(text)]
    assert "\n".join(lines) == text
    line = StatementLexer().lex_document(Document(text))
    assert "".join(words for _, words, *_ in line(0)) == text.partition("\n")[0]
    assert line(10_000) == []


def test_a_text_too_long_has_no_colours() -> None:
    assert list(highlight_statements("SELECT 1;" * 10_000)) == []


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert ColorDepth.from_env() is ColorDepth.MONOCHROME
