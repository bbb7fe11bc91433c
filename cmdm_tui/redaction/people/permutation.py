"""A keyed permutation of short texts: each is replaced by another of its form, no two alike.

A text is a list of digits, each with its own radix: a consonant is one of 21, a decimal digit one
of ten. The permutation is a Feistel network over the two halves of the list (as in NIST SP 800-38G,
with SHAKE-256 for its rounds). It moves every text: none is its own stand-in.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from math import prod

_ROUNDS = 10


def permute(digits: Sequence[int], radixes: Sequence[int], key: bytes) -> list[int]:
    """Return the digits that replace these; equal lists are replaced alike, others differently.

    Only where every radix is 1 do they stay the same: there is nothing else to choose.
    """
    half = len(digits) // 2
    sizes = prod(radixes[:half]), prod(radixes[half:])
    total = sizes[0] * sizes[1]
    if total < 2:
        return list(digits)
    # A step further in another order of all texts: a permutation without a fixed point.
    domain = key + b"\0" + ",".join(map(str, radixes)).encode()
    if len(digits) == 1:
        # There are no two halves.
        order = _shuffle(domain, total)
        return [order[(order.index(digits[0]) + 1) % total]]
    left, right = _join(digits[:half], radixes[:half]), _join(digits[half:], radixes[half:])
    left, right = _run_rounds(left, right, sizes, domain, range(_ROUNDS), 1)
    left, right = divmod((left * sizes[1] + right + 1) % total, sizes[1])
    left, right = _run_rounds(left, right, sizes, domain, range(_ROUNDS - 1, -1, -1), -1)
    return [*_split(left, radixes[:half]), *_split(right, radixes[half:])]


@lru_cache(maxsize=1_024)
def _shuffle(domain: bytes, size: int) -> tuple[int, ...]:
    return tuple(sorted(range(size), key=lambda value: _digest(domain, 0, value, 16)))


def _run_rounds(
    left: int, right: int, sizes: tuple[int, int], domain: bytes, rounds: range, sign: int
) -> tuple[int, int]:
    for number in rounds:
        if number % 2:
            left = (left + sign * _scramble(domain, number, right, sizes[0])) % sizes[0]
        else:
            right = (right + sign * _scramble(domain, number, left, sizes[1])) % sizes[1]
    return left, right


def _scramble(domain: bytes, number: int, value: int, size: int) -> int:
    # Eight bytes more than the size has: the remainder is as good as evenly spread.
    digest = _digest(domain, number, value, size.bit_length() // 8 + 9)
    return int.from_bytes(digest, "big") % size


def _digest(domain: bytes, number: int, value: int, length: int) -> bytes:
    return hashlib.shake_256(domain + b"\0%d\0%d" % (number, value)).digest(length)


def _join(digits: Sequence[int], radixes: Sequence[int]) -> int:
    value = 0
    for digit, radix in zip(digits, radixes, strict=True):
        value = value * radix + digit
    return value


def _split(value: int, radixes: Sequence[int]) -> list[int]:
    digits: list[int] = []
    for radix in reversed(radixes):
        value, digit = divmod(value, radix)
        digits.append(digit)
    return digits[::-1]
