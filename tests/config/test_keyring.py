"""The keyring keeps secrets; a missing, failing or hanging one is told in one line, in time."""

import threading
import time
from importlib import import_module
from typing import Any, ClassVar, get_args

import pytest

from cmdm_tui.config import KeyringFailed, MissingSecrets, Paths, ProfileStore
from cmdm_tui.config.secrets import keyring as keyrings
from tests.config.conftest import CREDENTIALS, URL
from tests.conftest import KeyringFactory
from tests.fake_keyring import KeyringMode


def kept_in_keyring(store: ProfileStore) -> None:
    store.save_with_secrets("acme", URL, CREDENTIALS, place="keyring")


def test_secrets_are_kept_there_and_nowhere_else(
    store: ProfileStore, paths: Paths, keyring: KeyringFactory
) -> None:
    fake = keyring("working")
    kept_in_keyring(store)
    assert store.load("acme").credentials == CREDENTIALS
    assert sorted(fake.stored.values()) == ["hunter2-password", "hunter2-secret"]
    assert not paths.secrets.exists()
    assert "hunter2" not in paths.profiles.read_text()


def test_moving_away_forgets_them_there(store: ProfileStore, keyring: KeyringFactory) -> None:
    fake = keyring("working")
    kept_in_keyring(store)
    forgotten = store.save_with_secrets("acme", URL, CREDENTIALS, place="file")
    assert fake.stored == {}
    assert len(forgotten.removed) == 2
    assert store.load("acme").credentials == CREDENTIALS


def test_logging_out_and_removing_forget_them(store: ProfileStore, keyring: KeyringFactory) -> None:
    fake = keyring("working")
    kept_in_keyring(store)
    assert "the password in the keyring" in store.log_out("acme").removed
    assert fake.stored == {}
    kept_in_keyring(store)
    store.remove("acme")
    assert (fake.stored, store.list_names()) == ({}, [])


WORDS: dict[KeyringMode, str] = {
    "hanging": "did not answer within 0.3 seconds",
    "failing": r"refused \(RuntimeError\)",
    "forgetting": "did not keep what it was given",
    "plain text": "a file in plain text, and nothing was kept",
    "missing": r"install cmdm-tui\[keyring\]",
}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyrings, "TIME_LIMIT", 0.3)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("temper", WORDS)
def test_one_that_cannot_keep_them_changes_nothing(
    store: ProfileStore, paths: Paths, keyring: KeyringFactory, temper: KeyringMode
) -> None:
    fake = keyring(temper)
    with pytest.raises(KeyringFailed, match=WORDS[temper]) as raised:
        kept_in_keyring(store)
    assert "hunter2" not in str(raised.value)
    assert fake.stored == {}
    assert store.list_names() == []
    assert not paths.secrets.exists()


def test_every_temper_is_tried() -> None:
    assert {*WORDS, "working"} == set(get_args(KeyringMode))


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("temper", ["hanging", "failing", "missing"])
def test_one_that_does_not_give_them_leads_to_asking(
    store: ProfileStore, keyring: KeyringFactory, temper: KeyringMode
) -> None:
    keyring("working")
    kept_in_keyring(store)
    keyring(temper)
    with pytest.raises(MissingSecrets) as raised:
        store.load("acme")
    assert raised.value.missing == ("client_secret", "password")
    assert "keyring" in raised.value.reason.lower()
    assert "hunter2" not in str(raised.value)


@pytest.mark.usefixtures("impatient")
def test_what_it_may_still_hold_is_told_when_it_cannot_be_cleared(
    store: ProfileStore, keyring: KeyringFactory
) -> None:
    keyring("working")
    kept_in_keyring(store)
    keyring("failing")
    forgotten = store.log_out("acme")
    assert "may still hold the secrets of acme" in forgotten.trouble
    assert store.load_settings("acme").place == "keyring"


def test_it_is_not_asked_for_secrets_that_are_given(
    store: ProfileStore, keyring: KeyringFactory
) -> None:
    keyring("working")
    kept_in_keyring(store)
    keyring("hanging")
    given = {"client_secret": "a", "password": "b"}
    started = time.monotonic()
    assert store.load("acme", given).credentials.password.reveal() == "b"
    assert time.monotonic() - started < keyrings.TIME_LIMIT


def test_three_seconds_are_the_limit(store: ProfileStore, keyring: KeyringFactory) -> None:
    keyring("hanging")
    started = time.monotonic()
    with pytest.raises(KeyringFailed, match="within 3 seconds"):
        kept_in_keyring(store)
    assert 2.9 < time.monotonic() - started < 4.5


def test_asking_without_a_limit_would_hang(keyring: KeyringFactory) -> None:
    keyring("hanging")
    hanging: Any = import_module("keyring")
    thread = threading.Thread(target=hanging.get_password, args=("cmdm", "x"), daemon=True)
    thread.start()
    thread.join(1.0)
    assert thread.is_alive()


def test_the_real_package_takes_and_gives(
    store: ProfileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = pytest.importorskip("keyring")
    backend = pytest.importorskip("keyring.backend")

    class InMemory(backend.KeyringBackend):
        priority = 1
        held: ClassVar[dict[tuple[str, str], str]] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.held.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.held[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del self.held[service, username]

    before = package.get_keyring()
    package.set_keyring(InMemory())
    try:
        kept_in_keyring(store)
        assert store.load("acme").credentials == CREDENTIALS
        store.log_out("acme")
        assert InMemory.held == {}
    finally:
        package.set_keyring(before)
