"""Why a seek gave up. A user sees none of these as an error: a scan takes over."""

from collections.abc import Mapping

from cmdm_tui.text import one_line

_MAX_LENGTH = 300


class SeekFailed(Exception):
    """The root: the seek cannot answer, and what it had read contradicts nothing.

    `str()` is one safe line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(one_line(" ".join(reason.split()), _MAX_LENGTH))
        self.reason = str(self)


class OrderContradicted(SeekFailed):
    """The pages are in none of the orders that the service was assumed to sort in.

    `trait` names the trait that this shows (`catalog.traits`), None where it shows none: a value
    that no order has a place for says nothing about the service.
    """

    def __init__(self, reason: str, *, column: str, trait: str | None) -> None:
        super().__init__(reason)
        self.column = column
        self.trait = trait


class OrderUndecided(SeekFailed):
    """The pages leave several orders possible, in which the answer may differ.

    `learned` is what they have shown all the same (`results.LearnedTraits`).
    """

    def __init__(self, reason: str, learned: Mapping[str, tuple[str, ...] | bool]) -> None:
        super().__init__(reason)
        self.learned = learned


class OtherFieldsMayTell(OrderUndecided):
    """Several orders of text are possible, some of which pages of other fields may exclude."""


class NullsUnplaced(OrderUndecided):
    """Nulls may be among the values: nothing shows where the service puts those of this kind."""


class NoTotal(SeekFailed):
    """The service does not state how many records there are, so nothing can be bisected."""


class TooManyGroups(SeekFailed):
    """A field has too many values: reading all pages takes no more calls than skipping."""


class RecordsMoved(SeekFailed):
    """Records changed during the search, and again during the second one."""
