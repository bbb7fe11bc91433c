r"""What a person types at the prompt, and what the screen shows then: a script a feature.

Patterns are regular expressions on the rows of the screen, which is empty before each statement.
"""

from dataclasses import dataclass

from tests.repl.prompt_screen import (
    BACK_TAB,
    CTRL_C,
    CTRL_R,
    CTRL_U,
    ENTER,
    ESCAPE,
    F1,
    F2,
    F3,
    F4,
    RIGHT,
    TAB,
    UP,
    PromptScreen,
)


@dataclass(frozen=True)
class Step:
    """Keys, and what the screen shows and does not show then; `ends` where the prompt is back."""

    keys: str
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    ends: bool = True

    def run(self, screen: PromptScreen) -> None:
        if screen.is_at_prompt:
            screen.clear()
        screen.press(self.keys)
        screen.wait_for(*self.shows)
        if self.ends:
            screen.wait_for_prompt()
            screen.wait_for(*self.shows)
        screen.show()
        for pattern in self.hides:
            screen.check_hidden(pattern)


def enter(text: str, *shows: str, hides: tuple[str, ...] = ()) -> Step:
    """A statement that is typed and run to its end."""
    return Step(text + ENTER, shows, hides)


def press(keys: str, *shows: str, hides: tuple[str, ...] = ()) -> Step:
    """Keys behind which the prompt is not there, or holds what is typed."""
    return Step(keys, shows, hides, ends=False)


MANY = "SELECT 'row ' || range AS a FROM range(200);"
CITIES = (
    "SELECT * FROM (VALUES ('York', 5), ('bath', 10), ('Ely', 7), (NULL, NULL)) AS t(City, Score);"
)
WIDE = "SELECT " + ", ".join(f"'{'v' * 12}{n}' AS c{n}" for n in range(18)) + ";"

STATEMENTS: dict[str, tuple[Step, ...]] = {
    "several statements": (
        enter("SELECT 11 AS a; \\conninfo; SELECT 22 AS b;", "^11$", "^one +http", "^22$"),
        enter("SELECT 33 AS a; nonsense; SELECT 44 AS b;", "^33$", "not a statement",
              hides=("^44$",)),
        enter("SELECT 33 AS a \\; SELECT 1 FORM nosuch;", "nosuch", hides=("^33$",)),
        enter("SELECT 55 -- a; comment\r AS c /* ; */;", r"\.\.\.>", "^55$"),
    ),
    "\\g, \\gx and \\G": (
        enter("SELECT 1 AS a, 'x' AS b \\gx", "^a  1$", "^b  x$"),
        enter("SELECT 2 AS a, 'y' AS b \\G", "^a  2$", "^b  y$"),
        enter("SELECT 3 AS a \\g", "^ *3$", "^1 row · no call|^1 row · 0 calls"),
        enter("SELECT 4 AS a \\g g.csv", "Wrote 1 row to g.csv"),
        enter("GET account?per_page=1&page=1&fields=Name \\gx", "^ExternalID +\\w{8}$", "^Name "),
    ),
    "\\e": (
        enter("SELECT 'old' AS a \\e", "^new$"),
        enter("\\e", "^new$", "^1 row"),
        enter("\\e SELECT 'old', 2 AS b", "^new +2$"),
        enter("\\e draft.sql", "^drafted new$"),
        enter("\\e nosuch/draft.sql", "The editor gave nothing of"),
    ),
    "\\i, \\ir and \\!": (
        enter("\\i monday.sql", "^monday$", "^tuesday$"),
        enter("\\i sub/first.sql", "^second$"),
        enter("\\ir sub/first.sql", "^second$"),
        enter("\\i nosuch.sql", "nosuch.sql cannot be read: No such file or directory"),
        enter("\\i wrong.sql", "^7$", "wrong.sql:2", "nosuchentity", hides=("^9$",)),
        enter("\\! echo 'from the shell'; exit 3", "^from the shell$", "ended with exit code 3"),
    ),
    "| and >": (
        enter("SELECT 'x' AS a; | tr x y", '"a": "y"'),
        enter("SELECT 7 AS n; > out.csv", "Wrote 1 row to out.csv"),
        enter("SELECT 8 AS n; >> out.csv", "Added 1 row to out.csv"),
        enter("\\! cat out.csv", "^n$", "^7$", "^8$"),
        enter("\\d; | grep -c custom", "^1$"),
        enter("SELECT 7 AS n; > out.nosuch", "out.nosuch"),
        enter("SELECT 7 AS n; > nosuch/out.csv", "nosuch/out.csv cannot be written"),
    ),
    "variables": (
        enter("\\set city 'New York'"),
        enter("SELECT :'city' AS a, $city AS b, 1 AS :\"city\";", "New York +New York +1$"),
        enter("\\set n 41 + 1"),
        enter("\\set n '41 + 1'"),
        enter("SELECT :n AS a;", "^42$"),
        enter("\\set", "^city +New York$", "^keys +emacs$"),
        enter("\\unset n"),
        enter("SELECT $n AS a;", "n has no value"),
    ),
    "saved queries": (
        enter("\\ns both SELECT $one || $two AS a;", "Saved both"),
        enter("\\n", "^both +\\$one \\$two"),
        enter("\\n both one=bread two=butter", "^breadbutter$"),
        enter("\\n both one=bread", "needs \\$two"),
        enter("\\n both one=bread two=butter \\gx", "^a  breadbutter$"),
        enter("\\nd both", "Deleted the saved query both"),
    ),
    "\\watch": (
        Step(f"SELECT 1 AS w \\watch 0.2{ENTER}", ("Every 0.2 s(.|\n)*Every 0.2 s",), ends=False),
        Step(CTRL_C),
        enter("\\watch soon", "soon is not a number of seconds"),
        enter("UPDATE lead SET City = 'x' \\watch 1", "so it is not watched"),
    ),
    "help": (
        Step(f"\\help{ENTER}", ("^SQL, over lines to its semicolon",), ends=False),
        Step("q"),
        enter("\\help sort", r"^\\sort \[COLUMN\] \[asc\|desc\]", "Example: .sort City desc"),
        enter("\\help nosuch", "There is no command .nosuch"),
        enter("\\sotr", "Did you mean .sort"),
        enter("SELEC 1", "Did you mean SELECT"),
        enter("\\l", "lists the profiles"),
    ),
}  # fmt: skip
"""Statements, where they go, and what runs them."""

