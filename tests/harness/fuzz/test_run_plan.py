"""What a run tries next: classes come up evenly, and so do the alternatives of a class."""

from collections import defaultdict

import pytest

from cmdm_tui.harness import calls
from cmdm_tui.harness.fuzz.generate.run_plan import RunPlan
from cmdm_tui.harness.fuzz.generate.trials import Trial
from cmdm_tui.harness.inputs import InputClass, InputContext, classes_of
from cmdm_tui.harness.oracle.contract import FIELD_TABLE

LIST = Trial("list", "parameter")
FIELDS = {rule.name: rule for rule in FIELD_TABLE["lead"]}
ALTERNATIVES = {"sort-order-other-case": 2, "fields-hostile": 4, "sort-by-hostile": 4, "word": 3}


def send(one: InputClass, turn: int | None) -> str:
    """Return the path of a class whose turn it is; every other choice is the first."""
    odd = one.apply(calls.list_records("lead"), InputContext(lambda _: 0, FIELDS, turn=turn))
    assert odd is not None
    return odd.path


def paths_sent(seed: int, *, has_turns: bool = True) -> dict[str, list[str]]:
    """Return what is sent of each class, in order, in a run of trials of one call."""
    plan = RunPlan([LIST], [], seed)
    found: dict[str, list[str]] = defaultdict(list)
    for _ in range(40):
        trial = plan.next_attempt()
        assert isinstance(trial, Trial)
        for one, turn in zip(trial.classes, trial.turns, strict=True):
            found[one.name].append(send(one, turn if has_turns else None))
    return found


def lacking(sent: dict[str, list[str]]) -> set[str]:
    """Return the classes of which one alternative came twice before all have come."""
    return {name for name, number in ALTERNATIVES.items() if len(set(sent[name][:number])) < number}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_alternative_comes_twice_before_all_have(seed: int) -> None:
    sent = paths_sent(seed)
    assert {one.name for one in classes_of("list", "parameter")} == set(sent)
    assert max(map(len, sent.values())) - min(map(len, sent.values())) <= 1
    assert lacking(sent) == set()
    # Without turns, what is drawn decides: here always the first.
    assert lacking(paths_sent(seed, has_turns=False)) == set(ALTERNATIVES)


def test_runs_begin_with_different_alternatives() -> None:
    first = {tuple(paths_sent(seed)["fields-hostile"][:1]) for seed in range(12)}
    assert len(first) > 1


@pytest.mark.parametrize("name", ["fields-space", "fields-other-case", "sort-by-two"])
def test_odd_names_are_those_of_fields_that_there_are(name: str) -> None:
    one = next(one for one in classes_of("list", "parameter") if one.name == name)
    for rules in (FIELD_TABLE["task"], FIELD_TABLE["product"]):
        names = {rule.name for rule in rules}
        context = InputContext(lambda _: 0, {rule.name: rule for rule in rules})
        odd = one.apply(calls.list_records("lead"), context)
        assert odd is not None
        value = odd.path.partition("=")[2].replace("%20", "")
        meant = {part.swapcase() if name == "fields-other-case" else part
                 for part in value.split(",")}  # fmt: skip
        assert meant <= names
    # A service of which no field is known is sent such names all the same.
    nothing = one.apply(calls.list_records("lead"), InputContext(lambda _: 0, {}))
    assert nothing is not None
    assert "ity" in nothing.path.lower()
