"""Profiles are found, kept and refused as a user would expect; secrets are kept only when asked."""

import stat
from pathlib import Path

import pytest

from cmdm_tui.catalog import TokenFile
from cmdm_tui.config import (
    ConfigurationError,
    MissingSecrets,
    NoProfile,
    Paths,
    ProfileStore,
    SecretStr,
    load_environment_profile,
)
from tests.config.conftest import CREDENTIALS, URL

ENVIRONMENT = {
    "CMDM_URL": "https://crm.example.com",
    "CMDM_CLIENT_ID": "the-client",
    "CMDM_CLIENT_SECRET": "hunter2-secret",
    "CMDM_USERNAME": "siân",
    "CMDM_PASSWORD": "hunter2-password",
}


def test_the_environment_makes_a_profile() -> None:
    profile = load_environment_profile(ENVIRONMENT)
    assert profile is not None
    assert profile.url == "https://crm.example.com"
    assert profile.credentials == CREDENTIALS


def test_without_an_address_the_environment_makes_none() -> None:
    assert load_environment_profile({**ENVIRONMENT, "CMDM_URL": ""}) is None


def test_a_partial_environment_names_what_is_missing() -> None:
    partial = {
        key: value
        for key, value in ENVIRONMENT.items()
        if key not in {"CMDM_PASSWORD", "CMDM_CLIENT_ID"}
    }
    with pytest.raises(ConfigurationError, match="CMDM_CLIENT_ID and CMDM_PASSWORD are not"):
        load_environment_profile(partial)


def test_a_saved_profile_is_the_default_and_comes_back(store: ProfileStore) -> None:
    store.save("acme", "https://crm.example.com", CREDENTIALS, keep_secrets=True)
    profile = store.load(store.choose())
    assert (profile.name, profile.url) == ("acme", "https://crm.example.com")
    assert profile.credentials == CREDENTIALS


def test_secrets_are_kept_only_when_asked(store: ProfileStore, paths: Paths) -> None:
    store.save("acme", "https://crm.example.com", CREDENTIALS, keep_secrets=False)
    everything = b"".join(path.read_bytes() for path in paths.config.iterdir())
    assert b"hunter2" not in everything
    with pytest.raises(MissingSecrets) as raised:
        store.load("acme")
    assert raised.value.missing == ("client_secret", "password")
    given = {"client_secret": "hunter2-secret", "password": "hunter2-password"}
    assert store.load("acme", given).credentials == CREDENTIALS


def test_kept_secrets_are_in_a_file_only_their_owner_reads(
    store: ProfileStore, paths: Paths
) -> None:
    store.save("acme", "https://crm.example.com", CREDENTIALS, keep_secrets=True)
    assert b"hunter2" in paths.secrets.read_bytes()
    assert b"hunter2" not in paths.profiles.read_bytes()
    assert stat.S_IMODE(paths.secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.config.stat().st_mode) == 0o700


def test_saving_again_without_secrets_forgets_them(store: ProfileStore, paths: Paths) -> None:
    store.save("acme", "https://crm.example.com", CREDENTIALS, keep_secrets=True)
    store.save("acme", "https://crm.example.com", CREDENTIALS, keep_secrets=False)
    assert b"hunter2" not in paths.secrets.read_bytes()


def test_with_no_profile_it_is_said_what_to_do(store: ProfileStore) -> None:
    with pytest.raises(NoProfile, match="Run cmdm to sign in or to see the demo"):
        store.choose()


def test_an_unknown_profile_is_named_beside_the_known(store: ProfileStore) -> None:
    store.save("acme", "https://crm.example.com", CREDENTIALS, keep_secrets=False)
    store.save("beta", "https://beta.example.com", CREDENTIALS, keep_secrets=False)
    with pytest.raises(NoProfile, match="no profile named gamma; there are acme and beta"):
        store.choose("gamma")
    assert store.choose() == "acme"
    assert store.choose("beta") == "beta"


@pytest.mark.parametrize("name", ["", "a b", "../x", "ä", "x" * 41, "[/]", "\x1b[2J"])
def test_an_odd_name_is_refused(store: ProfileStore, name: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a name for a profile"):
        store.save(name, "https://crm.example.com", CREDENTIALS, keep_secrets=False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"profiles = [", "is not valid TOML"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"profiles = 3", "holds no table of profiles"),
        (b"[profiles.acme]\nurl = 3\nclient_id='a'\nusername='b'", "url in .* is not text"),
        (b"[profiles.acme]\nurl = 'https://x'\nusername='b'", "has no client_id"),
    ],
)
def test_a_broken_file_is_named_with_what_to_do(
    store: ProfileStore, paths: Paths, content: bytes, words: str
) -> None:
    paths.config.mkdir(parents=True)
    paths.profiles.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words) as raised:
        store.load(store.choose("acme"))
    assert str(paths.profiles) in str(raised.value)


