"""A TOML file is changed in place: it says the new content, and its comments stay."""

import tomllib
from typing import Any

import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.config.toml_files import rewrite_toml

TEXT = """\
# The profiles of siân.
default = "acme" # for now

[profiles.acme]   # production
url = "https://x" # behind the proxy
floor = 10

# Rarely used.
[profiles.beta]
url = 'https://y'
"""


def test_comments_and_order_stay() -> None:
    content = tomllib.loads(TEXT)
    content["default"] = "beta"
    content["profiles"]["acme"]["floor"] = 20
    content["profiles"]["gamma"] = {"url": "https://z"}
    after = rewrite_toml(TEXT, content)
    assert tomllib.loads(after) == content
    for comment in ("# The profiles", "# for now", "# production", "# behind", "# Rarely"):
        assert comment in after
    assert "url = 'https://y'" in after


def test_a_layout_that_cannot_be_changed_in_place_is_written_anew() -> None:
    text = "profiles.acme.url = 'x'\nprofiles.beta = {url = 'y'}\n"
    content = {"profiles": {"gamma": {"url": "z", "entities": ["a"]}}, "default": "gamma"}
    assert tomllib.loads(rewrite_toml(text, content)) == content


KEYS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=4)


@given(before=TABLES, after=TABLES)
def test_whatever_was_said_the_new_content_is_said(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert tomllib.loads(rewrite_toml(tomlkit.dumps(before), after)) == after
    assert tomllib.loads(rewrite_toml("# c\n" + tomlkit.dumps(before), after)) == after
