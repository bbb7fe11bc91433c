"""`cmdm import`: creates and updates records from a file, once they were shown and confirmed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.commands.change_options import (
    looking_options,
    read_change_options,
    reading_options,
    sending_options,
)
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmdm_tui.cli.commands.change_run import ChangeSession
    from cmdm_tui.transfer import ImportOptions, RefusedRow

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("import", short_help="Create and update records from a file.")
@click.argument("entity")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mode", type=click.Choice(["create", "update", "upsert"]), default="create",
    show_default=True, help="What to do with records that exist, found by --key.",
)  # fmt: skip
@click.option("--key", metavar="FIELD", help="The field that tells which record is meant.")
@click.option(
    "--map", "mapped", metavar="HEADER=FIELD", multiple=True,
    help="The field of a column; HEADER= leaves it out, and #3 is the third column.",
)  # fmt: skip
@click.option("--mapping", type=_FILE, metavar="FILE", help="Read the fields of columns from FILE.")
@click.option("--save-mapping", type=_FILE, metavar="FILE", help="Keep the fields of columns.")
@click.option("--dates", metavar="FORMAT", help="How dates are written, such as dd/mm/yyyy.")
@click.option("--decimal", type=click.Choice([".", ","]), help="The decimal mark.")
@click.option("--zone", metavar="ZONE", help="The time zone of times without one.")
@click.option(
    "--blank", type=click.Choice(["leave", "clear"]), default="leave", show_default=True,
    help="What a blank cell does to a record that exists.",
)  # fmt: skip
@click.option("--encoding", metavar="NAME", help="The encoding, such as windows-1252.")
@click.option("--delimiter", metavar="CHARACTER", help="What separates cells; \\t is a tab.")
@click.option("--quote", metavar="CHARACTER", default='"', help='The quote of cells; "none".')
@click.option(
    "--escape", type=click.Choice(["none", "backslash"]), help="Whether \\ is an escape in cells.",
)  # fmt: skip
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook.")
@click.option("--header", type=click.IntRange(1), metavar="LINE", help="The line of the header.")
@click.option(
    "--rejects", type=_FILE, metavar="FILE",
    help="Write the records that are left out to FILE, with line, column and reason.",
)  # fmt: skip
@click.option(
    "--max-calls", type=click.IntRange(1), metavar="N",
    help="Make at most N calls to find the records that exist.",
)  # fmt: skip
@reading_options
@looking_options
@sending_options
@click.pass_obj
def import_records(
    context: CommandContext,
    entity: str,
    file: Path,
    rejects: Path | None,
    save_mapping: Path | None,
    **given: Any,
) -> int:
    """Create records of ENTITY from FILE: CSV, TSV, JSON, JSON Lines, Parquet or xlsx.

    Columns are matched to fields by name, then by label. What a file leaves open, such as whether
    03/04/2026 is in March, is asked; a script is refused, with the option that says it. A record
    that is not right is left out, with its line, column and reason; the others stay.

    The file is read to its end, and everything shown, before anything is sent. A record whose key
    occurs twice, in the file or on the server, is left out: nothing is created next to what was
    meant.

    \b
    cmdm import lead leads.csv --dry-run
    cmdm import contact contacts.xlsx --mode upsert --key Email --rejects left-out.csv
    """  # noqa: D301 — \b is click's mark for lines that are not to be joined
    from cmdm_tui.cli.commands.change_run import ChangeCommand
    from cmdm_tui.cli.commands.query_output import choose_format
    from cmdm_tui.operations.data import ImportDeclined, ImportOperation
    from cmdm_tui.transfer import dump_mapping

    options = _read_options(given)
    if rejects is not None:
        choose_format(None, rejects)
    changes = read_change_options(given)

    async def work(session: "ChangeSession") -> int:
        operation = ImportOperation(session.account, session.prompter, changes.calls)
        try:
            planned = await operation.plan(file, entity, options)
        except ImportDeclined:
            note("Nothing was sent.")
            return ExitCode.FAILED
        if save_mapping is not None:
            _write_mapping(save_mapping, dump_mapping(planned.imported.detected.columns))
        if rejects is not None and planned.refused:
            _write_rejects(rejects, planned.refused)
        return await session.apply(planned.change_set)

    return ChangeCommand(context, changes).run(work)


def _read_options(given: dict[str, Any]) -> "ImportOptions":
    """Return what the options say of the file. Raises ImportFileError or UsageError."""
    from cmdm_tui.transfer import ImportOptions, load_mapping

    mapping: dict[str, str | None] = {}
    if given["mapping"] is not None:
        mapping.update(load_mapping(given["mapping"]))
    for word in given["mapped"]:
        header, sign, field = word.rpartition("=")
        if not sign or not header:
            message = f"{word!r} is not HEADER=FIELD. Write it as --map 'E-mail=Email'."
            raise click.UsageError(message)
        mapping[header] = field or None
    delimiter = given["delimiter"]
    return ImportOptions(
        mode=given["mode"],
        key=given["key"],
        dates=given["dates"],
        decimal=given["decimal"],
        zone=given["zone"],
        quote=given["quote"],
        escape=given["escape"],
        delimiter="\t" if delimiter in {"\\t", "tab"} else delimiter,
        encoding=given["encoding"],
        sheet=given["sheet"],
        header=given["header"],
        blank=given["blank"],
        mapping=mapping,
    )


def _write_mapping(path: Path, content: str) -> None:
    from cmdm_tui.cli.commands.query_output import open_destination

    with open_destination(path) as sink:
        sink.write(content.encode("utf-8"))


def _write_rejects(path: Path, refused: "Sequence[RefusedRow]") -> None:
    """Write the records left out: line, column, reason, and the cells under their headers."""
    from cmdm_tui.changes.preview import PreviewColumn
    from cmdm_tui.cli.commands.query_output import open_destination
    from cmdm_tui.formats import create_writer
    from cmdm_tui.formats.output_file import format_of_file

    headers = list(dict.fromkeys(header for row in refused for header in row.cells))
    columns = [PreviewColumn("line", "BIGINT")]
    columns += [PreviewColumn(name) for name in ("column", "reason", *headers)]
    with open_destination(path) as sink:
        writer = create_writer(format_of_file(path), sink)
        writer.begin(columns)
        writer.write_rows([_list_reject(row.cells, headers, row) for row in refused])
        writer.end()


def _list_reject(
    cells: "Mapping[str, str]", headers: "Sequence[str]", row: "RefusedRow"
) -> tuple[object, ...]:
    return (row.line, row.column, row.reason, *(cells.get(header) for header in headers))
