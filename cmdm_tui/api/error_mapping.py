"""Maps what goes wrong, in the transport or by an error status, to the client's own errors."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
from msgspec import Struct

from cmdm_tui.api import errors
from cmdm_tui.api.decode import read_error_message
from cmdm_tui.api.errors import CallInfo
from cmdm_tui.api.models import PendingWrite, Response
from cmdm_tui.api.pool import is_in_handshake, is_sent
from cmdm_tui.api.quota import Quota, QuotaTracker, format_reset, read_quota, read_retry_after
from cmdm_tui.api.trust import BROKEN_HANDSHAKE, SLOW_HANDSHAKE, describe_tls_failure
from cmdm_tui.text import one_line

_ERROR_BY_STATUS: dict[int, type[errors.StatusError]] = {
    400: errors.BadRequest,
    401: errors.AuthenticationFailed,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
}
_HINT_BY_STATUS = {
    413: "Send less at a time",
    414: "Ask for fewer fields at a time, or for all by leaving --fields out",
    415: "The service does not take JSON in this call",
    431: "Ask for fewer fields at a time, or for all by leaving --fields out",
}
_ACCEPTED, _NO_CONTENT, _TOO_MANY_CALLS = 202, 204, 429
_ONE_DAY = 86_400.0
_LONGEST_NAMED_WAIT = 366 * _ONE_DAY

_NEVER_SENT_ERRORS = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_MAPPED_ERRORS = (
    errors.ResponseTooLarge,
    TimeoutError,
    httpx.TransportError,
    httpx.DecodingError,
    httpx.InvalidURL,
    httpx.StreamError,
    ssl.SSLError,
)


@asynccontextmanager
async def map_errors(
    call: CallInfo, request: httpx.Request, *, host: str, deadline: float, left: float | None = None
) -> AsyncGenerator[None]:
    """Run an attempt under its call's deadline, in seconds, and raise its failures as `ApiError`s.

    `left` is what earlier attempts have left of the deadline; None where this is the first. The
    failures' `was_sent` says whether the service may have the request; a failure of the sign-in
    before it belongs to the sign-in.
    """
    try:
        async with asyncio.timeout(deadline if left is None else left):
            yield
    except _MAPPED_ERRORS as error:
        raise _map_error(
            error,
            request.extensions.get("sign_in", call),
            host=host,
            deadline=deadline,
            was_sent=is_sent(request),
            partial=request.extensions.get("partial"),
            in_handshake=is_in_handshake(request),
        ) from None


def check_status(
    answer: Response,
    call: CallInfo,
    quota_tracker: QuotaTracker,
    *,
    was_sent: bool = True,
    is_repeated: bool = False,
) -> None:
    """Raise the StatusError of an answer that is not a success; the service's words lead it.

    `is_repeated` says that an earlier attempt may have done what was asked.
    """
    if not httpx.codes.is_success(answer.status):
        raise _build_status_error(answer, call, quota_tracker, was_sent, is_repeated)


def build_outcome_unknown(
    call: CallInfo, cause: errors.ApiError, pending_write: PendingWrite | None
) -> errors.OutcomeUnknown:
    """Return the error of a call that was sent and whose answer does not say what it made."""
    reason = cause.message.rstrip(". ")
    if isinstance(cause, errors.ServerError):
        message = f"The service answered {cause.status}: {reason}. It may have been done"
    elif isinstance(cause, errors.MalformedResponse | errors.ResponseTooLarge):
        message = _describe_answer_without_id(cause.status, reason)
    elif isinstance(cause, errors.NetworkError) and cause.partial is not None:
        message = (
            f"The service answered {cause.partial.status}, and the rest of its answer was lost: "
            f"{reason}. It may have been done"
        )
    else:
        message = f"The request was sent and its answer lost: {reason}. It may have been done"
    return errors.OutcomeUnknown(message, call=call, cause=cause, pending_write=pending_write)


def _describe_answer_without_id(status: int | None, reason: str) -> str:
    """Return what a success says that does not name the record; `reason` is why not."""
    if status == _ACCEPTED:
        return "The service accepted it (202) without giving an external id. It may be done later"
    if status == _NO_CONTENT:
        return "The service answered 204, without an external id. It may have been done"
    return (
        f"The service answered {status or 'a success'}, but gave no external id that can be read: "
        f"{reason}. It may have been done"
    )


def _map_error(
    error: Exception,
    call: CallInfo,
    *,
    host: str,
    deadline: float,
    was_sent: bool,
    partial: Response | None,
    in_handshake: bool,
) -> errors.ApiError:
    if isinstance(error, errors.ResponseTooLarge):
        return errors.ResponseTooLarge(
            error.message, call=call, status=error.status, hint=error.hint, was_sent=was_sent
        )
    if isinstance(error, httpx.DecodingError):
        message = f"The answer's encoding is broken: {_describe(error)}"
        return errors.MalformedResponse(message, call=call, was_sent=was_sent)
    if isinstance(error, TimeoutError):
        what = "end the TLS handshake" if in_handshake else "answer"
        message = f"{host} did not {what} within {deadline:.3g} s"
        return errors.DeadlineExceeded(message, call=call, was_sent=was_sent, partial=partial)
    problem = describe_tls_failure(error)
    if problem is None and in_handshake:
        problem = SLOW_HANDSHAKE if isinstance(error, httpx.ConnectTimeout) else BROKEN_HANDSHAKE
    is_silence = isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout)
    kind = errors.AnswerTimeout if is_silence else errors.NetworkError
    return kind(
        _describe_network_error(error, host)
        if problem is None
        else f"{host} cannot be reached: {problem.cause}",
        call=call,
        hint=None if problem is None else problem.hint,
        was_sent=was_sent and not isinstance(error, _NEVER_SENT_ERRORS),
        partial=partial,
    )


class _Refusal(Struct, frozen=True):
    """What an error status means: the class of its error, and what that is made of."""

    kind: type[errors.StatusError]
    message: str
    hint: str | None = None
    retry_after: float | None = None
    reset: float | None = None


def _build_status_error(
    answer: Response,
    call: CallInfo,
    quota_tracker: QuotaTracker,
    was_sent: bool,
    is_repeated: bool,
) -> errors.StatusError:
    refusal = _read_refusal(answer, read_error_message(answer, call.redact), quota_tracker)
    return refusal.kind(
        refusal.message,
        call=call,
        status=answer.status,
        hint=refusal.hint,
        response=answer,
        was_sent=was_sent,
        is_repeated=is_repeated,
        retry_after=refusal.retry_after,
        reset=refusal.reset,
    )


def _read_refusal(answer: Response, words: str | None, quota_tracker: QuotaTracker) -> _Refusal:
    status = answer.status
    if status == _TOO_MANY_CALLS:
        return _read_limit(answer, words, quota_tracker)
    words = words or _describe_status(status)
    if httpx.codes.is_server_error(status):
        return _read_server_error(answer, words, quota_tracker)
    if httpx.codes.is_redirect(status):
        words = f"The service answered with a redirect{_name_target(answer)}, which is not followed"
        return _Refusal(errors.StatusError, words, "Check the address of the profile")
    kind = _ERROR_BY_STATUS.get(status)
    if kind is None:
        return _Refusal(errors.StatusError, words, _HINT_BY_STATUS.get(status))
    return _Refusal(kind, words)


def _name_target(answer: Response) -> str:
    """Return where a redirect leads, without its query and user, which may hold a secret."""
    location = answer.headers.get("location", "")
    try:
        target = httpx.URL(location)
    except (httpx.InvalidURL, ValueError):
        return ""
    host = f"{target.scheme}://{target.netloc.decode()}" if target.host else ""
    shown = host + target.path
    return f" to {one_line(shown, 200)}" if location else ""


def _read_server_error(answer: Response, words: str, quota_tracker: QuotaTracker) -> _Refusal:
    now, hint = quota_tracker.clock.now(), None
    retry_at = read_retry_after(answer.headers, now)
    seconds = None if retry_at is None else round(max(retry_at - now, 0.0), 3)
    if seconds:
        hint = f"It asks to be tried again {_format_moment(now + seconds, quota_tracker)}"
    return _Refusal(errors.ServerError, words, hint, retry_after=seconds)


def _read_limit(answer: Response, words: str | None, quota_tracker: QuotaTracker) -> _Refusal:
    now = quota_tracker.clock.now()
    retry_at = read_retry_after(answer.headers, now)
    if retry_at is None and read_quota(answer.headers, Quota()).remaining:
        return _Refusal(errors.MonthLimitReached, words or "The month's limit of calls is reached")
    # This answer's own reset: meanwhile, the quota may be that of an answer that came after it.
    own_reset = read_quota(answer.headers, quota_tracker.quota).reset
    reset = retry_at if retry_at is not None else own_reset
    hint = "Wait for the reset"
    if reset is not None and reset > now:
        hint = f"Wait for the reset {_format_moment(reset, quota_tracker)}"
    message = words or "The hour's limit of calls is reached"
    return _Refusal(errors.HourLimitReached, message, hint, reset=reset)


def _describe_status(status: int) -> str:
    return f"The service answered {status} {httpx.codes.get_reason_phrase(status)}".rstrip()


def _format_moment(moment: float, quota_tracker: QuotaTracker) -> str:
    """Return when a moment of the server's clock is: `at 12:00:05 UTC, in 4 s`."""
    seconds = moment - quota_tracker.clock.now()
    if seconds >= _LONGEST_NAMED_WAIT:
        return "in more than a year"
    told = datetime.fromtimestamp(moment - quota_tracker.clock.offset, UTC)
    pattern = "%H:%M:%S" if seconds < _ONE_DAY / 2 else "%Y-%m-%d %H:%M"
    return f"at {format_reset(told, pattern)}, in {_format_duration(seconds)}"


def _format_duration(seconds: float) -> str:
    whole = int(seconds) + 1
    return f"{whole} s" if whole < 120 else f"{-(-whole // 60)} min"


def _describe_network_error(error: Exception, host: str) -> str:
    if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
        return f"{host} did not answer in time"
    if isinstance(error, httpx.ConnectTimeout):
        return f"{host} cannot be reached: no connection in time"
    if isinstance(error, httpx.ConnectError):
        return f"{host} cannot be reached: {_describe(error)}"
    if isinstance(error, httpx.RemoteProtocolError):
        return f"{host} broke off its answer: {_describe(error)}"
    if isinstance(error, httpx.ReadError | httpx.WriteError) and not str(error):
        # A reset comes without words.
        return f"The connection to {host} was broken off before the answer was whole"
    return f"The connection to {host} failed: {_describe(error)}"


def _describe(error: Exception) -> str:
    known = {
        "All connection attempts failed": "connection refused",
        "[Errno -2] Name or service not known": "no host of that name is known",
        "[Errno -3] Temporary failure in name resolution": "its name cannot be looked up",
    }
    text = str(error) or type(error).__name__
    return known.get(text) or one_line(text, 160)
