"""Text that is stored comes back unchanged, whatever it looks like, under every plan."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.planning import operand_reader, products, schema
from cmdm_tui.query.planning.readings import Readings
from tests.query.small_service import SmallService, open_engine, run_query

ZONED = "20260701T12Z"
TASKS = [
    ("R1", {"Subject": "1.10", "Due": "2026-07-01", "Flag": "true", "Hours": "3", "Phone": "007"}),
    ("R2", {"Subject": "1.9", "Due": "2026-07-02T10:00:00+02", "Flag": "no", "Hours": "10"}),
    ("R3", {"Subject": "1.100", "Due": None, "Flag": None, "Hours": "x", "Phone": "+44 1"}),
    ("R4", {"Subject": "1e3", "Due": "20260703", "Flag": "FALSE", "Hours": "", "Phone": "1e400"}),
]
DEALS = [
    ("D0", {"Name": "a", "Amount": "£12.00", "Day": "29/03/2026", "Open": "ja", "At": "soon"}),
    ("D1", {"Name": "b", "Amount": "12.50", "Day": "2026-03-29", "Open": "true", "At": None}),
    (
        "D2",
        {"Name": "c", "Amount": "3", "Day": "2026-03-30", "Open": "false", "At": "20260701T12Z"},
    ),
]
TYPES = {
    "deal": {
        "Name": "Text", "Amount": "Currency", "Day": "Date", "Open": "Boolean", "At": "DateTime",
    }
}  # fmt: skip


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    service = SmallService({"task": TASKS, "deal": DEALS}, TYPES, page=3)
    async with open_engine(service) as one:
        yield one


SUBJECTS = ["1.10", "1.9", "1.100", "1e3"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT Subject FROM task",
        "SELECT Subject FROM task LIMIT 4",
        "SELECT Subject FROM task ORDER BY ExternalID",
        "SELECT Subject FROM task ORDER BY Subject",
        "SELECT DISTINCT Subject FROM task",
        "SELECT Subject FROM task GROUP BY Subject",
        "SELECT Subject FROM task UNION SELECT Subject FROM task",
        "SELECT Subject FROM (SELECT * FROM task) q",
        "WITH q AS (SELECT Subject FROM task) SELECT Subject FROM q",
        "SELECT t.Subject FROM task t JOIN task u USING (ExternalID)",
        "SELECT min(Subject) FROM task GROUP BY ExternalID",
        "SELECT Subject FROM task WHERE Hours > 0 OR Hours IS NULL OR Subject <> 'x'",
        "SELECT unnest(list(Subject)) FROM task",
        "SELECT Subject FROM task WHERE ExternalID IN ('R1', 'R2', 'R3', 'R4')",
    ],
)
async def test_text_comes_back_as_it_is_stored(engine: Engine, sql: str) -> None:
    assert sorted(str(row[0]) for row in await run_query(engine, sql)) == sorted(SUBJECTS)


async def test_one_record_has_its_text_as_it_is_stored(engine: Engine) -> None:
    for _ in range(2):
        assert await run_query(engine, "SELECT Subject FROM task WHERE ExternalID = 'R1'") == [
            ("1.10",)
        ]


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT count(DISTINCT Subject) FROM task", [(4,)]),
        ("SELECT Subject FROM task WHERE Subject = '1.90'", []),
        ("SELECT Subject FROM task WHERE Subject = 'nope'", []),
        ("SELECT Subject FROM task WHERE Subject IN ('1.1', '1.10')", [("1.10",)]),
        ("SELECT Hours FROM task ORDER BY Hours DESC LIMIT 2", [("x",), ("3",)]),
        ("SELECT max(Hours) FROM task", [("x",)]),
        ("SELECT count(*) FROM task WHERE Phone = '7'", [(0,)]),
    ],
)
async def test_text_is_compared_as_text(
    engine: Engine, sql: str, rows: list[tuple[Any, ...]]
) -> None:
    assert await run_query(engine, sql) == rows


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("Subject = 1.1", ["R1", "R3"]),
        ("1.9 = Subject", ["R2"]),
        ("Subject > 1.5", ["R2", "R4"]),
        ("Subject = 1000", ["R4"]),
        ("Hours > 5", ["R2"]),
        ("Hours BETWEEN 1 AND 5", ["R1"]),
        ("Hours IN (3, 10)", ["R1", "R2"]),
        ("Hours NOT IN (3)", ["R2"]),
        ("Hours IS DISTINCT FROM 3", ["R2", "R3", "R4"]),
        ("Hours + 1 = 4", ["R1"]),
        ("Hours * 2 > length(Subject) * 4", ["R2"]),
        ("-Hours < -5", ["R2"]),
        ("Phone = 7", ["R1"]),
        ("Hours = (SELECT count(*) - 1 FROM task)", ["R1"]),
        ("Hours IN (SELECT Amount FROM deal)", ["R1"]),
        ("Due < DATE '2026-07-02'", ["R1"]),
        ("Due >= DATE '2026-07-02'", ["R2", "R4"]),
        ("Due = TIMESTAMPTZ '2026-07-02 08:00:00Z'", ["R2"]),
        ("year(Due) = 2026 AND month(Due) = 7", ["R1", "R2", "R4"]),
        ("Due + INTERVAL 1 DAY > TIMESTAMPTZ '2026-07-03 00:00:00Z'", ["R2", "R4"]),
        ("Flag", ["R1"]),
        ("NOT Flag", ["R4"]),
        ("Flag = false", ["R4"]),
        ("Flag IS TRUE", ["R1"]),
        ("Flag AND Hours = 3", ["R1"]),
        ("CASE WHEN Flag THEN 1 ELSE 0 END = 1", ["R1"]),
        ("trim(Hours) > 5", ["R2"]),
        ("coalesce(Hours, Phone) < 5", ["R1"]),
        ("CASE Hours WHEN 3 THEN true ELSE false END", ["R1"]),
    ],
)
async def test_text_is_read_as_what_it_is_compared_or_computed_with(
    engine: Engine, condition: str, ids: list[str]
) -> None:
    sql = f"SELECT ExternalID FROM task WHERE {condition} ORDER BY ExternalID"
    assert [row[0] for row in await run_query(engine, sql)] == ids


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT sum(Hours), avg(Hours), count(Hours) FROM task", [(Decimal(13), 6.5, 4)]),
        ("SELECT sum(DISTINCT Hours) FILTER (WHERE Flag) FROM task", [(Decimal(3),)]),
        ("SELECT Hours + 0.5 FROM task WHERE ExternalID = 'R1'", [(Decimal("3.5"),)]),
        ("SELECT Hours || 1 FROM task WHERE ExternalID = 'R1'", [("31",)]),
        (
            "SELECT date_trunc('month', Due) FROM task WHERE ExternalID = 'R2'",
            [(datetime(2026, 7, 1, tzinfo=UTC),)],
        ),
        (
            "SELECT Due AT TIME ZONE 'Europe/London' FROM task WHERE ExternalID = 'R2'",
            [(datetime(2026, 7, 2, 9),)],  # noqa: DTZ001 — London's time
        ),
        (
            "SELECT d.Name FROM task t JOIN deal d ON t.Hours = d.Amount",
            [("c",)],
        ),
        ("WITH q AS (SELECT Hours AS h FROM task) SELECT h FROM q WHERE h > 5", [("10",)]),
    ],
)
async def test_text_is_computed_with(engine: Engine, sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert await run_query(engine, sql) == rows


NAMED = {("task.Hours", "number"): 2}
X2 = {"number": 4}
"""What is computed is counted each time: the largest is computed, and compared."""


@pytest.mark.parametrize(
    ("sql", "rows", "unread"),
    [
        # Where a query would show a column that only the engine names, it is counted all the same.
        ("SELECT sum(Hours) FROM task NATURAL JOIN (SELECT 'R2' AS ExternalID)", [(10,)], NAMED),
        ("SELECT t.ExternalID FROM task t WHERE Hours > 5 AND t IS NOT NULL", [("R2",)], NAMED),
        ("SELECT s FROM task AS t(id, s, d, f, h) WHERE h > 5", [("1.9",)], {"number": 2}),
        (
            "SELECT b FROM (SELECT Phone, Hours FROM task) "  # noqa: ISC004 — one text
            "PIVOT (sum(Hours) FOR Phone IN ('007' AS b))",
            [(3,)],
            None,
        ),
        ("SELECT sum(COLUMNS('Hou')) FROM task", [(13,)], {"number": 2}),
        ("SELECT sum(COLUMNS(['Hours', 'Phone'])) FROM task", [(13, 7)], {"number": 4}),
        ("SELECT sum(COLUMNS(q.*)) FROM (SELECT Hours FROM task) q", [(13,)], None),
        ("SELECT max(COLUMNS(* EXCLUDE (d)) + 0) FROM (SELECT Hours, 1 d FROM task)", [(10,)], X2),
        ("SELECT ExternalID FROM task WHERE COLUMNS('Hours|Subject') > 1.5", [("R2",)], None),
        # Behind a GROUP BY there is the column that it names, and no other.
        ("SELECT Hours FROM task GROUP BY Hours HAVING Hours > 5", [("10",)], NAMED),
        ("SELECT Hours FROM task GROUP BY ROLLUP (Hours) HAVING Hours > 5", [("10",)], NAMED),
        ("SELECT Hours + 1 FROM task GROUP BY Hours HAVING Hours = 3", [(4,)], NAMED),
        # Names that the query gives.
        ("SELECT Hours AS h FROM task WHERE h > 5", [("10",)], {"number": 2}),
        ("SELECT Hours AS h, h + 1 AS i FROM task WHERE i > 5", [("10", 11)], None),
        ("SELECT trim(Hours) + 1 AS i FROM task WHERE i > 5", [(11,)], None),
        ("SELECT trim(Hours) + 1 AS i FROM task GROUP BY i HAVING i > 5", [(11,)], None),
        ("SELECT trim(Hours) + 1 AS i FROM task ORDER BY i DESC LIMIT 1", [(11,)], {"number": 2}),
        ("SELECT trim(Hours) + 1 AS i FROM task ORDER BY i + 1 DESC LIMIT 1", [(11,)], None),
        ("SELECT trim(Hours) + 1 AS i, i + 1 FROM task LIMIT 1", [(4, 5)], None),
        ("WITH q AS (SELECT Hours AS h FROM task) SELECT sum(h) FROM q", [(13,)], {"number": 2}),
        ("SELECT h FROM (SELECT Hours AS h FROM task) q GROUP BY h HAVING h > 5", [("10",)], None),
        ("SELECT ExternalID FROM task JOIN (VALUES (3), (4)) v(x) ON Hours = x", [("R1",)], NAMED),
        # What chooses has values of one kind.
        ("SELECT coalesce(Hours, 0) FROM task WHERE ExternalID > 'R1'", [(10,), (0,), (0,)], NAMED),
        ("SELECT coalesce(Hours, '0') FROM task WHERE ExternalID = 'R3'", [("x",)], {}),
        ("SELECT CASE WHEN Hours > 5 THEN Hours ELSE 0 END FROM task LIMIT 2", [(0,), (10,)], None),
        ("SELECT if(Flag, Hours, 0) FROM task LIMIT 2", [(3,), (0,)], None),
        ("SELECT greatest(Hours, 5), least(Hours, 5) FROM task LIMIT 2", [(5, 3), (10, 5)], None),
        ("SELECT nullif(Hours, 3) FROM task LIMIT 2", [(None,), (10,)], None),
        ("SELECT count_if(Flag), bool_or(Flag) FROM task", [(1, True)], None),
        ("SELECT Subject FROM task WHERE Hours = ANY (SELECT Amount FROM deal)", [("1.10",)], None),
        ("SELECT ExternalID FROM task WHERE Hours > ALL (SELECT 5)", [("R2",)], NAMED),
        ("SELECT corr(Hours, Hours) FROM task", [(1,)], NAMED),
        # What is computed of text has no name.
        ("SELECT ExternalID FROM task WHERE trim(Hours) > 5", [("R2",)], {"number": 2}),
        ("SELECT count(*) FROM task WHERE trim(Flag)", [(1,)], {"boolean": 1}),
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_counted_wherever_it_is_read(
    engine: Engine, sql: str, rows: list[tuple[Any, ...]], unread: dict[Any, int] | None
) -> None:
    with await engine.run(await engine.prepare(sql)) as result:
        assert [tuple(row) for row in result.rows] == rows
        assert not any("\x01" in column.name for column in result.columns)
        if unread is not None:
            assert {**result.notes.unread, **result.notes.unread_values} == unread


async def test_what_the_query_computes_is_told_without_a_name(engine: Engine) -> None:
    with await engine.run(await engine.prepare("SELECT trim(Hours) + 1 FROM task")) as result:
        assert (
            "Text that the query computes could not be read as a number 2 times, and counts as "
            "null there."
        ) in result.notes.sentences


async def test_values_that_are_not_counted_would_be_noticed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: read by a macro that counts nothing, half of the values are null in silence."""
    monkeypatch.setattr(operand_reader, "COUNTED_SUFFIX", "")
    with await engine.run(await engine.prepare("SELECT trim(Hours) + 1 FROM task")) as result:
        assert [row[0] for row in result.rows] == [4, 11, None, None]
        assert not result.notes.unread_values


