"""`cmdm profile`, `logout` and `whoami`: what there is, where it lives, and how it goes."""

import json
import tomllib
from pathlib import Path

import pytest

from cmdm_tui.config import SETTING_KEYS
from cmdm_tui.config.secrets import keyring as keyrings
from cmdm_tui.sandbox import RunningInfo
from tests.cli.conftest import Command
from tests.conftest import KeyringFactory


@pytest.fixture
def acme(cmdm: Command, sandbox: RunningInfo) -> RunningInfo:
    """The profile acme, signed in, its secrets in the file."""
    ended = cmdm("login", "acme", "--url", sandbox.url, "--client-id", sandbox.client_id,
                 "--username", sandbox.username, "--secrets", "file", "--password-stdin",
                 stdin=f"{sandbox.password}\n{sandbox.client_secret}\n".encode())  # fmt: skip
    assert ended.code == 0
    return sandbox


@pytest.fixture
def beta(cmdm: Command) -> None:
    ended = cmdm("login", "beta", "--url", "https://beta.example.com", "--client-id", "c",
                 "--username", "siân", "--no-check")  # fmt: skip
    assert ended.code == 0


def profiles(home: Path) -> Path:
    return home / "config" / "cmdm" / "profiles.toml"


def say(home: Path, text: str) -> None:
    """Add lines to the end of the file of profiles."""
    profiles(home).write_text(profiles(home).read_text() + text)


@pytest.mark.usefixtures("acme", "beta")
def test_profiles_are_listed_with_the_default_marked(cmdm: Command, home: Path) -> None:
    assert cmdm("profile", "list").out.decode().splitlines()[1] == (
        "  beta  https://beta.example.com  siân"
    )
    assert cmdm("profile", "use", "beta").code == 0
    assert cmdm("profile", "list").out.decode().splitlines()[1].startswith("* beta")
    say(home, 'floor = "lots"\n')
    listed = cmdm("profile", "list")
    assert listed.code == 0
    assert "cannot be used: floor in " in listed.out.decode()


def test_with_none_it_is_said_how_to_make_one(cmdm: Command) -> None:
    ended = cmdm("profile", "list")
    assert (ended.code, ended.out) == (0, b"")
    assert "cmdm login makes one" in ended.err


def test_show_says_every_key_with_its_meaning_and_is_toml(
    cmdm: Command, acme: RunningInfo, home: Path
) -> None:
    say(home, 'read_only = true\npassword_command = "pass hunter2"\nentities = ["événement"]\n')
    shown = cmdm("profile", "show").out.decode()
    for key in SETTING_KEYS:
        assert key.name in shown
        assert key.meaning in shown
    table = tomllib.loads(shown)["profiles"]["acme"]
    assert table["url"] == acme.url
    assert (table["read_only"], table["entities"]) == (True, ["événement"])
    assert "per_page = 100  (the default)" in shown
    for secret in (acme.password, acme.client_secret, acme.client_id, "hunter2"):
        assert secret not in shown


def test_a_read_only_profile_changes_nothing(cmdm: Command, acme: RunningInfo, home: Path) -> None:
    say(home, "read_only = true\n")
    assert cmdm("list", "lead").code == 0
    refused = cmdm("create", "lead", "LastName=x")
    assert refused.code == 2
    assert "The profile acme is read-only, so nothing was sent. Remove read_only" in refused.err
    assert "POST" not in refused.err
    assert cmdm("journal", "list", "-o", "json").json == []
    say(home, "\n")
    profiles(home).write_text(profiles(home).read_text().replace("read_only = true", ""))
    assert cmdm("create", "lead", "LastName=x").code == 0


@pytest.mark.usefixtures("acme")
def test_a_misspelt_key_is_told_once_and_the_call_is_made(cmdm: Command, home: Path) -> None:
    say(home, "redonly = true\n")
    ended = cmdm("list", "lead")
    assert ended.code == 0
    assert ended.err.count("\n") == 1
    assert "Did you mean read_only?" in ended.err


@pytest.mark.usefixtures("acme", "beta")
def test_removing_takes_the_secrets_and_the_token_too(cmdm: Command, home: Path) -> None:
    asked = cmdm("profile", "remove", "acme")
    assert asked.code == 2
    assert "--yes" in asked.err
    assert cmdm("list", "lead").code == 0
    removed = cmdm("profile", "remove", "acme", "--yes").out.decode()
    for what in ("the password", "the client secret", "the token", "the profile acme"):
        assert f"Removed {what}" in removed
    assert list((home / "cache").rglob("*.json")) == []
    assert (home / "config" / "cmdm" / "secrets.toml").read_text() == ""
    assert tomllib.loads(profiles(home).read_text())["profiles"].keys() == {"beta"}
    assert cmdm("profile", "remove", "acme", "--yes").code == 2


def test_a_profile_that_cannot_be_read_can_be_removed(
    cmdm: Command, acme: RunningInfo, home: Path
) -> None:
    say(home, "floor = 'lots'\n")
    assert cmdm("list", "lead").code == 1
    assert cmdm("profile", "remove", "acme", "--yes").code == 0


def test_logging_out_leaves_the_profile(cmdm: Command, acme: RunningInfo, home: Path) -> None:
    out = cmdm("logout").out.decode()
    assert "Removed the password in " in out
    assert "Removed the token." in out
    assert acme.password not in (home / "config" / "cmdm" / "secrets.toml").read_text()
    assert "acme" in cmdm("profile", "list").out.decode()
    assert "Nothing was kept of acme." in cmdm("logout", "acme").out.decode()
    whoami = cmdm("whoami")
    assert "kept nowhere, asked for when it is needed" in whoami.out.decode()
    assert cmdm("list", "lead").code == 2


