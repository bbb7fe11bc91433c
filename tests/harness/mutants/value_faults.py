"""Faults in how text and numbers are stored, and in the order of numbers."""

import math
import struct
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from unicodedata import combining, normalize

from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, SendOn, mutant, refuse
from tests.harness.mutants.list_faults import resorted, sorts_by
from tests.harness.mutants.stored_values import (
    LONG_TEXTS,
    NUMERIC,
    TEXTS,
    Respell,
    store_otherwise,
)

TEXT, NUMBER, ORDER = "text-kept-exactly", "numbers-kept-exactly", "numbers-in-order"


def _stores(name: str, aims: str, names: frozenset[str], respell: Respell) -> None:
    async def fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        return await store_otherwise(asked, inner, names, respell)

    mutant(name, aims)(fault)


# Text


def _without_accents(text: str) -> str:
    return "".join(one for one in normalize("NFD", text) if not combining(one))


def _cut_bytes(text: str) -> str:
    return text.encode()[:255].decode("utf-8", "ignore") if len(text) <= 255 else text


_stores("text is stored in NFC", TEXT, TEXTS, lambda text: normalize("NFC", text))
_stores("text is stored in NFD", TEXT, TEXTS, lambda text: normalize("NFD", text))
_stores("text is stored in NFKC", TEXT, TEXTS, lambda text: normalize("NFKC", text))
_stores("names lose their accents", TEXT, TEXTS - LONG_TEXTS, _without_accents)
_stores("text is cut at a hundred characters", TEXT, TEXTS, lambda text: text[:100])
_stores("the last character of the longest text is lost", TEXT, TEXTS,
        lambda text: text[:-1] if len(text) in {255, 4_000} else text)  # fmt: skip
_stores("long text is cut as short text is", TEXT, LONG_TEXTS, lambda text: text[:255])
_stores("a column of text holds 255 bytes", TEXT, TEXTS - LONG_TEXTS, _cut_bytes)
_stores("what Latin-1 lacks becomes a question mark", TEXT, TEXTS,
        lambda text: text.encode("latin-1", "replace").decode("latin-1"))  # fmt: skip
_stores("what needs four bytes is dropped", TEXT, TEXTS,
        lambda text: "".join(one for one in text if ord(one) < 0x10000) or "?")  # fmt: skip
_stores("an ampersand is escaped as it is stored", TEXT, TEXTS,
        lambda text: text.replace("&", "&amp;").replace("<", "&lt;"))  # fmt: skip
_stores("a quote is doubled as it is stored", TEXT, TEXTS,
        lambda text: text.replace("'", "''"))  # fmt: skip
_stores("names are written with a capital", TEXT, frozenset({"FirstName", "LastName", "Name"}),
        lambda text: text[:1].upper() + text[1:])  # fmt: skip
_stores("invisible characters are taken out", TEXT, TEXTS,
        lambda text: "".join(one for one in text if one.isprintable()) or "?")  # fmt: skip


@mutant("a text of the greatest length is refused", "status-for-class")
async def longest_refused(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
    given = await inner(asked)
    body = asked.json() or {}
    is_longest = any(isinstance(one, str) and len(one) in {255, 4_000} for one in body.values())
    return refuse(given, 400, "Too long.") if asked.is_writing and is_longest else given


# Numbers


def _rounded(places: str) -> Respell:
    def respell(text: str) -> str:
        try:
            return str(Decimal(text).quantize(Decimal(places), ROUND_HALF_UP))
        except InvalidOperation:
            return text

    return respell


def _as_double(text: str) -> str:
    return f"{Decimal(float(text)):f}"[:32] if Decimal(text) != Decimal(str(float(text))) else text


def _as_single(text: str) -> str:
    number = float(text)
    single: float = struct.unpack("f", struct.pack("f", number))[0]
    return text if math.isclose(number, single, rel_tol=1e-12) else f"{single:f}"


def _as_whole(text: str) -> str:
    whole = int(Decimal(text))
    return text if whole == Decimal(text) else str(whole)


def _capped(most: int) -> Respell:
    def respell(text: str) -> str:
        number = Decimal(text)
        return text if abs(number) <= most else str(most if number > 0 else -most)

    return respell


def _wrapped(text: str) -> str:
    number = Decimal(text)
    if number != int(number) or abs(number) < 2**31:
        return text
    return str((int(number) + 2**31) % 2**32 - 2**31)


_MONEY = frozenset({"AnnualRevenue", "EstimatedValue", "Amount", "Price"})

_stores("numbers are stored as doubles", NUMBER, NUMERIC, _as_double)
_stores("numbers are stored in single precision", NUMBER, NUMERIC, _as_single)
_stores("numbers are capped at the greatest whole number", NUMBER, NUMERIC, _capped(2**63 - 1))
_stores("numbers of more than 32 bits start again", NUMBER, NUMERIC - _MONEY, _wrapped)
_stores("money is rounded to a hundredth", NUMBER, _MONEY, _rounded("0.01"))
_stores("numbers are cut to whole ones", NUMBER, NUMERIC - _MONEY, _as_whole)
_stores("small negative amounts lose their sign", NUMBER, NUMERIC,
        lambda text: text.removeprefix("-") if text.startswith("-0.") else text)  # fmt: skip
_stores("a number has fifteen digits", NUMBER, NUMERIC,
        lambda text: f"{Decimal(f'{Decimal(text):.15g}'):f}"
        if len(text.strip("-0").replace(".", "")) > 15 else text)  # fmt: skip


# The order of numbers


def _orders(name: str, key: Callable[[Any], Any], only: frozenset[str] = NUMERIC) -> None:
    async def fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        given = await inner(asked)
        field = sorts_by(asked, given)
        if field not in only:
            return given
        # Numbers that it takes for equal stand in the order of their ids.
        rows = sorted(given.rows(), key=lambda row: row["ExternalID"])
        return resorted(asked, given.with_rows(rows), field, key)

    mutant(name, ORDER)(fault)


def _digits_apart(value: str | None) -> tuple[int, int]:
    whole, _, rest = (value or "-999").partition(".")
    return int(whole), int(rest or "0")


_orders("numbers are sorted by their characters", lambda value: value or "")
_orders("numbers are sorted by their size", lambda value: abs(Decimal(value or "0")))
_orders("numbers are sorted by their whole part", lambda value: int(Decimal(value or "-1e9")))
_orders("what follows the point is sorted as a whole number", _digits_apart)
_orders("numbers are sorted by how long they are", lambda value: (len(value or ""), value or ""))
_orders("numbers are sorted as text filled up with zeros", lambda value: (value or "").zfill(33))
_orders("numbers with a point come after those without",
        lambda value: ("." in (value or ""), Decimal(value or "-1e30")))  # fmt: skip
_orders("big numbers are sorted as doubles", lambda value: float(value or "-1e30"))
