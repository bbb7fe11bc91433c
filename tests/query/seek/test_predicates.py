"""What a WHERE says of one column encloses its matches, and nothing else where it says so."""

from typing import Any

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from cmdm_tui.query.model import Column, ColumnKind
from cmdm_tui.query.seek import ColumnPredicate, extract_predicates
from cmdm_tui.query.seek.column_predicate import engine_key
from cmdm_tui.query.seek.literals import LikePattern
from cmdm_tui.query.seek.region import Interval, Region, before
from cmdm_tui.query.seek.text_keys import letters_key
from tests.query.seek.fake_service import FIELD
from tests.query.seek.reference_predicates import LETTERS, VALUES, Predicate, column, predicates

OTHER = Column("Other", ColumnKind.NUMBER, "Number")


def where(sql: str) -> exp.Where:
    tree = sqlglot.parse_one(f"SELECT 1 FROM lead WHERE {sql}", dialect="duckdb")
    found = tree.args["where"]
    assert isinstance(found, exp.Where)
    return found


def candidates(sql: str, kind: ColumnKind = ColumnKind.TEXT) -> list[ColumnPredicate]:
    return extract_predicates(where(sql), {FIELD: column(kind), "Other": OTHER})


def holds(region: Region, value: Any) -> bool:
    return region.has_null if value is None else region.holds(value)


def faults(predicate: Predicate, kind: ColumnKind, values: list[Any]) -> list[Any]:
    """Return the values about which a candidate is wrong."""
    wrong: list[Any] = []
    for candidate in candidates(predicate.sql, kind):
        for value in values:
            is_kept = predicate.of(value) is True
            is_text = isinstance(value, str)
            seen = [holds(candidate.region, engine_key(value) if is_text else value)]
            if candidate.binary is not None:
                seen.append(holds(candidate.binary, value))
            if candidate.letters is not None:
                seen.append(holds(candidate.letters, letters_key(value) if is_text else value))
            if is_kept and not all(seen):
                wrong.append(value)
            if candidate.is_exact and candidate.keeps(value) != is_kept:
                wrong.append(value)
            if candidate.is_region_exact and seen[0] != is_kept:
                wrong.append(value)
            if candidate.is_binary_exact and seen[1] != is_kept:
                wrong.append(value)
    return wrong


@pytest.mark.parametrize("kind", list(ColumnKind))
def test_a_candidate_encloses_every_match(kind: ColumnKind) -> None:
    values = VALUES[kind]

    @settings(deadline=None, max_examples=settings().max_examples * 3)
    @given(predicates(values, kind), st.lists(values, max_size=25))
    def law(predicate: Predicate, drawn: list[Any]) -> None:
        near = [*drawn, None]
        if kind is ColumnKind.TEXT:
            near += [one + two for one in drawn[:5] for two in LETTERS]
            near += [one.swapcase() for one in drawn] + [one[:2] for one in drawn] + list(LETTERS)
        assert faults(predicate, kind, near) == []

    law()


