"""Records that come from files or another account, and the questions that a file leaves open.

`import_file` reads a file into the records of an entity: `read_import`, which takes
`ImportOptions` and gives an `ImportedFile`, or raises `ImportQuestions` or `ImportFileError`.
`key_match` decides which of them are created or updated: `match_keys`, `to_changes`.
`links` finds how the records of several files name each other, and `linked_records` makes their
changes, with the ids filled in; `copied_records` does the same for records of another account.

Other central files: `source_file` opens a file by what it holds; `encoding`, `dialect`,
`delimited`, `json_records`, `spreadsheet` and `parquet` read it; `table_shape` finds the header and
the records; `field_matcher` and `columns` match headers to fields; `values` converts cells.
Also public: `ImportedRow`, `RefusedRow`, `DetectedForm`, `ImportQuestion`, `KeyMatch`,
`MissingReader`, `load_mapping`, `dump_mapping`; `is_free` and `find_answer_fault` for answers.
"""

from cmdm_tui.transfer.answers import find_answer_fault, is_free
from cmdm_tui.transfer.errors import (
    ImportFileError,
    ImportQuestion,
    ImportQuestions,
    MissingReader,
)
from cmdm_tui.transfer.import_file import read_import
from cmdm_tui.transfer.import_options import ImportOptions, dump_mapping, load_mapping
from cmdm_tui.transfer.imported_file import DetectedForm, ImportedFile, ImportedRow, RefusedRow
from cmdm_tui.transfer.key_match import KeyMatch, list_refused, match_keys, to_changes

__all__ = [
    "DetectedForm",
    "ImportFileError",
    "ImportOptions",
    "ImportQuestion",
    "ImportQuestions",
    "ImportedFile",
    "ImportedRow",
    "KeyMatch",
    "MissingReader",
    "RefusedRow",
    "dump_mapping",
    "find_answer_fault",
    "is_free",
    "list_refused",
    "load_mapping",
    "match_keys",
    "read_import",
    "to_changes",
]
