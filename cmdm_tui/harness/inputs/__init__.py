"""The input classes, one module a group: how a right request is made odd."""

from cmdm_tui.harness.exchange import Call
from cmdm_tui.harness.inputs import authorization, bodies, ids, parameters, routes
from cmdm_tui.harness.inputs.input_class import InputClass, InputContext

__all__ = ["CLASSES", "GROUPS", "InputClass", "InputContext", "classes_of"]

CLASSES: tuple[InputClass, ...] = (
    *authorization.CLASSES,
    *bodies.CLASSES,
    *ids.CLASSES,
    *parameters.CLASSES,
    *routes.CLASSES,
)
GROUPS = ("authorization", "body", "id", "parameter", "route")


def classes_of(call: Call, group: str) -> tuple[InputClass, ...]:
    """Return the input classes of a group that a call can be made odd in."""
    return tuple(one for one in CLASSES if one.group == group and call in one.calls)
