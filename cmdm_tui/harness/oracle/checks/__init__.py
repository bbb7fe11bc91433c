"""The checks, one module a family; each is a small function over what was seen."""

from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.checks import (
    actions,
    authorization,
    deletion,
    fields,
    pages,
    quota,
    records,
    routes,
    shapes,
    statuses,
)

# Where several say the same, the first one's word counts: those that say most stand first.
CHECKS: tuple[Check, ...] = (
    *shapes.CHECKS,
    *authorization.CHECKS,
    *pages.CHECKS,
    *deletion.CHECKS,
    *actions.CHECKS,
    *records.CHECKS,
    *fields.CHECKS,
    *routes.CHECKS,
    *quota.CHECKS,
    *statuses.CHECKS,
)
