"""A plan of faults: what goes wrong, how often, and with which requests."""

import random
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import msgspec

from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.input_files import read_input

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10**9)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=60)]
RequestPattern = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class FaultKind(StrEnum):
    """What can go wrong."""

    LATENCY = "latency"
    ERROR_500 = "error-500"
    HTML_502 = "html-502"
    GATEWAY_504 = "gateway-504"
    """The request is carried out, and a gateway answers that it took too long."""
    STORM_429 = "storm-429"
    REVOKED_TOKEN = "revoked-token"  # noqa: S105 (a fault's name)
    RESET_BEFORE = "reset-before"
    RESET_MIDWAY = "reset-midway"
    LOST_ANSWER = "lost-answer"
    TRUNCATED_JSON = "truncated-json"
    SHORT_BODY = "short-body"
    WRONG_TYPE = "wrong-content-type"
    DRIP = "drip"


FAULT_KINDS: Mapping[FaultKind, str] = MappingProxyType(
    {
        FaultKind.LATENCY: "The answer comes later, by `seconds`.",
        FaultKind.ERROR_500: "500 with a message; the call is not carried out.",
        FaultKind.HTML_502: "502 with a page of HTML; the call is not carried out.",
        FaultKind.GATEWAY_504: "The call is carried out, and answered by 504 and a page of HTML.",
        FaultKind.STORM_429: "429 for `calls` calls in a row, with a reset in `seconds`.",
        FaultKind.REVOKED_TOKEN: "The token of the call ends before its time.",
        FaultKind.RESET_BEFORE: "The connection is reset; the call is not carried out.",
        FaultKind.RESET_MIDWAY: "The connection is reset in the middle of the answer.",
        FaultKind.LOST_ANSWER: "The call is carried out, and its answer never arrives.",
        FaultKind.TRUNCATED_JSON: "The answer is half its JSON, of the length that it says.",
        FaultKind.SHORT_BODY: "The connection closes before the length that the answer says.",
        FaultKind.WRONG_TYPE: "The answer says that it is HTML.",
        FaultKind.DRIP: "The answer comes in pieces of `drop` bytes, `seconds` apart.",
    }
)
"""What each kind does."""

_WRONG_KIND = re.compile(r"Invalid enum value '(.*)'")

BEFORE_RESPONSE = frozenset({FaultKind.LATENCY, FaultKind.REVOKED_TOKEN})
"""Faults that come before the answer and do not change it."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fault, with the requests it strikes.

    `method` and `path` are patterns (`*`, `?`, `[…]`); the path is the part after `/api/v1`.
    Of the requests that match, it strikes a share of `rate`, or those whose number is in `nth`
    (from 1), and no more than `times` of them. `seconds` is how long a latency or a storm lasts, or
    the pause between two drops of a drip, `drop` being their bytes; `calls` is how many requests a
    storm refuses, the first included.
    """

    kind: FaultKind
    method: RequestPattern = "*"
    path: RequestPattern = "*"
    rate: Rate | None = None
    nth: Count | list[Count] | None = None
    times: Count | None = None
    seconds: Seconds | None = None
    drop: Count = 16
    calls: Count = 3

    def __post_init__(self) -> None:
        if (self.rate is None) == (self.nth is None):
            raise ValueError("needs either rate or nth")

    def matches(self, method: str, path: str) -> bool:
        """Return whether a request is one that this fault may strike."""
        is_path = fnmatchcase(path.lower(), self.path.lower())
        return is_path and fnmatchcase(method.upper(), self.method.upper())


class FaultPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Faults, and the seed for their rates: the same seed strikes the same requests."""

    seed: int = 0
    faults: list[Fault] = []

    @classmethod
    def read(cls, path: Path) -> "FaultPlan":
        """Read a plan from a TOML file: a `seed`, and a `[[faults]]` for each.

        Raises `SettingError` that names the file and the place in it.
        """
        import tomllib

        try:
            return msgspec.convert(tomllib.loads(read_input(path).decode("utf-8")), cls)
        except OSError as error:
            raise SettingError(
                f"The faults file {path} cannot be read ({error.strerror})."
            ) from error
        except (ValueError, msgspec.ValidationError) as error:
            place = describe_plan_error(error).replace("`$.", "`")
            raise SettingError(f"The faults file {path} cannot be used: {place}.") from error


def describe_plan_error(error: Exception) -> str:
    """Return what is wrong with a plan; for a kind that there is not, which one was meant."""
    found = _WRONG_KIND.match(str(error))
    if found is None:
        return str(error)
    near = get_close_matches(found[1], FAULT_KINDS, n=1)
    hint = f"did you mean {near[0]}? There are" if near else "there are"
    return f"{error}; {hint} {', '.join(FAULT_KINDS)}"


class _FaultCounter:
    """One fault with its counts, and the random numbers for its rate."""

    def __init__(self, fault: Fault, seed: str) -> None:
        self.fault = fault
        self._random = random.Random(seed)  # noqa: S311 (repeatable by intent)
        self._struck_numbers = {fault.nth} if isinstance(fault.nth, int) else set(fault.nth or ())
        self._storm_calls_left = 0
        self.matched = 0
        self.struck = 0

    def count_match(self) -> bool:
        """Count a request that matches, and return whether the fault strikes it."""
        fault = self.fault
        self.matched += 1
        if self._storm_calls_left:
            self._storm_calls_left -= 1
            self.struck += 1
            return True
        # Drawn every time, so that the sequence does not depend on `times`.
        is_due = self.matched in self._struck_numbers or (
            fault.rate is not None and self._random.random() < fault.rate
        )
        if not is_due or (fault.times is not None and self.struck >= fault.times):
            return False
        self.struck += 1
        if fault.kind is FaultKind.STORM_429:
            self._storm_calls_left = fault.calls - 1
        return True


class FaultSchedule:
    """The faults of one sandbox, and how often each has struck."""

    def __init__(self, plan: FaultPlan) -> None:
        self.replace(plan)

    def replace(self, plan: FaultPlan) -> None:
        """Use another plan, and count from zero."""
        self.seed = plan.seed
        self.requests = 0
        self._counters = [
            _FaultCounter(fault, f"{plan.seed} {number}")
            for number, fault in enumerate(plan.faults)
        ]

    def count_request(self, method: str, path: str) -> list[Fault]:
        """Count a request, and return the faults that strike it.

        A request has one answer: of several faults that change it, the first one strikes, and the
        others do not count the request.
        """
        self.requests += 1
        struck: list[Fault] = []
        is_answered = False
        for counter in self._counters:
            fault = counter.fault
            is_answer = fault.kind not in BEFORE_RESPONSE
            if (is_answered and is_answer) or not fault.matches(method, path):
                continue
            if counter.count_match():
                struck.append(fault)
                is_answered = is_answered or is_answer
        return struck

    def list_unmatched(self) -> Iterable[str]:
        """Return a sentence for each fault that no request has matched, if there were requests."""
        for number, counter in enumerate(self._counters if self.requests else [], 1):
            fault = counter.fault
            if not counter.matched:
                rest = "" if "*" in fault.path else f", and {fault.path}/* is what is below it"
                yield (
                    f"Fault {number} ({fault.kind}) matched none of {self.requests} calls: its "
                    f"method is {fault.method}, its path {fault.path}{rest}."
                )

    def list_counts(self) -> Iterable[dict[str, Any]]:
        """Return each fault with how many requests matched and how many it struck."""
        for counter in self._counters:
            described: dict[str, Any] = msgspec.to_builtins(counter.fault)
            yield {**described, "matched": counter.matched, "struck": counter.struck}
