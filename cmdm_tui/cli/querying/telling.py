"""What is told beside a result, on stderr: where the SQL is wrong, notes, and what it cost."""

import sys
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.context import note
from cmdm_tui.query.sql_excerpt import excerpt
from cmdm_tui.text import one_line

if TYPE_CHECKING:
    from cmdm_tui.api import Quota
    from cmdm_tui.query.errors import QueryError
    from cmdm_tui.query.result import QueryResult


def report_error(error: "QueryError", sql: str) -> None:
    """Tell an error on one line, and below it where in the SQL it is, with a caret."""
    click.echo(f"cmdm: {one_line(' '.join(str(error).split()))}", err=True)
    for line in excerpt(sql, getattr(error, "line", None), getattr(error, "column", None)):
        click.echo(f"  {line}", err=True)


def report_notes(result: "QueryResult", more: tuple[str, ...] = ()) -> None:
    """Tell what a reader must know of a result."""
    for sentence in (*result.notes.sentences, *more):
        note(sentence)


def report_summary(result: "QueryResult", quota: "Quota") -> None:
    """Tell a person what came and what it cost; a program asks for it with --stats."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return
    stats = result.stats
    parts = [
        f"{stats.rows:,} {'row' if stats.rows == 1 else 'rows'}",
        f"{stats.calls_used:,} {'call' if stats.calls_used == 1 else 'calls'} ({stats.plan})",
        f"{stats.ms:,.0f} ms",
    ]
    if quota.remaining is not None:
        parts.append(f"{quota.remaining:,} {'call' if quota.remaining == 1 else 'calls'} left")
    click.echo(" · ".join(parts), err=True)
