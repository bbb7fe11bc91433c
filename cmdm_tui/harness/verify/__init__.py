"""Verification: `verify` sends recorded cases again and reports each change (`Drift`).

`verifier` plays the cases again, `comparison` compares answers with the recorded ones. For runs
that are compared with one another: `answers` (what is kept of an answer), `history` (the runs that
are kept) and `contract_diff` (what changed since). `junit_report` writes a run for other programs.
Also public: `Severity`, `VerifiedCase`.
"""

from cmdm_tui.harness.verify.comparison import Drift, Severity
from cmdm_tui.harness.verify.verifier import VerifiedCase, verify

__all__ = ["Drift", "Severity", "VerifiedCase", "verify"]