async def test_what_cannot_be_read_is_counted(engine: Engine) -> None:
    result = await engine.run(await engine.prepare("SELECT * FROM task WHERE Hours > 5 OR Flag"))
    assert result.notes.unread == {("task.Hours", "number"): 2, ("task.Flag", "boolean"): 1}
    said = " ".join(result.notes.sentences)
    assert "2 values of task.Hours cannot be read as a number" in said
    assert [column.name for column in result.columns] == [
        "ExternalID", "Subject", "Due", "Flag", "Hours", "Phone",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM task WHERE Hours > 5",
        "SELECT t.* FROM task t WHERE t.Hours > 5",
        "SELECT COLUMNS('.*') FROM task WHERE Hours > 5",
        "SELECT COLUMNS(*) FROM task WHERE Hours > 5",
        "SELECT unnest(task) FROM task WHERE Hours > 5",
        "SELECT q.* FROM (SELECT * FROM task WHERE Hours > 5) q",
        "WITH q AS (SELECT * FROM task WHERE Hours > 5) SELECT * FROM q",
        "SELECT * EXCLUDE (Phone), Phone FROM task WHERE Hours > 5",
    ],
)
async def test_no_star_shows_what_only_the_engine_names(engine: Engine, sql: str) -> None:
    await run_query(engine, "SELECT * FROM task")
    result = await engine.run(await engine.prepare(sql))
    assert {column.name for column in result.columns} == {
        "ExternalID", "Subject", "Due", "Flag", "Hours", "Phone",
    }  # fmt: skip
    assert result.count == 1


