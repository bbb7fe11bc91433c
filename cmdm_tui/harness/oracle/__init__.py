"""The oracle: named checks of what `api.md` says, over a log of exchanges.

for finding in judged(exchanges):
    print(finding.check, finding.message)
"""

from collections.abc import Iterable

from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.oracle.check import Certainty, Check, Finding
from cmdm_tui.harness.oracle.check_context import CheckContext
from cmdm_tui.harness.oracle.checks import CHECKS
from cmdm_tui.harness.oracle.service_model import ServiceModel

__all__ = ["CHECKS", "Certainty", "Check", "Finding", "ServiceModel", "judge_exchange", "judge_log"]


def judge_exchange(
    model: ServiceModel, exchange: Exchange, checks: Iterable[Check] = CHECKS
) -> list[Finding]:
    """Return what is wrong with an exchange in the light of `ledger`, and enter it there."""
    context = CheckContext(model, exchange)
    found = [finding for check in checks for finding in check.run(context)]
    model.add(exchange, context.answer)
    return found


def judge_log(
    exchanges: Iterable[Exchange], checks: Iterable[Check] = CHECKS, *, is_alone: bool = True
) -> list[Finding]:
    """Return what is wrong in a whole log, in its order.

    `is_alone` tells that no one else made calls, or changed records, meanwhile.
    """
    model, kept = ServiceModel(is_alone), tuple(checks)
    return [finding for exchange in exchanges for finding in judge_exchange(model, exchange, kept)]