EDITING: dict[str, tuple[Step, ...]] = {
    "completion menus": (
        press("SELECT * FROM le", "^ +lead"),
        press(f"{TAB} WHERE Sta", "^ +Status +Picklist"),
        press(f"{TAB} = 'Q", "^ +Qualified"),
        press(TAB, "Status = 'Qualified"),
        press(f"{CTRL_U}\\so", r"^ +\\sort"),
        press(f"{CTRL_U}GET lea", "^ +lead"),
        press(f"{CTRL_U}\\pset ", "^ +pager"),
        Step(CTRL_U),
    ),
    "history search": (
        enter("SELECT 'needle' AS a;", "^needle$"),
        enter("SELECT 'hay' AS a;", "^hay$"),
        press(f"{CTRL_R}nee", "SELECT 'needle' AS a;", hides=("SELECT 'hay'",)),
        press(ENTER, r"> SELECT 'needle' AS a;$"),
        Step(ENTER, ("^needle$",)),
        press(f"{CTRL_R}nosuchstatement", "history: nosuchstatement"),
        Step(CTRL_C),
    ),
    "suggestions": (
        enter("SELECT 'suggested' AS a;", "^suggested$"),
        press("SELECT 'sug", "> SELECT 'suggested' AS a;"),
        Step(f"{RIGHT}{ENTER}", ("^suggested$",)),
    ),
    "keys of vi": (
        enter("\\set keys vi"),
        press("xSELECT 44 AS v;", "xSELECT 44 AS v;"),
        press(ESCAPE),
        Step(f"0x{ENTER}", ("^44$",)),
        enter("\\set keys emacs"),
        enter("\\set keys nosuch", "The keys are emacs or vi"),
    ),
    "pasting": (
        press("\x1b[200~SELECT 55 AS p;\nSELECT 66 AS q;\x1b[201~", "SELECT 66 AS q;$",
              hides=("^55$",)),
        Step(ENTER, ("^55$", "^66$")),
    ),
    "function keys": (
        Step(F2, ("Expanded display is on",)),
        Step(F2, ("Expanded display is auto",)),
        Step(F1, ("^SQL, over lines",), ends=False),
        Step("q"),
        press(F3),
        press(f"SELECT 77{ENTER}AS m;{ENTER}", hides=("^77$",)),
        Step(f"{ESCAPE}{ENTER}", ("^77$",)),
        press(F3),
        press(F4),
        Step(F4),
        enter("\\set", "^keys +emacs$"),
    ),
    "an earlier line": (
        enter("SELECT 88 AS e;", "^88$"),
        press(UP, "> SELECT 88 AS e;$"),
        Step(CTRL_C, ("Abandoned, and nothing was sent",)),
        Step(CTRL_C, (r"Ctrl-D or \\q leaves",)),
        press(f"SELECT 1{ENTER}", r"\.\.\.>"),
        Step(CTRL_C, ("Abandoned, and nothing was sent",)),
    ),
    "a menu that is left": (
        press("\\so", r"^ +\\sort"),
        Step(f"{TAB}{BACK_TAB}{CTRL_U}"),
    ),
}  # fmt: skip
"""What the keys do."""

