"""Cases: short sessions of raw calls with the answers expected, one file each.

`read_case` and `write_case` (`files`) read and write them; `format` says what a case file may hold,
`player` plays a case on a service, `step_runner` sends its steps, `expectations` judges answers.

`placeholders` fills in values and `step_intent` reads what a step means. Also public:
`Case`, `CaseStep`, `Filling`, `CaseError`, `Needs`, `case_bytes`.
"""

from cmdm_tui.harness.cases.files import case_bytes, parse_case, read_case, write_case
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
