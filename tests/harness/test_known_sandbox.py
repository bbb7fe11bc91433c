"""People stay in a recording only of what is known to be a sandbox; an address proves nothing."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cmdm_tui.api.urls import is_loopback
from cmdm_tui.config import Credentials, Paths, Profile, SecretStr
from cmdm_tui.harness.cassettes import people
from cmdm_tui.harness.cassettes.people import choose_profile_people, is_known_sandbox
from cmdm_tui.sandbox.credentials import AccountCredentials

HERE = "http://127.0.0.1:8765"
CLIENT, USER = "sandbox-0123456789ab", "demo-012345@sandbox.example"


def profile(url: str, client_id: str, username: str) -> Profile:
    given = Credentials(SecretStr(client_id), SecretStr("secret"), username, SecretStr("word"))
    return Profile("tried", url, given, catalog="tried")


@pytest.mark.parametrize("url", [HERE, "http://localhost:1", "http://[::1]:8765/api/v1"])
def test_the_sign_in_that_a_sandbox_makes_is_known(url: str) -> None:
    made = AccountCredentials.random()
    assert is_known_sandbox(url, made.client_id, made.username)


@pytest.mark.parametrize(
    ("url", "client_id", "username"),
    [
        (HERE, "acme", "ada@acme.example"),  # a tunnel to a live service
        (HERE, "", ""),
        (HERE, CLIENT, "ada@acme.example"),
        (HERE, "acme", USER),
        (HERE, f"{CLIENT}0", USER),
        (HERE, CLIENT, f"{USER}.com"),
        ("https://crm.example.com", CLIENT, USER),
    ],
)
def test_what_is_not_known_to_be_a_sandbox_has_its_people_replaced(
    tmp_path: Path, url: str, client_id: str, username: str
) -> None:
    assert not is_known_sandbox(url, client_id, username)
    paths = Paths(tmp_path, tmp_path, tmp_path)
    tried = profile(url, client_id, username)
    assert choose_profile_people(tried, paths, {}) is not None
    assert choose_profile_people(tried, paths, {}, keep_people=True) is None


def test_the_people_of_a_sandbox_stay(tmp_path: Path) -> None:
    paths = Paths(tmp_path, tmp_path, tmp_path)
    assert choose_profile_people(profile(HERE, CLIENT, USER), paths, {}) is None
    assert list(tmp_path.iterdir()) == []  # nor is a key made


def test_a_rule_by_the_address_alone_would_keep_those_behind_a_tunnel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin of the tests above."""

    def is_here(url: str, *_: str) -> bool:
        return is_loopback(urlsplit(url).hostname or "")

    monkeypatch.setattr(people, "is_known_sandbox", is_here)
    tunnel = profile(HERE, "acme", "ada@acme.example")
    assert choose_profile_people(tunnel, Paths(tmp_path, tmp_path, tmp_path), {}) is None