@pytest.mark.parametrize(
    "sql",
    [
        f"{FIELD} = 'New'",
        f"'New' = {FIELD}",
        f"({FIELD}) = ('New')",
        "field = 'New'",
        f"lead.{FIELD} = 'New'",
        f"{FIELD} IN ('New', 'Old')",
        f"{FIELD} LIKE 'New%'",
        f"{FIELD} LIKE 'N!%%' ESCAPE '!'",
        f"{FIELD} ILIKE 'new%'",
        f"starts_with({FIELD}, 'New')",
        f"{FIELD} > 'A' AND Other = 3",
        f"{FIELD} = 'a' OR {FIELD} = 'b'",
        f"NOT ({FIELD} <> 'a')",
        f"{FIELD} IS NULL",
        f"{FIELD} NOTNULL",
    ],
)
def test_text_that_is_bounded_has_a_candidate(sql: str) -> None:
    assert FIELD in [candidate.column.name for candidate in candidates(sql)]


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        (ColumnKind.TEXT, f"{FIELD} = 5"),
        (ColumnKind.TEXT, f"{FIELD} = DATE '2026-01-01'"),
        (ColumnKind.TEXT, f"{FIELD} = 'a' || 'b'"),
        (ColumnKind.TEXT, f"{FIELD} = 'a' OR Other = 3"),
        (ColumnKind.TEXT, f"{FIELD} = 'a' OR random() > 0.5"),
        (ColumnKind.TEXT, f"lower({FIELD}) = 'a'"),
        (ColumnKind.TEXT, f"{FIELD} COLLATE NOCASE = 'a'"),
        (ColumnKind.TEXT, f"{FIELD} LIKE Other"),
        (ColumnKind.TEXT, f"{FIELD} LIKE ANY ('a%', 'b%')"),
        (ColumnKind.TEXT, f"{FIELD} LIKE 'a%%' ESCAPE '%'"),
        (ColumnKind.TEXT, f"{FIELD} GLOB 'a*'"),
        (ColumnKind.TEXT, f"{FIELD} IN (SELECT 'a')"),
        (ColumnKind.TEXT, f"{FIELD} IS DISTINCT FROM 'a'"),
        (ColumnKind.TEXT, f"{FIELD} = NULL"),
        (ColumnKind.TEXT, f"{FIELD} = ?"),
        (ColumnKind.TEXT, f"{FIELD} BETWEEN SYMMETRIC 'b' AND 'a'"),
        (ColumnKind.TEXT, f"a.{FIELD} = b.{FIELD} AND a.{FIELD} = 'x'"),
        (ColumnKind.NUMBER, f"{FIELD} = 'many'"),
        (ColumnKind.NUMBER, f"{FIELD} = '5.5'"),
        (ColumnKind.NUMBER, f"{FIELD} = 1e3"),
        (ColumnKind.NUMBER, f"{FIELD} + 1 = 5"),
        (ColumnKind.NUMBER, f"{FIELD} = TRUE"),
        (ColumnKind.NUMBER, f"{FIELD} LIKE '5%'"),
        (ColumnKind.NUMBER, f"{FIELD} = 1000000000000000000000"),
        (ColumnKind.DATE, f"{FIELD} = '01/02/2026'"),
        (ColumnKind.DATE, f"{FIELD} = '2026-02-30'"),
        (ColumnKind.DATE, f"{FIELD} > TIMESTAMP '2026-01-01 12:00:00'"),
        (ColumnKind.DATE, f"{FIELD}::TIMESTAMP = '2026-01-01'"),
        (ColumnKind.DATETIME, f"{FIELD} = '2026-01-01T10:00:00+02:00'"),
        (ColumnKind.DATETIME, f"{FIELD} = TIMESTAMPTZ '2026-01-01 10:00:00'"),
        (ColumnKind.DATETIME, f"{FIELD} = now()"),
        (ColumnKind.DATETIME, f"{FIELD} = 5"),
        (ColumnKind.BOOLEAN, f"{FIELD} = 1"),
        (ColumnKind.BOOLEAN, f"{FIELD} = 'yes'"),
        (ColumnKind.BOOLEAN, f"{FIELD} IS TRUE"),
    ],
)
def test_what_may_mean_something_else_has_none(kind: ColumnKind, sql: str) -> None:
    assert [one for one in candidates(sql, kind) if one.column.name == FIELD] == []


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        (ColumnKind.NUMBER, f"{FIELD} = '5'"),
        (ColumnKind.NUMBER, f"{FIELD} = -5.50"),
        (ColumnKind.NUMBER, f"5 < {FIELD}"),
        (ColumnKind.DATE, f"{FIELD} >= '2026-01-01'"),
        (ColumnKind.DATE, f"{FIELD} = CAST('2026-01-01' AS DATE)"),
        (ColumnKind.DATE, f"{FIELD} > TIMESTAMP '2026-01-01 00:00:00'"),
        (ColumnKind.DATETIME, f"{FIELD} < DATE '2026-01-01'"),
        (ColumnKind.DATETIME, f"{FIELD} < '2026-01-01'"),
        (ColumnKind.DATETIME, f"{FIELD} < '2026-01-01T09:30:00Z'"),
        (ColumnKind.BOOLEAN, FIELD),
        (ColumnKind.BOOLEAN, f"NOT {FIELD}"),
        (ColumnKind.BOOLEAN, f"{FIELD} = 'true'"),
    ],
)
def test_literals_are_read_as_the_column_compares_them(kind: ColumnKind, sql: str) -> None:
    (candidate,) = candidates(sql, kind)
    assert candidate.is_exact


def test_another_column_s_conjunct_makes_a_candidate_enclosing() -> None:
    found = candidates(f"{FIELD} = 'a' AND Other > 3")
    assert [(one.column.name, one.is_exact) for one in found] == [(FIELD, False), ("Other", False)]


@pytest.mark.parametrize(
    ("sql", "is_exact"),
    [
        (f"{FIELD} LIKE 'ab%'", True),
        (f"{FIELD} LIKE 'ab'", True),
        (f"{FIELD} LIKE 'ab_'", False),
        (f"{FIELD} LIKE 'a%b'", False),
        (f"{FIELD} ILIKE 'ab%'", False),
    ],
)
def test_a_pattern_is_exact_where_it_only_begins(sql: str, is_exact: bool) -> None:
    assert [one.is_exact for one in candidates(sql)] == [is_exact]


def test_the_law_finds_a_prefix_that_is_not_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    from cmdm_tui.query.seek import predicates as module
    from tests.query.seek.reference_predicates import liked

    predicate = liked("ß", "%", is_folded=False, is_negated=False, has_escape=False)
    assert faults(predicate, ColumnKind.TEXT, ["ßx", "ss"]) == []

    def matching(column: Column, pattern: LikePattern) -> module._PredicateRegions:
        low = (pattern.prefix.lower(), "")
        region = Region.of(Interval(before(low), before((low[0] + "\U0010ffff", ""))))
        return module._PredicateRegions({(column.name, "engine"): module._Regions(region, None)})

    monkeypatch.setattr(
        module,
        "_pattern_regions",
        matching,
    )
    assert faults(predicate, ColumnKind.TEXT, ["ßx", "ss"]) == ["ßx"]


def test_the_law_finds_a_dotted_capital_i_taken_for_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.query.seek.reference_predicates import liked

    predicate = liked("ist", "%", is_folded=True, is_negated=False, has_escape=False)
    assert faults(predicate, ColumnKind.TEXT, ["İstanbul"]) == []
    monkeypatch.setattr("cmdm_tui.query.seek.literals.is_plain", str.isprintable)
    assert faults(predicate, ColumnKind.TEXT, ["İstanbul"]) == ["İstanbul"]


def test_the_law_finds_a_negation_that_takes_nulls_along(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.query.seek.reference_predicates import compared, negated

    predicate = negated(compared("=", "a", is_turned=False))
    assert faults(predicate, ColumnKind.TEXT, ["a", "b", None]) == []
    others = Region.complement

    def with_null(region: Region) -> Region:
        return Region(others(region).intervals, has_null=True)

    monkeypatch.setattr(Region, "complement", with_null)
    assert faults(predicate, ColumnKind.TEXT, ["a", "b", None]) == [None, None, None]
