"""A stored value comes back as the same text in every output and under every plan."""

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from csv import reader
from decimal import Decimal
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.formats import FORMATS, Format, OutputRow, create_writer
from cmdm_tui.formats.cells import display_text
from cmdm_tui.query.database.python_values import Described
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.model import ResultColumn
from cmdm_tui.query.planning.stored_text import StoredText
from cmdm_tui.query.result import QueryResult
from tests.formats.test_xlsx import cells
from tests.query.small_service import SmallService, open_engine

RECORDS = 24
PAGE = 4
DRAWN = settings().max_examples // 8
"""How many sets of values each law is tried on: every one takes dozens of queries."""

PLANS: Mapping[str, tuple[str | None, str]] = {
    "get": ("get", "SELECT ExternalID, {column} FROM thing WHERE ExternalID = 'R003'"),
    "get several": ("get", "SELECT ExternalID, {column} FROM thing WHERE ExternalID IN {ids}"),
    "stream": ("stream", "SELECT ExternalID, {column} FROM thing"),
    "limit": ("stream", "SELECT ExternalID, {column} FROM thing LIMIT 5"),
    "order": ("stream", "SELECT ExternalID, {column} FROM thing ORDER BY Key LIMIT 5"),
    "seek": ("seek", "SELECT ExternalID, {column} FROM thing WHERE Key = 'k0011'"),
    "scan": ("materialise", "SELECT ExternalID, {column} FROM thing ORDER BY length(Key), Key"),
    "join": (None, "SELECT t.ExternalID, {column} FROM thing t JOIN other o ON o.Key = t.Key"),
    "lookup": (
        None,
        "SELECT t.ExternalID, {column} FROM other o JOIN thing t ON t.ExternalID = o.Link",
    ),
    "using": (None, "SELECT thing.ExternalID, {column} FROM thing JOIN other USING (Key)"),
    "subquery": (None, "SELECT ExternalID, {column} FROM (SELECT * FROM thing) q"),
    "renamed": (None, "SELECT id, {column} FROM (SELECT ExternalID AS id, Value FROM thing) q"),
    "CTE": (
        None,
        "WITH q AS (SELECT ExternalID, Key, Value FROM thing), "  # noqa: ISC004 — one text
        "r AS (SELECT * FROM q WHERE Key > '') SELECT ExternalID, {column} FROM r",
    ),
    "union": (
        None,
        "SELECT ExternalID, {column} FROM thing UNION ALL "  # noqa: ISC004 — one text
        "SELECT ExternalID, {column} FROM thing "
        "WHERE Key = 'none'",
    ),
    "window": (
        None,
        "SELECT ExternalID, {column}, row_number() OVER (ORDER BY Key) AS n FROM thing",
    ),
    "qualify": (
        None,
        "SELECT ExternalID, {column} FROM thing QUALIFY rank() OVER (ORDER BY Key) <= 9",
    ),
    "star without": (None, "SELECT * EXCLUDE (Key, Value), {column} FROM thing"),
    "star with": (None, "SELECT * EXCLUDE (Key) REPLACE ({column} AS Value) FROM thing"),
}
"""SQL by name, with the plan that it must have where it is one. `Value` is called in `{column}`."""


def service_of(texts: Sequence[str | None], kind: str | None) -> SmallService:
    """Return a service of things with these values, again and again, of a declared type or none."""
    things = [
        (f"R{number:03}", {"Key": f"k{number:04}", "Value": texts[number % len(texts)]})
        for number in range(RECORDS)
    ]
    others = [("O1", {"Key": "k0004", "Link": "R004"}), ("O2", {"Key": "k0007", "Link": "R007"})]
    types = {} if kind is None else {"thing": {"Key": "Text", "Value": kind}}
    return SmallService({"thing": things, "other": others}, types, page=PAGE)


async def run(engine: Engine, name: str, column: str, *, is_raw: bool = False) -> QueryResult:
    """Run the query of a plan, and check that it is that plan."""
    plan, sql = PLANS[name]
    ids = str(tuple(f"R{number:03}" for number in (1, 5, 9)))
    prepared = await engine.prepare(sql.format(column=column, ids=ids), is_raw=is_raw)
    result = await engine.run(prepared)
    assert plan in {None, result.stats.plan}, name
    assert [one.type for one in prepared.columns] == [one.type for one in result.columns]
    return result


