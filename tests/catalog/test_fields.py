"""Which fields an entity has: as described, where that names them; else as its records show."""

from collections.abc import Sequence

from cmdm_tui.api import BadRequest, CallInfo, Field, Record
from cmdm_tui.catalog.fields import discover_fields, match_records

RECORDS = (Record("lead", "A", {"Name": "Ada", "Score": "7"}),)


class Source:
    """A description of fields, and records; it counts how often it is asked for each."""

    def __init__(self, described: Sequence[Field] | Exception, records: Sequence[Record]) -> None:
        self._described = described
        self._records = records
        self.asked: list[str] = []

    async def described(self) -> tuple[Field, ...]:
        self.asked.append("fields")
        if isinstance(self._described, Exception):
            raise self._described
        return tuple(self._described)

    async def records(self) -> Sequence[Record]:
        self.asked.append("records")
        return self._records

    async def discover(self, *, needs_types: bool = False) -> list[tuple[str, str | None, bool]]:
        fields = await discover_fields(self.described, self.records, needs_types=needs_types)
        return [(field.name, field.type, field.inferred) for field in fields]


async def test_a_full_description_is_taken_without_a_look_at_records() -> None:
    source = Source([Field("Name", type="Text"), Field("Score", type="Number")], RECORDS)
    assert await source.discover() == [("Name", "Text", False), ("Score", "Number", False)]
    assert source.asked == ["fields"]


async def test_a_list_of_ids_is_no_list_of_names() -> None:
    ids = [Field(name, external_id=name, is_named_by_id=True) for name in ("F1", "F2")]
    source = Source(ids, RECORDS)
    assert await source.discover() == [("Name", "Text", True), ("Score", "Number", True)]


async def test_names_that_are_ids_too_are_names() -> None:
    source = Source([Field("Name", external_id="Name", type="Text")], RECORDS)
    assert await source.discover() == [("Name", "Text", False)]


async def test_a_service_that_refuses_has_its_records_looked_at() -> None:
    source = Source(BadRequest("No", call=CallInfo(1, "GET", "x")), RECORDS)
    assert [name for name, *_ in await source.discover()] == ["Name", "Score"]


async def test_types_that_are_not_told_come_from_records() -> None:
    source = Source([Field("Name", type="Text"), Field("Score", type="Formula")], RECORDS)
    assert [kind for _, kind, _ in await source.discover()] == ["Text", "Formula"]
    assert source.asked == ["fields"]
    typed = [("Name", "Text", False), ("Score", "Number", True)]
    assert await source.discover(needs_types=True) == typed
    assert source.asked == ["fields", "fields", "records"]


async def test_without_description_and_records_there_is_no_field() -> None:
    assert await Source([], []).discover() == []


def test_records_show_whether_the_description_is_of_them() -> None:
    assert match_records([Field("Score")], RECORDS)
    assert not match_records([Field("last_name")], RECORDS)
    assert match_records([Field("last_name")], [])
