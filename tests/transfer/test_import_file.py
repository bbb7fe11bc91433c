"""What comes of files: records, questions, refusals; and never anything in silence."""

from decimal import Decimal
from pathlib import Path

import pytest

from cmdm_tui.transfer import (
    ImportedFile,
    ImportFileError,
    ImportOptions,
    ImportQuestions,
    MissingReader,
    dump_mapping,
    load_mapping,
    read_import,
)
from tests.transfer.import_case import ImportCase
from tests.transfer.odd_files import ODD_FILES
from tests.transfer.schema_fields import fields_of
from tests.transfer.text_forms import TEXT_FORMS
from tests.transfer.usual_files import USUAL_FILES
from tests.transfer.value_files import VALUE_FILES

CASES = [*USUAL_FILES, *ODD_FILES, *TEXT_FORMS, *VALUE_FILES]
READ = [case for case in CASES if case.file_refusal is None and (case.rows or not case.asks)]


def read(case: ImportCase, folder: Path, options: ImportOptions | None = None) -> ImportedFile:
    return read_import(
        case.write(folder), case.entity, fields_of(case.entity), options or case.options
    )


def differences(case: ImportCase, imported: ImportedFile) -> list[str]:
    """Return where a file was not read as its case says."""
    found: list[str] = []
    rows = [dict(row.properties) for row in imported.rows]
    if rows != [dict(row) for row in case.rows]:
        found.append(f"rows {rows}")
    refused = [(row.line, row.column) for row in imported.refused]
    if refused != [(line, column) for line, column, _ in case.refused]:
        found.append(f"refused {imported.refused}")
    for row, (_, _, reason) in zip(imported.refused, case.refused, strict=False):
        if reason not in row.reason:
            found.append(f"reason {row.reason!r}")
    for name, value in case.detected.items():
        if getattr(imported.detected, name) != value:
            found.append(f"{name} {getattr(imported.detected, name)!r}")
    told = "\n".join(imported.told)
    found += [f"not told: {one}" for one in case.told if one not in told]
    return found


@pytest.mark.parametrize("case", READ, ids=str)
def test_a_file_is_read_as_it_is_meant(case: ImportCase, tmp_path: Path) -> None:
    assert differences(case, read(case, tmp_path)) == []


@pytest.mark.parametrize("case", [case for case in CASES if case.asks], ids=str)
def test_what_is_not_certain_is_asked(case: ImportCase, tmp_path: Path) -> None:
    bare = ImportOptions(mode=case.options.mode)
    with pytest.raises(ImportQuestions) as asked:
        read(case, tmp_path, bare)
    assert [question.option for question in asked.value.questions] == list(case.asks)
    assert all(f"--{option}" in str(asked.value) for option in case.asks)


@pytest.mark.parametrize("case", [case for case in CASES if case.file_refusal], ids=str)
def test_a_file_that_cannot_be_read_is_refused_whole(case: ImportCase, tmp_path: Path) -> None:
    assert case.file_refusal is not None
    line, reason = case.file_refusal
    with pytest.raises(ImportFileError) as refused:
        read(case, tmp_path)
    assert not isinstance(refused.value, ImportQuestions)
    assert (refused.value.line, reason in str(refused.value)) == (line, True), str(refused.value)


def test_there_are_twenty_files_of_the_usual_kinds_and_twenty_of_others() -> None:
    assert len(USUAL_FILES) == 20
    assert len(ODD_FILES) >= 20


def test_the_comparison_can_fail(tmp_path: Path) -> None:
    case = ImportCase("a.csv", b"LastName\nAda\n", [{"LastName": "Ada "}], told=["two records"])
    assert len(differences(case, read(case, tmp_path))) == 2


@pytest.mark.parametrize("case", READ, ids=str)
def test_no_record_is_lost(case: ImportCase, tmp_path: Path) -> None:
    imported = read(case, tmp_path)
    lines = [row.line for row in imported.rows] + [row.line for row in imported.refused]
    assert len(lines) == len(set(lines)) == len(case.rows) + len(case.refused)


def test_a_refused_record_keeps_its_cells(tmp_path: Path) -> None:
    case = ImportCase("a.csv", b"LastName,Score\nAda,many\n")
    (refused,) = read(case, tmp_path).refused
    assert dict(refused.cells) == {"LastName": "Ada", "Score": "many"}


def test_lines_of_plain_text_in_a_cell_are_not_taken_for_records(tmp_path: Path) -> None:
    case = ImportCase("a.csv", b'LastName,Notes\nAda,"Dear Ben,\nyours, Ada\n1,2"\n')
    assert "look like records" not in " ".join(read(case, tmp_path).told)


