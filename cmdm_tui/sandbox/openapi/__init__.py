"""The description of the API in OpenAPI 3.1, made of the schema that the sandbox serves.

`description` builds it, `schemas` has the JSON Schemas of values and records, `editor` changes a
description in place (for the variants), `middleware` serves it at `/openapi.json`.
"""
