"""Where a person is: places to go back to, that in each entity, and what the next run finds."""

import json

from hypothesis import given
from hypothesis import strategies as st

from cmdm_tui.tui.models.row_source import SortKey
from cmdm_tui.tui.models.workspace import Place, Workspace


def test_the_place_before_comes_back_as_it_was_left() -> None:
    workspace = Workspace()
    workspace.visit(Place("lead"))
    workspace.update(Place("lead", row_key="L7", row=6, column="City"))
    workspace.visit(Place("lead", record=("account", "A1")))
    workspace.visit(Place("account"))
    assert workspace.go_back() == Place("lead", record=("account", "A1"))
    assert workspace.go_back() == Place("lead", row_key="L7", row=6, column="City")
    assert workspace.go_back() is None
    assert workspace.current == Place("lead", row_key="L7", row=6, column="City")


def test_the_same_view_is_no_new_place() -> None:
    workspace = Workspace()
    workspace.visit(Place("lead"))
    workspace.visit(Place("lead", row=3))
    assert not workspace.can_go_back


def test_each_entity_has_its_own_place() -> None:
    workspace = Workspace()
    workspace.visit(Place("lead", row_key="L7", row=6))
    workspace.visit(Place("account", row=2))
    assert workspace.find_place("lead").row_key == "L7"
    assert workspace.find_place("task") == Place("task")
    workspace.forget_entity("lead")
    assert workspace.find_place("lead") == Place("lead")
    assert not workspace.can_go_back


def test_the_places_to_go_back_to_are_bounded() -> None:
    workspace = Workspace()
    for number in range(1_000):
        workspace.visit(Place(f"entity{number}"))
    steps = 0
    while workspace.go_back() is not None:
        steps += 1
    assert steps == 100


def test_the_next_run_begins_where_this_one_ended() -> None:
    workspace = Workspace()
    order = (SortKey("City"), SortKey("Score", is_descending=True))
    workspace.visit(Place("lead", order, row_key="SECRET", column="City"))
    workspace.visit(Place("lead", record=("account", "A1")))
    kept = json.dumps(workspace.to_session())
    assert "SECRET" not in kept  # no value of a record is kept
    again = Workspace.from_session(json.loads(kept))
    assert again.current == Place("lead", order, column="City")
    assert not again.can_go_back


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["entity", "order", "column", "other"]), JSON))
def test_any_kept_session_can_be_read(kept: dict[str, object]) -> None:
    Workspace.from_session(kept)
