"""Leaves out of an update what the record holds already."""

from collections.abc import Sequence

from cmdm_tui.api.models import Field
from cmdm_tui.changes.change_set import Change


def drop_unchanged(change: Change, fields: Sequence[Field] = ()) -> Change | None:
    """Return an update with only the fields whose value differs from `before`; None for none.

    Any other change, and an update whose record was not read, is returned as it is. Values count
    as the same where they are equal to the letter, or empty both; with the entity's `fields`,
    numbers, dates and yes or no are the same in any form (`5` and `5.00`). A phone is text: `+44…`
    and `44…` differ.
    """
    raise NotImplementedError
