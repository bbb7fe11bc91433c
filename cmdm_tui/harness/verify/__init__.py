"""Verification: recorded cases sent anew, and where the service now answers otherwise."""

from cmdm_tui.harness.verify.drift import Drift, Severity
from cmdm_tui.harness.verify.verifier import VerifiedCase, verify

__all__ = ["Drift", "Severity", "VerifiedCase", "verify"]
