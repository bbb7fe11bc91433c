"""Cases: short sessions of raw calls and what is expected of the answers, a file each."""

from cmdm_tui.harness.cases.format import (
    AUTHORIZATIONS,
    BEARER,
    Case,
    CaseError,
    CaseStep,
    Expectation,
    Filling,
    Needs,
    escape_placeholders,
)
from cmdm_tui.harness.cases.reader import parse_case, read_case
from cmdm_tui.harness.cases.writer import case_bytes, write_case

__all__ = [
    "AUTHORIZATIONS",
    "BEARER",
    "Case",
    "CaseError",
    "CaseStep",
    "Expectation",
    "Filling",
    "Needs",
    "case_bytes",
    "escape_placeholders",
    "parse_case",
    "read_case",
    "write_case",
]
