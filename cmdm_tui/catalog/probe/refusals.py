"""Finds what a service does with wrong names, and which headers it always sends."""

from cmdm_tui.catalog.probe.client import OK, Findings
from cmdm_tui.catalog.probe.context import ProbeContext

REFUSAL_CALLS = 2

NO_SUCH_NAME = "CmdmProbeNoSuchName"
_DOCUMENTED_HEADERS = (
    "x-rate-limit-limit",
    "x-rate-limit-remaining",
    "x-rate-limit-reset",
    "x-token-reset",
)


async def probe_refusals(context: ProbeContext) -> Findings:
    """Sort by a field that does not exist, and ask for such a record: two calls."""
    client = context.client
    answer = await client.list(
        context.entity, per_page=1, page=1, sort_by=NO_SUCH_NAME, sort_order="asc"
    )  # fmt: skip
    if answer.is_refused:
        sort_field = client.make_trait("refused", f"{answer}.")
    elif answer.status == OK and answer.page is not None:
        sort_field = client.make_trait("ignored", f"{answer}.")
    else:
        sort_field = client.make_unknown(f"{answer}.")
    await client.get(f"{context.entity}/{NO_SUCH_NAME}")
    said = "; ".join(f"{shape}: {call}" for shape, call in client.errors.items())
    bodies = (
        client.make_trait(tuple(client.errors), f"{said}.")
        if client.errors
        else client.make_unknown("Nothing that was asked met an error.")
    )
    return {"unknown_sort_field": sort_field, "error_bodies": bodies}


def find_headers(context: ProbeContext) -> Findings:
    """Look at the headers of every answer so far: no call."""
    client, seen = context.client, context.client.headers
    if not seen:
        return {}
    counts = {name: sum(name in names for names in seen) for name in _DOCUMENTED_HEADERS}
    present = tuple(name for name, count in counts.items() if count == len(seen))
    now_and_then = [name for name, count in counts.items() if 0 < count < len(seen)]
    evidence = f"On each of {len(seen)} answers: {', '.join(present) or 'none'}"
    if now_and_then:
        evidence += f"; on some: {', '.join(now_and_then)}"
    dated = sum("date" in names for names in seen)
    return {
        "rate_headers": client.make_trait(present, f"{evidence}."),
        "date_header": client.make_trait(
            dated == len(seen), f"{dated} of {len(seen)} answers carried Date."
        ),
    }
