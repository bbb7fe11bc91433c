"""`cmdm query`: runs one SQL query over the account, for as few calls as it takes."""

from pathlib import Path

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.completion.values import complete_file
from cmdm_tui.cli.context import CommandContext
from cmdm_tui.cli.exit_codes import ExitCode, exit_code_of

FORMATS = ("table", "vertical", "json", "jsonl", "csv", "tsv", "markdown", "parquet", "xlsx")
"""As `cmdm_tui.formats` has them; named here so that help loads nothing."""


@click.command(
    epilog=examples(
        "cmdm query 'SELECT City, count(*) FROM lead GROUP BY City ORDER BY 2 DESC'",
        "cmdm query -o csv --out won.csv \"SELECT * FROM opportunity WHERE Stage = 'Won'\"",
        "cmdm query --explain 'SELECT max(Score) FROM lead'",
        "cmdm query --param name=\"O'Neill\" 'SELECT * FROM lead WHERE LastName = $name'",
    ),
)
@click.argument("sql", required=False)
@click.option(
    "-f",
    "--file",
    "source",
    metavar="FILE",
    shell_complete=complete_file,
    help="Read the SQL from FILE.",
)
@click.option(
    "--param", "given", metavar="NAME=VALUE", multiple=True,
    help="The value of $NAME in the SQL, as text; once for each name.",
)  # fmt: skip
@click.option(
    "-o", "--output-format", "name", type=click.Choice(FORMATS), metavar="FORMAT",
    help=f"How to write the result: {', '.join(FORMATS)}.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write the result to FILE, whole or not at all; its ending names the format. - is stdout.",
)  # fmt: skip
@click.option("--explain", is_flag=True, help="Say what the query would cost; fetch no record.")
@click.option("--json", "as_json", is_flag=True, help="The same as -o json.")
@click.option(
    "--max-calls", type=click.IntRange(1), metavar="N",
    help="Stop before call N+1, with the rows that have come.",
)  # fmt: skip
@click.option(
    "--resume", "kept", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Keep what was read in FILE when it stops early, and continue from there.",
)  # fmt: skip
@click.option("-y", "--yes", is_flag=True, help="Run it, however many calls it takes.")
@click.option(
    "--stats",
    is_flag=True,
    help="Write plan, calls (predicted, used), rows and time to stderr as JSON.",
)
@click.option("--raw", is_flag=True, help="Give every field as the text that is stored.")
@click.option(
    "--trust-order", is_flag=True,
    help="Take the likely order of a field for the service's: fewer calls, an unsure result.",
)  # fmt: skip
@click.option("--raw-csv", is_flag=True, help="Leave formulas in CSV and TSV as they are.")
@click.option("--bom", is_flag=True, help="Begin CSV and TSV with a byte order mark, for Excel.")
@click.pass_obj
def query(
    context: CommandContext,
    sql: str | None,
    source: str | None,
    name: str | None,
    out: Path | None,
    max_calls: int | None,
    kept: Path | None,
    given: tuple[str, ...],
    *,
    explain: bool,
    as_json: bool,
    yes: bool,
    stats: bool,
    raw: bool,
    trust_order: bool,
    raw_csv: bool,
    bom: bool,
) -> int:
    """Run one SQL query, given as SQL, or those in a FILE or on stdin (-).

    Several statements are separated by semicolons. Their results come one after another, up to the
    first error, which names its line.

    Entities are tables; their fields and ExternalID are columns; names ignore case. SQL is what
    DuckDB takes as a SELECT, and SUMMARIZE lead, PIVOT lead ON …, SHOW ENTITIES, DESCRIBE lead and
    EXPLAIN SELECT ….

    A plan of more than 100 calls is asked about first; a script needs --yes or --max-calls. A
    search that is likely to take fewer begins at once, and asks before it becomes a scan. With
    --resume, the same command continues where it was stopped.

    A result is right in every order in which the service may sort, else every page is read. With
    --trust-order a search rests on the likely order; an unsure result is marked, and ends with 8.
    """
    from cmdm_tui.cli.arguments import read_parameters, read_sql, read_statements
    from cmdm_tui.cli.commands.query_output import choose_format, report_error

    if as_json and name not in {None, "json"}:
        message = f"Give either --json or -o {name}, not both."
        raise click.UsageError(message)
    parameters = read_parameters(given)
    words = read_sql(sql, source)
    is_script = sql in {None, "-"}
    out = None if out == Path("-") else out
    form = choose_format("json" if as_json else name, out)
    from cmdm_tui.cli.commands.query_run import QueryCommand, QueryOptions
    from cmdm_tui.query.errors import QueryError

    statements = read_statements(words, parameters, is_script=is_script)
    if len(statements) > 1:
        _check_several(form, kept)
    options = QueryOptions(
        statements=statements,
        format=form,
        file=out,
        max_calls=max_calls,
        resume_file=kept,
        is_confirmed=yes,
        explains=explain,
        explains_as_json=as_json or name in {"json", "jsonl"},
        shows_stats=stats,
        is_raw=raw,
        trusts_order=trust_order,
        raw_csv=raw_csv,
        has_bom=bom,
        parameters=parameters,
    )
    command = QueryCommand(context, options)
    try:
        return command.run()
    except QueryError as error:
        report_error(error, command.statement.padded if len(statements) > 1 else words)
        return exit_code_of(error) or ExitCode.FAILED


def _check_several(form: str, kept: Path | None) -> None:
    """Raise UsageError for what takes one statement only."""
    if form in {"parquet", "xlsx"}:
        message = f"{form} holds one result, and there are several statements. Run them one by one."
        raise click.UsageError(message)
    if kept is not None:
        message = "--resume continues one query, and there are several statements."
        raise click.UsageError(message)
