"""Files as people have them: one for each kind of trouble that is met most."""

from cmdm_tui.transfer import ImportOptions
from tests.transfer.import_case import ImportCase
from tests.transfer.made_files import DAY, MOMENT, make_parquet, make_workbook

LONG = "é" * 255


USUAL_FILES = [
    ImportCase(
        "mark.csv",
        "\ufeffLastName,City,Notes\r\nNí Bhriain,Gaillimh,“soon” 🦭\r\n"
        "E\u0301t,Łomża,a – b\r\n".encode(),
        [
            {"LastName": "Ní Bhriain", "City": "Gaillimh", "Notes": "“soon” 🦭"},
            {"LastName": "E\u0301t", "City": "Łomża", "Notes": "a – b"},
        ],
        kind="UTF-8 with a mark, CRLF",
        detected={"encoding": "utf-8-sig", "delimiter": ",", "line_end": "CRLF", "header_line": 1},
    ),
    ImportCase(
        "western.csv",
        "sep=;\r\nName;Annual revenue;Description\r\n"
        "Bäckerei Groß;€1,250.00;“fresh” – it’s £2…\r\nÇa va;999.50;€ and ½\r\n".encode("cp1252"),
        [
            {
                "Name": "Bäckerei Groß",
                "AnnualRevenue": "1250.00",
                "Description": "“fresh” – it’s £2…",
            },
            {"Name": "Ça va", "AnnualRevenue": "999.50", "Description": "€ and ½"},
        ],
        entity="account",
        kind="Windows-1252, a first line that names the delimiter",
        detected={"encoding": "windows-1252", "delimiter": ";", "header_line": 2},
        told=["Windows-1252", "names the delimiter", "€ and thousands separators taken off"],
    ),
    ImportCase(
        "unicode.txt",
        'Last name\tPhone\tNotes\r\nĽubica\t020 7946 0001\t"two\nlines"\r\n'.encode("utf-16"),
        [{"LastName": "Ľubica", "Phone": "020 7946 0001", "Notes": "two\nlines"}],
        kind="UTF-16 with tabs",
        detected={"encoding": "utf-16-le", "delimiter": "\t"},
    ),
    ImportCase(
        "quotes.csv",
        b"LastName,Company,Notes\n"
        b'Ada,"Bolt, Nut & ""Co""","a\n""b""\n"\nBen,7" Nails,it\'s 2" wide\n'
        b'Cy,"",""""\n',
        [
            {"LastName": "Ada", "Company": 'Bolt, Nut & "Co"', "Notes": 'a\n"b"\n'},
            {"LastName": "Ben", "Company": '7" Nails', "Notes": "it's 2\" wide"},
            {"LastName": "Cy", "Company": "", "Notes": '"'},
        ],
        kind="doubled quotes, quotes in bare cells, lines in cells",
    ),
    ImportCase(
        "open-quote.csv",
        b'LastName,Company\nAda,Bolt\nBen,"Nut" and more\nCy,"never\nDi,Elm\n',
        [{"LastName": "Ada", "Company": "Bolt"}],
        [(3, "Company", "after the closing quote"), (4, "Company", "lines 4 to 5")],
        kind="a quote that never closes",
    ),
    ImportCase(
        "old-mac.csv",
        b'LastName,City\rAda,"Up\rDown"\rBen,Hove\r',
        [{"LastName": "Ada", "City": "Up\rDown"}, {"LastName": "Ben", "City": "Hove"}],
        kind="lines that end with CR alone",
        detected={"line_end": "CR"},
    ),
    ImportCase(
        "ragged.csv",
        b"Name,City,Employees,,\nAda & Co,Hove,4,,\n,,,,\nBen Ltd,Deal\nCy, and Sons,Hull,3,,\n"
        b"Di plc,Ryde,9,,,,\n\n",
        [
            {"Name": "Ada & Co", "City": "Hove", "Employees": "4"},
            {"Name": "Di plc", "City": "Ryde", "Employees": "9"},
        ],
        [
            (4, None, "2 cells where the header has 5 (3 named)"),
            (5, None, "which has no header"),
        ],
        entity="account",
        kind="short and long rows, empty columns and lines",
        told=["2 columns without a name", "2 empty lines skipped"],
    ),
    ImportCase(
        "labels.csv",
        b"  last NAME,job_title,opt in,Web page,E-mail\nAda,Smith,YES,x,ada@mill.example\n",
        [{"LastName": "Ada", "JobTitle": "Smith", "OptIn": "true", "Email": "ada@mill.example"}],
        options=ImportOptions(mapping={"web page": None, "E-mail": "email"}),
        asks=["map", "map"],
        kind="headers as labels, one unknown",
        told=["Web page is left out"],
        detected={
            "columns": {
                "last NAME": "LastName",
                "job_title": "JobTitle",
                "opt in": "OptIn",
                "Web page": None,
                "E-mail": "Email",
            }
        },
    ),
    ImportCase(
        "twice.csv",
        b"LastName,City,Phone,City\nAda,Hove,020 7946 0001,Deal\n",
        [{"LastName": "Ada", "City": "Hove", "Phone": "020 7946 0001"}],
        options=ImportOptions(mapping={"#4": None}),
        asks=["map"],
        kind="a header that occurs twice",
    ),
    ImportCase(
        "titles.csv",
        b"Leads of June\nfrom the fair, all halls\n\nLast name,City\nAda,Hove\nBen,Deal\n",
        [{"LastName": "Ada", "City": "Hove"}, {"LastName": "Ben", "City": "Deal"}],
        kind="title lines",
        detected={"header_line": 4},
        told=["The header is in line 4; lines 1 to 3 are not records"],
    ),
    ImportCase(
        "dates.csv",
        b"Subject,Due date\nA,28/02/2027\nB,3/4/2027\nC,02/28/2027\nD,30/02/2027\nE,2027-04-03\n"
        b"F,3/4/27\nG,46500\nH,28/02/2027 00:00\nI,28/02/2027 09:00\nJ,2027-02-28T00:00:00Z\n",
        [
            {"Subject": "A", "DueDate": "2027-02-28"},
            {"Subject": "B", "DueDate": "2027-04-03"},
            {"Subject": "E", "DueDate": "2027-04-03"},
            {"Subject": "H", "DueDate": "2027-02-28"},
        ],
        [
            (4, "Due date", "no such month"),
            (5, "Due date", "no such day"),
            (7, "Due date", "two-digit year"),
            (8, "Due date", "number of a day"),
            (10, "Due date", "holds a time, the field holds a day"),
            (11, "Due date", "holds a time and a zone"),
        ],
        entity="task",
        options=ImportOptions(dates="dd/mm/yyyy"),
        asks=["dates"],
        kind="dates with the day first",
    ),
    ImportCase(
        "comma.csv",
        "Name;Amount\nA;2.500,75\nB;3\u202f000,5\nC;1.234\nD;-,5\nE;2,500.75\nF;12.5\n".encode(),
        [
            {"Name": "A", "Amount": "2500.75"},
            {"Name": "B", "Amount": "3000.5"},
            {"Name": "C", "Amount": "1234"},
            {"Name": "D", "Amount": "-0.5"},
        ],
        [(6, "Amount", "decimal comma"), (7, "Amount", "decimal comma")],
        entity="opportunity",
        options=ImportOptions(decimal=","),
        asks=["decimal"],
        kind="decimal comma",
    ),
    ImportCase(
        "phones.csv",
        "LastName,Phone,PostCode\nA,'+44 20 7946 0001,00601\nB,01632 960001,1E2\nC,4.4E+11,x\n"
        'D,1632960001.0,x\nE,"=""01632960001""",\'=x\nF,\u00a0(0161) 496\u00a00001 ext 5 ,x\n'
        "G,call me,x\n".encode(),
        [
            {"LastName": "A", "Phone": "+44 20 7946 0001", "PostCode": "00601"},
            {"LastName": "B", "Phone": "01632 960001", "PostCode": "1E2"},
            {"LastName": "E", "Phone": "01632960001", "PostCode": "=x"},
            {"LastName": "F", "Phone": "(0161) 496 0001 ext 5", "PostCode": "x"},
        ],
        [
            (4, "Phone", "digits are lost"),
            (5, "Phone", "with a point"),
            (8, "Phone", "not a telephone number"),
        ],
        told=["7 records read, 3 refused in reading"],
        kind="telephones and guards",
    ),
    ImportCase(
        "checks.csv",
        (
            "LastName,OptIn,Source,Score,Company\nA,T,wEB, 010 ,NULL\nB,0,Web\u00a0,2.5E1,-\n"
            f"C,perhaps,Web,1,x\nD,y,Fax,1,x\n  ,y,Web,1,x\nE,y,Web,N/A,x\nF,y,Web,,{LONG}\n"
            f"G,y,Web,,{LONG}x\nNull,,,,\n"
        ).encode(),
        [
            {
                "LastName": "A",
                "OptIn": "true",
                "Source": "Web",
                "Score": "10",
                "Company": "NULL",
            },
            {
                "LastName": "B",
                "OptIn": "false",
                "Source": "Web",
                "Score": "25",
                "Company": "-",
            },
            {"LastName": "F", "OptIn": "true", "Source": "Web", "Company": LONG},
            {"LastName": "Null"},
        ],
        [
            (4, "OptIn", "neither yes nor no"),
            (5, "Source", "not an option"),
            (6, "LastName", "is required"),
            (7, "Score", "not a number"),
            (9, "Company", "256 characters, 255 at most"),
        ],
        kind="booleans, options, blanks, lengths",
        told=["2 picklist values"],
    ),
    ImportCase(
        "export.csv",
        b"ExternalID,LastName,Company,Notes,CreatedDate,AccountExternalID\n"
        b"K1K1K1K1,'=Ash,\"\",'-1-,2026-01-01T00:00:00Z,\n"
        b"K1K1K1K2,'Tis,,\"'=a\nb\",2026-01-01T00:00:00Z,Z1Z1Z1Z1\n",
        [
            {"LastName": "=Ash", "Company": "", "Notes": "-1-"},
            {"LastName": "'Tis", "Notes": "=a\nb"},
        ],
        kind="an export of our own",
        told=[
            "ExternalID, CreatedDate and AccountExternalID are given by the server and not sent",
            "Line 3 loses its AccountExternalID",
        ],
    ),
    ImportCase(
        "by-key.csv",
        b"Email,LastName,City\n a@x.example ,Ada,\nnobody,Ben,Deal\nmailto:c@x.example,Cy,Deal\n",
        [{"Email": "a@x.example", "LastName": "Ada"}],
        [(3, "Email", "not an e-mail address"), (4, "Email", "not an e-mail address")],
        entity="contact",
        options=ImportOptions(mode="upsert", key="Email"),
        asks=["key"],
        kind="an upsert",
    ),
    ImportCase("header.csv", b"LastName,City\n", kind="a header alone", told=["0 records"]),
    ImportCase(
        "fair.xlsx",
        make_workbook(
            {
                "People": [
                    ["The fair", None, None, None, None],
                    [None, None, None, None, None],
                    ["Last name", "Birthday", "Phone", "Post code", "Owner"],
                    ["Ada", DAY, "01632 960001", "00601", "south"],
                    ["Ben", None, 1632960001, 601, "south"],
                    ["Cy", MOMENT, "01632 960001", "x", "south"],
                    ["Di", "28/02/1990", "01632 960001", "x", "south"],
                    ["Ed", 32000, "01632 960001", "x", "south"],
                ],
                "Owners": [["Owner"], ["south"]],
            },
            hidden_columns=("E:E",),
            hidden_rows=(4,),
        ),
        [
            {
                "LastName": "Ada",
                "Birthday": "1990-02-28",
                "Phone": "01632 960001",
                "PostCode": "00601",
                "Owner": "south",
            },
            {"LastName": "Ben", "Phone": "1632960001", "PostCode": "601", "Owner": "south"},
        ],
        [
            (6, "Birthday", "holds a time"),
            (7, "Birthday", "is not a date"),
            (8, "Birthday", "plain number"),
        ],
        entity="contact",
        kind="a workbook with two sheets and a title",
        detected={"sheet": "People", "header_line": 3},
        told=[
            "Sheet People read, sheet Owners not",
            "The header is in row 3",
            "hidden column E (Owner)",
            "1 hidden row",
            "1 number in Phone",
        ],
    ),
    ImportCase(
        "lines.jsonl",
        b'{"LastName": "Ada", "Score": 9007199254740993.5, "OptIn": "no", "City": null}\n'
        b'{"LastName": {"first": "Ben"}}\n\n{"LastName": "Cy", "Score": NaN}\n'
        b'{"LastName": "Di", "LastName": "Do"}\n{"LastName": "Ed", "Notes": []}\n{"City": "Deal"}\n'
        b'{"LastName": "Flo", "Shoe": 5, "Phone": 1632960001, "Score": 2E2}\n{"LastName": "G\n',
        [
            {"LastName": "Ada", "Score": "9007199254740993.5", "OptIn": "false"},
            {"LastName": "Flo", "Phone": "1632960001", "Score": "200"},
        ],
        [
            (2, "LastName", "an object"),
            (4, "Score", "NaN is not a number"),
            (5, "LastName", "twice"),
            (6, "Notes", "a list"),
            (7, "LastName", "is required"),
            (9, None, "cut"),
        ],
        options=ImportOptions(mapping={"Shoe": None}),
        asks=["map"],
        kind="JSON Lines",
        detected={"format": "jsonl"},
    ),
    ImportCase(
        "rows.parquet",
        make_parquet(
            "SELECT * FROM (VALUES "
            "('A', 9007199254740993.07::DECIMAL(18,2), DATE '1999-12-31', '', now()), "
            "(NULL, 1.00, NULL, NULL, NULL), ('B', NULL, NULL, NULL, NULL), "
            "('C', 1200.50, NULL, NULL, NULL), ('D', 0.00, NULL, NULL, NULL)"
            ") AS made(Name, Amount, CloseDate, Notes, CreatedDate)"
        ),
        [
            {
                "Name": "A",
                "Amount": "9007199254740993.07",
                "CloseDate": "1999-12-31",
                "Notes": "",
            },
            {"Name": "B"},
            {"Name": "C", "Amount": "1200.5"},
            {"Name": "D", "Amount": "0"},
        ],
        [(2, "Name", "is required")],
        entity="opportunity",
        kind="Parquet",
        told=["CreatedDate is given by the server and not sent"],
    ),
]
