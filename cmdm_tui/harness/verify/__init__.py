"""Verification: `verify` sends recorded cases again and reports each change (`Drift`).

Files: `comparison`, `verifier`. Also public: `Severity`, `VerifiedCase`.
"""

from cmdm_tui.harness.verify.comparison import Drift, Severity
from cmdm_tui.harness.verify.verifier import VerifiedCase, verify

__all__ = ["Drift", "Severity", "VerifiedCase", "verify"]
