"""What an update leaves out: values that the record holds already, to the letter."""

import pytest

from cmdm_tui.api.models import Field
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.unchanged import drop_unchanged
from tests.changes.conftest import create, update


def test_only_what_differs_is_left_with_its_old_values() -> None:
    change = update("lead", "A", {"City": "Hull", "Notes": "x", "Age": "1"}, CITY="Hull", Notes="y")
    assert drop_unchanged(change) == update("lead", "A", {"Notes": "x"}, Notes="y")


def test_an_update_that_changes_nothing_is_dropped() -> None:
    assert drop_unchanged(update("lead", "A", {"City": None}, City="")) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("447700900123", "+447700900123"), ("7", "007"), ("x", "x "), ("a", "A"), ("1.0", "1.00"),
        (None, "x"), ("x", None), ("x", ""),
    ],
)  # fmt: skip
def test_text_that_differs_in_a_letter_is_a_change(old: str | None, new: str | None) -> None:
    change = update("lead", "A", {"Phone": old}, Phone=new)
    assert drop_unchanged(change) == change


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [("Currency", "5.00", "5"), ("Boolean", True, "true"), ("Number", 5, "5.0"),
     ("DateTime", "2026-03-31T09:30:00Z", "2026-03-31T09:30:00+00:00")],
)  # fmt: skip
def test_of_typed_fields_other_forms_of_a_value_are_the_same(
    kind: str, old: object, new: object
) -> None:
    change = update("lead", "A", {"Worth": old}, Worth=new)
    assert drop_unchanged(change, [Field("Worth", type=kind)]) is None


def test_what_was_not_read_and_other_kinds_stay_as_they_are() -> None:
    unread = Change(ChangeKind.UPDATE, "lead", "A", {"City": "Hull"})
    assert drop_unchanged(unread) is unread
    new = create("lead", City="Hull")
    assert drop_unchanged(new) is new
