"""Writes the JSON body of a request."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import msgspec

from cmdm_tui.api.errors import InvalidCall
from cmdm_tui.text import one_line

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def encode_body(properties: Mapping[str, Any]) -> bytes:
    """Return `properties` as a JSON object; Decimal values become numbers, digit for digit.

    Raises InvalidCall for a value JSON has no form for: NaN, an infinity, a lone surrogate.
    """
    for name, value in properties.items():
        if not _is_finite(value):
            raise InvalidCall(f"The value of {one_line(name, 60)} is not a finite number")
    try:
        return _ENCODER.encode(dict(properties))
    except UnicodeEncodeError:
        raise InvalidCall("A name or value is not valid Unicode text") from None
    except (TypeError, RecursionError) as error:
        raise InvalidCall(f"A value has no form in JSON: {one_line(str(error), 100)}") from None


def _is_finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Decimal):
        return value.is_finite()
    if isinstance(value, Mapping):
        return all(_is_finite(item) for item in cast("Mapping[str, object]", value).values())
    if isinstance(value, list | tuple):
        return all(_is_finite(item) for item in cast("list[object]", value))
    return True
