"""The checks, one module a family; each is a small function over what was seen.

Files: `statuses`, `answer_forms`, `authorization`, `quota`, `routes`, `lists`, `fields`, `records`,
`record_actions`, `deletion`. Public: `CHECKS`, all of them.
"""

from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.checks import (
    answer_forms,
    authorization,
    deletion,
    fields,
    lists,
    quota,
    record_actions,
    records,
    routes,
    statuses,
)

# Where several say the same, the first one's word counts: those that say most stand first.
CHECKS: tuple[Check, ...] = (
    *answer_forms.CHECKS,
    *authorization.CHECKS,
    *lists.CHECKS,
    *deletion.CHECKS,
    *record_actions.CHECKS,
    *records.CHECKS,
    *fields.CHECKS,
    *routes.CHECKS,
    *quota.CHECKS,
    *statuses.CHECKS,
)
