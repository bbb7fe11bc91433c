"""Verification: `verify` sends recorded cases again and reports each change (`Drift`).

`verifier` plays the cases again, `comparison` compares answers. Also public: `Severity`,
`VerifiedCase`.
"""

from cmdm_tui.harness.verify.comparison import Drift, Severity
from cmdm_tui.harness.verify.verifier import VerifiedCase, verify

__all__ = ["Drift", "Severity", "VerifiedCase", "verify"]
