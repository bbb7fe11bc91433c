"""Sort keys: in the order of the values, whatever database compares them."""

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.sandbox.schema import WireType
from cmdm_tui.sandbox.wire_types import decimal_key, sort_key


@settings(deadline=None, max_examples=300)
@given(*[st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", fullmatch=True)] * 2)
def test_decimal_keys_stand_as_the_values_do(one: str, other: str) -> None:
    keys, values = (decimal_key(one), decimal_key(other)), (Decimal(one), Decimal(other))
    assert (keys[0] < keys[1]) == (values[0] < values[1])
    assert (keys[0] == keys[1]) == (values[0] == values[1])


def test_a_float_would_lose_the_order_that_decimal_keys_keep() -> None:
    one, other = "12345678901234567890.01", "12345678901234567890.02"
    assert float(one) == float(other)
    assert decimal_key(one) < decimal_key(other)


@pytest.mark.parametrize("sample", [random.Random(7).randbytes(12).hex() for _ in range(3)])
def test_text_keys_fold_case(sample: str) -> None:
    assert sort_key(WireType.TEXT, sample.upper()) == sort_key(WireType.EMAIL, sample)
