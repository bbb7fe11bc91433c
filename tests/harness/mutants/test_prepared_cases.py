"""The prepared cases of an input class find a fault of its kind, and none in a sound sandbox."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from cmdm_tui.harness.calls import CREDENTIAL_NAMES
from cmdm_tui.harness.cases.player import play_case
from cmdm_tui.harness.cassettes.library import LibraryEntry
from cmdm_tui.harness.service import Service
from cmdm_tui.harness.verify import verify
from tests.harness.mutants.faulty_app import FaultAnswer, FaultRequest, PlantedFault, SendOn
from tests.harness.mutants.hunt import MUTANTS, sandbox
from tests.harness.mutants.odd_input_faults import ODD_INPUT_FAULTS
from tests.harness.mutants.sign_in_faults import but, signed_in
from tests.harness.recorded_cases import ALL

FORGIVEN: Mapping[str, Callable[[str, str], bool]] = {
    "cut": lambda sent, right: sent == right[:-1],
    "extended": lambda sent, right: sent.startswith(right),
    "other-case": lambda sent, right: sent.casefold() == right.casefold(),
}
"""Which changes of one credential, by their class, a faulty service takes for the right one."""
NAMED = {
    "body:text-nfc": ("text is stored in NFD", "text is stored in NFKC"),
    "body:text-nfd": ("text is stored in NFC", "what Latin-1 lacks becomes a question mark"),
    "body:text-of-max-length": (
        "the last character of the longest text is lost", "long text is cut as short text is",
        "a column of text holds 255 bytes", "a text of the greatest length is refused",
    ),
    "body:number-beyond-2-53": (
        "numbers are stored as doubles", "numbers are capped at the greatest whole number",
        "numbers of more than 32 bits start again",
    ),
    "body:number-decimals": (
        "money is rounded to a hundredth", "numbers are cut to whole ones",
        "small negative amounts lose their sign", "numbers are stored in single precision",
    ),
    "body:boolean-value": ("truths are taken for text",),
    "id:plus": ("a plus before an id is a blank, and cut",),
}  # fmt: skip
"""The mutants that the cases of a class find."""


def _forgiving(name: str, kind: str) -> PlantedFault:
    async def fault(asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        return await signed_in(asked, inner, but(name, FORGIVEN[kind]))

    return fault


BY_NAME = {mutant.name: mutant.fault for mutant in MUTANTS}
FAULTS: dict[str, list[PlantedFault]] = {
    **{
        f"authorization:{kind}-{name.replace('_', '-')}": [_forgiving(name, kind)]
        for kind in FORGIVEN
        for name in CREDENTIAL_NAMES
    },
    **{one: [BY_NAME[name] for name in names] for one, names in NAMED.items()},
    **ODD_INPUT_FAULTS,
}


class Switch:
    """A fault that is whichever `fault` is at the time, or none."""

    def __init__(self) -> None:
        self.fault: PlantedFault | None = None

    async def __call__(self, asked: FaultRequest, inner: SendOn) -> FaultAnswer:
        return await (inner(asked) if self.fault is None else self.fault(asked, inner))


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[Switch, Service]]:
    """A sandbox whose fault can be changed while it runs."""
    switch = Switch()
    with sandbox(switch) as target, target.service() as service, service:
        yield switch, service


def cases_of(input_class: str) -> list[LibraryEntry]:
    found = [entry for entry in ALL if entry.case.input_class == input_class]
    assert found
    return found


def find_faults(service: Service, entry: LibraryEntry) -> tuple[bool, bool]:
    """Return whether playing a case finds a problem, and whether verifying it finds a drift."""
    problems = [problem for one in play_case(entry.case, service) for problem in one.problems]
    service.reset()  # else there is a record more than in the recordings
    drifts = [drift for one in verify([entry], service) for drift in one.drifts]
    return bool(problems), bool(drifts)


def test_in_a_sound_sandbox_they_find_nothing(faulty: tuple[Switch, Service]) -> None:
    switch, service = faulty
    switch.fault = None
    found = {
        entry.case.name: find_faults(service, entry) for one in FAULTS for entry in cases_of(one)
    }
    assert len(found) == 141
    assert set(found.values()) == {(False, False)}


@pytest.mark.parametrize("input_class", FAULTS)
def test_a_fault_is_found_by_every_case_of_its_class(
    faulty: tuple[Switch, Service], input_class: str
) -> None:
    switch, service = faulty
    for fault in FAULTS[input_class]:
        switch.fault = fault
        service.sign_in()
        found = {entry.case.name: find_faults(service, entry) for entry in cases_of(input_class)}
        assert set(found.values()) == {(True, True)}, (fault, found)
