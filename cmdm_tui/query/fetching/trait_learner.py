"""Learns about a service from the pages that a query reads anyway: totals, page sizes, orders."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cmdm_tui.api import Field, Page
from cmdm_tui.api.paging import is_capped
from cmdm_tui.catalog import Account, Trait, Traits
from cmdm_tui.catalog.fields import add_inferred
from cmdm_tui.catalog.traits import clean_evidence
from cmdm_tui.query.model import LARGEST_PAGE

_ORDER_TRAITS = frozenset({"collation", "text_orders", "number_order"})
"""The traits whose value lists the orders that nothing contradicts."""


class TraitLearner:
    """Collects what one run learns; `save` writes it to the catalog."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._learned: dict[str, Trait[Any]] = {}

    def trait(self, name: str) -> Any:
        """Return a trait's value as known so far, None where it is not known."""
        found = self._learned.get(name) or self._account.catalog.traits.trait(name)
        return found.value

    @property
    def traits(self) -> Traits:
        """All traits as known so far."""
        return self._account.catalog.traits.with_findings(self._learned)

    @property
    def largest_page(self) -> int:
        """The most records that a page is known to grant, or else assumed to."""
        return min(self.trait("largest_page") or LARGEST_PAGE, LARGEST_PAGE)

    @property
    def is_largest_page_known(self) -> bool:
        """Whether a response has shown how many records a page grants."""
        return self.trait("largest_page") is not None

    @property
    def page_overlap(self) -> int:
        """The records with which each page repeats the page before, as far as that was seen."""
        return min(self.trait("page_overlap") or 0, self.largest_page - 1)

    @property
    def has_seen_totals(self) -> bool:
        """Whether the service has stated how many records an entity has."""
        return self._account.catalog.has_totals

    def knows_page_count(self, records: int) -> bool:
        """Return whether the number of pages for this number of records is known."""
        return self.is_largest_page_known or records <= max(self._account.catalog.largest_page, 1)

    def observe_page(self, page: Page, asked: int) -> None:
        """Store a page's total, and what its length says about the page size the service grants.

        `asked` is the requested `per_page`. Only a first page counts: others may be the last.
        """
        came, total = page.row_count, page.total_records
        if total is not None and total < came:
            # It counts fewer than there are: how many there are is not known.
            self._account.catalog.forget_total(page.entity)
        elif came or page.page == 1:
            self._account.catalog.store_total(page.entity, total)
        self._account.catalog.store_page_size(came)
        if page.page != 1:
            return
        is_largest = is_capped(page, asked) or came == asked == LARGEST_PAGE
        if is_largest and self.trait("largest_page") != came:
            evidence = f"A page of {asked:,} records was requested, and {came:,} came."
            self.learn("largest_page", came, evidence)

    def observe_overlap(self, repeated: int | None) -> None:
        """Store how many records of the page before each page repeats; None is not known."""
        if repeated is None or repeated == self.page_overlap:
            return
        records = "1 record" if repeated == 1 else f"{repeated:,} records"
        evidence = f"A query's pages began with the last {records} of the page before."
        self.learn("page_overlap", repeated, evidence if repeated else "No page repeated another.")

    def observe_fields(self, entity: str, names: Iterable[str]) -> None:
        """Store fields that records have, of an entity whose fields only its records show."""
        catalog = self._account.catalog
        found = (Field(name=name, type="Text", inferred=True) for name in names)
        catalog.store_fields(entity, add_inferred(catalog.cached_fields(entity), found))

    def may_hold_null(self, entity: str, name: str) -> bool:
        """Return whether nothing says that each record has a value of this field."""
        fields = self._account.catalog.cached_fields(entity)
        return not any(one.name == name and (one.required or one.read_only) for one in fields)

    def deciding_places(self, entity: str, field: str, direction: str) -> tuple[int, ...]:
        """Return the places of records that decided what comes first by a field, if any."""
        return self._account.catalog.deciding_places(entity, field, direction)

    def observe_places(
        self, entity: str, field: str, direction: str, places: tuple[int, ...]
    ) -> None:
        """Store the places of records that decided what comes first by a field."""
        self._account.catalog.store_deciding_places(entity, field, direction, places)

    def fields_looked_at(self, entity: str) -> tuple[str, ...]:
        """Return the fields whose pages have shown what they can of how text is sorted."""
        return self._account.catalog.fields_looked_at(entity)

    def observe_look(self, entity: str, field: str) -> None:
        """Store a field whose pages were looked at for how text is sorted."""
        self._account.catalog.store_field_looked_at(entity, field)

    def observe_orders(self, learned: Mapping[str, Any]) -> None:
        """Store what the order of the pages has shown."""
        for name, value in learned.items():
            known = self.trait(name)
            if name == "null_places":
                places = tuple(sorted({*(known or ()), *value}))
                if places != known:
                    self.learn(name, places, "Queries' pages had nulls there.")
            elif known is None or (name == "text_orders" and set(value) < set(known)):
                self.learn(name, value, "A query's pages stood in this order.")

    def observe_contradiction(self, name: str, reason: str) -> None:
        """Store that the pages were in none of the expected orders."""
        self.learn(name, () if name in _ORDER_TRAITS else False, reason)
        if name == "collation":
            self.learn("text_orders", (), reason)

    def learn(self, name: str, value: Any, evidence: str) -> None:
        """Store one trait."""
        moment = datetime.now(UTC) + timedelta(seconds=self._account.client.clock_offset)
        self._learned[name] = Trait(value, clean_evidence(evidence), moment)

    def save(self) -> None:
        """Write what was learned to the catalog."""
        catalog = self._account.catalog
        if self._learned:
            catalog.store_traits(catalog.traits.with_findings(self._learned))
            self._learned = {}
        catalog.save()
