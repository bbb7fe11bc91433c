"""Two commands at once lose nothing of each other."""

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from cmdm_tui.config import ConfigurationError, Paths, ProfileStore, folder_lock, profile_store
from tests.config.conftest import CREDENTIALS, URL

SAVE = """
import sys
from pathlib import Path
from cmdm_tui.config import Credentials, Paths, ProfileStore, SecretStr
store = ProfileStore(Paths(Path(sys.argv[1]), Path(sys.argv[2])))
sys.stdin.readline()
secret = SecretStr("x")
for number in range(4):
    name = f"{sys.argv[3]}-{number}"
    store.save(name, "https://x", Credentials(secret, secret, "u", secret), keep_secrets=True)
"""


def test_many_processes_at_once_lose_nothing(paths: Paths, store: ProfileStore) -> None:
    words = [sys.executable, "-c", SAVE, str(paths.config), str(paths.data)]
    running = [
        subprocess.Popen([*words, f"p{number}"], stdin=subprocess.PIPE) for number in range(6)
    ]
    for process in running:
        process.communicate(b"go\n", timeout=60)
    assert [process.returncode for process in running] == [0] * 6
    assert sorted(store.list_names()) == sorted(f"p{a}-{b}" for a in range(6) for b in range(4))
    assert all(store.load(name).credentials.password.reveal() == "x" for name in store.list_names())


def save_amid_a_save(store: ProfileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save beta between the reading and the writing of a save of acme."""
    write, calls = profile_store.write_toml, iter([True])

    def writing(path: Path, content: dict[str, object]) -> None:
        if next(calls, False):
            store.save("beta", URL, CREDENTIALS, keep_secrets=False)
        write(path, content)

    monkeypatch.setattr(profile_store, "write_toml", writing)
    store.save("acme", URL, CREDENTIALS, keep_secrets=False)


def test_who_comes_between_waits_and_is_told(
    store: ProfileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_lock, "_TIMEOUT", 0.0)
    with pytest.raises(ConfigurationError, match="Another cmdm is changing the profiles"):
        save_amid_a_save(store, monkeypatch)


def test_without_the_lock_one_would_be_lost(
    store: ProfileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile_store, "lock_folder", nullcontext)
    save_amid_a_save(store, monkeypatch)
    assert store.list_names() == ["acme"]


def test_a_link_in_the_locks_place_is_not_followed(paths: Paths, store: ProfileStore) -> None:
    paths.config.mkdir(parents=True)
    (paths.config / ".lock").symlink_to(paths.config / "elsewhere")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        store.save("acme", URL, CREDENTIALS, keep_secrets=False)
    assert not (paths.config / "elsewhere").exists()
