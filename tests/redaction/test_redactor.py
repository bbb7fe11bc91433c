"""No secret is in a log line or a curl command, by whatever name or spelling."""

import shlex
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.api.curl import format_curl, format_sign_in_curl
from cmdm_tui.api.urls import join_path, parse_base_url
from cmdm_tui.redaction.redactor import Redactor

BASE = parse_base_url("https://crm.example.com")
SECRETS = st.text(st.characters(exclude_categories=("Cs",)), min_size=4, max_size=30)


@given(SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_a_known_value_is_taken_out_wherever_it_stands(
    secret: str, before: str, after: str
) -> None:
    redact = Redactor([secret])
    for spelling in (secret, quote(secret, safe="")):
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


@given(st.binary(max_size=200))
def test_a_curl_command_sends_the_same_bytes(content: bytes) -> None:
    """A shell hands curl the body that the client would send; `cat` and `printf` stand for curl."""
    command = format_curl("POST", join_path(BASE, "lead"), content)
    assert "$CMDM_TOKEN" in command
    head, pipe, _ = command.partition(" | curl")
    if pipe:
        shown = subprocess.run(head, shell=True, capture_output=True, check=True).stdout
    else:
        shown = shlex.split(command)[-1].encode()
    assert shown == content


def test_a_curl_command_is_what_one_would_type() -> None:
    assert format_curl("GET", join_path(BASE, "lead?per_page=5&page=1")) == (
        "curl --request GET 'https://crm.example.com/api/v1/lead?per_page=5&page=1' "
        '--header "Authorization: Bearer $CMDM_TOKEN"'
    )


def test_the_sign_in_command_takes_the_token_out_of_the_answer(tmp_path: Path) -> None:
    command = format_sign_in_curl(join_path(BASE, "authenticate"))
    fake = tmp_path / "curl"
    fake.write_text('#!/bin/sh\necho \'{"token": "abc.DEF-1"}\'\n')
    fake.chmod(0o755)
    script = f'{command}; printf %s "$CMDM_TOKEN"'
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    ended = subprocess.run(
        script, shell=True, capture_output=True, text=True, check=True, env=environment
    )
    assert ended.stdout == "abc.DEF-1"
