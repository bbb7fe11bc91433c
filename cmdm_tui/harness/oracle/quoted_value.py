"""A value of a record as a message quotes it, so that what tells the message can replace it."""

from dataclasses import dataclass

_LONGEST = 80


@dataclass(frozen=True, slots=True)
class QuotedValue:
    """A value that a message quotes, and which field of which entity has it.

    `text` is how it stands in the message: at most 80 characters of it.
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
        """Return it as it stands in the message."""
        return self.text
