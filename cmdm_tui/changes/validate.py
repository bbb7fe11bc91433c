"""Checks changes against the fields of their entities, before a call is spent."""

from collections.abc import Iterable, Mapping, Sequence

from cmdm_tui.api.models import Field
from cmdm_tui.changes.change_set import Change, Reject


def check_changes(
    changes: Iterable[Change], fields: Mapping[str, Sequence[Field]]
) -> tuple[tuple[Change, ...], tuple[Reject, ...]]:
    """Return the changes that can be sent, their fields named as the service does, and the rest.

    The keys of `fields` are names of entities, in any case. Of an entity without declared fields
    (those of tasks are inferred from records) only what is known is checked. References to a
    change that is rejected are rejected too; the others get the new positions.
    """
    raise NotImplementedError
