"""A profile's table is read key by key: defaults, clear errors, and a hint at a misspelt key."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.config import SETTING_KEYS, ConfigurationError
from cmdm_tui.config.settings import read_settings

TABLE = {"url": "https://x", "client_id": "a", "username": "b"}
FILE = Path("profiles.toml")


def test_what_is_not_said_has_a_sensible_default() -> None:
    settings = read_settings("acme", TABLE, FILE)
    assert (settings.place, settings.colour, settings.entities) == (None, None, ())
    assert (settings.read_only, settings.floor, settings.per_page) == (False, 0, 100)
    assert settings.local_files
    assert settings.warnings == ()


def test_everything_can_be_said() -> None:
    said: dict[str, Any] = {
        "secrets": "keyring", "password_command": "pass x", "colour": "#00ff7F",
        "read_only": True, "floor": 100, "per_page": 250, "entities": ["event", "event"],
        "people_fields": {"account.Name": "name"}, "people_hook": "people.py",
    }  # fmt: skip
    settings = read_settings("acme", TABLE | said, FILE)
    assert (settings.place, settings.colour, settings.entities) == (
        "keyring", "#00ff7F", ("event",),
    )  # fmt: skip
    assert (settings.read_only, settings.floor, settings.per_page) == (True, 100, 250)
    assert settings.commands == {"password": "pass x"}
    assert settings.people_fields == {"account.Name": "name"}
    assert settings.people_hook == "people.py"


WRONG: list[tuple[str, object, str]] = [
    ("url", 3, "is not text"),
    ("secrets", "vault", "is not one of ask, keyring, file, command"),
    ("secrets", ["ask"], "is not one of"),
    ("password_command", ["pass", "x"], "is not text"),
    ("client_secret_command", " ", "is not text"),
    ("colour", "mauve-ish", "is not one of red"),
    ("colour", "#ff", "#rrggbb"),
    ("read_only", "yes", "is not true or false"),
    ("local_files", "no", "is not true or false"),
    ("local_files", 0, "is not true or false"),
    ("read_only", 1, "is not true or false"),
    ("floor", -1, "is not a whole number from 0"),
    ("floor", True, "is not a whole number"),
    ("floor", 1.5, "is not a whole number"),
    ("per_page", 0, "from 1 to"),
    ("per_page", 10**9, "from 1 to"),
    ("entities", "event", "is not a list of names"),
    ("entities", ["event", 3], "is not a list of names"),
    ("people_fields", {"Nickname": "alias"}, "is not a table of fields, each name, user, mail"),
    ("people_fields", ["Nickname"], "is not a table of fields"),
    ("people_hook", "", "is not text"),
]


@pytest.mark.parametrize(("key", "value", "words"), WRONG)
def test_a_wrong_type_is_one_line_that_names_key_file_profile_and_remedy(
    key: str, value: object, words: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        read_settings("acme", TABLE | {key: value}, FILE)
    message = str(raised.value)
    for part in (key, "profiles.toml", "acme", words, f"Write {key} = "):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("key", "near"),
    [("color", "colour"), ("readonly", "read_only"), ("per-page", "per_page"),
     ("Password_Command", "password_command"), ("entity", "entities")],
)  # fmt: skip
def test_a_misspelt_key_is_told_with_the_nearest_and_is_no_failure(key: str, near: str) -> None:
    (warning,) = read_settings("acme", {**TABLE, key: "x"}, FILE).warnings
    assert warning.startswith(f"{key} in ")
    assert f"Did you mean {near}?" in warning


def test_an_unknown_key_is_shown_safely() -> None:
    (warning,) = read_settings("acme", TABLE | {"\x1b[2Jzzz": 1}, FILE).warnings
    assert "␛[2Jzzz" in warning
    assert "\x1b" not in warning


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    table=st.dictionaries(st.sampled_from([key.name for key in SETTING_KEYS]) | st.text(), VALUES)
)
def test_any_table_is_read_or_refused(table: dict[str, Any]) -> None:
    with suppress(ConfigurationError):
        read_settings("acme", TABLE | table, FILE)
