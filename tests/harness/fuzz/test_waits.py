"""How long a run lets time pass: to both sides of a token's end, and never for years."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import strategies as st

from cmdm_tui.harness.fuzz.generate.rules import let_time_pass

if TYPE_CHECKING:
    from cmdm_tui.harness.fuzz.generate.actions import Actions
    from cmdm_tui.harness.fuzz.steps import AdvanceClock

NOW = 1_700_000_000.0


def list_waits(token_ends: float | None) -> list[float]:
    """Return every wait, in seconds, that the rule may draw where a token ends at that time."""
    waits: list[float] = []
    places = 1
    place = 0

    def draw(strategy: st.SearchStrategy[int]) -> int:
        nonlocal places
        places = cast("Any", strategy).wrapped_strategy.end + 1
        return place

    def take(step: "AdvanceClock") -> None:
        waits.append(step.seconds)

    def read_total(_: str) -> None:
        """Read nothing."""

    actions = SimpleNamespace(
        session=SimpleNamespace(take=take),
        model=SimpleNamespace(token_ends=token_ends, latest_time=NOW),
        draw=draw,
        draw_entity=lambda: "lead",
        read_total=read_total,
        is_signed_out=lambda: False,
    )
    while place < places:
        let_time_pass(cast("Actions", actions))
        place += 1
    return waits


def test_time_passes_to_both_sides_of_a_tokens_end() -> None:
    assert {NOW + wait - (NOW + 3_000) for wait in list_waits(NOW + 3_000)} >= {-20, -5, 0, 5}


@pytest.mark.parametrize("ends", [None, NOW - 10, NOW + 1e7, NOW + 1e12, float("inf")])
def test_an_end_that_no_clock_reaches_is_not_waited_for(ends: float | None) -> None:
    waits = list_waits(ends)
    assert len(waits) >= 2
    assert all(0 < wait <= 7 * 24 * 3_600 for wait in waits)