async def test_text_that_is_read_nowhere_would_be_an_error(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: without readings DuckDB refuses to compare text with a number."""

    def add_none(*_: object) -> None:
        pass

    monkeypatch.setattr(Readings, "add", add_none)
    with pytest.raises(Exception, match="compare"):
        await run_query(engine, "SELECT * FROM task WHERE Hours > 5")


async def test_types_that_are_guessed_would_change_what_is_stored(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: with a type that the records look to be of, 1.10 is a number like any other."""
    service = SmallService(
        {"task": [(key, {"Subject": values["Subject"]}) for key, values in TASKS[:3]]}, {}
    )

    def believe(_: object) -> bool:
        return True

    monkeypatch.setattr(schema, "is_declared", believe)
    async with open_engine(service) as one:
        rows = await run_query(one, "SELECT DISTINCT Subject FROM task")
    assert len(rows) != 3


# Typed fields


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ("Amount", ["£12.00", "12.50", "3"]),
        ("Day", ["29/03/2026", "2026-03-29", "2026-03-30"]),
        ("Open", ["ja", "true", "false"]),
        ("At", ["soon", None, ZONED]),
    ],
)
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST({0} AS VARCHAR) FROM deal ORDER BY ExternalID",
        "SELECT d.{0}::TEXT FROM deal d ORDER BY d.ExternalID",
        "SELECT TRY_CAST({0} AS VARCHAR) FROM deal ORDER BY ExternalID LIMIT 3",
        "SELECT CAST({0} AS VARCHAR) AS c FROM deal GROUP BY c, ExternalID ORDER BY ExternalID",
        "SELECT c FROM (SELECT {0}::VARCHAR AS c, ExternalID FROM deal) q ORDER BY ExternalID",
        "SELECT CAST(d.{0} AS VARCHAR) FROM deal d JOIN deal e USING (ExternalID) ORDER BY Name",
    ],
)
async def test_a_cast_to_text_gives_what_is_stored(
    engine: Engine, sql: str, column: str, texts: list[str | None]
) -> None:
    sql = sql.format(column).replace("ORDER BY Name", "ORDER BY d.Name")
    assert [row[0] for row in await run_query(engine, sql)] == texts


