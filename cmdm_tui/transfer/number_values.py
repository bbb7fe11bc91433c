"""Turns cells into the decimal text of numbers and amounts, without passing through a float."""

from decimal import Decimal

from cmdm_tui.transfer.column_rules import ColumnRule, RejectedValue
from cmdm_tui.transfer.number_text import NotANumber, format_decimal, read_number
from cmdm_tui.transfer.source_table import SourceValue


def convert_number(value: SourceValue, rule: ColumnRule) -> str:
    """Return a number as decimal text. Raises RejectedValue."""
    return _convert(value, rule, takes_currency=False)


def convert_currency(value: SourceValue, rule: ColumnRule) -> str:
    """Return an amount as decimal text, without the sign of its currency. Raises RejectedValue."""
    return _convert(value, rule, takes_currency=True)


def convert_decimal(value: Decimal) -> str:
    """Return a number that a typed format holds as decimal text. Raises RejectedValue."""
    try:
        return format_decimal(value)
    except NotANumber as error:
        raise RejectedValue(str(error)) from None


def _convert(value: SourceValue, rule: ColumnRule, *, takes_currency: bool) -> str:
    match value:
        case bool():
            raise RejectedValue("true or false, not a number")
        case Decimal():
            return convert_decimal(value)
        case str():
            return _convert_text(value, rule, takes_currency=takes_currency)
        case _:
            raise RejectedValue("a date, not a number")


def _convert_text(text: str, rule: ColumnRule, *, takes_currency: bool) -> str:
    try:
        number = read_number(text, rule.format.mark, takes_currency=takes_currency)
    except NotANumber as error:
        raise RejectedValue(str(error)) from None
    if number.currency and len(rule.format.currencies) > 1:
        signs = " and ".join(sorted(rule.format.currencies))
        raise RejectedValue(f"the column holds amounts in {signs}, the field in one currency")
    if number.currency or number.has_groups:
        taken = rule.counts.taken_off.setdefault(rule.field.name, set())
        taken.update([number.currency] * bool(number.currency))
        taken.update(["thousands separators"] * number.has_groups)
    return number.text
