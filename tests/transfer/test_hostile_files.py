"""No file, however broken, gives anything but records, refusals and sentences."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmdm_tui.text import visible
from cmdm_tui.transfer import ImportFileError, ImportOptions, read_import
from tests.transfer.import_case import ImportCase
from tests.transfer.odd_files import ODD_FILES
from tests.transfer.schema_fields import fields_of
from tests.transfer.usual_files import USUAL_FILES
from tests.transfer.value_files import VALUE_FILES

MARKS = b"\"',;\t\r\n{}[]=+-\\\x00\xff\xc3\xa9 1eENaLastName:"
TEXT_FILES = [case for case in USUAL_FILES if not case.name.endswith((".xlsx", ".parquet"))]
TYPED_FILES = [
    case
    for case in (*USUAL_FILES, *ODD_FILES, *VALUE_FILES)
    if case.name.endswith((".xlsx", ".parquet"))
]


def read_anything(name: str, content: bytes, entity: str, options: ImportOptions) -> None:
    """Read a file: whatever is raised but a sentence fails the test."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            imported = read_import(path, entity, fields_of(entity), options)
            sentences = [*imported.told, *(row.reason for row in imported.refused)]
        except ImportFileError as error:
            sentences = [str(error)]
    assert [one for one in sentences if visible(one) != one] == []


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.json", "a.jsonl"])
@settings(deadline=None, max_examples=40)
@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from([bytes([one]) for one in MARKS]), max_size=60).map(b"".join)
)
def test_any_bytes_are_read_or_refused(name: str, content: bytes) -> None:
    read_anything(name, content, "lead", ImportOptions())


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(TEXT_FILES), st.data())
def test_a_text_that_is_damaged_is_read_or_refused(case: ImportCase, data: st.DataObject) -> None:
    damage(case, data)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(TYPED_FILES), st.data())
def test_a_typed_file_that_is_damaged_is_read_or_refused(
    case: ImportCase, data: st.DataObject
) -> None:
    damage(case, data)


def damage(case: ImportCase, data: st.DataObject) -> None:
    """Read a file with some of its bytes replaced, or its end cut off."""
    content = bytearray(case.content)
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.sampled_from(MARKS))
    length = data.draw(st.integers(1, len(content)))
    is_cut = data.draw(st.booleans())
    read_anything(
        case.name, bytes(content[:length] if is_cut else content), case.entity, case.options
    )
