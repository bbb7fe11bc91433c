"""Text is in the account's order wherever a query orders it; equality stays exact."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.query.collation.rewrite import apply_account_order
from cmdm_tui.query.database.duckdb_session import DuckDBSession, QueryDatabase
from cmdm_tui.query.errors import SqlError
from cmdm_tui.query.parsing.dialect import DIALECT
from cmdm_tui.query.parsing.statement import Select, parse

WORDS = ["b", "B", "a", "A", "ß", "ss", "SS", "ſ", "İ", "ς", "Σ", "é", "E", "", "ﬁ", "Ꭰ", "ꭰ", None]


def key(text: str) -> tuple[str, str]:
    return text.casefold(), text


def nulls_first(words: list[str | None]) -> list[str | None]:
    return sorted(words, key=lambda word: (word is not None, key(word or "")))


@pytest.fixture(scope="module")
def session() -> DuckDBSession:
    return QueryDatabase().create_session()


def run(session: DuckDBSession, sql: str, words: list[str | None]) -> list[Any]:
    session.execute("CREATE OR REPLACE TEMP TABLE word (w VARCHAR, n BIGINT)")
    session.execute(
        "INSERT INTO temp.word SELECT unnest($1::VARCHAR[]), unnest(range(len($1)))", [words]
    )
    statement = parse(sql)
    assert isinstance(statement, Select)
    rows = session.execute(apply_account_order(statement.tree).sql(dialect=DIALECT))
    return [row[0] for row in rows]


def test_every_character_is_folded_as_python_folds_it(
    session: DuckDBSession, *, runs_whole: bool
) -> None:
    """Daily, every character up to the last that has a case, and some of those beyond."""
    beyond = range(0x20000, 0x110000, 1 if runs_whole else 97)
    codes = [code for code in (*range(1, 0x20000), *beyond) if not 0xD800 <= code < 0xE000]
    characters = list(map(chr, codes))
    assert all(chr(code).casefold() == chr(code) for code in range(0x20000, 0x110000))
    rows = session.execute(
        "SELECT x, casefold_fully(x) FROM (SELECT unnest($1::VARCHAR[]) AS x)", [characters]
    )
    assert [one for one, folded in rows if folded != one.casefold()] == []
    # The twin: DuckDB's own lower() is another fold.
    rows = session.execute(
        "SELECT x, lower(x) FROM (SELECT unnest($1::VARCHAR[]) AS x)", [characters]
    )
    assert [one for one, folded in rows if folded != one.casefold()] != []


@settings(deadline=None, max_examples=40)
@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)))
def test_order_by_sorts_as_the_account_does(
    session: DuckDBSession, words: list[str | None]
) -> None:
    assert run(session, "SELECT w FROM word ORDER BY w", words) == nulls_first(words)
    descending = nulls_first(words)[::-1]
    assert run(session, "SELECT w FROM word ORDER BY w DESC", words) == descending


def test_order_by_would_sort_by_code_point_without_the_rewriting(session: DuckDBSession) -> None:
    run(session, "SELECT w FROM word", WORDS)
    rows = session.execute("SELECT w FROM temp.word ORDER BY w")
    assert [row[0] for row in rows] != nulls_first(WORDS)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT w FROM word ORDER BY 1",
        "SELECT w AS x FROM word ORDER BY x",
        "SELECT * FROM (SELECT w FROM word) ORDER BY ALL",
        "SELECT w FROM word ORDER BY ALL",
        "SELECT * FROM word ORDER BY 1",
        "SELECT w FROM word UNION SELECT w FROM word ORDER BY w",
        "SELECT DISTINCT w FROM word ORDER BY w",
        "SELECT w FROM word GROUP BY ALL ORDER BY w",
        "WITH x AS (SELECT w FROM word) SELECT w FROM x ORDER BY x.w",
        "SELECT unnest(array_agg(w ORDER BY w)) FROM word",
        "SELECT w FROM (SELECT w, row_number() OVER (ORDER BY w) AS r FROM word) ORDER BY r",
        "SELECT w FROM word ORDER BY (w, n)",
        "SELECT unnest(list_sort(list(w))) FROM word",
        "SELECT unnest(list(w).array_sort()) FROM word",
        "SELECT unnest(list_reverse(list_reverse_sort(list(w)))) FROM word",
        "SELECT unnest(list_reverse(list_sort(list(w), 'DESC'))) FROM word",
    ],
)
def test_every_place_that_sorts_sorts_alike(session: DuckDBSession, sql: str) -> None:
    assert run(session, sql, WORDS) == nulls_first(WORDS)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT w AS n FROM word ORDER BY n",
        "SELECT w AS n, count(*) AS w FROM word GROUP BY ALL ORDER BY n",
        "SELECT max(w) AS n FROM word GROUP BY w ORDER BY n",
        "SELECT w AS n FROM word ORDER BY N",
        "SELECT w AS n, 'x' AS w FROM word ORDER BY w, n",
        "SELECT w, 'x' AS k, -1 AS n, NULL AS m FROM word ORDER BY 2, k, n, m, 1",
        "SELECT unnest(list(w)) AS n FROM word ORDER BY n",
        "SELECT w FROM (SELECT w AS w, -n AS n FROM word ORDER BY n LIMIT 100) ORDER BY w",
    ],
)
def test_a_name_that_the_query_gives_stands_before_a_columns_own(
    session: DuckDBSession, sql: str
) -> None:
    assert run(session, sql, WORDS) == nulls_first(WORDS)


def test_what_is_drawn_by_chance_is_drawn_once(session: DuckDBSession) -> None:
    for sql in (
        "SELECT random() AS r, w FROM word ORDER BY r",
        "SELECT random() AS r, w FROM word ORDER BY 1",
    ):
        drawn = run(session, sql, WORDS)
        assert drawn == sorted(drawn)


KEPT: dict[str, Callable[[str], bool]] = {
    "w < 'b'": lambda word: key(word) < key("b"),
    "'b' >= w": lambda word: key(word) <= key("b"),
    "w BETWEEN 'A' AND 'b'": lambda word: key("A") <= key(word) <= key("b"),
    "w NOT BETWEEN 'A' AND 'b'": lambda word: not key("A") <= key(word) <= key("b"),
    "(w, n) > ('ss', 0)": lambda word: key(word) >= key("ss"),
    "w > ALL (SELECT 'b')": lambda word: key(word) > key("b"),
    "w = 'ss'": lambda word: word == "ss",
    "w IN ('A', 'é')": lambda word: word in {"A", "é"},
    "w LIKE 's%'": lambda word: word.startswith("s"),
    "greatest(w, 'B') = w": lambda word: key(word) >= key("B"),
    "w BETWEEN SYMMETRIC 'b' AND 'A'": lambda word: key("A") <= key(word) <= key("b"),
    "w < ANY (['A', 'b'])": lambda word: key(word) < key("b"),
    "w >= ALL (['A', 'b'])": lambda word: key(word) >= key("b"),
    "w.greatest('B') = w": lambda word: key(word) >= key("B"),
    "NOT (w > ANY (['ss']))": lambda word: key(word) <= key("ss"),
}


@pytest.mark.parametrize("condition", KEPT)
def test_comparisons_are_in_the_accounts_order(session: DuckDBSession, condition: str) -> None:
    found = run(session, f"SELECT w FROM word WHERE {condition} ORDER BY w", WORDS)
    kept = KEPT[condition]
    assert found == [word for word in nulls_first(WORDS) if word is not None and kept(word)]


def test_the_extremes_of_text_are_the_accounts(session: DuckDBSession) -> None:
    words = [word for word in WORDS if word is not None]
    assert run(session, "SELECT min(w) FROM word", WORDS) == [min(words, key=key)]
    assert run(session, "SELECT max(w) FROM word", WORDS) == [max(words, key=key)]
    assert run(session, "SELECT w.min() FROM word", WORDS) == [min(words, key=key)]
    assert run(session, "SELECT word.w.max() FROM word", WORDS) == [max(words, key=key)]
    assert run(session, "SELECT list_min(list(w)) FROM word", WORDS) == [min(words, key=key)]
    assert run(session, "SELECT list_max(list(w)) FROM word", WORDS) == [max(words, key=key)]
    numbers = "SELECT max(n) FROM word"
    assert run(session, numbers, WORDS) == [len(WORDS) - 1]


def test_several_extremes_of_text_are_the_accounts(session: DuckDBSession) -> None:
    words = sorted((word for word in WORDS if word is not None), key=key)
    assert run(session, "SELECT min(w, 3) FROM word", WORDS) == [words[:3]]
    assert run(session, "SELECT max(w, 2) FROM word", WORDS) == [words[:-3:-1]]
    assert run(session, "SELECT max(n, 2) FROM word", WORDS) == [[len(WORDS) - 1, len(WORDS) - 2]]


@pytest.mark.parametrize("call", ["max()", "min(DISTINCT)", "max(*)", "max(w, w)", "arg_max(w)"])
def test_a_call_that_is_not_complete_is_refused_by_its_own_name(
    session: DuckDBSession, call: str
) -> None:
    with pytest.raises(SqlError) as refused:
        run(session, f"SELECT {call} FROM word", WORDS)
    assert call.partition("(")[0] in str(refused.value)
    assert "order_key" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("greatest(DATE '2026-01-05', '2026-02-01')", date(2026, 2, 1)),
        ("least('2026-02-01', DATE '2026-01-05', NULL)", date(2026, 1, 5)),
        ("greatest(1, 2.5, NULL)", Decimal("2.5")),
        ("least('b', 'A', NULL, 'c')", "A"),
        ("5 < ANY ([1, 2.5])", False),
        ("5 > ALL ([1, NULL])", None),
        ("list_sort([3, NULL, 1], 'ASC', 'NULLS LAST')", [1, 3, None]),
        ("list_max([1.5, 2])", Decimal("2.0")),
        ("list_sort(NULL::VARCHAR[])", None),
        ("'x'.upper()", "X"),
        ("[2, 1].list_sort().list_reverse()[1]", 2),
        ("(SELECT fill(x) OVER (ORDER BY x) FROM (VALUES (1)) v(x))", 1),
    ],
)
def test_what_is_no_text_comes_out_as_duckdb_has_it(
    session: DuckDBSession, value: str, expected: object
) -> None:
    assert run(session, f"SELECT {value}", []) == [expected]


def test_counts_are_sorted_as_numbers(session: DuckDBSession) -> None:
    words: list[str | None] = [*["a"] * 10, *["b"] * 9, "c"]
    sql = "SELECT w FROM word GROUP BY w ORDER BY count(*) DESC"
    assert run(session, sql, words) == ["a", "b", "c"]
    sql = "SELECT w FROM word GROUP BY w HAVING count(*) > '9' ORDER BY max(n)"
    assert run(session, sql, words) == ["a"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("n", [None, 1, 2]),
        ("n DESC", [2, 1, None]),
        ("n NULLS LAST", [1, 2, None]),
        ("n ASC NULLS FIRST", [None, 1, 2]),
        ("n DESC NULLS FIRST", [None, 2, 1]),
        ("n DESC NULLS LAST", [2, 1, None]),
    ],
)
def test_nulls_stand_where_the_account_has_them_unless_told(
    session: DuckDBSession, order: str, expected: list[int | None]
) -> None:
    sql = f"SELECT n FROM (VALUES (2), (NULL), (1)) AS v(n) ORDER BY {order}"
    assert run(session, sql, []) == expected


COMPUTED = [
    "max(w)",
    "count(*)",
    "w < 'b'",
    "w IS NOT NULL",
    "list(w ORDER BY w)[1:2]",
    "string_agg(w, ',' ORDER BY w)",
    "n ** 2",
    "w IS DISTINCT FROM 'é😀'",
    "(SELECT max(w) FROM word) || 'x'",
    "CASE WHEN w > 'b' THEN [1, 2] END",
]


@pytest.mark.parametrize("before", ["", "WITH x AS (SELECT 1, 2) ", "/* SELECT a */ "])
def test_computed_columns_are_named_as_they_are_written(
    session: DuckDBSession, before: str
) -> None:
    run(session, "SELECT w FROM word", WORDS)
    sql = f"{before}SELECT {', '.join(COMPUTED)} FROM word GROUP BY w, n"
    statement = parse(sql)
    assert isinstance(statement, Select)
    found = apply_account_order(statement.tree).sql(dialect=DIALECT)
    assert [name for name, _ in session.describe(found)] == COMPUTED


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("max(  w\n )", "max( w )"),
        ("max(w) -- the last\n", "max(w)"),
        ("max(w) /* the, last */", "max(w)"),
        ("DISTINCT lower(w)", "lower(w)"),
        ("DISTINCT ON (w) lower(w)", "lower(w)"),
    ],
)
def test_blanks_and_comments_are_no_part_of_a_name(
    session: DuckDBSession, written: str, named: str
) -> None:
    run(session, "SELECT w FROM word", WORDS)
    statement = parse(f"SELECT {written} FROM word")
    assert isinstance(statement, Select)
    sql = apply_account_order(statement.tree).sql(dialect=DIALECT)
    assert [name for name, _ in session.describe(sql)] == [named]
