"""Files whose form is easily taken for another: encodings, escapes, documents, wide decimals."""

import importlib
import io
from decimal import Decimal
from typing import Any

from cmdm_tui.transfer import ImportOptions
from tests.transfer.import_case import ImportCase


def parquet_of_wide_decimals() -> bytes:
    # The library has no types.
    pyarrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    wide = [Decimal("12345678901234567890.12"), Decimal("1.5"), None]
    widest = [Decimal("12345678901234567890.12"), None, None]
    table = pyarrow.table(
        {
            "Name": ["A", "B", "C"],
            "AnnualRevenue": pyarrow.array(widest, pyarrow.decimal128(38, 2)),
            "Description": pyarrow.array(wide, pyarrow.decimal256(50, 2)),
        }
    )
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


MANY_NULLS = "LastName,City\nИванов,Омск\n".encode("utf-16-le") + b"Ash,Hove\n"

TEXT_FORMS = [
    ImportCase(
        "wide.parquet",
        parquet_of_wide_decimals(),
        [{"Name": "C"}],
        [(1, "Description", "more than 38 digits"), (2, "Description", "save the column as text")],
        entity="account",
        kind="Parquet with decimals too wide to be read exactly",
    ),
    ImportCase(
        "exact.parquet",
        parquet_of_wide_decimals(),
        [{"Name": "A", "AnnualRevenue": "12345678901234567890.12"}, {"Name": "B"}, {"Name": "C"}],
        entity="account",
        options=ImportOptions(mapping={"Description": None}),
        kind="Parquet with decimals of 38 digits",
    ),
    ImportCase(
        "drive.tsv",
        b"LastName\tNotes\nAsh\tC:\\temp\\new\nElm\tx\n",
        [{"LastName": "Ash", "Notes": r"C:\temp\new"}, {"LastName": "Elm", "Notes": "x"}],
        kind="a TSV with a path, which has no escapes",
        told=["Backslashes are kept as they are; --escape backslash reads them as escapes"],
    ),
    ImportCase(
        "query.tsv",
        b"LastName\tNotes\nAsh\ta\\q\\t\n",
        [{"LastName": "Ash", "Notes": r"a\q\t"}],
        kind="a TSV with a backslash that is no escape",
        told=["Backslashes are kept as they are"],
    ),
    ImportCase(
        "export.tsv",
        b"ExternalID\tLastName\tNotes\nK1K1K1K1\tAsh\tPlan B:\\nC:\\\\temp\n",
        [{"LastName": "Ash", "Notes": "Plan B:\nC:\\temp"}],
        kind="an export of ours with a letter and a colon at the end of a line",
        told=["ExternalID", "Backslashes are read as escapes"],
    ),
    ImportCase(
        "wrapped.json",
        b'{"records": [\n {"LastName": "A"},\n {"LastName": "B", "Score": "many"}\n]}\n',
        [{"LastName": "A"}],
        [(3, "Score", "not a number")],
        kind="a JSON object that holds the list of records",
        detected={"format": "json"},
        told=['The records are those of "records"'],
    ),
    ImportCase(
        "counted.json",
        b'{"total": 1, "tags": ["x"],\n "data": [{"LastName": "A"}]}\n',
        [{"LastName": "A"}],
        kind="a JSON object that holds records and a count",
        told=['The records are those of "data"', 'not read: "total", "tags"'],
    ),
    ImportCase(
        "pretty.json",
        b'\n{\n "LastName": "A",\n "City": "Leeds"\n}\n',
        [{"LastName": "A", "City": "Leeds"}],
        kind="a JSON object of several lines that is a record",
    ),
    ImportCase(
        "pretty.jsonl",
        b'{\n "LastName": "A",\n "City": "Leeds"\n}\n',
        [{"LastName": "A", "City": "Leeds"}],
        kind="one record in several lines of a file named as JSON Lines",
    ),
    ImportCase(
        "lines.json",
        b'{"LastName": "A"}\n{"LastName": "B"\n{"LastName": "C"}\n',
        [{"LastName": "A"}, {"LastName": "C"}],
        [(2, None, "the line is cut")],
        kind="JSON Lines named .json",
        detected={"format": "jsonl"},
    ),
    ImportCase(
        "two-lists.json",
        b'{"leads": [{"LastName": "A"}], "contacts": [{"LastName": "B"}]}',
        file_refusal=(None, 'more than one list of records: "leads", "contacts"'),
        kind="a JSON object that holds two lists of records",
    ),
    ImportCase(
        "cut-list.json",
        b'{"records": [\n {"LastName": "A"},\n {"LastName": "B"}\n',
        file_refusal=(3, "ends too early"),
        kind="a JSON object that is cut",
    ),
    ImportCase(
        "old-mac-accents.csv",
        "LastName,City\rMüller,Köln\rCafé,Orléans\r".encode("mac_roman"),
        [{"LastName": "Müller", "City": "Köln"}, {"LastName": "Café", "City": "Orléans"}],
        options=ImportOptions(encoding="mac_roman"),
        asks=["encoding"],
        kind="Mac Roman",
    ),
    ImportCase(
        "western-returns.csv",
        "LastName,City\rMüller,Köln\r".encode("cp1252"),
        [{"LastName": "Müller", "City": "Köln"}],
        kind="Windows-1252 with lines that end with CR alone",
        detected={"encoding": "windows-1252", "line_end": "CR"},
    ),
    *(
        ImportCase(
            f"{encoding}.csv",
            (
                "LastName,City,Notes\nИванов,Новосибирск,перезвонить завтра утром\n"
                "Петрова,Екатеринбург,отправить договор\nСидоров,Владивосток,без изменений\n"
            ).encode(encoding),
            [
                {"LastName": "Иванов", "City": "Новосибирск", "Notes": "перезвонить завтра утром"},
                {"LastName": "Петрова", "City": "Екатеринбург", "Notes": "отправить договор"},
                {"LastName": "Сидоров", "City": "Владивосток", "Notes": "без изменений"},
            ],
            kind="Cyrillic in UTF-16 without a mark",
            detected={"encoding": encoding},
        )
        for encoding in ("utf-16-le", "utf-16-be")
    ),
    ImportCase(
        "zero.tsv",
        b"LastName\tFirstName\tCity\n\x00\t\x00\t\x00\n",
        [{"LastName": "\x00", "FirstName": "\x00", "City": "\x00"}],
        kind="zero bytes as values, which are not UTF-16",
        detected={"encoding": "utf-8"},
    ),
    ImportCase(
        "many-nulls.csv",
        MANY_NULLS,
        file_refusal=(None, "many zero bytes"),
        kind="UTF-16 and UTF-8 in one file",
    ),
    ImportCase(
        "pounds.csv",
        "LastName,Notes\nAsh,costs £per day and £ten\nElm,½price\nOak,€uro\nFir,£per day\n".encode(
            "cp1252"
        ),
        [
            {"LastName": "Ash", "Notes": "costs £per day and £ten"},
            {"LastName": "Elm", "Notes": "½price"},
            {"LastName": "Oak", "Notes": "€uro"},
            {"LastName": "Fir", "Notes": "£per day"},
        ],
        kind="Windows-1252 with signs before words",
        detected={"encoding": "windows-1252"},
    ),
    *(
        ImportCase(
            f"polish-{place}.csv",
            f"LastName,FirstName\nNowak,{name}\n".encode("cp1250"),
            [{"LastName": "Nowak", "FirstName": name}],
            options=ImportOptions(encoding="cp1250"),
            asks=["encoding"],
            kind="a name whose first letter is a sign in Windows-1252",
        )
        for place, name in enumerate(("Łukasz", "Jan Łukasz", "ul. Łąkowa"))
    ),
    ImportCase(
        "swallowed.csv",
        b'LastName,Notes\nAsh,"open\nElm,x\nFir,y"\nOak,z\n',
        [
            {"LastName": "Ash", "Notes": "open\nElm,x\nFir,y"},
            {"LastName": "Oak", "Notes": "z"},
        ],
        kind="two columns, and a quote that swallows records",
        told=["A quoted cell of line 2 holds lines that look like records"],
    ),
]
