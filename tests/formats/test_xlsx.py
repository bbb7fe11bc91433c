"""A workbook holds every value as it is, text as text, and nothing that runs."""

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cmdm_tui.formats import MissingExtra, OutputRow, create_writer, xlsx
from cmdm_tui.formats.output_file import SUFFIXES, UnknownEnding, format_of_file, write_result

pytest.importorskip("xlsxwriter")

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class Named:
    name: str
    type: str = "VARCHAR"


def workbook(rows: Sequence[OutputRow], columns: Sequence[Named]) -> bytes:
    sink = io.BytesIO()
    writer = create_writer("xlsx", sink)
    writer.begin(columns)
    writer.write_rows(rows)
    writer.end()
    return sink.getvalue()


def cells(content: bytes) -> list[list[tuple[str, str | None]]]:
    """Return the kind and text of every cell, row by row."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    found: list[list[tuple[str, str | None]]] = []
    for row in sheet.iter(f"{_MAIN}row"):
        assert row.find(f".//{_MAIN}f") is None, "a formula"
        found.append(
            [
                (
                    one.get("t", "n"),
                    "".join(one.itertext()),
                )
                for one in row.iter(f"{_MAIN}c")
            ]
        )
    return found


def test_each_value_has_its_kind() -> None:
    rows = [("Zoë £5 😀", Decimal("12.50"), date(2026, 7, 1), True, 7, 0.5)]
    names = [Named(name) for name in "abcdef"]
    heading, first = cells(workbook(rows, names))
    assert [text for _, text in heading] == list("abcdef")
    assert first == [
        ("inlineStr", "Zoë £5 😀"), ("n", "12.50"), ("n", "46204"), ("b", "1"), ("n", "7"),
        ("n", "0.5"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+44", "@x", "https://x.example", "007", "1.10", "{=a}"])
def test_text_is_text_whatever_it_looks_like(text: str) -> None:
    assert cells(workbook([[text]], [Named("a")]))[1] == [("inlineStr", text)]


def test_a_number_that_excel_would_round_is_text() -> None:
    rows = [[Decimal("12345678901234567.89"), 12345678901234567]]
    (first,) = cells(workbook(rows, [Named("a"), Named("b")]))[1:]
    assert first == [("inlineStr", "12345678901234567.89"), ("inlineStr", "12345678901234567")]


def test_times_in_utc_say_so_and_local_ones_do_not() -> None:
    rows = [[datetime(2026, 7, 1, 12, tzinfo=UTC), datetime(2026, 7, 1, 13)]]  # noqa: DTZ001
    content = workbook(rows, [Named("a"), Named("b")])
    (first,) = cells(content)[1:]
    assert [round(float(text or 0), 6) for _, text in first] == [46204.5, 46204.541667]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        styles = book.read("xl/styles.xml").decode()
    assert len(re.findall(r"hh:mm:ss&quot;Z&quot;", styles)) == 1


def test_nulls_and_empty_text_differ_and_odd_text_is_kept() -> None:
    (first,) = cells(workbook([[None, "", "a\x01b\nc"]], [Named(name) for name in "abc"]))[1:]
    assert ("inlineStr", "a_x0001_b\nc") in first


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 2)
    with pytest.raises(OSError, match="holds 2 rows"):
        workbook([["x"]] * 3, [Named("a")])


def test_text_that_no_cell_holds_is_cut_and_told() -> None:
    sink = io.BytesIO()
    writer = create_writer("xlsx", sink)
    writer.begin([Named("a")])
    writer.write_rows([["x" * 40_000]])
    writer.end()
    assert "1 text was cut" in writer.notes[0]


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ImportError

    monkeypatch.setattr(xlsx.importlib, "import_module", missing)
    with pytest.raises(MissingExtra, match=r"cmdm-tui\[xlsx\]"):
        create_writer("xlsx", io.BytesIO())


def test_a_byte_order_mark_is_written_where_it_is_asked_for() -> None:
    for has_bom in (False, True):
        sink = io.BytesIO()
        writer = create_writer("csv", sink, has_bom=has_bom)
        writer.begin([Named("Ü")])
        writer.end()
        assert sink.getvalue() == (b"\xef\xbb\xbf" if has_bom else b"") + "Ü\n".encode()


@pytest.mark.parametrize(
    "name", ["p.json.gz", "p.xml", "a.db", "p", ".csv", "p.", "p.xls", "p.CSV "]
)
def test_an_ending_that_names_no_format_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownEnding) as refused:
        format_of_file(tmp_path / name)
    assert all(ending in str(refused.value) for ending in SUFFIXES)


def test_an_ending_in_capitals_is_known_and_a_device_has_none(tmp_path: Path) -> None:
    assert format_of_file(tmp_path / "P.XLSX") == "xlsx"
    assert format_of_file(Path("/dev/null")) == "json"


def test_nothing_is_written_under_an_unknown_ending(tmp_path: Path) -> None:
    @dataclass
    class Rows:
        columns: Sequence[Named] = (Named("a"),)

        def batches(self, size: int = 1, /) -> object:
            raise AssertionError(size)

    with pytest.raises(UnknownEnding):
        write_result(Rows(), str(tmp_path / "p.xml"))  # pyright: ignore[reportArgumentType]
    assert not list(tmp_path.iterdir())
