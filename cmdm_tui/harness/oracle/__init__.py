"""The oracle: named checks of what `api.md` says, over a log of exchanges.

for finding in judged(exchanges):
    print(finding.check, finding.message)
"""

from collections.abc import Iterable

from cmdm_tui.harness.exchange import Exchange
from cmdm_tui.harness.oracle.check import Certainty, Check, Finding
from cmdm_tui.harness.oracle.checks import CHECKS
from cmdm_tui.harness.oracle.ledger import Ledger
from cmdm_tui.harness.oracle.seen import Seen

__all__ = ["CHECKS", "Certainty", "Check", "Finding", "Ledger", "judge", "judged"]


def judge(ledger: Ledger, exchange: Exchange, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """Return what is wrong with an exchange in the light of `ledger`, and enter it there."""
    seen = Seen(ledger, exchange)
    found = [finding for check in checks for finding in check.findings(seen)]
    ledger.enter(exchange, seen.reading)
    return found


def judged(
    exchanges: Iterable[Exchange], checks: Iterable[Check] = CHECKS, *, is_alone: bool = True
) -> list[Finding]:
    """Return what is wrong in a whole log, in its order.

    `is_alone` tells that nobody else made calls, or changed records, meanwhile.
    """
    ledger, kept = Ledger(is_alone), tuple(checks)
    return [finding for exchange in exchanges for finding in judge(ledger, exchange, kept)]
