"""A value of a record as a message quotes it, so that what shows the message can replace it."""

from dataclasses import dataclass

_LONGEST = 80


@dataclass(frozen=True, slots=True)
class QuotedValue:
    """A value that a message quotes, and which field of which entity has it.

    `text` is what the message has of it: at most 80 characters.
    """

    entity: str
    field: str
    value: object

    @property
    def text(self) -> str:
        """The value as Python writes it, cut where it is long."""
        text = repr(self.value)
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

    def __str__(self) -> str:
        """Return what the message has of it."""
        return self.text
