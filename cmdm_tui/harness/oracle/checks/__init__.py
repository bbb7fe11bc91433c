"""The checks, one module a family; each is a small function over what was seen.

Files: `statuses`, `answer_forms`, `authorization`, `sign_in`, `quota`, `routes`, `lists`,
`fields`, `records`, `exact_values`, `side_effects`, `record_actions`, `deletion`. Public: `CHECKS`,
all of them.
"""

from cmdm_tui.harness.oracle.check import Check
from cmdm_tui.harness.oracle.checks import (
    answer_forms,
    authorization,
    deletion,
    exact_values,
    fields,
    lists,
    quota,
    record_actions,
    records,
    routes,
    side_effects,
    sign_in,
    statuses,
)

# Where several say the same, the first one's word counts: those that say most stand first.
CHECKS: tuple[Check, ...] = (
    *answer_forms.CHECKS,
    *authorization.CHECKS,
    *sign_in.CHECKS,
    *lists.CHECKS,
    *deletion.CHECKS,
    *side_effects.CHECKS,
    *record_actions.CHECKS,
    *exact_values.CHECKS,
    *records.CHECKS,
    *fields.CHECKS,
    *routes.CHECKS,
    *quota.CHECKS,
    *statuses.CHECKS,
)
