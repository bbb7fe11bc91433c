"""Reads the number of a row as a person types it."""

_SEPARATORS = str.maketrans("", "", ",_ '.")
_MOST_DIGITS = 15


def read_row_number(text: str) -> int | None:
    """Return the number, None for a text that is none: 12, 12,000 and 12 000 are numbers."""
    digits = text.strip().removeprefix("#").translate(_SEPARATORS)
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(digits) if is_number else None


def check_row_number(text: str, row_count: int, *, is_count_known: bool) -> str:
    """Return what is wrong with the number of a row, from 1; empty for one that is there."""
    number = read_row_number(text)
    if number is None:
        return "Enter the number of a row, such as 12"
    if number < 1:
        return "Rows are counted from 1"
    if number <= row_count:
        return ""
    rows = "1 row" if row_count == 1 else f"{row_count:,} rows"
    there = "There is" if row_count == 1 else "There are"
    return (
        f"{there} {rows}" if is_count_known else f"{there} {rows} so far; the service counts none"
    )