def write_profiles(paths: Paths, text: str) -> None:
    paths.config.mkdir(parents=True)
    paths.profiles.write_text(text)


def test_a_profile_is_removed_with_what_was_learnt_of_its_server(
    store: ProfileStore, paths: Paths
) -> None:
    paths.catalogs.mkdir(parents=True)
    for name in ("acme.json", "acme.traits.json", "acme-2.json"):
        (paths.catalogs / name).write_text("{}")
    for name in ("acme", "acme-2"):
        store.save(name, "https://crm.example", CREDENTIALS, keep_secrets=False)
    paths.drafts.mkdir(parents=True)
    for name in ("acme.0a.json", "acme.0a.lock", "acme-2.0b.json"):
        (paths.drafts / name).write_text("{}")
    removed = store.remove("acme").removed
    assert {"what was learnt of its server", "what was typed and not sent"} <= {*removed}
    assert [path.name for path in paths.catalogs.iterdir()] == ["acme-2.json"]
    assert [path.name for path in paths.drafts.iterdir()] == ["acme-2.0b.json"]


def test_a_default_is_chosen_and_kept_until_it_is_removed(store: ProfileStore) -> None:
    for name in ("acme", "beta", "gamma"):
        store.save(name, URL, CREDENTIALS, keep_secrets=False)
    assert store.find_default() == "acme"
    store.set_default("beta")
    assert store.choose() == "beta"
    with pytest.raises(NoProfile, match="no profile named delta"):
        store.set_default("delta")
    store.remove("beta")
    assert (store.list_names(), store.find_default()) == (["acme", "gamma"], None)
    with pytest.raises(NoProfile, match="acme and gamma"):
        store.choose()


def test_signing_in_again_leaves_the_rest_of_the_table_as_it_was(
    store: ProfileStore, paths: Paths
) -> None:
    write_profiles(
        paths,
        "# mine\n[profiles.acme]\nurl = 'https://old'  # old\nclient_id = 'a'\n"
        "username = 'b'\nfloor = 7 # calls\n",
    )
    store.save("acme", URL, CREDENTIALS, keep_secrets=False)
    text = paths.profiles.read_text()
    assert "# mine" in text
    assert "floor = 7 # calls" in text
    assert store.load_settings("acme").url == URL


def test_a_link_to_the_file_of_profiles_is_followed(
    store: ProfileStore, paths: Paths, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "dotfiles.toml"
    elsewhere.write_text("# kept with other dotfiles\n")
    paths.config.mkdir(parents=True)
    paths.profiles.symlink_to(elsewhere)
    store.save("acme", URL, CREDENTIALS, keep_secrets=False)
    assert paths.profiles.is_symlink()
    assert "acme" in elsewhere.read_text()


def test_a_file_of_secrets_that_others_may_read_is_refused(
    store: ProfileStore, paths: Paths
) -> None:
    store.save("acme", URL, CREDENTIALS, keep_secrets=True)
    paths.secrets.chmod(0o640)
    with pytest.raises(ConfigurationError, match=r"others may read it\. Run chmod 600"):
        store.load("acme")
    store.log_out("acme")
    assert b"hunter2" not in paths.secrets.read_bytes()


def test_logging_out_forgets_secrets_and_tokens_and_leaves_the_profile(
    store: ProfileStore,
) -> None:
    for name in ("acme", "acme-2"):
        store.save(name, URL, CREDENTIALS, keep_secrets=True)
        cache = TokenFile.of_profile(store.load(name))
        assert cache is not None
        cache.save(SecretStr("token"), None, 0.0)
    forgotten = store.log_out("acme")
    assert "the token" in forgotten.removed
    with pytest.raises(MissingSecrets):
        store.load("acme")
    assert store.load_settings("acme").place == "ask"
    kept = TokenFile.of_profile(store.load("acme-2"))
    assert kept is not None
    assert kept.load() is not None


def test_a_secret_among_the_profiles_is_not_used_and_told_without_it(
    store: ProfileStore, paths: Paths
) -> None:
    write_profiles(
        paths,
        "[profiles.acme]\nurl = 'https://x'\nclient_id = 'a'\nusername = 'b'\n"
        "password = 'hunter2'\n",
    )
    with pytest.raises(MissingSecrets):
        store.load("acme")
    (warning,) = store.load_settings("acme").warnings
    assert "password in " in warning
    assert "does not belong there" in warning
    assert "hunter2" not in warning


def test_a_name_that_leads_elsewhere_is_refused_though_it_is_in_the_file(
    store: ProfileStore, paths: Paths
) -> None:
    write_profiles(paths, "[profiles.'../x']\nurl = 'https://x'\n")
    with pytest.raises(ConfigurationError, match="is not a name for a profile"):
        store.load("../x")
