"""The first look: counts each entity, and finds the shape of lists and of field descriptions."""

from typing import Any, cast

from cmdm_tui.api import CallInfo, MalformedResponse
from cmdm_tui.api.decode import read_field_page
from cmdm_tui.catalog.probe.client import NOT_FOUND, OK, Findings, ProbeAnswer
from cmdm_tui.catalog.probe.context import ProbeContext
from cmdm_tui.catalog.traits import Trait
from cmdm_tui.text import one_line

MAX_ENTITIES = 8
"""Entities that are counted: one call each."""

FIELD_CALLS = 2
_MAX_NAMES = 20


async def survey_entities(context: ProbeContext) -> Findings:
    """Count the entities, choose the largest to look at, and learn the shape of a list."""
    for entity in context.candidates:
        answer = await context.client.list(entity, per_page=1, page=1)
        if answer.page is not None:
            context.surveyed[entity] = answer
    lists = context.surveyed
    if lists:
        context.entity = max(
            lists, key=lambda entity: (lists[entity].total or 0, lists[entity].ids)
        )
    return {"list_key": _judge_list_key(context), "totals": _judge_totals(context)}


async def probe_field_metadata(context: ProbeContext) -> Findings:
    """Learn how fields are described, and whether those of task are: two calls, or one."""
    client = context.client
    task = await client.get("task/fields", per_page=200, page=1)
    own = task
    if context.entity != "task":
        own = await client.get(f"{context.entity}/fields", per_page=200, page=1)
    context.described_fields = {field.name: field for field in _read_fields(own, context.entity)}
    return {
        "field_metadata": _judge_metadata(context, own),
        "task_fields": _judge_task_fields(context, task),
    }


def _judge_list_key(context: ProbeContext) -> Trait[str]:
    client = context.client
    keys: dict[str, str] = {}
    for entity, answer in context.surveyed.items():
        key = next(
            name for name, value in answer.json_object().items()
            if isinstance(value, list) and name.casefold() in {"entity", entity.casefold()}
        )  # fmt: skip
        keys[entity] = "own name" if key.casefold() == entity.casefold() else one_line(key, 60)
    if not keys:
        return client.make_unknown("No entity answered with a list.")
    said = ", ".join(f"{entity}: {key}" for entity, key in keys.items())
    if len(set(keys.values())) > 1:
        return client.make_unknown(f"The list's key is not the same everywhere: {said}.")
    return client.make_trait(next(iter(keys.values())), f"The list's key: {said}.")


def _judge_totals(context: ProbeContext) -> Trait[Any]:
    client = context.client
    totals = {
        f"{entity} {key}": value
        for entity, answer in context.surveyed.items()
        for key, value in answer.json_object().items()
        if key in {"Total Records", "Total Pages", "Total Page"}
    }
    kinds = {_total_kind(value) for value in totals.values()}
    said = "; ".join(f"{name} is {value!r}" for name, value in list(totals.items())[:4])
    if len(kinds) != 1 or None in kinds:
        return client.make_unknown(
            f"Totals of several kinds: {said}." if totals else "No totals came."
        )
    return client.make_trait(kinds.pop(), f"{said}.")


def _total_kind(value: object) -> str | None:
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else None


def _read_fields(answer: ProbeAnswer, entity: str) -> tuple[Any, ...]:
    if answer.status != OK:
        return ()
    call = CallInfo(answer.response.number, "GET", answer.response.path)
    try:
        return read_field_page(answer.response, call, entity).fields
    except MalformedResponse:
        return ()


def _judge_metadata(context: ProbeContext, answer: ProbeAnswer) -> Trait[tuple[str, ...]]:
    rows = _field_rows(answer) if answer.status == OK else []
    names = dict.fromkeys(name for row in rows for name in row)
    if not names:
        return context.client.make_unknown(f"No field is described: {answer}.")
    shown = tuple(one_line(name, 40) for name in list(names)[:_MAX_NAMES])
    return context.client.make_trait(shown, f"{answer}, {len(rows)} fields described.")


def _judge_task_fields(context: ProbeContext, answer: ProbeAnswer) -> Trait[bool]:
    if answer.status == OK and _read_fields(answer, "task"):
        return context.client.make_trait(value=True, evidence=f"{answer}.")
    if answer.status == NOT_FOUND or answer.is_refused:
        return context.client.make_trait(value=False, evidence=f"{answer}.")
    return context.client.make_unknown(f"{answer}, and no field in it.")


def _field_rows(answer: ProbeAnswer) -> list[dict[str, Any]]:
    lists = [
        cast("list[Any]", value)
        for value in answer.json_object().values()
        if isinstance(value, list)
    ]
    rows = lists[0] if lists else []
    found = [cast("dict[str, Any]", row) for row in rows if isinstance(row, dict)]
    described = [row.get("Properties", row) for row in found]
    return [cast("dict[str, Any]", row) for row in described if isinstance(row, dict)]
