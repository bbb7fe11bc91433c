"""Where SQL comes from: a word of the command, a file, or the standard input."""

import sys

from cmdm_tui.cli.arguments import read_source
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.text import one_line


def read_sql(word: str | None, file: str | None) -> str:
    """Return the SQL given as a word, in a file, or piped in; `-` is the standard input.

    Raises Failure where there is none, or more than one.
    """
    if word is not None and file is not None:
        raise CommandFailure("Give the SQL or -f FILE, not both.", ExitCode.USAGE)
    if word not in {None, "-"}:
        return str(word)
    if word is None and file is None and sys.stdin.isatty():
        message = "Give the SQL to run: cmdm query 'SELECT * FROM lead LIMIT 10', or -f FILE."
        raise CommandFailure(message, ExitCode.USAGE)
    source = file or "-"
    content = read_source(source)
    where = "The standard input" if source == "-" else one_line(source, 200)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{where} is not UTF-8 (byte {error.start}). Save it as UTF-8."
        raise CommandFailure(message, ExitCode.USAGE) from None
