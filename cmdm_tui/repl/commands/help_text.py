"""The help at the prompt: of everything, and of one command."""

import textwrap
from collections.abc import Iterable

from cmdm_tui.repl.commands.command import BackslashCommand, Touches
from cmdm_tui.repl.result_types import InfoText

_CALL_HELP = """\
SQL, over lines to its semicolon; entities are tables, fields their columns:
  SELECT City, count(*) FROM lead GROUP BY City ORDER BY 2 DESC;
  EXPLAIN SELECT …;             what it would cost in calls
  SHOW ENTITIES, DESCRIBE lead  what there is to ask
SQL changes records too; \\undo takes it back:
  UPDATE lead SET Status = 'New' WHERE City = 'Hull';
  INSERT INTO lead (LastName, Score) VALUES ('Ng', 5), ('Xu', 7);
  DELETE FROM task WHERE …;     also CALL close_task('ID'), convert_lead('ID')
{asking}
Calls, with the path below the base address:
  GET lead?per_page=20&page=1   records; also fields= sort_by= sort_order=
  GET lead/ABC1D2E3             one record
  GET lead/fields               the entity's fields
  POST lead {"LastName": "…"}   create; POST lead/ID/task {…}: a task of it
  PUT lead/ABC1D2E3 {…}         update; PUT lead/convert/ID needs no body
  DELETE lead/ABC1D2E3          delete
A body continues over lines until its braces are closed; a blank line ends it.
A line may hold several statements, with semicolons between them.
Behind a statement, and behind the semicolon of SQL:
  SELECT …; > leads.csv         to a file: .csv, .json, .xlsx, …; >> adds to it
  SELECT …; | sort | head       to a command of the shell
  SELECT … \\gx                  every record a field a line; so does \\G
  SELECT … \\g FILE              to a file, as >; \\g |COMMAND to a command
Variables: \\set city Hull, then :'city' in SQL is 'Hull', :city is Hull as it
is, :"city" a name; $city is its value, and never read as SQL.
"""
_SQL_HELP = {
    "select": """\
SELECT … FROM entity [JOIN …] [WHERE …] [GROUP BY …] [ORDER BY …] [LIMIT n];
  DuckDB's SQL; entities are tables, fields their columns.
  EXPLAIN SELECT … shows what it would cost in calls.
  Example: SELECT City, count(*) FROM lead GROUP BY City ORDER BY 2 DESC;""",
    "insert": """\
INSERT INTO entity (Field, …) VALUES (value, …), … [RETURNING …];
INSERT INTO entity (Field, …) SELECT …;
  It creates records, a call each, once they were shown and confirmed.
  \\undo takes the run back.
  Example: INSERT INTO lead (LastName, Score) VALUES ('Ng', 5), ('Xu', 7);""",
    "update": """\
UPDATE entity SET Field = value, … WHERE … [RETURNING …];
  It changes records, a call each, once old and new values were shown and
  confirmed. \\undo takes the run back.
  Example: UPDATE lead SET Status = 'New' WHERE City = 'Hull';""",
    "delete": """\
DELETE FROM entity WHERE … [RETURNING …];
  It deletes records, a call each, once they were shown and confirmed.
  \\undo creates them again, under other ids.
  Example: DELETE FROM task WHERE Subject = 'Old';""",
    "call": """\
CALL convert_lead('ID');
CALL close_task('ID');
  A call each, once it was shown and confirmed.""",
    "explain": """\
EXPLAIN SELECT …;
EXPLAIN (FORMAT JSON) SELECT …;
  It shows the plan of a query and its cost in calls, and asks nothing. No
  record is fetched; what planning needs to know may take a few calls.
  Example: EXPLAIN SELECT max(Score) FROM lead;""",
    "describe": """\
DESCRIBE entity;
  It lists the fields of an entity with their types; so does \\d entity.
  Example: DESCRIBE lead;""",
    "show": """\
SHOW ENTITIES;
  It lists the entities that are known; so does \\d. It makes no call.""",
}
"""The help of each statement of SQL, by its first word."""

_USAGE_WIDTH = 21
_WIDTH = 79
_TOUCHES = (
    (Touches.CALLS, "make calls that read"),
    (Touches.WRITES, "change records"),
    (Touches.FILES, "write files"),
    (Touches.SHELL, "run other programs"),
)
_CLOSING_HELP = """\
Results go to the standard output, all else to the standard error. Where no
terminal reads them, they are JSON, unchanged. In a file, a line that
begins with # or -- counts for nothing.\
"""


def build_help(commands: Iterable[BackslashCommand], asking: str) -> InfoText:
    """Return the help: statements, then the commands, by usage and what they do.

    `asking` says which changes are asked about before they are sent.
    """
    shown = textwrap.fill(f"{asking} \\confirm changes that.", _WIDTH)
    statements = _CALL_HELP.replace("{asking}", shown)
    listed = "\n".join(_format_usage(one.usage, one.help) for one in commands)
    return InfoText(f"{statements}\nCommands:\n{listed}\n\n{_CLOSING_HELP}")


def find_sql_help(words: str) -> InfoText | None:
    """Return the help of the statement that the words begin; None where they begin none."""
    first = words.split(maxsplit=1)[0].casefold() if words.split() else ""
    text = _SQL_HELP.get({"with": "select", "from": "select", "desc": "describe"}.get(first, first))
    return None if text is None else InfoText(text)


def describe_command(command: BackslashCommand, asking: str) -> InfoText:
    """Return the help of one command: how it is typed, what it does and touches, an example.

    `asking` is as in `build_help`.
    """
    lines = [command.usage, f"  {command.help}."]
    if command.aliases:
        also = ", ".join(rf"\{name}" for name in command.aliases)
        lines.append(f"  Also: {also}.")
    lines.append(f"  {_describe_touches(command.touches)}")
    if Touches.WRITES in command.touches:
        lines.append(f"  {asking}")
    arguments, _, words = command.example.partition(" -- ")
    example = f"\\{command.name} {arguments}".rstrip()
    lines.append(f"  Example: {example}" + (f"   {words}" if words else ""))
    wrapped = [
        textwrap.fill(line, _WIDTH, subsequent_indent="    ", break_long_words=False)
        for line in lines
    ]
    return InfoText("\n".join(wrapped))


def _describe_touches(touches: Touches) -> str:
    if not touches:
        return "It makes no call and changes nothing outside of this session."
    said = [words for touch, words in _TOUCHES if touch in touches]
    *others, last = said
    return f"It may {', '.join(others)}{' and ' if others else ''}{last}."


def _format_usage(usage: str, words: str) -> str:
    separator = " " if len(usage) <= _USAGE_WIDTH else "\n" + " " * (_USAGE_WIDTH + 3)
    return f"  {usage:<{_USAGE_WIDTH}}{separator}{words}"
