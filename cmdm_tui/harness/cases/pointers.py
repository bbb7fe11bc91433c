"""Looks into a JSON answer by pointer (RFC 6901)."""

from typing import cast

from cmdm_tui.api.quota import parse_whole_number


class Missing:
    """What stands where a pointer leads nowhere; not None, which stands for null."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()


def resolve_pointer(value: object, pointer: str) -> object:
    """Return what `pointer` leads to in `value`, NOTHING where it leads nowhere."""
    for part in pointer.split("/")[1:]:
        value = _resolve_part(value, part.replace("~1", "/").replace("~0", "~"))
    return value


def _resolve_part(value: object, part: str) -> object:
    if isinstance(value, dict):
        return cast("dict[str, object]", value).get(part, MISSING)
    if isinstance(value, list):
        items = cast("list[object]", value)
        number = parse_whole_number(part)
        if number is not None and number < len(items):
            return items[number]
    return MISSING