async def learn(engine: Engine, service: SmallService) -> None:
    """Let fields and totals be known, so that every plan can be chosen."""
    for entity in service.records:
        for sql in (f"SELECT count(*) FROM {entity}", f"SELECT * FROM {entity}"):
            (await engine.run(await engine.prepare(sql))).close()


def value_texts(result: QueryResult, place: int = 1) -> dict[str, str | None]:
    """Return the shown text of the value of each record."""
    return {
        str(row[0]): None if row[place] is None else display_text(row[place]) for row in result.rows
    }


def stored(service: SmallService, ids: Sequence[str]) -> dict[str, str | None]:
    return {key: values["Value"] for key, values in service.records["thing"] if key in ids}


TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    st.from_regex(r"[+-]?0{0,2}[0-9]{1,3}\.?[0-9]{0,3}([eE][0-9])?", fullmatch=True),
    st.decimals(-1000, 1000, places=3).map(str),
    st.datetimes().map(lambda one: f"{one.isoformat()}Z"),
    st.sampled_from(
        ["1.10", "1.9", "2026-07-01", "true", "null", "£5", "2026-02-30", "=1", "1e400"]
    ),
)
KINDS = [None, "Text", "Number", "Currency", "Date", "DateTime", "Boolean", "Picklist", "Strange"]


@settings(max_examples=DRAWN)
@given(texts=st.lists(TEXTS | st.none(), min_size=1, max_size=6), kind=st.sampled_from(KINDS))
async def test_stored_text_is_the_same_under_every_plan(
    texts: list[str | None], kind: str | None
) -> None:
    service = service_of(texts, kind)
    is_text = kind in {None, "Text", "Picklist", "Strange"}
    async with open_engine(service) as engine:
        await learn(engine, service)
        for name in PLANS:
            for column, is_raw in (("CAST(Value AS VARCHAR)", False), ("Value", True)):
                with await run(engine, name, column, is_raw=is_raw) as result:
                    found = value_texts(result)
                assert found == stored(service, list(found)), (name, column)
            with await run(engine, name, "Value") as result:
                assert result.count
                if is_text:
                    found = value_texts(result)
                    assert found == stored(service, list(found)), name


