"""Files of rarer kinds: each is imported right, asked about, or refused with line and reason."""

import gzip
import importlib
import io
from typing import Any

from cmdm_tui.transfer import ImportOptions
from tests.transfer.import_case import ImportCase
from tests.transfer.made_files import Formula, make_parquet, make_workbook


def parquet_of(names: list[str], *columns: list[str]) -> bytes:
    # The library has no types.
    pyarrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    sink = io.BytesIO()
    parquet.write_table(pyarrow.table([pyarrow.array(one) for one in columns], names=names), sink)
    return sink.getvalue()


ODD_FILES = [
    ImportCase(
        "no-mark.csv",
        "LastName,City\nÁda,Łódź\n".encode("utf-16-be"),
        [{"LastName": "Áda", "City": "Łódź"}],
        kind="UTF-16 without a mark",
        detected={"encoding": "utf-16-be"},
    ),
    ImportCase(
        "cyrillic.csv",
        "LastName,City\nИванов,Москва\n".encode("cp1251"),
        [{"LastName": "Иванов", "City": "Москва"}],
        options=ImportOptions(encoding="cp1251"),
        asks=["encoding"],
        kind="an encoding that has to be asked",
    ),
    ImportCase(
        "pipes.txt",
        b"Last name|City\nAda|Hove; or, Deal\n",
        [{"LastName": "Ada", "City": "Hove; or, Deal"}],
        kind="pipes",
        detected={"delimiter": "|"},
    ),
    ImportCase(
        "paths.txt",
        b"LastName\tNotes\nAda\tC:\\temp\\new\n",
        [{"LastName": "Ada", "Notes": r"C:\temp\new"}],
        kind="backslashes of a path, which are no escapes",
    ),
    ImportCase(
        "ours.tsv",
        b'LastName\tNotes\tCity\nAda\ta\\tb\\\\\\n\t""\nBen\t\t" "\n',
        [
            {"LastName": "Ada", "Notes": "a\tb\\\n", "City": ""},
            {"LastName": "Ben", "City": " "},
        ],
        kind="a TSV of our own",
        told=["Backslashes are read as escapes"],
    ),
    ImportCase(
        "mixed-ends.csv",
        b"LastName,City\r\nAda,Hove\nBen,Deal\rCy,Ryde",
        [
            {"LastName": "Ada", "City": "Hove"},
            {"LastName": "Ben", "City": "Deal"},
            {"LastName": "Cy", "City": "Ryde"},
        ],
        kind="lines that end in three ways",
        detected={"line_end": "mixed"},
    ),
    ImportCase(
        "closes-later.csv",
        b'LastName,Company,Notes\nAda,Bolt,x\nBen,"Nut,y\nCy,"Elm, Oak",z\nDi,Fir,w\n',
        [{"LastName": "Ada", "Company": "Bolt", "Notes": "x"}],
        [(3, "Company", "lines 3 to 5 cannot be separated")],
        kind="a quote that closes at the next quoted cell",
    ),
    ImportCase(
        "joined.csv",
        b"LastName,Email\nAda,ada@x.example\nLastName,Email\nBen,ben@x.example\n",
        [
            {"LastName": "Ada", "Email": "ada@x.example"},
            {"LastName": "Ben", "Email": "ben@x.example"},
        ],
        [(3, None, "the header again")],
        kind="two files in one",
    ),
    ImportCase(
        "no-header.csv",
        b"Ada,ada@x.example\nBen,ben@x.example\n",
        asks=["header"],
        kind="no header",
    ),
    ImportCase(
        "no-name.csv",
        b"City,Email\nHove,ada@x.example\n",
        file_refusal=(1, "LastName is required, and no column"),
        kind="no column for a required field",
    ),
    ImportCase(
        "index.csv",
        b",LastName\n0,Ada\n1,Ben\n",
        [{"LastName": "Ada"}, {"LastName": "Ben"}],
        options=ImportOptions(mapping={"#1": None}),
        asks=["map"],
        kind="a column of numbers without a header",
    ),
    ImportCase(
        "by-place.csv",
        b"Nachname,Ort\nAda,Hove\n",
        [{"LastName": "Ada", "City": "Hove"}],
        options=ImportOptions(mapping={"#1": "LastName", "Ort": "city"}),
        asks=["header"],
        kind="headers in another language",
    ),
    ImportCase(
        "currencies.csv",
        "LastName,EstimatedValue\nAda,£5\nBen,7 €\nCy,9\n".encode(),
        [{"LastName": "Cy", "EstimatedValue": "9"}],
        [(2, "EstimatedValue", "£ and €"), (3, "EstimatedValue", "£ and €")],
        kind="amounts in two currencies",
    ),
    ImportCase(
        "swiss.csv",
        "Name,AnnualRevenue,Employees\nA,1'250.50,1\u00a0200\n"
        "B,CHF 5,1\nC,1'25,1\nD,−7,1e90\n".encode(),
        [{"Name": "A", "AnnualRevenue": "1250.50", "Employees": "1200"}],
        [
            (3, "AnnualRevenue", "not a number"),
            (4, "AnnualRevenue", "not a number"),
            (5, "Employees", "too many digits"),
        ],
        entity="account",
        kind="apostrophes between thousands",
    ),
    ImportCase(
        "thousands.csv",
        b'Name,Employees\nA,"1,234"\n',
        [{"Name": "A", "Employees": "1234"}],
        entity="account",
        options=ImportOptions(decimal="."),
        asks=["decimal"],
        kind="1,234 alone, which is either",
    ),
    ImportCase(
        "words.csv",
        b"Subject,Due date\nA,28 February 2027\nB,1 mar. 2027\nC,31 Sept 2027\nD,1 Mai 2027\n",
        [{"Subject": "A", "DueDate": "2027-02-28"}, {"Subject": "B", "DueDate": "2027-03-01"}],
        [(4, "Due date", "no such day"), (5, "Due date", "no such month")],
        entity="task",
        options=ImportOptions(dates="d mmm yyyy"),
        asks=["dates"],
        kind="months in words",
    ),
    ImportCase(
        "times.csv",
        b"Title,StartsAt\nA,2026-07-01 14:30\nB,2026-07-01T14:30:00+02:00\nC,2026-07-01\n"
        b"D,2026-07-01 2:30 pm\nE,2026-07-01 25:00\n",
        [
            {"Title": "A", "StartsAt": "2026-07-01T13:30:00Z"},
            {"Title": "B", "StartsAt": "2026-07-01T12:30:00Z"},
            {"Title": "D", "StartsAt": "2026-07-01T13:30:00Z"},
        ],
        [(4, "StartsAt", "holds a day"), (6, "StartsAt", "no such time")],
        entity="event",
        options=ImportOptions(zone="Europe/London"),
        asks=["zone"],
        kind="times without a zone",
    ),
    ImportCase(
        "by-id.csv",
        b"ExternalID,City,CreatedDate\nK1K1K1K1,Hove,x\n,Deal,x\n",
        [{"City": "Hove"}, {"City": "Deal"}],
        options=ImportOptions(mode="update", key="external id"),
        asks=["key"],
        kind="an update by id",
    ),
    ImportCase(
        "document.json",
        b'[\n {"LastName": "Ada",\n  "Score": 1.10},\n'
        b' {"last name": "Ben", "LastName": "Bo"},\n 5,\n'
        b' {"LastName": "\\ud83c"},\n "cmdm:result: partial"\n]\n',
        [{"LastName": "Ada", "Score": "1.10"}],
        [
            (4, "last name", "given twice"),
            (5, None, "a number, not an object"),
            (6, "LastName", "half of a character"),
        ],
        kind="a JSON document of our own that is partial",
        detected={"format": "json"},
        told=["it is partial"],
    ),
    ImportCase(
        "broken.json",
        b'[\n {"LastName": "Ada"},\n {"LastName": "Ben"\n]\n',
        file_refusal=(4, "is not JSON"),
        kind="a JSON document that is broken",
    ),
    ImportCase(
        "two-sheets.xlsx",
        make_workbook(
            {"June": [["Last name"], ["Ada"]], "July": [["Last name", "City"], ["Ben", "Hove"]]}
        ),
        [{"LastName": "Ben", "City": "Hove"}],
        options=ImportOptions(sheet="july"),
        asks=["sheet"],
        kind="two sheets of records",
    ),
    ImportCase(
        "cells.xlsx",
        make_workbook(
            {
                "Leads": [
                    ["Last name", "Score", "City", "Opt in"],
                    ["Ada", Formula("=1/0", "#DIV/0!"), "Hove", True],
                    ["Ben", Formula("=2+2", 4), "", False],
                    ["Cy", 0.1 + 0.2, "Hull", 1],
                    ["Di", 0.4, "Deal", None],
                    ["Ed", 2**60 + 2**9, "Deal", None],
                    ["Flo", 1, None, True],
                    ["Gus", 1, 3.5, "maybe"],
                ]
            },
            percent=[(4, 1)],
        ),
        [
            {"LastName": "Ben", "Score": "4", "City": "", "OptIn": "false"},
            {"LastName": "Cy", "Score": "0.3", "City": "Hull", "OptIn": "true"},
            {"LastName": "Flo", "Score": "1", "OptIn": "true"},
        ],
        [
            (2, "Score", "#DIV/0!"),
            (5, "Score", "a percentage"),
            (6, "Score", "more than 15 digits"),
            (8, "Opt in", "neither yes nor no"),
        ],
        kind="errors, formulas, percentages and long numbers in a sheet",
    ),
    ImportCase(
        "merged.xlsx",
        make_workbook(
            {"Leads": [["Last name", "Owner"], ["Ada", "south"], ["Ben", None]]}, merged=["B2:B3"]
        ),
        [{"LastName": "Ada", "Owner": "south"}, {"LastName": "Ben"}],
        kind="merged cells of records",
        told=["Merged cells", "B2:B3"],
    ),
    ImportCase(
        "twice.parquet",
        parquet_of(["LastName", "City", "City"], ["Ada"], ["Hove"], ["Deal"]),
        [{"LastName": "Ada", "City": "Deal"}],
        options=ImportOptions(mapping={"#2": None}),
        asks=["map"],
        kind="Parquet with a column twice",
    ),
    ImportCase(
        "types.parquet",
        make_parquet(
            "SELECT * FROM (VALUES ('Ada', 1.1::FLOAT, ['x'], TIMESTAMP '2026-01-02', true),"
            " ('Ben', 'nan'::FLOAT, NULL, NULL, NULL), ('Cy', 2, NULL, NULL, false),"
            " ('Di', NULL, NULL, TIMESTAMP '2026-01-02 03:04', NULL))"
            " AS made(LastName, Score, Notes, LastContacted, OptIn)"
        ),
        [{"LastName": "Cy", "Score": "2.0", "OptIn": "false"}],
        [
            (1, "Notes", "VARCHAR[]"),
            (2, "Score", "nan is not a number"),
            (4, "LastContacted", "holds a time"),
        ],
        kind="Parquet with types that no field has",
    ),
    ImportCase(
        "half-utf8.csv",
        "LastName,City\nÁda,Łódź\nBén,".encode() + b"Caf\xe9\n",
        file_refusal=(3, "UTF-8 except for a byte in line 3"),
        kind="UTF-8 with one byte of another encoding",
    ),
    ImportCase("empty.csv", b"", file_refusal=(None, "is empty"), kind="an empty file"),
    ImportCase(
        "old.xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        file_refusal=(None, "Save it as xlsx"),
        kind="an old workbook",
    ),
    ImportCase(
        "named.xlsx",
        b"LastName\nAda\n",
        file_refusal=(None, "named .xlsx, and what it holds is not"),
        kind="a text named as a workbook",
    ),
    ImportCase(
        "cut.xlsx",
        make_workbook({"Leads": [["Last name"], ["Ada"]]})[:900],
        file_refusal=(None, "not an xlsx workbook"),
        kind="a workbook that is cut",
    ),
    ImportCase(
        "cut.parquet",
        make_parquet("SELECT 'Ada' AS LastName")[:60],
        file_refusal=(None, "not a Parquet file"),
        kind="Parquet that is cut",
    ),
    ImportCase(
        "picture.csv",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        file_refusal=(None, "not a text file"),
        kind="a picture",
    ),
    ImportCase(
        "leads.csv.gz",
        gzip.compress(b"LastName\nAda\n"),
        file_refusal=(None, "compressed. Unpack it"),
        kind="a compressed file",
    ),
    ImportCase(
        "total.csv",
        b"Name,City,Annual revenue\nAsh,Deal,12.50\nElm,Hove,85\nTotal,,97.50\n",
        [
            {"Name": "Ash", "City": "Deal", "AnnualRevenue": "12.50"},
            {"Name": "Elm", "City": "Hove", "AnnualRevenue": "85"},
            {"Name": "Total", "AnnualRevenue": "97.50"},
        ],
        entity="account",
        told=["in line 4, holds 'Total', '97.50': is it a record?"],
        kind="a line with a total and a sum",
    ),
    ImportCase(
        "short.csv",
        b"Name,City,Industry,Phone\nAsh,Deal,Retail,\nElm,Hove,Retail,01632 960123\nOak,Hull,,\n",
        [
            {"Name": "Ash", "City": "Deal", "Industry": "Retail"},
            {"Name": "Elm", "City": "Hove", "Industry": "Retail", "Phone": "01632 960123"},
            {"Name": "Oak", "City": "Hull"},
        ],
        entity="account",
        told=["in line 4, holds only 'Oak', 'Hull': is it a record?"],
        kind="a last record with fewer values than any other",
    ),
    ImportCase(
        "energy.csv",
        b"Name,City\nAsh,Deal\nTotal Energy,Hove\n",
        [{"Name": "Ash", "City": "Deal"}, {"Name": "Total Energy", "City": "Hove"}],
        entity="account",
        kind="a name that begins with Total",
    ),
]
