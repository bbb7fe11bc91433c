"""A behaviour: one point on which the documentation is silent, and what a service may do there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One point: its row of api.md's last table, and the choices, the sandbox's own first.

    With `numbers`, a whole number between the two is a choice too.
    """

    name: str
    row: str
    choices: tuple[str, ...]
    numbers: tuple[int, int] | None = None

    @property
    def default(self) -> str:
        """What the sandbox does unless another choice is made."""
        return self.choices[0]

    def accepts(self, choice: str) -> bool:
        """Return whether `choice` is one of this behaviour's."""
        if choice in self.choices:
            return True
        if self.numbers is None or not (choice.isascii() and choice.isdigit()):
            return False
        lowest, highest = self.numbers
        return len(choice) <= len(str(highest)) and lowest <= int(choice) <= highest

    @property
    def accepted_choices(self) -> str:
        """The choices in words, for a message."""
        words = ", ".join(self.choices)
        if self.numbers is None:
            return words
        return f"{words}, or a whole number from {self.numbers[0]} to {self.numbers[1]}"


class Choices(Protocol):
    """What one sandbox does at each point, by the names of the behaviours."""

    def __getitem__(self, name: str) -> str:
        """Return the choice at a point."""
        ...

    def get_number(self, name: str) -> int | None:
        """Return the number chosen at a point, None where a word is."""
        ...

    def changes_any(self, names: Iterable[str]) -> bool:
        """Return whether the sandbox leaves its own way at one of the points."""
        ...
