"""`cmdm import`: creates and updates records from a file, once they were shown and confirmed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmdm_tui.cli.command_group import examples
from cmdm_tui.cli.commands.change_options import (
    looking_options,
    read_change_options,
    reading_options,
    sending_options,
)
from cmdm_tui.cli.completion.values import complete_fields, complete_file, complete_imports
from cmdm_tui.cli.context import CommandContext, note
from cmdm_tui.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmdm_tui.cli.commands.change_run import ChangeSession
    from cmdm_tui.transfer import RefusedRow

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "import",
    epilog=examples(
        "cmdm import lead leads.csv --dry-run",
        "cmdm import contact contacts.xlsx --mode upsert --key Email --rejects left-out.csv",
        "cmdm import account=account.csv contact=contact.csv \\\n"
        "  --link contact.AccountExternalID=account.Ref",
    ),
)
@click.argument(
    "words",
    metavar="ENTITY FILE | ENTITY=FILE…",
    nargs=-1,
    required=True,
    shell_complete=complete_imports,
)
@click.option(
    "--mode", "modes", metavar="MODE", multiple=True,
    help="What to do with records that exist, found by --key: create (the default), update, "
    "upsert; or ENTITY=MODE.",
)  # fmt: skip
@click.option(
    "--key", "keys", metavar="FIELD", multiple=True, shell_complete=complete_fields,
    help="The field that tells which record is meant; of several files, ENTITY=FIELD.",
)  # fmt: skip
@click.option(
    "--map", "mapped", metavar="HEADER=FIELD", multiple=True,
    help="The field of a column; HEADER= leaves it out, and #3 is the third column. Of several "
    "files, ENTITY.HEADER=FIELD.",
)  # fmt: skip
@click.option(
    "--link", "links", metavar="ENTITY.COLUMN=ENTITY.COLUMN", multiple=True,
    help="Which column of another file a column holds the values of; nothing after = or the point "
    "says that they are ids of records.",
)  # fmt: skip
@click.option(
    "--mapping", "mappings", metavar="FILE", multiple=True, shell_complete=complete_file,
    help="Read the fields of columns from FILE; of several files, ENTITY=FILE.",
)  # fmt: skip
@click.option(
    "--save-mapping", "saved_mappings", metavar="FILE", multiple=True,
    shell_complete=complete_file,
    help="Keep the fields of columns; of several files, ENTITY=FILE.",
)  # fmt: skip
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
    help="Make at most N calls for each query that finds records that exist.",
)  # fmt: skip
@reading_options
@looking_options
@sending_options
@click.pass_obj
def import_records(
    context: CommandContext,
    words: tuple[str, ...],
    rejects: Path | None,
    **given: Any,
) -> int:
    """Create records of ENTITY from FILE: CSV, TSV, JSON, JSON Lines, Parquet or xlsx.

    Columns are matched to fields by name, then by label. What a file leaves open, such as whether
    03/04/2026 is in March, is asked; a script is refused, with the option that says it. A record
    that is not right is left out, with its line, column and reason; the others stay.

    The file is read to its end, and everything shown, before anything is sent. A record whose key
    occurs twice, in the file or on the server, is left out: nothing is created next to what was
    meant.

    Several files, each as ENTITY=FILE, may name each other's records: a lookup field, or the
    RelatedExternalID of tasks and opportunities, may hold what a column of the other file holds,
    such as the id of an export. That column is found where it is beyond doubt, else asked; --link
    names it. New records are created in the order in which they are needed, and get the ids of
    those that they name. A row that names nothing is left out.
    """
    from cmdm_tui.cli.commands.change_run import ChangeCommand
    from cmdm_tui.cli.commands.import_options import read_import_words
    from cmdm_tui.cli.commands.query_output import choose_format
    from cmdm_tui.operations.data import ImportDeclined, ImportOperation
    from cmdm_tui.operations.related_import import RelatedImport
    from cmdm_tui.transfer import dump_mapping

    asked = read_import_words(words, given)
    outputs = {f"--save-mapping of {name}": path for name, path in asked.saved_mappings.items()}
    if rejects is not None:
        choose_format(None, rejects)
        outputs["--rejects"] = rejects
    changes = read_change_options(given, inputs=asked.inputs, outputs=outputs)

    async def work(session: "ChangeSession") -> int:
        operation = ImportOperation(session.account, session.prompter, changes.calls)
        try:
            if asked.is_single:
                (one,) = asked.requests
                planned = await operation.plan(one.path, one.entity, one.options)
                files, change_set = (planned.imported,), planned.change_set
                refused = {planned.imported.name: planned.refused}
            else:
                several = RelatedImport(session.account, operation)
                made = await several.plan(asked.requests, asked.links)
                files, change_set, refused = made.files, made.change_set, made.refused
        except ImportDeclined:
            note("Nothing was sent.")
            return ExitCode.FAILED
        for imported in files:
            path = asked.saved_mappings.get(imported.entity)
            if path is not None:
                _write_mapping(path, dump_mapping(imported.detected.columns))
        if rejects is not None and any(refused.values()):
            _write_rejects(rejects, refused, is_single=asked.is_single)
        return await session.apply(change_set)

    return ChangeCommand(context, changes).run(work)


def _write_mapping(path: Path, content: str) -> None:
    from cmdm_tui.cli.commands.query_output import open_destination

    with open_destination(path) as sink:
        sink.write(content.encode("utf-8"))


def _write_rejects(
    path: Path, refused: "Mapping[str, Sequence[RefusedRow]]", *, is_single: bool
) -> None:
    """Write the records left out: line, column, reason, and the cells under their headers.

    Of several files, the name of the file comes first.
    """
    from cmdm_tui.changes.preview import PreviewColumn
    from cmdm_tui.cli.commands.query_output import open_destination
    from cmdm_tui.formats import create_writer
    from cmdm_tui.formats.output_file import format_of_file

    rows = [(name, row) for name, of in refused.items() for row in of]
    headers = list(dict.fromkeys(header for _, row in rows for header in row.cells))
    columns = [PreviewColumn("line", "BIGINT")]
    columns += [PreviewColumn(name) for name in ("column", "reason", *headers)]
    lists = [_list_reject(row.cells, headers, row) for _, row in rows]
    if not is_single:
        columns.insert(0, PreviewColumn("file"))
        lists = [(name, *one) for (name, _), one in zip(rows, lists, strict=True)]
    with open_destination(path) as sink:
        writer = create_writer(format_of_file(path), sink)
        writer.begin(columns)
        writer.write_rows(lists)
        writer.end()


def _list_reject(
    cells: "Mapping[str, str]", headers: "Sequence[str]", row: "RefusedRow"
) -> tuple[object, ...]:
    return (row.line, row.column, row.reason, *(cells.get(header) for header in headers))
