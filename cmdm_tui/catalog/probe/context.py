"""The context of a probe: the entity it looks at, a sample of its records, and its fields."""

from msgspec import Struct, field

from cmdm_tui.api import Field, Record
from cmdm_tui.api.decode_fields import FIELD_TYPES
from cmdm_tui.catalog.fields import infer_fields
from cmdm_tui.catalog.probe.client import ProbeAnswer, ProbeClient


class ProbeContext(Struct):
    """The state of one probe; its stages read it, and the first ones fill it."""

    client: ProbeClient
    candidates: tuple[str, ...]
    """The entities that may be looked at."""
    surveyed: dict[str, ProbeAnswer] = field(default_factory=dict[str, ProbeAnswer])
    entity: str = ""
    sample: ProbeAnswer | None = None
    """The first page of the entity in no order, as large as a page was granted."""
    described_fields: dict[str, Field] = field(default_factory=dict[str, Field])
    is_stable: bool | None = None
    """Whether records without sort_by came in one order each time."""

    @property
    def records(self) -> tuple[Record, ...]:
        """The records of the sample."""
        page = None if self.sample is None else self.sample.page
        return () if page is None else page.records

    @property
    def ids(self) -> tuple[str, ...]:
        """The external ids of the sample, in its order."""
        return () if self.sample is None else self.sample.ids

    @property
    def total(self) -> int | None:
        """How many records the entity has, as the sample says."""
        return None if self.sample is None else self.sample.total

    @property
    def has_all_records(self) -> bool:
        """Whether the sample holds every record of the entity."""
        return self.total is not None and len(self.records) == self.total

    def infer_types(self) -> dict[str, tuple[str, bool]]:
        """Return each field's type, and whether the service describes it or records show it."""
        inferred = {field.name: field.type or "Text" for field in infer_fields(self.records)}
        found: dict[str, tuple[str, bool]] = {}
        for name, kind in inferred.items():
            described = self.described_fields.get(name)
            has_type = described is not None and described.type in FIELD_TYPES
            found[name] = (str(described.type), True) if described and has_type else (kind, False)
        return found
