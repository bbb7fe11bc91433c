r"""The commands around a session: `\quota`, `\conninfo`, `\i`, `\help` and `\q`."""

import io
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TextIO, cast

from cmdm_tui.config.bounded_files import LARGEST_INPUT, open_bounded
from cmdm_tui.repl.errors import ReplError
from cmdm_tui.repl.result_types import InfoTable, InfoText
from cmdm_tui.repl.session import ReplSession
from cmdm_tui.repl.summary import reset_time, token_end
from cmdm_tui.text import one_line

_CALL_HELP = """\
SQL, over lines to its semicolon; entities are tables, fields their columns:
  SELECT City, count(*) FROM lead GROUP BY City ORDER BY 2 DESC;
  EXPLAIN SELECT …;             what it would cost in calls
  SHOW ENTITIES, DESCRIBE lead  what there is to ask
SQL changes records too, once it was shown and confirmed; \\undo takes it back:
  UPDATE lead SET Status = 'New' WHERE City = 'Hull';
  INSERT INTO lead (LastName, Score) VALUES ('Ng', 5), ('Xu', 7);
  DELETE FROM task WHERE …;     also CALL close_task('ID'), convert_lead('ID')
Calls, with the path below the base address:
  GET lead?per_page=20&page=1   records; also fields= sort_by= sort_order=
  GET lead/ABC1D2E3             one record
  GET lead/fields               the entity's fields
  POST lead {"LastName": "…"}   create; POST lead/ID/task {…}: a task of it
  PUT lead/ABC1D2E3 {…}         update; PUT lead/convert/ID needs no body
  DELETE lead/ABC1D2E3          delete
A body continues over lines until its braces are closed; a blank line ends it.
"""
_USAGE_WIDTH = 21
_CLOSING_HELP = """\
Results go to the standard output, all else to the standard error. Where no
terminal reads them, they are JSON, unchanged. In a file, a line that
begins with # or -- counts for nothing.\
"""


def build_help(commands: Iterable[tuple[str, str]]) -> InfoText:
    """Return the help: calls, then the commands, by usage and what they do."""
    listed = "\n".join(_format_usage(usage, words) for usage, words in commands)
    return InfoText(f"{_CALL_HELP}\nCommands:\n{listed}\n\n{_CLOSING_HELP}")


def _format_usage(usage: str, words: str) -> str:
    separator = " " if len(usage) <= _USAGE_WIDTH else "\n" + " " * (_USAGE_WIDTH + 3)
    return f"  {usage:<{_USAGE_WIDTH}}{separator}{words}"


async def show_quota(session: ReplSession, _: tuple[str, ...]) -> None:
    """Show the quota that the last answer gave, of this run or of an earlier one."""
    found = session.account.known_quota
    known = found.quota
    if known.limit is None and known.remaining is None:
        session.streams.write_note(
            "No answer has given the quota yet; it comes with the next call."
        )
        return
    if found.seen is not None:
        session.streams.write_note(
            f"This is of an earlier run, at {found.seen:%H:%M} UTC; fewer calls may be left."
        )
    offset = found.clock_offset
    times = [reset_time(known, offset), token_end(known, offset)]
    session.show(
        InfoTable(
            ("Limit", "Left", "Reset", "TokenEnds"),
            ((known.limit, known.remaining, *(_format_time(moment) for moment in times)),),
        )
    )


async def show_connection(session: ReplSession, _: tuple[str, ...]) -> None:
    """Show the profile, the address and the user."""
    account = session.account
    row = (account.profile.name, account.client.address, account.profile.credentials.username)
    session.show(InfoTable(("Profile", "Address", "User"), (row,)))


async def run_file(session: ReplSession, arguments: tuple[str, ...]) -> None:
    """Have the statements of a file run next.

    Raises ReplError where the file cannot be read, or is being run already.
    """
    file, lines = _open_file(arguments[0])
    if file in session.files:
        lines.close()
        raise ReplError(f"{one_line(arguments[0], 200)} reads itself. Take its \\i out.")
    session.file_to_run = file, lines


async def end_session(session: ReplSession, _: tuple[str, ...]) -> None:
    """End the session."""
    session.is_over = True


def _open_file(name: str) -> tuple[Path, TextIO]:
    try:
        path = Path(name).expanduser().resolve()
        file = io.BufferedReader(cast("io.RawIOBase", open_bounded(path, LARGEST_INPUT)))
        return path, io.TextIOWrapper(file, encoding="utf-8-sig")
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file has such a name"
        message = f"{one_line(name, 200)} cannot be read: {reason}. Check the name."
        raise ReplError(message) from None


def _format_time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(sep=" ", timespec="seconds")
