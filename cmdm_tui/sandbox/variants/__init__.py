"""Variants of the sandbox: at each point on which the documentation is silent, other behaviours.

`choices` has all behaviours and what one sandbox chooses of them. Each group of behaviours has one
file, which holds its names, what it does to requests, answers and records, and how it changes the
description in `/openapi.json`. `middleware` and `description` call the groups in order.

Other central files: `behaviour`, `lists`, `rate_limit`, `external_ids`, `field_values`. Used by
other packages: `choices.BehaviourChoices`, `choices.BEHAVIOURS`, `description.SandboxDescription`,
`middleware.VariantRequestMiddleware`.
"""