def test_quotes_are_plain_where_the_user_says_so(tmp_path: Path) -> None:
    case = ImportCase("a.csv", b'LastName,Notes\nAda,"never closed\nBen,5" a "b"\n')
    imported = read(case, tmp_path, ImportOptions(quote="none"))
    assert [row.properties["Notes"] for row in imported.rows] == ['"never closed', '5" a "b"']


def test_an_answer_settles_a_question(tmp_path: Path) -> None:
    case = ImportCase(
        "a.csv", b'Surname,Last contacted,Score\nAda,03/04/2026,"1,5"\n', entity="lead"
    )
    options = ImportOptions(mapping={"#1": "LastName"})
    asked: list[str] = []
    answers = {"dates": "mm/dd/yyyy", "decimal": ","}
    while True:
        try:
            imported = read(case, tmp_path, options)
            break
        except ImportQuestions as questions:
            question = questions.questions[0]
            asked.append(question.option)
            assert answers[question.option] in question.suggestions
            options = options.with_answer(question, answers[question.option])
    assert asked == ["dates", "decimal"]
    assert dict(imported.rows[0].properties) == {
        "LastName": "Ada",
        "LastContacted": "2026-03-04",
        "Score": "1.5",
    }


@pytest.mark.parametrize(
    ("day", "form"),
    [("19800331", "yyyymmdd"), ("31121999", "ddmmyyyy"), ("2026-31-03", "yyyy-dd-mm")],
)
def test_the_format_of_a_day_is_offered(day: str, form: str, tmp_path: Path) -> None:
    case = ImportCase("a.csv", f"LastName,Birthday\nAda,{day}\n".encode(), entity="contact")
    with pytest.raises(ImportQuestions) as asked:
        read(case, tmp_path)
    assert asked.value.questions[0].suggestions == (form,)


def test_a_number_never_passes_through_a_float(tmp_path: Path) -> None:
    digits = "12345678901234567890.123456789"
    case = ImportCase("a.json", f'[{{"LastName": "A", "EstimatedValue": {digits}}}]'.encode())
    (row,) = read(case, tmp_path).rows
    assert Decimal(row.properties["EstimatedValue"]) == Decimal(digits)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (ImportOptions(dates="dd/mm/yy"), "four digits"),
        (ImportOptions(dates="sometimes"), "not a format"),
        (ImportOptions(dates="yyyymd"), "two digits: yyyymmdd"),
        (ImportOptions(zone="Mars/Olympus"), "no time zone"),
        (ImportOptions(encoding="klingon"), "no encoding"),
        (ImportOptions(encoding="ascii"), "not in the encoding"),
        (ImportOptions(mapping={"City": "Citty"}), "Did you mean City"),
        (ImportOptions(mode="upsert", key="Email"), "not a column of the file"),
        (ImportOptions(header=9), "line 9"),
    ],
)
def test_an_option_that_cannot_be_is_refused_in_a_sentence(
    options: ImportOptions, reason: str, tmp_path: Path
) -> None:
    case = ImportCase("a.csv", "LastName,City\nAda,Łódź\n".encode())
    with pytest.raises(ImportFileError, match=reason):
        read(case, tmp_path, options)


def test_a_mapping_is_kept_in_a_file(tmp_path: Path) -> None:
    mapping = {"E-mail": "Email", "Colour": None, "#3": "City"}
    path = tmp_path / "mapping.json"
    path.write_text(dump_mapping(mapping), "utf-8")
    assert load_mapping(path) == mapping


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "[" * 100_000])
def test_a_mapping_file_that_holds_anything_else_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mapping.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ImportFileError, match=r"mapping\.json"):
        load_mapping(path)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_is_not_there_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="cannot be read"):
        read_import(tmp_path / name, "lead", fields_of("lead"))


def test_fields_that_are_not_known_are_said_to_be(tmp_path: Path) -> None:
    path = ImportCase("a.csv", b"Subject\nAda\n").write(tmp_path)
    with pytest.raises(ImportFileError, match="fields of task are not known"):
        read_import(path, "task", ())


def test_what_a_file_says_is_safe_for_a_terminal(tmp_path: Path) -> None:
    case = ImportCase("a.csv", b"LastName,\x1b[2J\nAda,\x1b[2J\n")
    with pytest.raises(ImportQuestions) as asked:
        read(case, tmp_path)
    assert "\x1b" not in str(asked.value)
    case = ImportCase("b.csv", b"LastName,Score\nAda,\x1b[2J\n")
    (refused,) = read(case, tmp_path).refused
    assert "\x1b" not in refused.reason


def test_without_calamine_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    case = next(case for case in USUAL_FILES if case.name == "fair.xlsx")
    with pytest.raises(MissingReader, match=r"cmdm-tui\[xlsx\]"):
        read(case, tmp_path)
