"""A statement becomes a change set: old and new, typed values as text, and no call too many."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from cmdm_tui.api.models import Parent
from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import Change, ChangeKind, ChangeSet
from cmdm_tui.changes.entity_fields import EntityFields
from cmdm_tui.changes.from_sql import make_change_set, prepare_sql_change
from cmdm_tui.changes.journal_entry import EntryState, JournalEntry
from cmdm_tui.changes.sql_returning import (
    ReturnedField,
    describe_unread,
    returned_columns,
    returned_rows,
)
from cmdm_tui.changes.wire_text import NoWireText, write_wire_text
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import QueryError, SqlError
from cmdm_tui.query.model import ColumnKind
from cmdm_tui.query.parsing.write_parts import InsertStatement, UpdateStatement
from cmdm_tui.query.parsing.write_statement import ReadStatement, WriteStatement, read_statements
from cmdm_tui.sandbox import RunningInfo
from tests.query.conftest import open_account
from tests.query.small_service import SmallService, open_engine

TYPES: Mapping[str, Mapping[str, str]] = {
    "lead": {
        "LastName": "Text",
        "City": "Text",
        "Email": "Text",
        "Score": "Number",
        "OptIn": "Boolean",
        "LastContacted": "Date",
        "StartsAt": "DateTime",
        "Status": "Text",
        "AccountExternalID": "Text",
    },
    "account": {"Name": "Text", "City": "Text"},
}
LEADS = [
    ("L1", {"LastName": "Jones", "City": "Hull", "Email": "a@x", "Score": "5.00"}),
    ("L2", {"LastName": "Evans", "City": "York", "Email": "b@x", "Score": "7"}),
    ("L3", {"LastName": "O'Neill", "City": None, "Email": "c@x", "LastContacted": "soon"}),
    ("L4", {"LastName": "=1+1", "City": "", "Email": "d@x", "Score": None, "Status": "Converted",
            "AccountExternalID": "A1"}),
]  # fmt: skip
ACCOUNTS = [("A1", {"Name": "Acme", "City": "Leeds"}), ("A2", {"Name": "Bolt", "City": "Bath"})]
TASKS = [
    ("T1", {"Subject": "Ring", "Status": "Open", "ClosedDate": None}),
    ("T2", {"Subject": "Meet", "Status": "Closed", "ClosedDate": "2026-01-01T00:00:00Z"}),
]


class Opened:
    """An engine on a small service, its account, and what a statement comes to."""

    def __init__(self, service: SmallService, engine: Engine, account: Account) -> None:
        self.service, self.engine, self.account = service, engine, account

    async def make(self, sql: str, **given: object) -> ChangeSet:
        return await make_change_set(statement_of(sql, **given), self.account, self.engine)

    async def reads(self, sql: str) -> str | None:
        return (await prepare_sql_change(statement_of(sql), self.account)).read_sql


def statement_of(sql: str, **given: object) -> WriteStatement:
    (statement,) = read_statements(sql, given)  # pyright: ignore[reportArgumentType]
    assert not isinstance(statement, ReadStatement)
    return statement


@asynccontextmanager
async def opened(leads: object = None, **options: object) -> AsyncGenerator[Opened]:
    records = {"lead": leads or LEADS, "account": ACCOUNTS, "task": TASKS}
    service = SmallService(records, TYPES, **options)  # pyright: ignore[reportArgumentType]
    async with open_engine(service) as engine:
        yield Opened(service, engine, engine._account)


def values(made: ChangeSet) -> list[tuple[str | None, dict[str, object]]]:
    return [(one.external_id, dict(one.properties)) for one in made.changes]


async def test_an_update_holds_old_and_new_of_the_fields_that_change() -> None:
    async with opened() as one:
        made = await one.make("UPDATE lead SET City = 'York', Score = Score + 1 WHERE Score > 4")
    assert made.changes == (
        Change(
            ChangeKind.UPDATE,
            "lead",
            "L1",
            {"City": "York", "Score": "6"},
            before={"City": "Hull", "Score": "5.00"},
        ),
        Change(ChangeKind.UPDATE, "lead", "L2", {"Score": "8"}, before={"Score": "7"}),
    )
    assert (made.address, made.username) == ("http://localhost/api/v1", "u")
    assert made.title.startswith("UPDATE lead SET City")
    assert not made.is_partial


async def test_records_that_hold_the_values_already_are_dropped_and_counted() -> None:
    async with opened() as one:
        made = await one.make("UPDATE lead SET City = 'York', Score = 7 WHERE ExternalID = 'L2'")
        emptied = await one.make("UPDATE lead SET City = NULL WHERE LastName > 'N' OR City = ''")
    assert (made.changes, made.unchanged) == ((), 1)
    assert (emptied.changes, emptied.unchanged) == ((), 2)


async def test_a_record_named_by_its_id_is_read_with_one_call() -> None:
    async with opened() as one:
        await one.account.catalog.load_fields("lead")
        one.service.calls.clear()
        made = await one.make("UPDATE lead SET City = 'Bath' WHERE ExternalID = 'L1'")
        assert one.service.calls == ["lead/L1"]
        assert made.calls_made == 1
        one.service.calls.clear()
        await one.make("DELETE FROM lead WHERE ExternalID = 'L2'")
        assert one.service.calls == ["lead/L2"]


async def test_a_where_that_can_be_searched_for_costs_the_search_alone() -> None:
    leads = [(f"R{n:05}", {"LastName": "x", "Email": f"e{n:05}@x"}) for n in range(3_000)]
    async with opened(leads, page=20) as one:
        where = "WHERE Email = 'e01234@x'"
        await one.account.catalog.load_fields("lead")
        query = await one.engine.prepare(f"SELECT Email FROM lead {where}")
        await one.engine.run(query)
        one.service.calls.clear()
        with await one.engine.run(await one.engine.prepare(f"SELECT * FROM lead {where}")):
            of_query = len(one.service.calls)
        one.service.calls.clear()
        made = await one.make(f"UPDATE lead SET City = 'Bath' {where}")
        assert [change.external_id for change in made.changes] == ["R01234"]
        assert len(one.service.calls) <= of_query < 40


async def test_a_delete_keeps_the_whole_record_as_it_is_stored() -> None:
    async with opened() as one:
        made = await one.make(
            "DELETE FROM lead WHERE LastContacted IS NULL AND LastName = 'O''Neill'"
        )
    (change,) = made.changes
    assert (change.kind, change.external_id) == (ChangeKind.DELETE, "L3")
    assert change.before is not None
    assert change.before["LastContacted"] == "soon"
    assert change.before["LastName"] == "O'Neill"
    assert change.before["City"] is None
    assert any("not of the column's type" in note for note in made.notes)


async def test_a_value_computed_from_one_that_cannot_be_read_is_rejected() -> None:
    async with opened() as one:
        made = await one.make(
            "UPDATE lead SET LastContacted = LastContacted + 1 WHERE LastName LIKE 'O%'"
        )
    assert made.changes == ()
    assert [reject.reason for reject in made.rejects] == [
        "LastContacted is computed from a value that is not of its field's type"
    ]


async def test_an_update_takes_values_from_another_entity() -> None:
    async with opened() as one:
        made = await one.make(
            "UPDATE lead l SET City = a.City FROM account a WHERE a.ExternalID = "
            "l.AccountExternalID"
        )
        nested = await one.make("UPDATE lead SET City = (SELECT max(City) FROM account)")
    assert values(made) == [("L4", {"City": "Leeds"})]
    assert {change.properties["City"] for change in nested.changes} == {"Leeds"}


async def test_a_record_that_several_rows_match_differently_is_rejected() -> None:
    async with opened() as one:
        made = await one.make(
            "UPDATE lead SET City = a.City FROM account a WHERE lead.ExternalID = 'L1'"
        )
    assert made.changes == ()
    assert "several rows match it" in made.rejects[0].reason


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("UPDATE lead SET ExternalID = 'x'", "the service gives ids itself"),
        ("UPDATE lead SET Cty = 'x'", "There is no field 'Cty' of lead. Did you mean City?"),
        ("UPDATE leed SET City = 'x'", "There is no entity 'leed'"),
        ("UPDATE lead SET City = 'x', CITY = 'y'", "City is given twice"),
        ("UPDATE task SET RelatedEntity = 'x'", "a task stays with its record"),
        ("INSERT INTO lead (LastName, Nope) VALUES ('x', 'y')", "There is no field 'Nope'"),
        ("INSERT INTO lead (ExternalID) VALUES ('x')", "the service gives ids itself"),
        ("DELETE FROM lead RETURNING Nope", "There is no field 'Nope' of lead"),
    ],
)
async def test_what_cannot_be_set_is_refused_before_a_record_is_read(
    sql: str, sentence: str
) -> None:
    async with opened() as one:
        with pytest.raises(SqlError) as caught:
            await one.make(sql)
        assert sentence in str(caught.value)
        assert [call for call in one.service.calls if call == "lead"] == []


async def test_a_read_only_field_is_refused_with_its_place() -> None:
    async with opened() as one:
        fields = await one.account.catalog.load_fields("lead")
        closed = tuple(structs.replace(field, read_only=field.name == "Email") for field in fields)
        one.account.catalog.store_fields("lead", closed)
        with pytest.raises(SqlError, match="Email of lead is read-only") as caught:
            await one.make("UPDATE lead SET\n Email = 'x'")
    assert (caught.value.line, caught.value.column) == (2, 2)


async def test_an_insert_of_written_values_reads_nothing() -> None:
    async with opened() as one:
        await one.account.catalog.load_fields("lead")
        one.service.calls.clear()
        made = await one.make(
            "INSERT INTO lead (lastname, Score, OptIn, City) VALUES ('O''Neill; --', -1.50, true, "
            "NULL), ($name, 1e3, false, '')",
            name="=cmd|' /C calc'!A0",
        )
        assert one.service.calls == []
    assert [dict(one.properties) for one in made.changes] == [
        {"LastName": "O'Neill; --", "Score": "-1.50", "OptIn": "true"},
        {"LastName": "=cmd|' /C calc'!A0", "Score": "1000", "OptIn": "false", "City": ""},
    ]
    assert [one.origin for one in made.changes] == ["row 1", "row 2"]


async def test_an_insert_computes_values() -> None:
    async with opened() as one:
        made = await one.make(
            "INSERT INTO lead (LastName, LastContacted, StartsAt) VALUES "
            "(upper('x'), DATE '2026-03-31', TIMESTAMPTZ '2026-03-31 10:30:00+01:00'), ('y', NULL, "
            "DATE '2026-03-31')"
        )
    assert [dict(one.properties) for one in made.changes] == [
        {"LastName": "X", "LastContacted": "2026-03-31", "StartsAt": "2026-03-31T09:30:00Z"},
        {"LastName": "y", "StartsAt": "2026-03-31T00:00:00Z"},
    ]


async def test_an_insert_takes_the_rows_of_a_query() -> None:
    async with opened() as one:
        made = await one.make(
            "INSERT INTO lead (LastName, City) SELECT Name, City FROM account ORDER BY Name DESC"
        )
        with pytest.raises(SqlError, match="has 3 columns"):
            await one.make("INSERT INTO lead (LastName, City) SELECT * FROM account")
    assert [dict(one.properties) for one in made.changes] == [
        {"LastName": "Bolt", "City": "Bath"},
        {"LastName": "Acme", "City": "Leeds"},
    ]


async def test_values_of_the_wrong_form_are_rejected_with_their_row() -> None:
    async with opened() as one:
        made = await one.make(
            "INSERT INTO lead (LastName, LastContacted) VALUES ('x', '31/03/2026'), ('y', [1]), "
            "('z', '2026-03-31')"
        )
    assert len(made.changes) == 1
    assert sorted((one.origin, one.column) for one in made.rejects) == [
        ("row 1", "LastContacted"),
        ("row 2", "LastContacted"),
    ]


async def test_a_new_task_belongs_to_the_record_that_is_named() -> None:
    async with opened() as one:
        made = await one.make(
            "INSERT INTO task (Subject, RelatedEntity, RelatedExternalID) VALUES "
            "('a', 'lead', 'L1'), ('b', NULL, NULL), ('c', 'lead', NULL)"
        )
    assert [one.parent for one in made.changes] == [Parent("lead", "L1"), None]
    assert dict(made.changes[0].properties) == {"Subject": "a"}
    assert "RelatedExternalID is missing" in made.rejects[0].reason


async def test_a_call_reads_the_record_first() -> None:
    async with opened() as one:
        await one.account.catalog.load_fields("lead")
        one.service.calls.clear()
        made = await one.make("CALL convert_lead('L1')")
        assert one.service.calls == ["lead/L1"]
        missing = await one.make("CALL convert_lead('L4', 'L9')")
    assert made.changes[0].kind is ChangeKind.CONVERT
    assert made.changes[0].before is not None
    assert made.changes[0].before["Score"] == "5.00"
    assert missing.changes == ()
    assert sorted(one.reason for one in missing.rejects) == [
        "it is converted already",
        "there is no lead with the id L9",
    ]


async def test_a_call_takes_a_query_for_ids() -> None:
    async with opened() as one:
        made = await one.make("CALL close_task((SELECT ExternalID FROM task))")
        chosen = await one.make(
            "CALL close_task((SELECT t.ExternalID FROM task t WHERE t.Subject = 'Ring' LIMIT 1))"
        )
    assert [(one.kind, one.external_id) for one in made.changes] == [(ChangeKind.CLOSE, "T1")]
    assert made.unchanged == 1
    assert [one.external_id for one in chosen.changes] == ["T1"]


@pytest.mark.parametrize(
    "text",
    ["it's", "a\\nb\\", "x\ny\t", '"; DROP TABLE lead; --', "/*", "$name", "é💥\u202e", "%"],
)
async def test_hostile_text_is_written_to_the_letter(text: str) -> None:
    async with opened() as one:
        made = await one.make("UPDATE lead SET City = $t WHERE ExternalID = 'L1'", t=text)
        found = await one.make("UPDATE lead SET City = 'x' WHERE LastName = $t", t=text)
        called = await one.make("CALL convert_lead($t)", t=text)
        new = await one.make("INSERT INTO lead (LastName, City) VALUES ($t, $t || '')", t=text)
    assert values(made) == [("L1", {"City": text})]
    assert found.changes == called.changes == ()
    assert [dict(change.properties) for change in new.changes] == [{"LastName": text, "City": text}]


async def test_rows_can_come_from_a_local_file(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name;town\nSiân;Hull\n", "utf-8")
    for source in (f"read_csv('{file}', delim = ';', header = true)", f"'{file}'"):
        (statement,) = read_statements(
            f"INSERT INTO lead (LastName, City) SELECT name, town FROM {source}", allows_files=True
        )
        assert isinstance(statement, InsertStatement)
        async with opened() as one:
            made = await make_change_set(statement, one.account, one.engine)
        assert values(made) == [(None, {"LastName": "Siân", "City": "Hull"})]


async def test_a_reading_that_calls_have_ended_makes_a_partial_set() -> None:
    leads = [(f"R{n}", {"LastName": "x", "City": "Hull"}) for n in range(100)]
    async with opened(leads, page=10) as one:
        await one.account.catalog.load_fields("lead")
        statement = statement_of("DELETE FROM lead WHERE City LIKE '%ull'")
        made = await make_change_set(statement, one.account, one.engine, max_calls=3)
    assert made.is_partial
    assert len(made.changes) < 100
    assert any("partial" in note for note in made.notes)


async def test_an_unknown_name_in_the_where_is_an_error_of_the_engine() -> None:
    async with opened() as one:
        with pytest.raises(QueryError, match="Emial"):
            await one.make("DELETE FROM lead WHERE Emial = 'x'")


async def test_the_where_stays_as_it_was_written() -> None:
    async with opened() as one:
        sql = await one.reads("DELETE FROM lead l WHERE l.Email = 'a' AND Score > 5")
    assert sql is not None
    assert sql.endswith('FROM "lead" AS "l" WHERE l.Email = \'a\' AND Score > 5')


async def test_values_are_checked_against_what_the_service_declares(sandbox: RunningInfo) -> None:
    async with open_account(sandbox) as one:
        page = await one.account.client.page("lead", per_page=1, page=1)
        external_id = page.records[0].external_id
        await one.account.catalog.load_fields("lead")
        one.network.taken()
        for sets, rejected in (
            ("Status = 'new'", "Status is 'new'; the option is 'New'"),
            ("LastName = NULL", "LastName is required and cannot be empty"),
            ("LastContacted = DATE '1999-12-31', Score = 98.5", ""),
        ):
            sql = f"UPDATE lead SET {sets} WHERE ExternalID = '{external_id}'"
            made = await make_change_set(statement_of(sql), one.account, one.engine)
            assert [reject.reason for reject in made.rejects] == ([rejected] if rejected else [])
            assert len(one.network.taken()) == made.calls_made == 1
        assert dict(made.changes[0].properties) == {
            "LastContacted": "1999-12-31",
            "Score": "98.5",
        }
        sql = "UPDATE lead SET AccountExternalID = 'x'"
        with pytest.raises(SqlError, match="AccountExternalID of lead is read-only"):
            await make_change_set(statement_of(sql), one.account, one.engine)
        assert len(one.network.taken()) == 0


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, ColumnKind.TEXT, None),
        ("  as it is\n", ColumnKind.NUMBER, "  as it is\n"),
        (True, ColumnKind.BOOLEAN, "true"),
        (5, ColumnKind.NUMBER, "5"),
        (Decimal("1E+3"), ColumnKind.NUMBER, "1000"),
        (Decimal("1.50"), ColumnKind.NUMBER, "1.50"),
        (1e-7, ColumnKind.NUMBER, "0.0000001"),
        (2.0, ColumnKind.NUMBER, "2"),
        (-0.0, ColumnKind.NUMBER, "0"),
        (date(2026, 3, 31), ColumnKind.DATE, "2026-03-31"),
        (date(2026, 3, 31), ColumnKind.DATETIME, "2026-03-31T00:00:00Z"),
        (datetime(2026, 3, 31, 9, 30, 1, 999, UTC), ColumnKind.DATETIME, "2026-03-31T09:30:01Z"),
        (
            datetime(2026, 3, 31, 9, 30, tzinfo=timezone(timedelta(hours=1))),
            ColumnKind.DATETIME,
            "2026-03-31T08:30:00Z",
        ),
    ],
)
def test_a_value_is_written_as_the_wire_has_it(
    value: object, kind: ColumnKind, text: str | None
) -> None:
    assert write_wire_text(value, kind) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], {"a": 1}, b"x"])
def test_a_value_without_a_form_on_the_wire_is_refused(value: object) -> None:
    with pytest.raises(NoWireText):
        write_wire_text(value, ColumnKind.NUMBER)


async def test_returning_shows_what_was_read_and_written() -> None:
    sql = "UPDATE lead SET City = 'Bath' WHERE ExternalID = 'L1' RETURNING ExternalID AS id, *"
    async with opened() as one:
        statement = statement_of(sql)
        change = await prepare_sql_change(statement, one.account)
        assert change.read_sql is not None
        with await one.engine.run(await one.engine.prepare(change.read_sql)) as result:
            made = change.build(result)
    assert isinstance(statement, UpdateStatement)
    columns = returned_columns(statement.returning, change.known)
    entry = JournalEntry(1, made.change_set.changes[0], EntryState.DONE)
    assert [one.name for one in columns[:5]] == ["id", "ExternalID", "LastName", "City", "Email"]
    (row,) = returned_rows(columns, [entry], made.read)
    assert row[:6] == ("L1", "L1", "Jones", "Bath", "a@x", Decimal("5.00"))
    assert returned_rows(columns, [replace(entry, state=EntryState.REFUSED)], made.read) == []
    assert list(describe_unread(columns, [entry])) == []
    stamped = [*columns, ReturnedField("changed", "ModifiedDate", is_read_only=True)]
    (note,) = describe_unread(stamped, [entry])
    assert note.startswith("ModifiedDate: as before the change. SELECT reads")


def test_returning_of_an_insert_has_the_new_id() -> None:
    statement = statement_of("INSERT INTO lead (LastName) VALUES ('x') RETURNING ExternalID, Nick")
    assert isinstance(statement, InsertStatement)
    columns = returned_columns(statement.returning, EntityFields("lead", ()))
    change = Change(ChangeKind.CREATE, "lead", properties={"LastName": "x"})
    entry = JournalEntry(1, change, EntryState.DONE, result_id="NEW1")
    assert returned_rows(columns, [entry]) == [("NEW1", None)]
    (note,) = describe_unread(columns, [entry])
    assert "what the service sets itself is null" in note
