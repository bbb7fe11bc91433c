"""What is said of calls and quota: the line below a result, the calls left, when they return."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cmdm_tui.api import Quota
from cmdm_tui.catalog.quota_cache import KnownQuota
from cmdm_tui.repl.raw_call import PlannedCall, query_parameters
from cmdm_tui.repl.result_types import AnswerResult, OneRecord, RecordList
from cmdm_tui.repl.session_settings import SessionSettings
from cmdm_tui.text import count_noun, one_line

if TYPE_CHECKING:
    from cmdm_tui.query.result import Stats

_SEPARATOR = " · "


def summarize_answer(
    result: AnswerResult, path: str, calls: int, known: KnownQuota, settings: SessionSettings
) -> str:
    """Return the line for an answer to `path`, which took `calls`."""
    costs = _cost_parts(result.response.elapsed, known, settings)
    return _SEPARATOR.join([_describe_answer(result, path), count_noun(calls, "call"), *costs])


def summarize_costs(
    calls: int, seconds: float, known: KnownQuota, settings: SessionSettings
) -> str:
    """Return the line for calls whose results say for themselves what they are."""
    return _SEPARATOR.join([count_noun(calls, "call"), *_cost_parts(seconds, known, settings)])


def summarize_query(stats: "Stats", known: KnownQuota, settings: SessionSettings) -> str:
    """Return the line for a query's result."""
    rows, calls = count_noun(stats.rows, "row"), count_noun(stats.calls_used, "call")
    costs = _cost_parts(stats.ms / 1000, known, settings)
    return _SEPARATOR.join([rows, f"{calls} ({stats.plan})", *costs])


def summarize_view(count: int, of: int) -> str:
    """Return the line for what is shown again of a result of `of` rows."""
    rows = count_noun(count, "row") if count == of else f"{count:,} of {count_noun(of, 'row')}"
    return f"{rows}{_SEPARATOR}no call was made"


def describe_calls_left(quota: Quota) -> str:
    """Return the calls left this hour in words."""
    if quota.remaining is None:
        return "calls left unknown"
    return f"{quota.remaining:,} {'call' if quota.remaining == 1 else 'calls'} left"


def describe_known_calls(known: KnownQuota) -> str:
    """Return the calls left in words; those that an earlier run has seen are the most there are."""
    words = describe_calls_left(known.quota)
    return words if known.seen is None else f"at most {words}"


def describe_reset(known: KnownQuota) -> str:
    """Return when the hour's count starts again; nothing where that is not known."""
    return _describe_moment("reset", reset_time(known.quota, known.clock_offset))


def describe_token_end(known: KnownQuota) -> str:
    """Return when the token ends; nothing where that is not known."""
    return _describe_moment("token until", token_end(known.quota, known.clock_offset))


def describe_cancelled_call(planned: PlannedCall, *, was_sent: bool) -> str:
    """Return what is to be said of a call that was cancelled before its answer came."""
    if planned.method == "GET":
        return f"Cancelled {planned}."
    if not was_sent:
        return f"Cancelled {planned}: it was not sent."
    where = "among the newest records" if planned.method == "POST" else "at the record"
    return (
        f"Cancelled while {planned} was under way: it may have been done, or not. "
        f"Look {where} before sending it again."
    )


def _describe_answer(result: AnswerResult, path: str) -> str:
    if isinstance(result, OneRecord):
        return f"1 record of {one_line(result.record.entity, 60)}"
    if not isinstance(result, RecordList):
        return f"Status {result.response.status}"
    page = result.page
    came = len(page.records)
    total = page.total_records
    noun = result.noun if (came if total is None else total) == 1 else f"{result.noun}s"
    words = f"{came:,} {noun}" if total is None else f"{came:,} of {total:,} {noun}"
    number = page_number(path)
    if number is not None and page.total_pages is not None:
        words += f", page {number:,} of {page.total_pages:,}"
    return words


def page_number(path: str) -> int | None:
    """Return the page that a path asks for; None where it asks for none."""
    number = query_parameters(path).get("page", "")
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 15 else None


def _cost_parts(seconds: float, known: KnownQuota, settings: SessionSettings) -> list[str]:
    took = [f"{seconds * 1000:,.0f} ms"] if settings.shows_timing else []
    return [*took, describe_known_calls(known)]


def reset_time(quota: Quota, offset: float) -> datetime | None:
    """Return when the hour's count starts again; `offset` is what the server's clock is ahead."""
    return _local_time(quota.reset, offset)


def token_end(quota: Quota, offset: float) -> datetime | None:
    """Return when the token ends."""
    return _local_time(quota.token_reset, offset)


def _describe_moment(what: str, moment: datetime | None) -> str:
    if moment is None:
        return ""
    return f"{what} {format_moment(moment)}"


def format_moment(moment: datetime) -> str:
    """Return a local time as it is shown everywhere at the prompt: with its day, if not today's."""
    is_today = moment.date() == datetime.now(UTC).astimezone().date()
    return f"{moment:%H:%M}" if is_today else f"{moment:%d %b %H:%M}"


def _local_time(unix_time: float | None, offset: float) -> datetime | None:
    if unix_time is None:
        return None
    try:
        return datetime.fromtimestamp(unix_time - offset, UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return None
