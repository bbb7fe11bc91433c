"""Folders of a user, a store on them, and keyrings of every temper."""

from pathlib import Path

import pytest

from cmdm_tui.config import Credentials, Paths, ProfileStore, SecretStr

CREDENTIALS = Credentials(
    SecretStr("the-client"), SecretStr("hunter2-secret"), "siân", SecretStr("hunter2-password")
)
URL = "https://crm.example.com"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(
        config=tmp_path / "config" / "cmdm",
        data=tmp_path / "data" / "cmdm",
        cache=tmp_path / "cache" / "cmdm",
    )


@pytest.fixture
def store(paths: Paths) -> ProfileStore:
    return ProfileStore(paths)
