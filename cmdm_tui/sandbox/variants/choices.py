"""All behaviours, and what one sandbox chooses of them.

The order of the groups is the order in which behaviours are listed.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.variants import (
    external_ids,
    field_values,
    fields,
    lists,
    rate_limit,
    record_order,
    refusals,
    request_bodies,
    writes,
)
from cmdm_tui.sandbox.variants.behaviour import Behaviour

_GROUPS: tuple[tuple[Behaviour, ...], ...] = (
    lists.BEHAVIOURS,
    refusals.BEHAVIOURS,
    rate_limit.BEHAVIOURS,
    record_order.BEHAVIOURS,
    external_ids.BEHAVIOURS,
    fields.BEHAVIOURS,
    field_values.BEHAVIOURS,
    writes.BEHAVIOURS,
    request_bodies.BEHAVIOURS,
)

BEHAVIOURS: Mapping[str, Behaviour] = MappingProxyType(
    {behaviour.name: behaviour for group in _GROUPS for behaviour in group}
)
"""Every behaviour by its name."""


class BehaviourChoices:
    """What one sandbox does at each point: its own way unless another choice was made."""

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self._chosen: dict[str, str] = {}
        self.choose(chosen or {})

    @property
    def chosen(self) -> Mapping[str, str]:
        """The points at which this sandbox leaves its own way, and the choices there."""
        return MappingProxyType(self._chosen)

    def __getitem__(self, name: str) -> str:
        return self._chosen.get(name) or BEHAVIOURS[name].default

    def get_number(self, name: str) -> int | None:
        """Return the number chosen at a point, None where a word is."""
        choice = self[name]
        return int(choice) if choice.isdigit() else None

    def changes_any(self, names: Iterable[str]) -> bool:
        """Return whether the sandbox leaves its own way at one of the points."""
        return bool(self._chosen) and not self._chosen.keys().isdisjoint(names)

    def choose(self, choices: Mapping[str, str]) -> None:
        """Choose at some points; the others stay. Raises `SettingError`, and then chooses none."""
        for name, choice in choices.items():
            _check_choice(name, choice)
        for name, choice in choices.items():
            if choice == BEHAVIOURS[name].default:
                self._chosen.pop(name, None)
            else:
                self._chosen[name] = choice

    def replace(self, choices: Mapping[str, str]) -> None:
        """Choose at some points, and go back to the sandbox's own way at the others."""
        for name, choice in choices.items():
            _check_choice(name, choice)
        self._chosen.clear()
        self.choose(choices)


def _check_choice(name: str, choice: str) -> None:
    behaviour = BEHAVIOURS.get(name)
    if behaviour is None:
        near = get_close_matches(name, BEHAVIOURS, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise SettingError(
            f"The sandbox has no behaviour {name!r}; choose among {', '.join(BEHAVIOURS)}.{hint}"
        )
    if not behaviour.accepts(choice):
        raise SettingError(
            f"The behaviour {name} cannot be {choice!r}; choose {behaviour.accepted_choices}."
        )
