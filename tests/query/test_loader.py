"""Records that are loaded batch by batch show what is stored, however many come together."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdm_tui.api import Record
from cmdm_tui.query.database import loader as loading
from cmdm_tui.query.database.casts import parse_value
from cmdm_tui.query.database.duckdb_session import DuckDBSession, QueryDatabase
from cmdm_tui.query.database.iso_times import are_plain, plain_day, plain_moment
from cmdm_tui.query.database.loader import RecordLoader, column_texts
from cmdm_tui.query.model import Column, ColumnKind, Table

KINDS = {
    "Amount": ColumnKind.NUMBER,
    "Day": ColumnKind.DATE,
    "Moment": ColumnKind.DATETIME,
    "Flag": ColumnKind.BOOLEAN,
}
TYPED = tuple(Column(name, kind) for name, kind in KINDS.items())
STORED = tuple(Column(f"\x01text {one.name}", reads=one, of_field=one.name) for one in TYPED)
TABLE = Table("thing", (Column("ExternalID"), *TYPED, *STORED))

DAYS = st.dates().map(str) | st.sampled_from(["2026-02-30", "20260701", "0000-01-01", "x"])
MOMENTS = (
    st.datetimes().map(lambda one: f"{one.isoformat()}Z")
    | DAYS
    | st.sampled_from(["2026-07-01T12:00Z", "2026-07-01T12Z", "9999-12-31T23:59:59-05:00", "Z"])
)
VALUES = {
    "Amount": st.from_regex(r"[+-]?[0-9]{1,4}(\.[0-9]{1,3})?([eE][0-9])?", fullmatch=True)
    | st.sampled_from(["", "x", "1e400", "9" * 40]),
    "Day": DAYS,
    "Moment": MOMENTS,
    "Flag": st.sampled_from(["true", "False", "ja", ""]),
}
BATCHES = st.lists(
    st.lists(
        st.fixed_dictionaries({name: values | st.none() for name, values in VALUES.items()}),
        min_size=1,
        max_size=4,
    ),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def session() -> Iterator[DuckDBSession]:
    database = QueryDatabase()
    yield database.create_session()
    database.close()


def load(
    session: DuckDBSession, batches: Sequence[Sequence[dict[str, str | None]]]
) -> RecordLoader:
    session.create_table(TABLE, TABLE.columns)
    loader = RecordLoader(session, TABLE, TABLE.columns)
    for batch in batches:
        records = [Record("thing", "R", values) for values in batch]
        loader.load(column_texts(records, TABLE.columns))
    loader.show_loaded()
    return loader


def check(session: DuckDBSession, batches: Sequence[Sequence[dict[str, str | None]]]) -> None:
    """Check what is shown and counted of records that came in these batches."""
    loader = load(session, batches)
    records = [values for batch in batches for values in batch]
    for name, kind in KINDS.items():
        texts = [values[name] for values in records]
        rows = session.execute(f'SELECT "\x01text {name}", "{name}" IS NULL FROM temp.thing')
        assert [text for text, _ in rows] == texts, name
        are_wrong = [
            text is None or parse_value(kind, text) is None or len(text) == 40 or text == "1e400"
            for text in texts
        ]
        assert [is_null for _, is_null in rows] == are_wrong, name
        counted = loader.values.misfits.get(name, 0)
        assert counted == sum(are_wrong) - texts.count(None), name


@pytest.mark.parametrize("few", [0, 2, 200])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_what_is_stored_is_shown_and_what_does_not_fit_is_counted(
    session: DuckDBSession,
    few: int,
    batches: list[list[dict[str, str | None]]],
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loading, "_FEW_ROWS", few)
        check(session, batches)


def test_text_that_is_shared_for_good_would_be_noticed(
    session: DuckDBSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: a wild value is lost where its column of text stays the number's."""

    def share(_: RecordLoader, __: object) -> None:
        pass

    fine: dict[str, str | None] = {"Amount": "1", "Day": None, "Moment": None, "Flag": None}
    batches = [[fine], [{**fine, "Amount": "wild"}]]
    check(session, batches)
    monkeypatch.setattr(RecordLoader, "_divide", share)
    with pytest.raises(AssertionError):
        check(session, batches)


@given(texts=st.lists(MOMENTS | st.none(), max_size=5))
def test_times_that_are_plain_together_are_plain_one_by_one(texts: list[str | None]) -> None:
    if are_plain(texts, are_moments=True):
        assert [plain_moment(text) for text in texts] == texts
    if are_plain(texts, are_moments=False):
        assert [plain_day(text) for text in texts] == texts