RESULTS: dict[str, tuple[Step, ...]] = {
    "the pager": (
        Step(f"{MANY}{ENTER}", ("^row 5$", "^:$"), ends=False),
        press(" ", "^row 35$"),
        Step("q", ("200 rows",)),
        enter("\\pager off", "without a pager"),
        enter(MANY, "^row 199$", "^200 rows"),
        enter("\\pager on", "goes to a pager: less"),
    ),
    "wide rows are turned": (
        enter("\\pager off"),
        enter(WIDE, "^c17 +v{12}17$"),
        enter("\\x off", "Expanded display is off"),
        enter(WIDE, "of 18 columns fit"),
        enter("\\x auto; \\pager on", "Expanded display is auto"),
    ),
    "the last result": (
        enter(CITIES, "^null +null$", "^4 rows"),
        enter("\\where Score > 5", "^bath +10$", "^2 of 4 rows · no call was made",
              hides=("^York",)),
        enter("\\sort Score desc", "^bath +10\n+Ely +7$"),
        enter("\\columns Score", "^Score$", hides=("^bath",)),
        enter("\\chart", "how many of 2 rows", "^2 of 4 rows"),
        enter("\\export last.csv", "Wrote 2 rows to last.csv as csv"),
        enter("\\where Scoer > 5", "Did you mean Score"),
        enter("\\where; \\columns; \\sort", "^4 rows · no call"),
        enter("\\o csv; \\last; \\o auto", "^City,Score$", "^bath,10$"),
    ),
    "\\d and \\refresh": (
        enter("\\pager off"),
        enter("\\d", "^lead +default", "^event +custom"),
        enter("\\d event", "^StartsAt +DateTime"),
        enter("\\d+ event", "^StartsAt +DateTime", "calls left"),
        enter("\\d+", "^lead +default +100", "calls left"),
        enter("\\refresh event", "Loaded the fields of event again"),
        enter("\\dt+", "^lead +default +100", "calls left"),
        enter("\\d evnt", "Did you mean event"),
        enter("\\pager on"),
    ),
    "calls": (
        enter("GET lead?per_page=2&page=1&fields=LastName",
              "2 of 100 records, page 1 of 50 · 1 call · .* calls left"),
        enter("\\next", "page 2 of 50"),
        enter("\\prev", "page 1 of 50"),
        enter("\\headers", "^x-rate-limit-limit"),
        enter("\\curl", "curl .*lead\\?per_page=2", hides=("Bearer [a-z0-9]",)),
        enter("\\curl httpx", "import httpx"),
        enter("\\curl csharp", "RestSharp"),
        enter("\\curl php", "curl_init"),
        enter("\\log 3", "GET +/lead\\?"),
        enter("\\record session.yaml", "Recorded \\d+ calls? in session.yaml"),
        enter("GET lead/NOSUCHID", "status 404"),
        enter("GET leed", "Did you mean lead"),
        enter("GET", "GET what"),
    ),
    "costs": (
        enter("\\explain SELECT max(Score) FROM lead", "calls"),
        enter("\\budget", "^left +[\\d,]+$", "^made in this session +\\d+$"),
        enter("\\timing off; GET lead/fields?per_page=1&page=1; \\timing on", "Timing is off"),
        enter("\\calls 1", "stopped after 1 call"),
        enter("\\calls 0", "as many calls as it takes"),
        enter("\\quota", "^ *Limit +Left"),
        enter("\\history needle"),
    ),
    "changes": (
        Step(f"INSERT INTO lead (LastName) VALUES ('Nobody');{ENTER}", (r"\[y/N\]",), ends=False),
        Step(f"n{ENTER}", ("Nothing was sent",)),
        enter("SELECT count(*) AS n FROM lead WHERE LastName = 'Nobody';", "^0$"),
        Step(f"INSERT INTO lead (LastName) VALUES ('Nobody');{ENTER}", (r"\[y/N\]",), ends=False),
        Step(f"y{ENTER}", ("1 done",)),
        enter("\\journal", "^ *\\d+ .* 1 done"),
        Step(f"\\undo{ENTER}", (r"\[y/N\]|: $",), ends=False),
        Step(f"y{ENTER}", ("1 done",)),
        Step(f"\\apply changes.jsonl{ENTER}", (r"\[y/N\]",), ends=False),
        Step(f"{CTRL_C}", ("Nothing was sent",)),
        Step(f"DELETE lead/NOSUCHID{ENTER}", (r"\[y/N\]",), ends=False),
        Step(f"{ENTER}", ("Not deleted; no call was made",)),
    ),
}  # fmt: skip
"""What is done with results, what they cost, and what changes records."""

SCRIPTS = {**STATEMENTS, **EDITING, **RESULTS}
