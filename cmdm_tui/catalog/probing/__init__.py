"""Probes a server: learns by a counted number of calls what its documentation leaves open."""

from cmdm_tui.catalog.probing.asking import Stopped
from cmdm_tui.catalog.probing.course import (
    Course,
    calls_of_probe,
    probe,
    probe_by_writing,
    probed_entities,
)
from cmdm_tui.catalog.probing.writing import WRITE_CALLS, ScratchRemains

__all__ = [
    "WRITE_CALLS",
    "Course",
    "ScratchRemains",
    "Stopped",
    "calls_of_probe",
    "probe",
    "probe_by_writing",
    "probed_entities",
]
