"""Turns what the transport raises into the client's own errors, under a call's total deadline."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from cmdm_tui.api import errors
from cmdm_tui.api.errors import CallInfo
from cmdm_tui.text import one_line

_NEVER_SENT_ERRORS = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@asynccontextmanager
async def map_errors(
    call: CallInfo, request: httpx.Request, *, host: str, deadline: float, left: float | None = None
) -> AsyncGenerator[None]:
    """Run an attempt under its call's deadline, in seconds, and raise its failures as `ApiError`s.

    `left` is what earlier attempts have left of the deadline; None where this is the first.
    Their `was_sent` tells whether the request had been handed over to the network.
    """
    try:
        async with asyncio.timeout(deadline if left is None else left):
            yield
    except errors.ResponseTooLarge as error:
        failure: errors.ApiError = errors.ResponseTooLarge(error.message, call=call)
    except TimeoutError:
        message = f"{host} did not answer within {deadline:.3g} s"
        failure = errors.DeadlineExceeded(message, call=call)
    except (httpx.ReadTimeout, httpx.WriteTimeout):
        message = f"{host} did not answer in time"
        failure = errors.NetworkError(message, call=call)
    except httpx.DecodingError as error:
        message = f"The answer's encoding is broken: {_describe(error)}"
        failure = errors.MalformedResponse(message, call=call)
    except _NEVER_SENT_ERRORS as error:
        failure = errors.NetworkError(_describe_network_error(error, host), call=call)
        failure.was_sent = False
    except (httpx.TransportError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError) as error:
        failure = errors.NetworkError(_describe_network_error(error, host), call=call)
    else:
        return
    failure.was_sent = failure.was_sent and bool(request.extensions.get("handed_over"))
    raise failure from None


def build_outcome_unknown(call: CallInfo, cause: errors.ApiError) -> errors.OutcomeUnknown:
    """Return the error of a call that was sent and whose answer was lost to `cause`."""
    message = f"The request was sent and its answer lost: {cause.message}. It may have been done"
    return errors.OutcomeUnknown(message, call=call, cause=cause)


def _describe_network_error(error: Exception, host: str) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return f"{host} cannot be reached: no connection in time"
    if isinstance(error, httpx.ConnectError):
        return f"{host} cannot be reached: {_describe(error)}"
    if isinstance(error, httpx.RemoteProtocolError):
        return f"{host} broke off its answer: {_describe(error)}"
    return f"The connection to {host} failed: {_describe(error)}"


def _describe(error: Exception) -> str:
    known = {
        "All connection attempts failed": "connection refused",
        "[Errno -2] Name or service not known": "no host of that name is known",
        "[Errno -3] Temporary failure in name resolution": "its name cannot be looked up",
    }
    text = str(error) or type(error).__name__
    return known.get(text) or one_line(text, 160)
