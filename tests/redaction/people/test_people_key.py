"""The key of the stand-ins is made once, for its user alone, and can be shared by a variable."""

from pathlib import Path

import pytest

from cmdm_tui.config import ConfigurationError
from cmdm_tui.config.credentials import list_noted_secrets
from cmdm_tui.harness.cassettes.people import PeopleSettings
from cmdm_tui.redaction.people.people_key import KEY_VARIABLE, load_people_key


def test_a_key_is_made_once_and_only_its_user_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "people.key"
    key = load_people_key(path, {})
    assert len(key) == 32
    assert load_people_key(path, {}) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_people_key(tmp_path / "other" / "people.key", {}) != key


def test_a_key_in_the_environment_is_the_same_everywhere_and_stored_nowhere(tmp_path: Path) -> None:
    shared = {KEY_VARIABLE: "a text that a team shares"}
    key = load_people_key(tmp_path / "a" / "people.key", shared)
    assert load_people_key(tmp_path / "b" / "people.key", shared) == key
    assert not (tmp_path / "a").exists()


def test_a_key_is_concealed_like_any_secret(tmp_path: Path) -> None:
    path = tmp_path / "people.key"
    key = load_people_key(path, {})
    assert path.read_text().strip() == key.hex()
    assert key.hex() in list_noted_secrets()
    shown = repr(PeopleSettings(key, {"Nickname": "name"}))
    assert "Nickname" in shown
    assert repr(key) not in shown


def test_a_key_that_is_too_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"{KEY_VARIABLE} is too short: give it 16"):
        load_people_key(tmp_path / "people.key", {KEY_VARIABLE: "short"})


@pytest.mark.parametrize("content", ["", "no key", "ab" * 31])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "people.key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match=r"people\.key is not a key for stand-ins"):
        load_people_key(path, {})


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    path = tmp_path / "people.key"
    load_people_key(path, {})
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="or others may read it"):
        load_people_key(path, {})