async def test_text_that_is_not_looked_for_in_subqueries_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broken twin: without the columns that carry it, 1.10 is 1.1 behind a subquery."""

    def find_none(*_: object) -> None:
        pass

    monkeypatch.setattr(StoredText, "_name_in_query", find_none)
    service = service_of(["1.10"], "Currency")
    async with open_engine(service) as engine:
        with await run(engine, "subquery", "CAST(Value AS VARCHAR)") as result:
            assert set(value_texts(result).values()) == {"1.1"}


NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,9})?", fullmatch=True).filter(
    lambda text: not (text.startswith("-") and Decimal(text) == 0)
)


@settings(max_examples=DRAWN)
@given(texts=st.lists(NUMBERS | st.just("wild") | st.none(), min_size=1, max_size=6))
async def test_numbers_have_their_stored_digits_under_every_plan(texts: list[str | None]) -> None:
    service = service_of(texts, "Number")
    async with open_engine(service) as engine:
        await learn(engine, service)
        for name in PLANS.keys() - {"star with"}:
            with await run(engine, name, "Value") as result:
                found = value_texts(result)
            whole = stored(service, list(found))
            assert found == {
                key: None if text == "wild" else text for key, text in whole.items()
            }, name


@pytest.mark.parametrize("kind", KINDS)
async def test_the_type_of_a_column_is_the_same_under_every_plan(kind: str | None) -> None:
    service = service_of(["1.10", "3", None, "x", "2026-07-01", "true", "9" * 20], kind)
    async with open_engine(service) as engine:
        await learn(engine, service)
        types: dict[str, str] = {}
        for name in PLANS:
            with await run(engine, name, "Value") as result:
                types[name] = result.columns[1].type
    assert len(set(types.values())) == 1, types


# Outputs


def write(name: Format, columns: Sequence[ResultColumn], rows: Sequence[OutputRow]) -> bytes:
    sink = io.BytesIO()
    writer = create_writer(name, sink, raw_csv=True)
    writer.begin(columns)
    writer.write_rows(rows)
    writer.end()
    return sink.getvalue()


def read_json(content: bytes) -> list[str]:
    return [one["Value"] for one in json.loads(content)]


def read_json_lines(content: bytes) -> list[str]:
    return [json.loads(line)["Value"] for line in content.decode().removesuffix("\n").split("\n")]


def read_csv(content: bytes) -> list[str]:
    return [row[1] for row in reader(io.StringIO(content.decode(), newline=""))][1:]


def read_parquet(content: bytes) -> list[str]:
    with TemporaryDirectory() as folder, duckdb.connect(":memory:") as connection:
        path = Path(folder) / "rows.parquet"
        path.write_bytes(content)
        return [row[0] for row in connection.execute(f"SELECT Value FROM '{path}'").fetchall()]


def read_xlsx(content: bytes) -> list[str]:
    return [row[1][1] or "" for row in cells(content)[1:]]


NULL_TEXT = "'null'"
"""How a table, and a record a field a line, show the text null, to tell it from no value."""


def read_shown(text: str) -> str:
    return "null" if text == NULL_TEXT else text


def read_table(content: bytes) -> list[str]:
    heading, _, *lines = content.decode().removesuffix("\n").split("\n")
    return [read_shown(line[heading.index("Value") :].rstrip()) for line in lines]


def read_vertical(content: bytes) -> list[str]:
    lines = content.decode().split("\n")
    values = [line[len("ExternalID  ") :] for line in lines if line.startswith("Value")]
    return [read_shown(value) for value in values]


def read_markdown(content: bytes) -> list[str]:
    lines = content.decode().removesuffix("\n").split("\n")[2:]
    found = [re.split(r"(?<!\\)\|", line)[2].strip() for line in lines]
    return [unescape(re.sub(r"\\(.)", r"\1", one)) for one in found]


READERS: Mapping[Format, Callable[[bytes], list[str]]] = {
    "json": read_json,
    "jsonl": read_json_lines,
    "csv": read_csv,
    "parquet": read_parquet,
    "xlsx": read_xlsx,
    "table": read_table,
    "vertical": read_vertical,
    "markdown": read_markdown,
}
PRINTABLE = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P", "S"], exclude_characters="\\"),
    min_size=1,
    max_size=8,
) | st.sampled_from(["1.10", "007", "+44", "1e3", "=1+1", "2026-07-01", "true", "null", "£5 é"])


def test_every_output_is_read_back() -> None:
    assert READERS.keys() == set(FORMATS) - {"tsv"}


@settings(max_examples=DRAWN)
@given(texts=st.lists(PRINTABLE, min_size=1, max_size=6), kind=st.sampled_from([None, "Text"]))
async def test_stored_text_is_the_same_in_every_output(texts: list[str], kind: str | None) -> None:
    service = service_of(texts, kind)
    whole = [str(values["Value"]) for _, values in service.records["thing"]]
    async with open_engine(service) as engine:
        with await run(engine, "stream", "Value") as result:
            for name in READERS:
                content = write(name, result.columns, result.rows)
                assert READERS[name](content) == whole, name


@settings(max_examples=DRAWN)
@given(texts=st.lists(NUMBERS, min_size=1, max_size=6))
async def test_stored_digits_are_the_same_in_every_output(texts: list[str]) -> None:
    """JSON is read without loss; Parquet and xlsx hold the number, and not its zeros at the end."""
    service = service_of(texts, "Currency")
    whole = [str(values["Value"]) for _, values in service.records["thing"]]
    async with open_engine(service) as engine:
        for plan in ("stream", "scan"):
            with await run(engine, plan, "Value") as result:
                columns, rows = result.columns, result.rows
            for name in ("csv", "vertical", "markdown"):
                assert READERS[name](write(name, columns, rows)) == whole, name
            document = json.loads(write("json", columns, rows), parse_float=str, parse_int=str)
            assert [one["Value"] for one in document] == whole
            table = write("table", columns, rows).decode().splitlines()[2:]
            assert [line.split()[1] for line in table] == whole
            for name in ("parquet", "xlsx"):
                found = READERS[name](write(name, columns, rows))
                assert list(map(Decimal, found)) == list(map(Decimal, whole)), name


async def test_digits_that_are_not_stored_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: with the digits of the DECIMAL, 12.50 is not what is stored."""

    def find_none(_: Described) -> dict[int, int]:
        return {}

    monkeypatch.setattr(Described, "digits", property(find_none))
    service = service_of(["12.50"], "Currency")
    async with open_engine(service) as engine:
        with await run(engine, "stream", "Value") as result:
            assert set(value_texts(result).values()) != {"12.50"}
