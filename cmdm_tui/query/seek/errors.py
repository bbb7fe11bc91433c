"""Why a seek gave up: what was seen. None of these is an error to a user; a scan takes over."""

from cmdm_tui.text import one_line

_MAX_LENGTH = 300


class SeekFailed(Exception):
    """The root: no answer can be sought, and what the seek had read says nothing wrong of it.

    `str()` is one safe line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(one_line(" ".join(reason.split()), _MAX_LENGTH))
        self.reason = str(self)


class OrderContradicted(SeekFailed):
    """The pages are in none of the orders that the service was taken to sort in.

    `trait` names the trait that this teaches (`catalog.traits`), None where it teaches none: a
    value that no order has a place for says nothing about the service.
    """

    def __init__(self, reason: str, *, column: str, trait: str | None) -> None:
        super().__init__(reason)
        self.column = column
        self.trait = trait


class NoTotal(SeekFailed):
    """The service does not tell how many records there are, so that nothing can be halved."""


class TooManyGroups(SeekFailed):
    """A field has so many values that reading all pages costs no more than skipping does."""


class RecordsMoved(SeekFailed):
    """Records changed during the search, and again during the second one."""
