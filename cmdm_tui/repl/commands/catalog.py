r"""The commands on what is known of the server: `\d`, `\add` and `\forget`."""

import time

from cmdm_tui.api import Field
from cmdm_tui.catalog import DEFAULT_ENTITIES
from cmdm_tui.repl.commands.command import (
    Argument,
    ArgumentKind,
    BackslashCommand,
    Touches,
)
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.result_types import InfoTable
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.text import one_line


async def describe(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """List the entities, or the fields of one; fields are asked for once."""
    if arguments:
        await _show_fields(session, arguments[0], anew=False)
    else:
        await session.show(_entity_rows(session))
        session.streams.write_note(_describe_counts(session))


async def describe_again(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Count the records of every entity, or ask for the fields of one again."""
    if arguments:
        await _show_fields(session, arguments[0], anew=True)
        return
    started = time.monotonic()
    for entity in session.catalog.entities:
        await session.account.catalog.count_records(entity)
    session.account.catalog.save()
    await session.show(_entity_rows(session))
    session.report_costs(time.monotonic() - started)


async def refresh_fields(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Load the fields again: of one entity, or of all whose fields are known."""
    catalog = session.account.catalog
    names = arguments or tuple(one for one in catalog.entities if catalog.cached_fields(one))
    if not names:
        session.streams.write_note(r"No fields are known yet; \d ENTITY loads them.")
        return
    started = time.monotonic()
    for name in names:
        await catalog.load_fields(catalog.resolve_name(name), refresh=True)
    catalog.save()
    shown = ", ".join(one_line(name, 60) for name in names)
    session.streams.write_note(f"Loaded the fields of {shown} again.")
    session.report_costs(time.monotonic() - started)


async def add_entity(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Add a custom entity."""
    catalog = session.account.catalog
    if catalog.resolve_name(arguments[0].strip()) in catalog.entities:
        session.streams.write_note(
            f"{one_line(arguments[0], 60)} is known already; no call was made."
        )
        return
    started = time.monotonic()
    entity = await catalog.add_entity(arguments[0])
    session.streams.write_note(f"Added {one_line(entity, 60)}.")
    session.report_costs(time.monotonic() - started)


async def forget_entity(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Forget a custom entity; raises ReplError for one that is not custom, or not known."""
    entity = session.account.catalog.resolve_name(arguments[0])
    shown = one_line(entity, 60)
    if entity in DEFAULT_ENTITIES:
        raise ReplError(f"{shown} is an entity that every server has; it cannot be forgotten.")
    if not session.account.catalog.is_custom(entity):
        raise ReplError(f"{shown} is not known, so there is nothing to forget. \\d lists all.")
    session.account.catalog.forget_entity(entity)
    session.streams.write_note(f"Forgot {shown}. Nothing on the server has changed.")


async def _show_fields(session: ReplSession, name: str, *, anew: bool) -> None:
    catalog = session.account.catalog
    entity = catalog.resolve_name(name)
    is_known = bool(catalog.cached_fields(entity)) and not anew
    started = time.monotonic()
    fields = await catalog.load_fields(entity, refresh=anew)
    is_inferred = bool(fields) and all(field.inferred for field in fields)
    await session.show(_field_rows(fields, is_inferred=is_inferred))
    if is_inferred:
        session.streams.write_note(
            "Inferred from the first records: the service describes no fields."
        )
    if is_known:
        session.streams.write_note(
            f"Known already; no call was made. \\d+ {one_line(entity)} loads them again."
        )
    else:
        session.report_costs(time.monotonic() - started)


def _describe_counts(session: ReplSession) -> str:
    """Say where the counts come from, and how old the oldest is where that is an hour or more."""
    catalog = session.account.catalog
    counts = [catalog.record_count(entity) for entity in catalog.entities]
    oldest = max((count.age for count in counts if count is not None), default=0.0)
    age = f", {oldest // 3_600:,.0f} hours ago at most" if oldest >= 3_600 else ""
    return f"Counts are those that answers have shown{age}; \\d+ counts, one call each."


def _entity_rows(session: ReplSession) -> InfoTable:
    catalog = session.account.catalog
    counts = {entity: catalog.record_count(entity) for entity in catalog.entities}
    return InfoTable(
        ("Entity", "Kind", "Records", "Fields"),
        tuple(
            (
                entity,
                "custom" if catalog.is_custom(entity) else "default",
                count.total if (count := counts[entity]) else None,
                len(catalog.cached_fields(entity)) or None,
            )
            for entity in catalog.entities
        ),
    )


def _field_rows(fields: tuple[Field, ...], *, is_inferred: bool) -> InfoTable:
    columns = ("Field", "Type", "Required", "ReadOnly", "Options")
    rows = (
        (field.name, _describe_type(field), field.required, field.read_only, field.options)
        for field in fields
    )
    if not is_inferred:
        return InfoTable(columns, tuple(rows))
    marked = ((*row[:2], field.inferred, *row[2:]) for row, field in zip(rows, fields, strict=True))
    return InfoTable(
        ("Field", "Type", "Inferred", "Required", "ReadOnly", "Options"), tuple(marked)
    )


def _describe_type(field: Field) -> str | None:
    return f"{field.type} {field.lookup_entity}" if field.lookup_entity else field.type


_ENTITY = Argument("ENTITY", ArgumentKind.ENTITY)
_ANY_ENTITY = Argument("ENTITY", ArgumentKind.ENTITY, is_optional=True)

COMMANDS = (
    BackslashCommand(
        "d",
        (_ANY_ENTITY,),
        "List the entities, or the fields of one, loaded once",
        describe,
        Touches.CALLS,
        aliases=("dt", "tables"),
        example="lead -- the fields of lead: type, required, read-only, options",
    ),
    BackslashCommand(
        "d+",
        (_ANY_ENTITY,),
        "Count all records, a call each; or load fields again",
        describe_again,
        Touches.CALLS,
        aliases=("dt+",),
        example=" -- how many records each entity has, one call each",
    ),
    BackslashCommand(
        "refresh",
        (_ANY_ENTITY,),
        "Load fields again: of an entity, or all that are known",
        refresh_fields,
        Touches.CALLS,
        aliases=("rehash",),
        example="lead -- the fields of lead as they are now, for one call",
    ),
    BackslashCommand(
        "add",
        (_ENTITY,),
        "Add a custom entity by its name: one call",
        add_entity,
        Touches.CALLS,
        example="event -- from then on, event is a table of SQL",
    ),
    BackslashCommand(
        "forget",
        (_ENTITY,),
        "Forget a custom entity",
        forget_entity,
        example="event -- takes it out of what \\d lists; nothing is deleted",
    ),
)
"""The commands on what is known of the service."""
