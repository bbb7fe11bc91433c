"""Checks of the service itself: the sign-in, its clock, one call, and the quota."""

import re
import time
from collections.abc import Callable

import msgspec

from cmdm_tui.api import ApiError, AuthenticationFailed, Client, Quota, Response
from cmdm_tui.api.decode import read_error_message
from cmdm_tui.api.quota import format_reset, parse_http_date
from cmdm_tui.cli.commands.doctor.check import DoctorCheck, ok, problem, skipped, warning
from cmdm_tui.config import Credentials, Profile

CALLS = 1
"""The calls that these checks make, besides the sign-in."""

_TIMEOUT = 15.0
_OFFSET = 60.0
_LOW_SHARE = 0.1
_TOO_MANY_CALLS, _NOT_FOUND = 429, 404
_HEADER_TRAP = re.compile(r"client[ _-]?(id|secret)", re.IGNORECASE)
_MISSING = re.compile(
    r"missing|required|absent|without|no header|not (given|set|sent|present)", re.IGNORECASE
)

NAMES = ("sign-in", "API", "clock", "quota")


async def check_service(profile: Profile) -> list[DoctorCheck]:
    """Sign in and make one call, and say what they show: no secret, though a service repeat it."""
    checks: list[DoctorCheck] = []
    try:
        deadline = min(_TIMEOUT, profile.timeout or _TIMEOUT)
        async with Client(profile.url, profile.credentials, deadline=deadline) as client:
            await client.sign_in()
            checks.append(ok("sign-in", f"{client.host} accepts the credentials"))
            answer = await client.request("GET", "lead?per_page=1&page=1", check=False)
            arrived = time.time()
            checks += [
                _check_answer(answer, client.redact),
                _check_clock(answer, arrived),
                _check_quota(answer, client.quota),
            ]
    except ApiError as error:
        failed = _check_refusal(error)
        if checks:
            failed = problem("API", error.message, f"{error.hint or 'Try again'}.")
        checks.append(failed)
    checks += [skipped(name, "The step before it failed") for name in NAMES[len(checks) :]]
    return [_without_secrets(check, profile.credentials) for check in checks]


def _without_secrets(check: DoctorCheck, credentials: Credentials) -> DoctorCheck:
    found = check.found
    for secret in (credentials.client_id, credentials.client_secret, credentials.password):
        if secret:
            found = found.replace(secret.reveal(), "…")
    return msgspec.structs.replace(check, found=found)


def _check_refusal(error: ApiError) -> DoctorCheck:
    words = error.message
    if isinstance(error, AuthenticationFailed):
        if _HEADER_TRAP.search(words) and _MISSING.search(words):
            advice = (
                "A proxy in between may drop headers with an underscore "
                "(nginx: underscores_in_headers on)."
            )
            return problem("sign-in", f"Refused ({error.status}): {words}", advice)
        return problem("sign-in", f"Refused ({error.status}): {words}", f"{error.hint}.")
    return problem("sign-in", words, f"{error.hint or 'Check the address of the profile'}.")


def _check_answer(answer: Response, redact: Callable[[str], str]) -> DoctorCheck:
    said = f"GET lead answers {answer.status} in {answer.elapsed * 1_000:.0f} ms"
    words = read_error_message(answer, redact)
    if answer.status // 100 == 2:
        return ok("API", said)
    found = said if words is None else f"{said}: {words}"
    if answer.status == _TOO_MANY_CALLS:
        return warning("API", found, "Wait: see the quota below.")
    if answer.status == _NOT_FOUND:
        advice = "Check the address: it ends in /api/v1 or another version."
        return problem("API", found, advice)
    return problem("API", found, "Try again later; if it stays so, ask the service's operator.")


def _check_clock(answer: Response, arrived: float) -> DoctorCheck:
    sent = parse_http_date(answer.headers.get("date", ""))
    if sent is None:
        return skipped("clock", "The service sends no time")
    offset = sent - arrived
    if abs(offset) < _OFFSET:
        return ok("clock", "This machine's clock and the service's agree")
    direction = "ahead of" if offset > 0 else "behind"
    found = f"The service's clock is {_format_duration(abs(offset))} {direction} this machine's"
    return warning("clock", found, "Set this machine's clock by NTP; calls work all the same.")


def _format_duration(seconds: float) -> str:
    if seconds < 2 * 3_600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.0f} h" if seconds < 2 * 86_400 else f"{seconds / 86_400:.0f} days"


def _check_quota(answer: Response, quota: Quota) -> DoctorCheck:
    left, limit = quota.remaining, quota.limit
    if answer.status == _TOO_MANY_CALLS and left:
        found = f"The month's limit is reached, though {left:,} calls are left this hour"
        return problem("quota", found, "Ask the vendor for more calls, or wait for next month.")
    if left is None:
        return skipped("quota", "The service sends no quota")
    resets = "" if quota.reset_at is None else f", until {format_reset(quota.reset_at)}"
    found = f"{left:,} of {limit:,} calls are left" if limit else f"{left:,} calls are left"
    if left == 0:
        return problem("quota", f"No call is left this hour{resets}", "Wait for the reset.")
    if limit and left < limit * _LOW_SHARE:
        return warning("quota", f"{found}{resets}", "Wait for the reset before large queries.")
    return ok("quota", f"{found} this hour{resets}; the month's limit is not reached")
