"""Turns cells into days and times as they go over the wire."""

from datetime import date, datetime, time

from cmdm_tui.transfer.column_rules import ColumnRule, RejectedValue, show_value
from cmdm_tui.transfer.date_text import NotADate, ReadMoment, format_moment, read_moment
from cmdm_tui.transfer.source_table import SourceValue


def convert_date(value: SourceValue, rule: ColumnRule) -> str:
    """Return a day; a midnight without a zone is one too. Raises RejectedValue."""
    moment = _read(value, rule, "date")
    if not moment.is_day:
        zone = "" if moment.zone is None else " and a zone"
        raise RejectedValue(f"holds a time{zone}, the field holds a day")
    return moment.day.isoformat()


def convert_datetime(value: SourceValue, rule: ColumnRule) -> str:
    """Return a time in UTC. Raises RejectedValue, also where its zone is not known."""
    moment = _read(value, rule, "time")
    if moment.time is None:
        raise RejectedValue("holds a day, the field holds a time")
    zone = moment.zone or rule.format.zone
    if zone is None:
        raise RejectedValue("a time without a zone")
    try:
        return format_moment(datetime.combine(moment.day, time(), zone) + moment.time)
    except OverflowError:
        raise RejectedValue("a time that is not in the calendar") from None


def _read(value: SourceValue, rule: ColumnRule, wanted: str) -> ReadMoment:
    match value:
        case datetime():
            return ReadMoment(
                value.date(), value.replace(tzinfo=None) - _midnight(value), value.tzinfo
            )
        case date():
            return ReadMoment(value)
        case str():
            try:
                return read_moment(value, rule.format.dates)
            except NotADate as error:
                raise RejectedValue(str(error)) from None
        case bool():
            raise RejectedValue(f"true or false, not a {wanted}")
        case _:
            raise RejectedValue(f"{show_value(value)} is a plain number, not a {wanted}")


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time())
