"""Changes what a TOML file says and leaves how it says it: comments, order, spacing."""

import tomllib
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError


def rewrite_toml(text: str, content: Mapping[str, Any]) -> str:
    """Return `text` changed so that it says `content`, and nothing else.

    Where that cannot be done in place, the text is written anew, without its comments.
    """
    try:
        document = tomlkit.parse(text)
        _update_table(document, content)
        changed = tomlkit.dumps(document)  # pyright: ignore[reportUnknownMemberType]
        if tomllib.loads(changed) == content:
            return changed
    except (TOMLKitError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        # Some layouts (tables in pieces, dotted keys) are beyond tomlkit, in one way or another.
        pass
    return tomlkit.dumps(content)  # pyright: ignore[reportUnknownMemberType]


def _update_table(table: MutableMapping[str, Any], content: Mapping[str, Any]) -> None:
    for key in [key for key in table if key not in content]:
        del table[key]
    for key, value in content.items():
        before = table.get(key)
        if isinstance(before, MutableMapping) and isinstance(value, Mapping):
            _update_table(
                cast("MutableMapping[str, Any]", before),
                cast("Mapping[str, Any]", value),
            )
        elif key not in table or before != value:
            table[key] = value