@pytest.mark.parametrize(
    ("sql", "texts"),
    [
        (
            "SELECT Amount FROM deal UNION ALL SELECT Phone FROM task",
            {"12.50", "3", "007", "£12.00"},
        ),
        ("SELECT Phone FROM task UNION (SELECT Amount FROM deal)", {"12.50", "3", "007", "£12.00"}),
        ("SELECT Amount + 1 AS a FROM deal UNION SELECT Phone FROM task", {"13.5", "4", "007"}),
        ("SELECT Day FROM deal UNION ALL SELECT Phone FROM task", {"29/03/2026", "2026-03-30"}),
        ("SELECT string_agg(Amount, ' ') FROM deal", {"£12.00 12.50 3"}),
        (
            "SELECT listagg(Day, ' ' ORDER BY Name DESC) FROM deal",
            {
                "2026-03-30 2026-03-29 29/03/2026",
            },
        ),
        ("SELECT CAST(COLUMNS('Amou.*') AS VARCHAR) FROM deal", {"12.5", "3"}),
        ("SELECT CAST(q.Amount AS VARCHAR) FROM (SELECT Amount FROM deal) q", {"12.50", "£12.00"}),
        ("SELECT a || '' FROM (SELECT Amount AS a, Name FROM deal) q WHERE Name > 'a'", {"12.50"}),
        ("WITH q AS (SELECT * FROM deal) SELECT CAST(Day AS VARCHAR) FROM q", {"29/03/2026"}),
    ],
)
async def test_numbers_and_dates_become_the_text_that_is_stored(
    engine: Engine, sql: str, texts: set[str]
) -> None:
    result = await engine.run(await engine.prepare(sql))
    assert {column.type for column in result.columns} == {"VARCHAR"}
    found = {str(row[0]) for row in result.rows}
    assert texts <= found
    assert not any("000000" in text for text in found)
    assert not any("\x01" in column.name for column in result.columns)


