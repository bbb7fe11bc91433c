"""Reads an HTTP answer whole and turns an error status into its error."""

import time

import httpx

from cmdm_tui.api import errors
from cmdm_tui.api.decode import read_error_message
from cmdm_tui.api.errors import CallInfo
from cmdm_tui.api.models import Quota, Response
from cmdm_tui.api.quota import QuotaTracker, read_quota, read_retry_after

_ERROR_BY_STATUS: dict[int, type[errors.StatusError]] = {
    400: errors.BadRequest,
    401: errors.AuthenticationFailed,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
}
_TOO_MANY_CALLS = 429


async def read_response(response: httpx.Response, call: CallInfo, *, started: float) -> Response:
    """Return the answer with its whole body; `started` is monotonic time, in seconds."""
    try:
        body = await response.aread()
    finally:
        await response.aclose()
    return Response(
        number=call.number,
        method=call.method,
        path=call.path,
        status=response.status_code,
        headers=response.headers,
        body=body,
        elapsed=time.monotonic() - started,
    )


def check_status(answer: Response, call: CallInfo, meter: QuotaTracker) -> None:
    """Raise the StatusError of an answer that is not a success; the service's words lead it."""
    status = answer.status
    if httpx.codes.is_success(status):
        return
    error = _build_status_error(answer, call, meter)
    error.response = answer
    raise error


def _build_status_error(
    answer: Response, call: CallInfo, meter: QuotaTracker
) -> errors.StatusError:
    status, words = answer.status, read_error_message(answer)
    if status == _TOO_MANY_CALLS:
        return _build_limit_error(answer, call, meter, words)
    if httpx.codes.is_redirect(status):
        return errors.StatusError(
            "The service answered with a redirect, which is not followed",
            call=call,
            status=status,
            hint="Check the address of the profile",
        )
    kind = _ERROR_BY_STATUS.get(status)
    if kind is None:
        is_server_error = httpx.codes.is_server_error(status)
        kind = errors.ServerError if is_server_error else errors.StatusError
    phrase = httpx.codes.get_reason_phrase(status)
    return kind(words or f"The service answered {status} {phrase}", call=call, status=status)


def _build_limit_error(
    answer: Response, call: CallInfo, meter: QuotaTracker, words: str | None
) -> errors.StatusError:
    now = meter.clock.now()
    waited_for = read_retry_after(answer.headers, now)
    if waited_for is None and read_quota(answer.headers, Quota()).remaining:
        message = words or "The month's limit of calls is reached"
        return errors.MonthLimitReached(message, call=call, status=answer.status)
    reset = waited_for if waited_for is not None else meter.quota.reset
    hint = "Wait for the reset"
    if reset is not None and reset > now:
        clock_time = time.strftime("%H:%M:%S", time.localtime(reset - meter.clock.offset))
        hint = f"Wait for the reset at {clock_time}, in {_format_duration(reset - now)}"
    message = words or "The hour's limit of calls is reached"
    return errors.HourLimitReached(message, call=call, status=answer.status, hint=hint, reset=reset)


def _format_duration(seconds: float) -> str:
    whole = int(seconds) + 1
    return f"{whole} s" if whole < 120 else f"{-(-whole // 60)} min"
