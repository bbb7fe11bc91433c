"""What came of many queries, and what they cost: counted, added up, and told in a few lines."""

from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any

import msgspec


@dataclass
class Tally:
    """What came of queries. The lists are of those that a search answers if its order is trusted.

    `told_changes` are wrong by default, and say that others changed records meanwhile;
    `told_partial` are wrong, and say that records are missing, on makes that lose some.
    """

    queries: int = 0
    planned: list[str] = field(default_factory=list[str])
    """How each was answered."""
    fell_back: int = 0
    told_changes: int = 0
    told_partial: int = 0
    trusting: int = 0
    wrong_and_marked: int = 0
    certain_calls: list[int] = field(default_factory=list[int])
    trusting_calls: list[int] = field(default_factory=list[int])
    pages: list[int] = field(default_factory=list[int])

    def add(self, other: "Tally") -> None:
        """Add what came of other queries."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def to_plain(self) -> Any:
        """Return the figures as plain values, which one process may send to another."""
        return msgspec.to_builtins(self)

    @classmethod
    def of_plain(cls, values: Any) -> "Tally":
        """Return the figures that `to_plain` gave."""
        return msgspec.convert(values, cls)

    @property
    def lines(self) -> list[str]:
        """The figures in sentences; none where nothing was asked."""
        if not self.queries:
            return []
        plans = ", ".join(f"{self.planned.count(one):,} {one}" for one in sorted({*self.planned}))
        searches = max(self.planned.count("seek"), 1)
        lines = [
            f"{self.queries:,} queries on all makes: {plans}.",
            f"Wrong by default, and told: {self.told_partial:,} as partial,",
            f"  {self.told_changes:,} as changed by others meanwhile.",
            f"Asked again with the order trusted: {self.trusting:,},",
            f"  wrong and marked: {self.wrong_and_marked:,}.",
            f"Fell back to a scan: {self.fell_back:,}, {self.fell_back / self.queries:.1%} of all,",
            f"  {self.fell_back / searches:.1%} of those planned as a search.",
        ]
        if not self.pages:
            return lines
        both = zip(self.certain_calls, self.trusting_calls, strict=True)
        extra = [certain - trusting for certain, trusting in both]
        return [
            *lines,
            f"Calls of {len(extra):,} searches: median {median(self.certain_calls):g} certain,",
            f"  {median(self.trusting_calls):g} trusting, {median(extra):g} extra,",
            f"  {mean(extra):.1f} extra in the mean, of {median(self.pages):g} pages.",
        ]