@pytest.mark.parametrize(
    ("sql", "values"),
    [
        ("SELECT Amount * Amount * Amount FROM deal", {1953.125, 27.0}),
        ("SELECT x * Amount FROM (SELECT Amount * Amount AS x, Amount FROM deal) q", {1953.125}),
        ("SELECT Amount * 10000 * Amount * 10000 * Amount * 1000000 FROM deal", {27e14}),
    ],
)
async def test_a_product_of_many_numbers_is_a_double_and_says_so(
    engine: Engine, sql: str, values: set[float]
) -> None:
    result = await engine.run(await engine.prepare(sql))
    assert values <= {row[0] for row in result.rows}
    assert any("computed as DOUBLE" in sentence for sentence in result.notes.sentences)
    pair = await engine.run(await engine.prepare("SELECT Amount * Amount FROM deal"))
    assert Decimal("156.25") in {row[0] for row in pair.rows}
    assert not any("DOUBLE" in sentence for sentence in pair.notes.sentences)


async def test_a_product_that_is_not_widened_would_be_an_error(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: five numbers of nine decimal places are more than any DECIMAL holds."""

    def leave(*_: object) -> bool:
        return False

    monkeypatch.setattr(products, "widen_products", leave)
    with pytest.raises(SqlError):
        await run_query(engine, "SELECT Amount * Amount * Amount * Amount * Amount FROM deal")


async def test_a_cast_to_text_is_a_condition_too(engine: Engine) -> None:
    sql = "SELECT * FROM deal WHERE CAST(Amount AS VARCHAR) LIKE '£%'"
    ((*values,),) = await run_query(engine, sql)
    assert values == ["D0", "a", None, None, None, None]


async def test_a_misfit_is_null_and_counted_and_its_text_is_named(engine: Engine) -> None:
    result = await engine.run(await engine.prepare("SELECT * FROM deal ORDER BY Name"))
    assert result.notes.failed_casts == {
        "deal.Amount": 1, "deal.Day": 1, "deal.Open": 1, "deal.At": 1,
    }  # fmt: skip
    assert "CAST(Amount AS VARCHAR) gives the stored text" in " ".join(result.notes.sentences)
    assert result.rows[2][2:] == (
        Decimal(3), date(2026, 3, 30), False, datetime(2026, 7, 1, 12, tzinfo=UTC),
    )  # fmt: skip


async def test_numbers_have_the_digits_that_are_stored(engine: Engine) -> None:
    for sql in (
        "SELECT Amount FROM deal WHERE ExternalID <> 'D0' ORDER BY Amount DESC",
        "SELECT Amount AS a, Name FROM deal d WHERE Amount > 0 ORDER BY d.Amount DESC",
        "SELECT Amount, * FROM deal WHERE Amount IS NOT NULL ORDER BY 1 DESC LIMIT 2",
    ):
        await run_query(engine, "SELECT * FROM deal")
        assert [str(row[0]) for row in await run_query(engine, sql)] == ["12.50", "3"], sql


@pytest.mark.parametrize(
    ("sql", "numbers"),
    [
        ("SELECT Amount FROM deal UNION ALL SELECT Amount FROM deal", ["12.50", "3"] * 2),
        ("SELECT * EXCLUDE (Name) FROM deal UNION ALL SELECT * EXCLUDE (Name) FROM deal LIMIT 3", [
            "12.50", "3",
        ]),
        ("SELECT Amount a FROM deal UNION ALL SELECT 1.10 UNION ALL SELECT -0.50", [
            "12.50", "3", "1.10", "-0.50",
        ]),
        ("SELECT Amount FROM deal UNION ALL SELECT sum(Amount) FROM deal", ["12.50", "3", "15.5"]),
        ("SELECT Amount FROM deal UNION ALL SELECT Amount + 1 FROM deal ORDER BY 1 DESC LIMIT 3", [
            "13.5", "12.50", "4",
        ]),
        ("WITH q AS (SELECT * FROM deal) (SELECT Amount FROM q) UNION ALL SELECT NULL", [
            "12.50", "3",
        ]),
        # Numbers that are compared have no digits of their own: 12.50 and 12.5 are one row.
        ("SELECT Amount FROM deal UNION SELECT 12.50", ["12.5", "3"]),
        ("SELECT Amount FROM deal UNION ALL (SELECT Amount FROM deal UNION SELECT 12.5)", [
            "12.5", "3", "12.5", "3",
        ]),
    ],
)  # fmt: skip
async def test_numbers_of_a_union_have_the_digits_that_are_stored(
    engine: Engine, sql: str, numbers: list[str]
) -> None:
    place = 1 if "EXCLUDE" in sql else 0
    found = [str(row[place]) for row in await run_query(engine, sql) if row[place] is not None]
    assert sorted(found) == sorted(numbers)


async def test_raw_gives_every_field_as_text(engine: Engine) -> None:
    prepared = await engine.prepare("SELECT * FROM deal ORDER BY ExternalID", is_raw=True)
    assert {column.type for column in prepared.columns} == {"VARCHAR"}
    result = await engine.run(prepared)
    assert {column.type for column in result.columns} == {"VARCHAR"}
    assert result.rows == [(key, *values.values()) for key, values in DEALS]
    assert not result.notes.failed_casts


@pytest.mark.parametrize(
    ("condition", "ids"),
    [("Amount > 5", ["D1"]), ("Open", ["D1"]), ("Day < DATE '2026-03-30'", ["D1"])],
)
async def test_raw_text_is_read_where_it_is_compared(
    engine: Engine, condition: str, ids: list[str]
) -> None:
    prepared = await engine.prepare(f"SELECT ExternalID FROM deal WHERE {condition}", is_raw=True)
    assert [row[0] for row in (await engine.run(prepared)).rows] == ids


# The law

STORED = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    st.decimals(-1000, 1000, places=3).map(str),
    st.from_regex(r"[+-]?0{0,2}[0-9]{1,3}\.?[0-9]{0,3}([eE][0-9])?", fullmatch=True),
    st.dates().map(str),
    st.datetimes().map(lambda one: f"{one.isoformat()}Z"),
    st.sampled_from(["true", "FALSE", "null", "NaN", "1e400", "007", "+44", "£5", "2026-02-30"]),
)


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(texts=st.lists(STORED, min_size=1, max_size=6), kind=st.sampled_from(sorted(TYPES["deal"])))
async def test_what_goes_in_comes_out(texts: list[str], kind: str) -> None:
    records = [(f"R{place}", {"Value": text, "Other": "x"}) for place, text in enumerate(texts)]
    declared = {"thing": {"Value": TYPES["deal"][kind], "Other": "Text"}}
    service = SmallService({"thing": records, "loose": records}, declared, page=4)
    async with open_engine(service) as engine:
        for sql in (
            "SELECT Value FROM loose ORDER BY ExternalID",
            "SELECT Value FROM loose WHERE Other = 'x' ORDER BY ExternalID LIMIT 9",
            "SELECT Value FROM (SELECT * FROM loose) q ORDER BY ExternalID",
            "SELECT Value FROM loose WHERE Value > 5 OR Value IS NOT NULL ORDER BY ExternalID",
            "SELECT CAST(Value AS VARCHAR) FROM thing ORDER BY ExternalID",
            "SELECT concat(Value, '') FROM thing ORDER BY ExternalID",
        ):
            assert [row[0] for row in await run_query(engine, sql)] == texts, sql
        raw = await engine.prepare("SELECT Value FROM thing ORDER BY ExternalID", is_raw=True)
        assert [row[0] for row in (await engine.run(raw)).rows] == texts
