"""The classes of odd input: for each its name, its calls, the right statuses, an example.

The corpus writes the example of each class down as a case; the fuzzer draws requests of a class.
Both use the same names. `CLASSES` holds every class, `classes_of` those of a call and a group;
`input_class` says what a class is.

The groups: `authorization`, `bodies`, `ids`, `parameters`, `routes`. Also public: `GROUPS`,
`InputClass`, `InputContext`, `families_of`.
"""

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs import authorization, bodies, ids, parameters, routes
from cmdm_tui.harness.inputs.input_class import InputClass, InputContext

__all__ = ["CLASSES", "GROUPS", "InputClass", "InputContext", "classes_of", "families_of"]

CLASSES: tuple[InputClass, ...] = (
    *authorization.CLASSES,
    *bodies.CLASSES,
    *ids.CLASSES,
    *parameters.CLASSES,
    *routes.CLASSES,
)
GROUPS = ("authorization", "body", "id", "parameter", "route")


def classes_of(call: Call, group: str) -> tuple[InputClass, ...]:
    """Return the classes of a group that a call can be made odd in."""
    return tuple(one for one in CLASSES if one.group == group and call in one.calls)


def families_of(call: Call, group: str) -> tuple[tuple[InputClass, ...], ...]:
    """Return the classes of a call and a group, those of one family together."""
    found: dict[str, list[InputClass]] = {}
    for one in classes_of(call, group):
        found.setdefault(one.family or one.name, []).append(one)
    return tuple(tuple(family) for family in found.values())
