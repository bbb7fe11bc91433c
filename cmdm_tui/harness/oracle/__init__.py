"""The oracle: named checks of what `api.md` says, over a log of exchanges.

`judge_log` judges a whole log, `judge_exchange` one exchange with the `ServiceModel` of those
before it; `CHECKS` are the checks. A check is a small function in `checks/` over a `CheckContext`:
it says where its premise held, and of each fault whether that is documented.

for finding in judge_log(exchanges):
    print(finding.check, finding.message)

Central files: `service_model` with its parts `record_model`, `list_model` and `service_limits`
(what is known so far), `answer_parser` (an answer taken apart), `contract` (what is documented),
`check` and `check_context` (what a check is, and what it looks at), `own_checks` (checks in a
user's file), `evidence` (what proves a fault against the documentation). Also
public: `Certainty`, `Check`, `Finding`, `Judgement`.
"""

from collections.abc import Iterable

from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.oracle.check import Certainty, Check, Finding, Judgement
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.checks import CHECKS
from cmdm_tui.harness.oracle.service_model import ServiceModel

__all__ = [
    "CHECKS",
    "Certainty",
    "Check",
    "Finding",
    "Judgement",
    "ServiceModel",
    "judge_exchange",
    "judge_log",
]


def judge_exchange(
    model: ServiceModel,
    exchange: Exchange,
    checks: Iterable[Check] = CHECKS,
    *,
    is_strict: bool = True,
) -> Judgement:
    """Judge an exchange, given the `model` of those before it, and add it to the model.

    Unless it `is_strict`, faults against what this project says are no findings; a check that found
    one has not held.
    """
    context = CheckContext(model, exchange)
    findings: list[Finding] = []
    held: list[str] = []
    call = exchange.intent.call
    for check in checks:
        if check.calls is not None and call not in check.calls:
            continue
        found = check.run(context)
        if found is None:
            continue
        kept = found if is_strict else [one for one in found if one.certainty != "ours"]
        if kept or not found:
            held.append(check.name)
        findings += kept
    model.add(exchange, context.answer)
    return Judgement(tuple(findings), tuple(held))


def judge_log(
    exchanges: Iterable[Exchange], checks: Iterable[Check] = CHECKS, *, is_alone: bool = True
) -> list[Finding]:
    """Return what is wrong in a whole log, in its order.

    `is_alone` says that no one else made calls, or changed records, meanwhile.
    """
    model, kept = ServiceModel(is_alone), tuple(checks)
    return [
        finding
        for exchange in exchanges
        for finding in judge_exchange(model, exchange, kept).findings
    ]
