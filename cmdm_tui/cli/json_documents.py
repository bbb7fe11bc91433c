"""The commands' own JSON documents, and the promise that holds for each.

Every one begins with `schema`, its name, and `version`. Within a version keys are only added; where
one goes, or changes its type or meaning, the version rises. A program ignores keys that it does not
know.

What the service answers, and the rows of a result, have no version: they are the service's own
JSON, or named by the query's columns, so that a key of ours would pass for a field of a record.
Lines of JSON that are a document each (a case, a step) have it in each line.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class JsonDocument(NamedTuple):
    """A kind of document: the version of its shape, what prints it, and its keys."""

    version: int
    printed_by: str
    keys: str


DOCUMENTS: Mapping[str, JsonDocument] = MappingProxyType(
    {
        "cmdm-explain": JsonDocument(
            1,
            "cmdm query --explain --json, EXPLAIN (FORMAT JSON)",
            "plan, calls_low, calls_high, calls_likely, calls_made, quota_left, quota_reset, "
            "quota_seen, verdict, entities, files, steps, columns",
        ),
        "cmdm-stats": JsonDocument(
            1,
            "cmdm query --stats, on stderr",
            "plan, calls_low, calls_high, calls_used, rows, ms",
        ),
        "cmdm-changes": JsonDocument(
            1,
            "cmdm sql, import, copy, apply and journal with -o json, once changes were sent",
            "run, complete, counts, unchanged_before, left_out, partial, calls, created",
        ),
        "cmdm-whoami": JsonDocument(
            1, "cmdm whoami --json", "profile, url, username, secrets, token, quota"
        ),
        "cmdm-doctor": JsonDocument(
            1, "cmdm doctor --json", "checks: a list of name, state, found, advice"
        ),
        "cmdm-traits": JsonDocument(
            1, "cmdm probe --json", "server, and each trait with value, evidence, learnt"
        ),
        "cmdm-drift": JsonDocument(
            1,
            "cmdm verify --json",
            "target, complete, reason, cases, drifts: a list of severity, case, step, place, "
            "message, skipped: a list of case, reason",
        ),
        "cmdm-case": JsonDocument(
            1,
            "cmdm cases list --json, a line a case",
            "name, kind, call, class, certainty, statuses, summary, source, recorded",
        ),
        "cmdm-step": JsonDocument(
            1,
            "cmdm cases run --json, a line a step",
            "case, step, method, path, status, problems, skipped",
        ),
        "cmdm-replay": JsonDocument(1, "cmdm replay --json, a line a case", "case, problems"),
        "cmdm-replay-server": JsonDocument(
            1, "cmdm replay --serve --json, the first line", "url, cassettes, calls"
        ),
        "cmdm-replay-end": JsonDocument(
            1,
            "cmdm replay --serve --json, the last line",
            "answered, not_recorded, problems, unused",
        ),
        "cmdm-sandbox": JsonDocument(
            1,
            "cmdm sandbox serve --json, the first line",
            "url, client_id, client_secret, username, password, and with --control also control, "
            "control_token",
        ),
    }
)
"""Every kind of document, by its name."""


def make_document(schema: str, content: Mapping[str, object]) -> dict[str, object]:
    """Return the content as a document of a kind, its name and version first."""
    return {"schema": schema, "version": DOCUMENTS[schema].version, **content}
