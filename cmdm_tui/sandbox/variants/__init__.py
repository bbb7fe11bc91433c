"""Variants of the sandbox: at each point on which the documentation is silent, other behaviours.

`choices` has all behaviours and what one sandbox chooses of them; a `behaviour` is one point. Each
group has one file, which holds its names, what it does to requests, answers and records, and how it
changes the description in `/openapi.json`: `external_ids`, `field_values`, `fields`, `lists`,
`rate_limit`, `record_order`, `refusals`, `request_bodies`, `writes`. `middleware` and `description`
call the groups in order.
"""
