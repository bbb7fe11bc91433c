"""Probes a server: finds in a counted number of calls what its documentation leaves open.

`run_probe` reads, `run_write_probe` writes a scratch lead; both return a `ProbeResult`. `client.py`
makes and counts the calls; each other module finds a group of traits.

Other central files: `comparers`, `context`, `write_probe`, `runner`, `field_choice`, `refusals`,
`scratch_record`. Also public: `WRITE_CALLS`, `ProbeStopped`, `ScratchNotDeleted`,
`choose_entities`, `count_probe_calls`.
"""

from cmdm_tui.catalog.probe.client import ProbeStopped
from cmdm_tui.catalog.probe.runner import (
    ProbeResult,
    choose_entities,
    count_probe_calls,
    run_probe,
    run_write_probe,
)
from cmdm_tui.catalog.probe.write_probe import WRITE_CALLS, ScratchNotDeleted

__all__ = [
    "WRITE_CALLS",
    "ProbeResult",
    "ProbeStopped",
    "ScratchNotDeleted",
    "choose_entities",
    "count_probe_calls",
    "run_probe",
    "run_write_probe",
]
