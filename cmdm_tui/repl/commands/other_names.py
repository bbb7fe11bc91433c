r"""What other prompts call what is done otherwise here: psql, pgcli, mycli, litecli and mysql.

Their names for what a command does here as well are that command's aliases.
"""

_ADVICE_OF: tuple[tuple[str, str], ...] = (
    (
        "db dn ds di dv dm dx df dT+ dD dE do sf sv ef ev indexes views functions",
        r"There are entities only: \d lists them, \d ENTITY shows the fields of one.",
    ),
    ("schema describe", r"\d ENTITY shows the fields of an entity."),
    ("l list databases", r"\profile lists the profiles, and \d the entities."),
    ("dsn config", r"\profile lists the profiles, and cmdm profile show says what they hold."),
    ("du dg dp ddp z", r"The API tells nothing of users and rights; \conninfo shows who you are."),
    ("password", "cmdm login NAME signs in with another password."),
    (
        "a t mode separator redirectformat Tr",
        r"\o sets the format: table, vertical, json, jsonl, csv, tsv or markdown.",
    ),
    (
        "once output out tee notee",
        "Write > FILE behind the statement, or >> FILE to add to it: SELECT …; > leads.csv",
    ),
    ("pipe_once clip", "Write | COMMAND behind the statement: SELECT …; | sort"),
    ("copy", "SELECT …; > leads.csv writes a file; from a shell, cmdm import reads one."),
    ("import", r"From a shell, cmdm import reads a file; here, \apply FILE sends one of changes."),
    ("p r reset", "Ctrl-C abandons what is typed, and the up arrow brings it back."),
    ("w write", r"\ns NAME saves the last statement, and \n NAME runs it."),
    ("np n+", r"\n lists the saved queries with their SQL."),
    (
        "g gx G go ego",
        r"\last shows the last result again for no call, with \x on a field a line.",
    ),
    (
        "begin commit rollback start savepoint abort",
        r"There are no transactions: a change is shown first, and \undo takes it back.",
    ),
    ("if elif else endif", "A script has no conditions: it runs in order, to its first error."),
    ("echo qecho warn print", r"The shell does it: \! echo …"),
    ("cd", r"Start cmdm in the other folder, or give \i and > the whole path."),
    ("gset gdesc gexec bind", r"\set NAME VALUE gives a variable its value."),
    ("prompt R", r"\set NAME VALUE gives a variable its value; for a script, so does --param."),
    ("crosstabview", "SQL does it: PIVOT, or FILTER (WHERE …) behind an aggregate."),
    ("encoding charset", "All text is UTF-8."),
    ("errverbose", r"\log lists the calls, and \headers shows the last good answer's headers."),
    ("delimiter", "A statement ends with its semicolon; one within a text ends nothing."),
)
_ADVICE = {name: advice for names, advice in _ADVICE_OF for name in names.split()}


def find_advice(name: str) -> str | None:
    """Return what to use instead of another prompt's command; None for a name that none has."""
    return _ADVICE.get(name) or _ADVICE.get(name.removesuffix("+")) or _ADVICE.get(name.casefold())


def list_other_names() -> tuple[str, ...]:
    """Return the names that have advice."""
    return tuple(_ADVICE)
