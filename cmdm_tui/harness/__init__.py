"""The harness: cases driven through the client, recorded into cassettes and replayed offline."""

from cmdm_tui.harness.cases import CASES, Case, Stage
from cmdm_tui.harness.cassettes import ADDRESS, Tape, recording, replaying
from cmdm_tui.harness.guard import SecretLeak
from cmdm_tui.harness.outcome import Outcome, outcome_of

__all__ = [
    "ADDRESS",
    "CASES",
    "Case",
    "Outcome",
    "SecretLeak",
    "Stage",
    "Tape",
    "outcome_of",
    "recording",
    "replaying",
]
