"""What is kept of an answer for later runs: its status, headers and shape, and no value of it.

What an answer says may be people's data. Of a body whose values count, only a hash is kept.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping

import msgspec

from cmdm_tui.harness.cases.step_runner import PlayedStep
from cmdm_tui.harness.cassettes.format import Interaction
from cmdm_tui.harness.verify.comparison import (
    Difference,
    HeaderContext,
    Severity,
    Shape,
    compare_headers,
    compare_shapes,
    read_shape,
)
from cmdm_tui.redaction.people.person_redactor import PersonRedactor


class ObservedAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer as a run saw it.

    `status` is 0 where no whole answer came, and `failure` says why. `shape` is None for a body
    that is not JSON, or that the case does not compare. `digest` is the SHA-256 of a body whose
    values count, empty for others.
    """

    status: int
    failure: str = ""
    headers: dict[str, str] = {}
    is_compared: bool = True
    shape: Shape | None = None
    digest: str = ""


def observe_answer(
    played: PlayedStep,
    now: Interaction,
    shown: Interaction,
    *,
    is_exact: bool,
    people: PersonRedactor | None = None,
) -> ObservedAnswer:
    """Return what is kept of a step's answer; `now` is the answer in canonical form.

    `shown` is the same without people, which `people` has replaced.
    """
    exchange = played.exchange
    if not exchange.status:
        failure = exchange.failure
        return ObservedAnswer(
            status=0, failure=failure if people is None else people.redact_text(failure)
        )
    is_compared = played.step.expect.body != "none"
    return ObservedAnswer(
        status=now.status,
        headers=fresh_headers(shown),
        is_compared=is_compared,
        shape=read_shape(now.body) if is_compared else None,
        digest=_hash_body(now.body) if is_exact else "",
    )


def compare_observed(before: ObservedAnswer, now: ObservedAnswer) -> Iterator[Difference]:
    """Yield each difference between two answers to the same step."""
    if before.status != now.status:
        said = now.status or f"no answer ({now.failure})"
        yield Severity.ERROR, "status", f"is {said}, and was {before.status or 'no answer'}."
    if not before.status or not now.status:
        return
    yield from compare_headers(
        HeaderContext(before.headers, None), HeaderContext(now.headers, None), is_alone=False
    )
    # Another status has another body, and is reported already.
    if before.status != now.status or not (before.is_compared and now.is_compared):
        return
    points = list(compare_shapes(before.shape, now.shape))
    yield from points
    if before.digest and now.digest and before.digest != now.digest and not points:
        yield Severity.ERROR, "body", "holds other values."


def fresh_headers(interaction: Interaction) -> dict[str, str]:
    """Return the first value of each header of an answer."""
    headers: Mapping[str, list[str]] = interaction.headers
    return {name: values[0] for name, values in headers.items() if values}


def _hash_body(body: bytes) -> str:
    try:
        text = json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        text = body
    return hashlib.sha256(text).hexdigest()
