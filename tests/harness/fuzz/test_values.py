"""The values that a run draws are right, and are never taken for its secrets."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.harness.calls import TOKEN
from cmdm_tui.harness.fuzz.generate.value_strategies import valid_values
from cmdm_tui.harness.oracle.contract import FIELD_TABLE

RULES = [rule for rules in FIELD_TABLE.values() for rule in rules]


@settings(max_examples=500)
@given(st.data())
def test_no_value_is_the_name_of_a_secret(data: st.DataObject) -> None:
    strategy = valid_values(data.draw(st.sampled_from(RULES)))
    if strategy is not None:
        # Constants of this module are among those that Hypothesis draws.
        assert TOKEN[:6] not in data.draw(strategy)
