"""Explains what a plan does and costs, as text and as JSON, before a record is fetched."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from cmdm_tui.api.quota import format_reset
from cmdm_tui.catalog import KnownQuota
from cmdm_tui.query.model import ResultColumn
from cmdm_tui.query.planning.plan import Plan, PlanClass, PlanStep
from cmdm_tui.text import one_line

QuotaVerdict = Literal["fits", "may exceed", "exceeds", "not known"]

_PLAN_WORDS = {
    PlanClass.COUNT: "the total that any page states",
    PlanClass.GET: "each record by its id",
    PlanClass.SEEK: "binary search over sorted pages",
    PlanClass.STREAM: "pages in order, until there are enough rows",
    PlanClass.MATERIALISE: "every page once, then the query on all records",
    PlanClass.LOCAL: "no call: the service is not needed",
}
_MAX_LENGTH = 200

EXPLAIN_VERSION = 1
"""The version of the shape of a plan as JSON."""


def quota_verdict(plan: Plan, quota: KnownQuota) -> QuotaVerdict:
    """Return whether the remaining calls fit into those left this hour, as far as is known."""
    left, made = quota.remaining, plan.calls_made
    if left is None:
        return "fits" if plan.cost.high <= made else "not known"
    if max(plan.cost.low - made, 0) > left:
        return "exceeds"
    return "may exceed" if plan.cost.high - made > left else "fits"


def as_json(plan: Plan, columns: Sequence[ResultColumn], quota: KnownQuota) -> dict[str, Any]:
    """Return the plan as an object that JSON can hold; its version rises where its shape breaks."""
    return {
        "schema": "cmdm-explain",
        "version": EXPLAIN_VERSION,
        "plan": plan.plan_class.value,
        "calls_low": plan.cost.low,
        "calls_high": plan.cost.high,
        "calls_likely": plan.likely,
        "calls_made": plan.calls_made,
        "quota_left": quota.remaining,
        "quota_reset": _iso_time(quota.quota.reset_at),
        "quota_seen": _iso_time(quota.seen),
        "verdict": quota_verdict(plan, quota),
        "entities": [
            {
                "entity": one.entity,
                "records": one.total,
                "fields": list(one.fields),
                "order": one.order or None,
            }
            for one in plan.entities
        ],
        "files": [{"names": list(one.names), "rows": one.rows} for one in plan.files],
        "steps": [_step_as_json(one) for one in plan.steps],
        "columns": [{"name": one.name, "type": one.type} for one in columns],
    }


def as_text(plan: Plan, quota: KnownQuota) -> str:
    """Return the plan as lines of text, safe for any terminal."""
    lines = [f"plan     {plan.plan_class.value}: {_PLAN_WORDS[plan.plan_class]}"]
    for one in plan.files:
        rows = f"{one.rows:,} {'row' if one.rows == 1 else 'rows'}"
        lines.append(f"file     {one_line(', '.join(one.names), _MAX_LENGTH)} ({rows})")
    for one in plan.entities:
        records = "" if one.total is None else f" ({one.total:,} records)"
        lines.append(f"entity   {one_line(one.entity, _MAX_LENGTH)}{records}")
        fields = ", ".join(one.fields) or "none"
        lines.append(f"fields   {one_line(fields, _MAX_LENGTH)}")
        lines.append(f"order    {one_line(one.order, _MAX_LENGTH) if one.order else 'any'}")
    for one in plan.steps:
        lines += _lines_of_step(one, 0)
    likely = f", likely {plan.likely:,}" if plan.likely < plan.cost.high else ""
    made = f"; {plan.calls_made:,} made for the plan" if plan.calls_made else ""
    lines.append(f"calls    {plan.cost}{likely}{made}")
    lines.append(f"quota    {describe_quota(quota)}")
    lines.append(f"verdict  {quota_verdict(plan, quota)}")
    return "\n".join(lines)


def _step_as_json(step: PlanStep) -> dict[str, Any]:
    return {
        "step": step.what,
        "entity": step.entity,
        "calls_low": step.cost.low,
        "calls_likely": step.likely,
        "calls_high": step.cost.high,
        "after": [_step_as_json(one) for one in step.after],
    }


def _lines_of_step(step: PlanStep, depth: int) -> list[str]:
    """Return a step's line, then those of the steps before it, further to the right."""
    what = one_line(f"{step.entity} {step.what}", _MAX_LENGTH)
    calls = f"{step.cost}, likely {step.likely:,}"
    lines = [f"step     {'   ' * depth}{what} ({calls} calls)"]
    for one in step.after:
        lines += _lines_of_step(one, depth + 1)
    return lines


def describe_quota(quota: KnownQuota) -> str:
    """Return the calls left this hour in words, with the time where it is of an earlier run."""
    if quota.remaining is None:
        return "not known: no answer of this hour has stated it"
    calls = f"{quota.remaining:,} {'call' if quota.remaining == 1 else 'calls'} left this hour"
    if quota.seen is None:
        return calls
    reset = quota.quota.reset_at
    until = "" if reset is None else f", which ends at {format_reset(reset)}"
    return f"at most {calls}{until}; so it was at {quota.seen:%H:%M} UTC"


def _iso_time(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
