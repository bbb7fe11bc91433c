"""A token comes back to the credentials that obtained it, and to no one and nothing else."""

import json
import os
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdm_tui.catalog import TokenFile, load_stored_token, token_cache
from cmdm_tui.config import ConfigurationError, Paths, ProfileStore, SecretStr
from cmdm_tui.config.private_files import read_private_file
from tests.config.conftest import CREDENTIALS, URL

TOKEN = SecretStr("the-token")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "tokens"


def cache_in(folder: Path, name: str = "acme", url: str = URL, **changed: Any) -> TokenFile:
    return TokenFile(folder, name, url, replace(CREDENTIALS, **changed))


def file_in(folder: Path) -> Path:
    (path,) = folder.glob("*.json")
    return path


def in_an_hour() -> float:
    return time.time() + 3600


def test_a_token_comes_back(folder: Path) -> None:
    ends = in_an_hour()
    cache_in(folder).save(TOKEN, ends, 12.5)
    kept = cache_in(folder).load()
    assert kept is not None
    assert (kept.value, kept.renew_at, kept.clock_offset) == (TOKEN, ends, 12.5)
    shown = load_stored_token(folder, "acme", URL, CREDENTIALS.client_id, CREDENTIALS.username)
    assert shown == kept
    assert "the-token" not in repr(kept)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "beta"},
        {"url": "https://other.example.com"},
        {"client_id": SecretStr("other")},
        {"username": "other"},
        {"client_secret": SecretStr("other")},
        {"password": SecretStr("other")},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_changed_profile_never_gets_anothers_token(folder: Path, changed: Any) -> None:
    cache_in(folder).save(TOKEN, in_an_hour(), 0.0)
    assert cache_in(folder, **changed).load() is None
    assert cache_in(folder).load() is not None


