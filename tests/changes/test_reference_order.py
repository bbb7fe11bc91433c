"""Changes that refer to each other come in an order in which each can be sent."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.changes import reference_order
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.reference_order import order_changes
from cmdm_tui.changes.soundness import find_unsound, list_references

FIELDS = ("ParentID", "MainContactID")


def make(at: int, references: dict[str, int] | None = None, owner: int | None = None) -> Change:
    entity = "task" if owner is not None else "account"
    return Change(
        ChangeKind.CREATE,
        entity,
        properties={"Name": str(at)},
        references=references or {},
        parent_reference=owner,
        origin=f"line {at}",
    )


def is_optional(_: Change, __: str) -> bool:
    return False


def find_wrong(given: Sequence[Change], made: Sequence[Change]) -> list[str]:
    """Return what is wrong: a reference to a later change, or relations other than those given."""
    wrong = [
        f"{position} needs {to}"
        for position, change in enumerate(made)
        for to in list_references(change)
        if to >= position
    ]
    names = [one.properties.get("Name") for one in made]
    relations = {
        (names[position if one.record_reference is None else one.record_reference], name, names[to])
        for position, one in enumerate(made)
        for name, to in one.references.items()
    }
    wanted = {
        (str(at), name, str(to))
        for at, one in enumerate(given)
        for name, to in one.references.items()
    }
    return wrong + [str(one) for one in relations ^ wanted]


@st.composite
def tangles(draw: st.DrawFn) -> list[Change]:
    """Draw new records that refer to each other in any way, themselves among them."""
    count = draw(st.integers(1, 8))
    targets = st.integers(0, count - 1)
    return [
        make(at, draw(st.dictionaries(st.sampled_from(FIELDS), targets))) for at in range(count)
    ]


@given(tangles())
def test_every_relation_is_kept_and_needs_only_what_is_there(changes: list[Change]) -> None:
    ordered = order_changes(changes, is_optional)
    assert ordered.rejects == ()
    assert find_wrong(changes, ordered.changes) == []
    assert list(find_unsound(ordered.changes)) == []


def test_the_law_above_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: an order in which the fields of a circle are not set later."""

    def forget(change: Change, *_: object) -> Change:
        return replace(change, references={})

    monkeypatch.setattr(reference_order, "_update_later", forget)
    circle = [make(0, {"ParentID": 1}), make(1, {"ParentID": 0})]
    assert find_wrong(circle, order_changes(circle, is_optional).changes) != []


def test_what_is_in_order_stays_as_it_is() -> None:
    changes = [make(0), make(1, {"ParentID": 0}), make(2), make(3, owner=2)]
    assert order_changes(changes, is_optional).changes == tuple(changes)


def test_only_a_circle_is_opened_and_not_what_hangs_on_it() -> None:
    changes = [make(0, {"ParentID": 1}), make(1, {"ParentID": 2}), make(2, {"ParentID": 1})]
    ordered = order_changes(changes, is_optional)
    assert ordered.set_later == 1
    (update,) = [one for one in ordered.changes if one.kind is ChangeKind.UPDATE]
    assert update.origin in {"line 1", "line 2"}
    assert update.before == {"ParentID": None}


def test_a_circle_is_opened_where_a_field_can_be_empty() -> None:
    changes = [make(0, {"ParentID": 1}), make(1, {"MainContactID": 0})]
    ordered = order_changes(changes, lambda _, name: name == "ParentID")
    assert [one.origin for one in ordered.changes] == ["line 1", "line 0", "line 1"]


def test_a_circle_that_cannot_be_opened_is_rejected_with_what_needs_it() -> None:
    changes = [make(0, {"ParentID": 1}), make(1, owner=0), make(2), make(3, {"ParentID": 1})]
    ordered = order_changes(changes, lambda _, name: name == "ParentID")
    assert [one.origin for one in ordered.changes] == ["line 2"]
    reasons = {one.origin: one.reason for one in ordered.rejects}
    assert "neither can be created without the other" in reasons["line 0"]
    assert reasons["line 3"] == "it needs the record of line 1, which is rejected"


def test_a_long_chain_is_put_in_order() -> None:
    changes = [make(at, {"ParentID": at + 1}) for at in range(5_000)] + [make(5_000)]
    assert order_changes(changes, is_optional).changes[0].origin == "line 5000"
