"""Probes a server: finds in a counted number of calls what its documentation leaves open.

`run_probe` (`runner`) reads, `run_write_probe` (`write_probe`) writes a `scratch_record`; both
return a `ProbeResult`. `client` makes and counts the calls, `context` holds what every stage needs.
The stages each find a group of traits: `survey`, `page_size`, `stability`, `sort_traits` and
`refusals`. `field_choice`, `sorted_read` and `comparers` serve the sorting.

Also public: `WRITE_CALLS`, `ProbeStopped`, `ScratchNotDeleted`, `choose_entities`,
`count_probe_calls`.
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
