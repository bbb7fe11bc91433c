"""Files whose numbers, days and telephones could be taken for others, or for none."""

from cmdm_tui.transfer import ImportOptions
from tests.transfer.import_case import ImportCase
from tests.transfer.made_files import DaySerial, make_workbook

VALUE_FILES = [
    ImportCase(
        "points.csv",
        b"Name;Annual revenue;Employees\nA;1.234;10\nB;12.500;20\n",
        [
            {"Name": "A", "AnnualRevenue": "1234", "Employees": "10"},
            {"Name": "B", "AnnualRevenue": "12500", "Employees": "20"},
        ],
        entity="account",
        options=ImportOptions(decimal=","),
        asks=["decimal"],
        kind="1.234 alone, which is either",
    ),
    ImportCase(
        "clear-points.csv",
        b"Name,AnnualRevenue\nA,1.234\nB,0.125\n",
        [{"Name": "A", "AnnualRevenue": "1.234"}, {"Name": "B", "AnnualRevenue": "0.125"}],
        entity="account",
        kind="1.234 beside a decimal point that is clear",
    ),
    ImportCase(
        "other-column.csv",
        b'LastName,Score,Estimated value\nA,"1,234",1\nB,"5,678",2.50\n',
        [
            {"LastName": "A", "Score": "1234", "EstimatedValue": "1"},
            {"LastName": "B", "Score": "5678", "EstimatedValue": "2.50"},
        ],
        kind="1,234 beside a decimal point in another column",
    ),
    ImportCase(
        "our-points.csv",
        b"ExternalID,LastName,EstimatedValue,ModifiedDate\nK1K1K1K1,A,1.234,2026-01-01T00:00:00Z\n",
        [{"LastName": "A", "EstimatedValue": "1.234"}],
        kind="1.234 in an export of our own",
    ),
    ImportCase(
        "number.jsonl",
        b'{"LastName": "A", "EstimatedValue": 1.234}\n',
        [{"LastName": "A", "EstimatedValue": "1.234"}],
        kind="1.234 as a number of JSON",
    ),
    ImportCase(
        "year-day.csv",
        b"Name,CloseDate\nA,2026-31-03\nB,2026-04-03\n",
        [
            {"Name": "A", "CloseDate": "2026-03-31"},
            {"Name": "B", "CloseDate": "2026-03-04"},
        ],
        entity="opportunity",
        options=ImportOptions(dates="yyyy-dd-mm"),
        asks=["dates"],
        kind="the day before the month, after the year",
    ),
    ImportCase(
        "bare-days.csv",
        b"LastName,Birthday\nA,19800331\nB,19810403\nC,20230229\nD,\nE,20261301\nF,198111\n",
        [
            {"LastName": "A", "Birthday": "1980-03-31"},
            {"LastName": "B", "Birthday": "1981-04-03"},
            {"LastName": "D"},
        ],
        [
            (4, "Birthday", "no such day"),
            (6, "Birthday", "no such month"),
            (7, "Birthday", "not a yyyymmdd date"),
        ],
        entity="contact",
        options=ImportOptions(dates="yyyymmdd"),
        asks=["dates"],
        kind="days without separators",
    ),
    ImportCase(
        "short-parts.csv",
        b"LastName,Birthday\nA,2026-3-1\nB,2026-03-31\nC,2026-13-1\n",
        [{"LastName": "A", "Birthday": "2026-03-01"}, {"LastName": "B", "Birthday": "2026-03-31"}],
        [(4, "Birthday", "no such month")],
        entity="contact",
        options=ImportOptions(dates="yyyy-mm-dd"),
        asks=["dates"],
        kind="months and days of one digit",
    ),
    ImportCase(
        "short-slashes.csv",
        b"LastName,Birthday\nA,2026/3/1\n",
        [{"LastName": "A", "Birthday": "2026-03-01"}],
        entity="contact",
        options=ImportOptions(dates="yyyy/mm/dd"),
        asks=["dates"],
        kind="slashes and one digit",
    ),
    ImportCase(
        "typing-error.csv",
        b"LastName,Birthday\nA,2026-02-30\nB,2026-02-28\n",
        [{"LastName": "B", "Birthday": "2026-02-28"}],
        [(2, "Birthday", "no such day")],
        entity="contact",
        kind="a day that is none in any order",
    ),
    ImportCase(
        "extensions.csv",
        b"LastName,Phone\nA,01632 960001 Ext 5\nB,01632 960002 EXT. 5\nC,01632 960003X5\n"
        b"D,'-1\nE,'-020 7946 0001\nF,12 ext 345\nG,999\nH,-123456\n",
        [
            {"LastName": "A", "Phone": "01632 960001 Ext 5"},
            {"LastName": "B", "Phone": "01632 960002 EXT. 5"},
            {"LastName": "C", "Phone": "01632 960003X5"},
            {"LastName": "E", "Phone": "-020 7946 0001"},
            {"LastName": "G", "Phone": "999"},
        ],
        [
            (5, "Phone", "not a telephone number"),
            (7, "Phone", "not a telephone number"),
            (9, "Phone", "not a telephone number"),
        ],
        kind="extensions in capitals, numbers too short to be dialled",
    ),
    ImportCase(
        "first-days.xlsx",
        make_workbook(
            {
                "Contacts": [
                    ["Last name", "Birthday"],
                    *[[f"A{number}", DaySerial(number)] for number in (0, 1, 59, 60, 60.5, 61)],
                ]
            }
        ),
        [
            {"LastName": "A1", "Birthday": "1900-01-01"},
            {"LastName": "A59", "Birthday": "1900-02-28"},
            {"LastName": "A61", "Birthday": "1900-03-01"},
        ],
        [
            (2, "Birthday", "day 0 of January 1900"),
            (5, "Birthday", "29 February 1900"),
            (6, "Birthday", "29 February 1900"),
        ],
        entity="contact",
        kind="the first days of a workbook",
    ),
    ImportCase(
        "from-1904.xlsx",
        make_workbook(
            {"Contacts": [["Last name", "Birthday"], ["A", DaySerial(60)]]}, counts_from_1904=True
        ),
        [{"LastName": "A", "Birthday": "1904-03-01"}],
        entity="contact",
        kind="a workbook that counts from 1904",
    ),
]
