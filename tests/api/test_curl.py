"""A curl command does what the client would do, and holds no secret."""

import shlex
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.api.curl import format_curl, format_sign_in_curl
from cmdm_tui.api.urls import join_path, parse_base_url

BASE = parse_base_url("https://crm.example.com")


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
