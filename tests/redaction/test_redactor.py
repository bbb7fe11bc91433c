"""No secret is in a log line, by whatever name or spelling."""

import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.redaction.redactor import Redactor

SECRETS = st.text(st.characters(exclude_categories=("Cs",)), min_size=4, max_size=30)


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_a_known_value_is_taken_out_wherever_it_stands(
    secret: str, before: str, after: str
) -> None:
    redact = Redactor([secret])
    spellings = (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret))
    for spelling in spellings:
        line = redact(f"{before} {spelling} {after}")
        rest = f"{before}  {after}"
        assert spelling not in line or spelling in rest or spelling in redact(rest)


def test_the_check_can_fail() -> None:
    assert "hunter2" in Redactor([])("GET /lead/hunter2")


@pytest.mark.parametrize(
    "line",
    [
        "GET /lead?token=hunter2&page=1",
        "password: hunter2",
        'client_secret="hunter2 and more"',
        "Authorization: Bearer hunter2",
        "authorization=hunter2",
        "the header bearer hunter2 was refused",
    ],
)
def test_what_is_named_like_a_secret_is_taken_out(line: str) -> None:
    assert "hunter2" not in Redactor([])(line)


def test_words_of_a_service_lose_secrets_but_no_word_that_one_happens_to_be() -> None:
    redact = Redactor.for_sentences(["wrong", "hunter2", "correcthorse"])
    assert redact.redact_values("wrong: hunter2, correcthorse, token: x") == "wrong: …, …, token: x"


def test_ordinary_lines_stay_as_they_are() -> None:
    line = "200  3.1 ms  GET /lead?per_page=5&page=1&sort_by=LastName (call 3)"
    assert Redactor(["a-secret"])(line) == line