def test_without_the_hash_of_the_secrets_it_would(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def any_will_do(_: TokenFile, __: str) -> bool:
        return True

    monkeypatch.setattr(TokenFile, "_matches_secrets", any_will_do)
    cache_in(folder).save(TOKEN, in_an_hour(), 0.0)
    assert cache_in(folder, password=SecretStr("other")).load() is not None


def test_an_ended_token_is_dropped_by_the_servers_clock(folder: Path) -> None:
    cache = cache_in(folder)
    cache.save(TOKEN, time.time() - 1, 0.0)
    assert cache.load() is None
    cache.save(TOKEN, time.time() - 1, -3600.0)
    assert cache.load() is not None
    cache.save(TOKEN, in_an_hour(), 7200.0)
    assert cache.load() is None
    cache.save(TOKEN, None, 0.0)
    assert cache.load() is not None


def test_no_secret_is_in_the_files_and_only_the_owner_can_read_them(folder: Path) -> None:
    before = os.umask(0)
    try:
        cache_in(folder).save(TOKEN, in_an_hour(), 0.0)
    finally:
        os.umask(before)
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"hunter2" not in path.read_bytes()
        assert b"the-client" not in path.read_bytes()
    for each in (folder, folder.parent):
        assert stat.S_IMODE(each.stat().st_mode) == 0o700


def test_the_key_is_made_once_for_each_user(folder: Path) -> None:
    cache_in(folder).save(TOKEN, None, 0.0)
    key = (folder / "key").read_bytes()
    cache_in(folder, "beta").save(TOKEN, None, 0.0)
    assert (folder / "key").read_bytes() == key
    (folder / "key").write_bytes(b"short")
    assert cache_in(folder).load() is None
    cache_in(folder).save(TOKEN, None, 0.0)
    assert cache_in(folder).load() is not None


def opened_to_others(path: Path, _: Path) -> None:
    path.chmod(0o644)


def made_a_link(path: Path, elsewhere: Path) -> None:
    path.replace(elsewhere)
    path.symlink_to(elsewhere)


def made_a_pipe(path: Path, _: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def made_a_folder(path: Path, _: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o600)


def made_huge(path: Path, _: Path) -> None:
    with path.open("ab") as file:
        file.write(b" " * 70_000)


TAMPERING: list[Callable[[Path, Path], None]] = [
    opened_to_others, made_a_link, made_a_pipe, made_a_folder, made_huge,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERING)
def test_a_file_that_others_may_have_made_counts_as_none(
    folder: Path, tmp_path: Path, tamper: Callable[[Path, Path], None]
) -> None:
    cache_in(folder).save(TOKEN, in_an_hour(), 0.0)
    tamper(file_in(folder), tmp_path / "elsewhere")
    assert cache_in(folder).load() is None


@pytest.mark.parametrize("tamper", [opened_to_others, made_a_link, made_huge])
def test_a_reader_that_does_not_look_would_take_it(
    folder: Path,
    tmp_path: Path,
    tamper: Callable[[Path, Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache_in(folder).save(TOKEN, in_an_hour(), 0.0)
    tamper(file_in(folder), tmp_path / "elsewhere")

    def naive(path: Path, _: int) -> bytes:
        return path.read_bytes()

    monkeypatch.setattr(token_cache, "read_private_file", naive)
    assert cache_in(folder).load() is not None


def test_writing_replaces_a_link_and_leaves_what_it_led_to(folder: Path, tmp_path: Path) -> None:
    cache_in(folder).save(TOKEN, in_an_hour(), 0.0)
    path, target = file_in(folder), tmp_path / "precious"
    target.write_text("precious")
    path.unlink()
    path.symlink_to(target)
    cache_in(folder).save(TOKEN, in_an_hour(), 0.0)
    assert target.read_text() == "precious"
    assert not path.is_symlink()
    assert cache_in(folder).load() is not None


def test_a_plain_write_would_follow_the_link(tmp_path: Path) -> None:
    path, target = tmp_path / "token", tmp_path / "precious"
    target.write_text("precious")
    path.symlink_to(target)
    path.write_text("token")
    assert target.read_text() == "token"


def test_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")
    assert cache_in(folder).load() is None
    with pytest.raises(ConfigurationError, match="cannot be written"):
        cache_in(folder).save(TOKEN, None, 0.0)


def test_forgetting_takes_the_tokens_of_every_address_of_one_profile(folder: Path) -> None:
    store = ProfileStore(Paths(folder / "config", folder / "data", folder.parent))
    assert not store.remove_tokens("acme")
    cache_in(folder).save(TOKEN, None, 0.0)
    cache_in(folder, url="https://old").save(TOKEN, None, 0.0)
    cache_in(folder, "acme-2").save(TOKEN, None, 0.0)
    assert store.remove_tokens("acme")
    assert [path.name.partition(".")[0] for path in folder.glob("*.json")] == ["acme-2"]
    assert cache_in(folder).load() is None
    assert cache_in(folder, "acme-2").load() is not None


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary()
    | st.dictionaries(
        st.sampled_from(["token", "renew_at", "clock_offset", "secrets", "other"]), SCALARS
    ).map(lambda table: json.dumps(table).encode())
)
def test_a_corrupt_file_counts_as_none(folder: Path, content: bytes) -> None:
    cache_in(folder).save(TOKEN, in_an_hour(), 0.0)
    file_in(folder).write_bytes(content)
    assert cache_in(folder).load() is None
    load_stored_token(folder, "acme", URL, CREDENTIALS.client_id, CREDENTIALS.username)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(), renew_at=st.none() | st.floats(), offset=st.floats() | st.integers())
def test_odd_values_beside_the_right_hash_are_none_or_usable(
    folder: Path, token: str, renew_at: float | None, offset: float
) -> None:
    cache_in(folder).save(TOKEN, None, 0.0)
    content = json.loads(file_in(folder).read_bytes())
    content |= {"token": token, "renew_at": renew_at, "clock_offset": offset}
    file_in(folder).write_text(json.dumps(content))
    kept = cache_in(folder).load()
    if kept is not None:
        assert kept.value.reveal().isprintable()
        assert kept.value.reveal().isascii()
        assert abs(kept.clock_offset) < 1e9


def test_a_private_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(0o600)
    path.write_bytes(b"x" * 10)
    assert read_private_file(path, 10) == b"x" * 10
    assert read_private_file(path, 9) is None
