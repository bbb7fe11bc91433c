"""Probes a server: learns by a counted number of calls what its documentation leaves open."""

from cmdm_tui.catalog.probing.asking import ProbeStopped
from cmdm_tui.catalog.probing.course import (
    ProbeResult,
    choose_entities,
    count_probe_calls,
    run_probe,
    run_write_probe,
)
from cmdm_tui.catalog.probing.writing import WRITE_CALLS, ScratchNotDeleted

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
