"""A user name that is a common word is not searched for; every other value of a sign-in is."""

import re

import pytest

from cmdm_tui.harness.exchange import CALLS
from cmdm_tui.redaction.common_words import COMMON_WORDS, is_searched_for
from cmdm_tui.redaction.secret_variables import SecretVariables


@pytest.mark.parametrize("name", ["lead", "Admin", "TEST", "demo", "api", "bob"])
def test_a_common_word_as_user_name_is_not_searched_for(name: str) -> None:
    assert not is_searched_for("username", name)


@pytest.mark.parametrize("name", ["jones", "lead1", "test@acme.example", "admin-7f3a"])
def test_another_user_name_is_searched_for(name: str) -> None:
    assert is_searched_for("username", name)


@pytest.mark.parametrize("kind", ["password", "client_secret"])
def test_a_secret_is_searched_for_whatever_it_is(kind: str) -> None:
    assert is_searched_for(kind, "admin")


def test_the_words_of_the_calls_are_common() -> None:
    words = {word for call in CALLS for word in re.findall(r"[a-z]{4,}", call)}
    assert words <= COMMON_WORDS


def test_a_common_word_is_filled_in_and_not_replaced() -> None:
    variables = SecretVariables({"username": "lead", "password": "lead-pass"})
    assert variables.fill_headers((("username", "$CMDM_USERNAME"),)) == (("username", "lead"),)
    assert variables.replace_secrets(b"GET /lead lead-pass") == b"GET /lead $CMDM_PASSWORD"