def test_logging_out_of_the_environment_takes_its_token(
    cmdm: Command, signed_in: RunningInfo, home: Path
) -> None:
    assert cmdm("list", "lead").code == 0
    assert len(list((home / "cache").rglob("environment.*.json"))) == 1
    out = cmdm("logout").out.decode()
    assert "Removed the token." in out
    assert "unset CMDM_CLIENT_SECRET" in out
    assert list((home / "cache").rglob("*.json")) == []


def test_who_am_i_says_where_each_secret_lives_and_sends_nothing(
    cmdm: Command, acme: RunningInfo, home: Path
) -> None:
    url = profiles(home).read_text()
    profiles(home).write_text(url.replace(acme.url, "http://127.0.0.1:1"))
    ended = cmdm("whoami", CMDM_PASSWORD="other")
    assert (ended.code, ended.err) == (0, "")
    out = ended.out.decode()
    assert "http://127.0.0.1:1" in out
    assert "in the environment, CMDM_PASSWORD" in out
    assert "client secret  in plain text in " in out
    assert "token          none is kept" in out
    assert "calls left     not known without a call" in out


@pytest.mark.parametrize(
    ("variable", "other"),
    [
        ("CMDM_URL", "http://127.0.0.1:2/api/v1"),
        ("CMDM_USERNAME", "someone-else@example.com"),
        ("CMDM_CLIENT_ID", "another-client-id"),
    ],
)
def test_secrets_of_another_account_in_the_environment_are_not_sent(
    cmdm: Command, acme: RunningInfo, variable: str, other: str
) -> None:
    wrong = {"CMDM_PASSWORD": "of-another-service", variable: other}
    ended = cmdm("-p", "acme", "whoami", "--check", **wrong)
    sentence = f"CMDM_PASSWORD in the environment is not used: {variable} there is not that of"
    assert (ended.code, ended.err.count(sentence)) == (0, 1)
    assert b"in the environment, CMDM_PASSWORD" not in ended.out
    assert cmdm("-p", "acme", "whoami", **wrong).err.count(sentence) == 1
    listed = cmdm("-p", "acme", "list", "lead", **wrong)
    assert (listed.code, listed.err.count(sentence)) == (0, 1)


def test_secrets_of_the_same_account_in_the_environment_are_sent(
    cmdm: Command, acme: RunningInfo
) -> None:
    """The twin: they come before those that are kept, and are wrong."""
    for url in (acme.url, acme.url.removesuffix("/api/v1") + "/"):
        wrong = {"CMDM_PASSWORD": "of-another-service", "CMDM_URL": url}
        ended = cmdm("-p", "acme", "whoami", "--check", **wrong)
        assert (ended.code, "is not used" in ended.err) == (3, False)


def test_who_am_i_asks_neither_keyring_nor_command(
    cmdm: Command, acme: RunningInfo, home: Path, keyring: KeyringFactory, tmp_path: Path
) -> None:
    keyring("hanging")
    made = tmp_path / "made"
    text = profiles(home).read_text().replace('secrets = "file"', 'secrets = "keyring"')
    profiles(home).write_text(text)
    say(home, f'password_command = "touch {made}"\n')
    ended = cmdm("whoami")
    assert ended.code == 0
    out = ended.out.decode()
    assert "client secret  in the keyring" in out
    assert "password       printed by the profile's password_command" in out
    assert "kept, good for 5" in out
    assert not made.exists()


def test_who_am_i_with_check_signs_in_and_tells_the_calls_left(
    cmdm: Command, acme: RunningInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = cmdm("whoami", "--check").out.decode()
    assert " of 5,000 this hour, the count starts again at " in out
    told = json.loads(cmdm("whoami", "--check", "--json").out)
    assert told["secrets"] == {"client_secret": "file", "password": "file"}
    assert told["token"]["kept"] is True
    assert told["quota"]["limit"] == 5000
    assert cmdm("whoami", "--check", CMDM_PASSWORD="wrong").code == 3


def test_a_token_serves_the_next_command(cmdm: Command, signed_in: RunningInfo) -> None:
    def left() -> int:
        included = cmdm("api", "-i", "GET", "lead?per_page=1&page=1").out.decode()
        (line,) = [line for line in included.splitlines() if "limit-remaining" in line]
        return int(line.partition(":")[2])

    before = left()
    assert left() == before - 1


def test_a_keyring_that_hangs_is_told_at_logout(
    cmdm: Command,
    acme: RunningInfo,
    home: Path,
    keyring: KeyringFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyrings, "TIME_LIMIT", 0.3)
    keyring("hanging")
    text = profiles(home).read_text().replace('secrets = "file"', 'secrets = "keyring"')
    profiles(home).write_text(text)
    ended = cmdm("logout")
    assert ended.code == 1
    assert b"Removed the token." in ended.out
    assert "It may still hold the secrets of acme." in ended.err
    assert ended.err.count("\n") == 1


def test_a_token_that_cannot_be_kept_is_told_and_fails_nothing(
    cmdm: Command, signed_in: RunningInfo, home: Path
) -> None:
    home.mkdir(exist_ok=True)
    (home / "cache").write_text("a file")
    ended = cmdm("list", "lead")
    assert ended.code == 0
    assert "The token is not kept for the next run" in ended.err
    assert ended.err.count("\n") == 1
