"""The first look: how many records each entity has, in which shape lists come, what describes."""

from typing import Any, cast

from cmdm_tui.api import CallInfo, MalformedResponse
from cmdm_tui.api.decode import read_field_page
from cmdm_tui.catalog.probing.asking import NOT_FOUND, OK, Answer, Findings
from cmdm_tui.catalog.probing.ground import Ground
from cmdm_tui.catalog.traits import Trait
from cmdm_tui.text import one_line

MOST_ENTITIES = 8
"""Entities that are counted: one call each."""

FIELD_CALLS = 2
_MOST_NAMES = 20


async def survey(ground: Ground) -> Findings:
    """Count the entities, choose the largest to look at, and learn the shape of a list."""
    for entity in ground.candidates:
        answer = await ground.asker.list(entity, per_page=1, page=1)
        if answer.page is not None:
            ground.surveyed[entity] = answer
    lists = ground.surveyed
    if lists:
        ground.entity = max(lists, key=lambda entity: (lists[entity].total or 0, lists[entity].ids))
    return {"list_key": _list_key(ground), "totals": _totals(ground)}


async def describing(ground: Ground) -> Findings:
    """Learn how fields are described, and whether those of task are: two calls, or one."""
    asker = ground.asker
    task = await asker.get("task/fields", per_page=200, page=1)
    own = task
    if ground.entity != "task":
        own = await asker.get(f"{ground.entity}/fields", per_page=200, page=1)
    ground.described = {field.name: field for field in _fields(own, ground.entity)}
    return {"field_metadata": _metadata(ground, own), "task_fields": _task_fields(ground, task)}


def _list_key(ground: Ground) -> Trait[str]:
    asker = ground.asker
    keys: dict[str, str] = {}
    for entity, answer in ground.surveyed.items():
        key = next(
            name for name, value in answer.content().items()
            if isinstance(value, list) and name.casefold() in {"entity", entity.casefold()}
        )  # fmt: skip
        keys[entity] = "own name" if key.casefold() == entity.casefold() else one_line(key, 60)
    if not keys:
        return asker.unknown("No entity answered with a list.")
    said = ", ".join(f"{entity}: {key}" for entity, key in keys.items())
    if len(set(keys.values())) > 1:
        return asker.unknown(f"The list's key is not the same everywhere: {said}.")
    return asker.found(next(iter(keys.values())), f"The list's key: {said}.")


def _totals(ground: Ground) -> Trait[Any]:
    asker = ground.asker
    told = {
        f"{entity} {key}": value
        for entity, answer in ground.surveyed.items()
        for key, value in answer.content().items()
        if key in {"Total Records", "Total Pages", "Total Page"}
    }
    kinds = {_total_kind(value) for value in told.values()}
    said = "; ".join(f"{name} is {value!r}" for name, value in list(told.items())[:4])
    if len(kinds) != 1 or None in kinds:
        return asker.unknown(f"Totals of no one kind: {said}." if told else "No totals came.")
    return asker.found(kinds.pop(), f"{said}.")


def _total_kind(value: object) -> str | None:
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else None


def _fields(answer: Answer, entity: str) -> tuple[Any, ...]:
    if answer.status != OK:
        return ()
    call = CallInfo(answer.response.number, "GET", answer.response.path)
    try:
        return read_field_page(answer.response, call, entity).fields
    except MalformedResponse:
        return ()


def _metadata(ground: Ground, answer: Answer) -> Trait[tuple[str, ...]]:
    rows = _described_rows(answer) if answer.status == OK else []
    names = dict.fromkeys(name for row in rows for name in row)
    if not names:
        return ground.asker.unknown(f"No field is described: {answer}.")
    shown = tuple(one_line(name, 40) for name in list(names)[:_MOST_NAMES])
    return ground.asker.found(shown, f"{answer}, {len(rows)} fields described.")


def _task_fields(ground: Ground, answer: Answer) -> Trait[bool]:
    if answer.status == OK and _fields(answer, "task"):
        return ground.asker.found(value=True, evidence=f"{answer}.")
    if answer.status == NOT_FOUND or answer.is_refused:
        return ground.asker.found(value=False, evidence=f"{answer}.")
    return ground.asker.unknown(f"{answer}, and no field in it.")


def _described_rows(answer: Answer) -> list[dict[str, Any]]:
    lists = [
        cast("list[Any]", value) for value in answer.content().values() if isinstance(value, list)
    ]
    rows = lists[0] if lists else []
    found = [cast("dict[str, Any]", row) for row in rows if isinstance(row, dict)]
    described = [row.get("Properties", row) for row in found]
    return [cast("dict[str, Any]", row) for row in described if isinstance(row, dict)]
