"""Limits and failures: 429 of the hour and of the month, and 500, for every call."""

from collections.abc import Iterator

from cmdm_tui.harness.cases.format import Case, CaseStep, Needs
from cmdm_tui.harness.corpus.case_steps import aim_at_missing_record, make_valid_call, read_step
from cmdm_tui.harness.corpus.sample_entities import SampleWords
from cmdm_tui.harness.exchange import CALLS, Call

_HOUR = 3_600.0
_A_PAGE = "/lead?per_page=1&page=1&fields=City"


def limit_cases(seed: int) -> Iterator[Case]:
    """Yield the cases."""
    for call in CALLS:
        one = aim_at_missing_record(make_valid_call(call, SampleWords(seed, f"limit {call}")))
        last = read_step(_A_PAGE)
        source = "429 limit per hour or month reached"
        yield _case(call, "hour", source, Needs(rate_limit=1), last, one.refused_step(429))
        yield _case(call, "month", source, Needs(month_limit=1), last, one.refused_step(429))
        fault = {"kind": "error-500", "nth": 1}
        failed = one.refused_step(500)
        yield _case(call, "failure", "500 unexpected server error", Needs(faults=(fault,)), failed)
    again = read_step(_A_PAGE)
    anew = CaseStep(method="GET", path=_A_PAGE, advance=_HOUR / 2, expect=again.expect)
    yield _case("list", "hour-anew", "x-rate-limit-reset", Needs(rate_limit=1),
                again, read_step(_A_PAGE, status=429), anew)  # fmt: skip
    yield _case(
        "list",
        "every-call-counts",
        "what counts as a call",
        Needs(),
        again,
        read_step("/lead/NOSUCHID", status=404),
        read_step("/lead?page=1", status=400),
        again,
    )

    refused = CaseStep(
        method="GET", path=_A_PAGE, anonymous=True, expect=read_step("/", status=401).expect
    )
    yield _case("list", "refused-counts-for-nobody", "what counts as a call", Needs(), again,
                refused, again)  # fmt: skip


def _case(call: Call, kind: str, source: str, needs: Needs, *steps: CaseStep) -> Case:
    return Case(
        name=f"{call}-limit-{kind}",
        summary=f"{call} at the limit {kind}.",
        endpoint=call,
        input_class=f"limit:{kind}",
        source=source,
        needs=needs,
        steps=steps,
    )
