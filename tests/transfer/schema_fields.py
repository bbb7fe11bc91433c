"""The fields of the sandbox's entities, as a client reads them."""

from cmdm_tui.api.models import Field
from cmdm_tui.sandbox.schema import ENTITIES


def fields_of(entity: str) -> tuple[Field, ...]:
    return tuple(
        Field(
            name=field.name,
            label=field.label,
            type=str(field.type),
            required=field.required,
            read_only=field.read_only,
            max_length=field.max_length,
            options=field.options,
            lookup_entity=field.lookup_entity or None,
        )
        for field in ENTITIES[entity].fields
    )
