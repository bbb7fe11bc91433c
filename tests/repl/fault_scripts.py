"""What a person sees at the prompt of a service that fails: a sentence, and the prompt again.

Each entity has its fault (`FAULTS`); that of leads is that pages of them are slow.
"""

from cmdm_tui.sandbox.faults.plan import Fault, FaultKind, FaultPlan
from tests.repl.prompt_screen import CTRL_C, CTRL_U, ENTER, TAB
from tests.repl.terminal_scripts import Step, enter, press

FAULTS = FaultPlan(
    faults=[
        Fault(FaultKind.ERROR_500, rate=1, path="/account*"),
        Fault(FaultKind.HTML_502, rate=1, path="/contact*"),
        Fault(FaultKind.TRUNCATED_JSON, rate=1, path="/task*"),
        Fault(FaultKind.RESET_BEFORE, rate=1, path="/opportunity*"),
        Fault(FaultKind.RESET_MIDWAY, rate=1, path="/event/NOSUCH*"),
        Fault(FaultKind.LOST_ANSWER, rate=1, method="POST", path="/event"),
        Fault(FaultKind.WRONG_TYPE, rate=1, method="GET", path="/event"),
        Fault(FaultKind.STORM_429, rate=1, method="GET", path="/lead/STORM*", seconds=60, calls=3),
        Fault(FaultKind.LATENCY, rate=1, method="GET", path="/lead", seconds=0.6),
    ]
)
AFTER = enter("SELECT 'still ' || 'here' AS a;", "^still here$")

FAULT_SCRIPTS: dict[str, tuple[Step, ...]] = {
    "an error of the server": (
        enter("GET account", "status 500"),
        enter("SELECT Name FROM account WHERE Name = 'x';", "500"),
        enter("\\d account", "500"),
        enter("\\refresh account", "500"),
        enter("\\explain SELECT count(*) FROM account", "^calls +1 to"),
        enter("SELECT Name FROM account; > never.csv", "500"),
        enter("\\! ls never.csv", "No such file", "exit code"),
        AFTER,
    ),
    "a page of HTML": (
        enter("GET contact", "status 502"),
        enter("SELECT LastName FROM contact LIMIT 1;", "502"),
        AFTER,
    ),
    "JSON that ends early": (
        enter("GET task?per_page=2&page=1", "\\w"),
        enter("SELECT Subject FROM task LIMIT 1;", "\\w+ .*\\.$"),
        AFTER,
    ),
    "a connection that is cut": (
        enter("GET opportunity", "was broken off", "Check the address and the network"),
        enter("SELECT Name FROM opportunity LIMIT 1;", "GET /opportunity"),
        enter("GET event/NOSUCHID", "GET /event/NOSUCHID"),
        AFTER,
    ),
    "an answer that is lost": (
        Step(f'POST event {{"Title": "Lost"}}{ENTER}', (r"\[y/N\]",), ends=False),
        Step(f"y{ENTER}", ("may have been|in doubt|was found|found",)),
        Step(f"INSERT INTO event (Title) VALUES ('Lost again');{ENTER}", (r"\[y/N\]",), ends=False),
        Step(f"y{ENTER}", ("\\\\journal|done",)),
        enter("\\journal", "1 in doubt"),
        AFTER,
    ),
    "fields that cannot be read": (
        press("SELECT * FROM account WHERE ", "SELECT"),
        press(TAB),
        Step(CTRL_U),
        AFTER,
    ),
    "what is slow": (
        press(f"GET lead?per_page=1&page=1&fields=City{ENTER}", "GET lead.* · 0 s · Ctrl-C stops"),
        Step("", ("1 of 100 records",), hides=("Ctrl-C stops",)),
        Step(f"GET lead?per_page=1&page=1&fields=City{ENTER}", ("Ctrl-C stops",), ends=False),
        Step(CTRL_C, ("Cancelled GET lead",), hides=(r"\^C",)),
        Step(f"SELECT count(DISTINCT City) AS n FROM lead;{ENTER}", (r"Fetching \[",), ends=False),
        Step(CTRL_C, ("partial", r"\\more continues it"), hides=(r"\^C",)),
        enter("\\more", "^29$", "1 row · .* calls", hides=("partial",)),
        AFTER,
    ),
    "a limit that is reached": (
        enter("GET lead/STORM001", "status 429"),
        Step(f"SELECT LastName FROM lead LIMIT 1;{ENTER}", ends=False),
        Step(CTRL_C),
        AFTER,
    ),
}  # fmt: skip
