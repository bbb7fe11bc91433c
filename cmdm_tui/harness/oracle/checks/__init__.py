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

CHECKS: tuple[Check, ...] = (
    *shapes.CHECKS,
    *authorization.CHECKS,
    *records.CHECKS,
    *deletion.CHECKS,
    *pages.CHECKS,
    *fields.CHECKS,
    *actions.CHECKS,
    *routes.CHECKS,
    *quota.CHECKS,
    *statuses.CHECKS,
)
