"""`cmdm corpus`: the cases that are built, not written by hand."""

from pathlib import Path

import click

from cmdm_tui.cli.context import note
from cmdm_tui.cli.exit_codes import CommandFailure
from cmdm_tui.cli.service import report_run_failures


@click.group(short_help="Build the corpus of cases.")
def corpus() -> None:
    """Build the corpus: a case for each call, documented status and class of input."""


@corpus.command(short_help="Write the corpus's case files.")
@click.option("--seed", type=int, default=7, show_default=True, metavar="N", help="Draw from this.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("cassettes"),
    show_default=True,
    metavar="FOLDER",
    help="Where the files go.",
)
@click.option("--check", is_flag=True, help="Write nothing; say which files would differ.")
def build(seed: int, into: Path, *, check: bool) -> None:
    """Write a file for each case of the corpus; the same seed gives the same bytes.

    The files are the truth, not what builds them: edit one, and cmdm corpus build --check says so.
    Cases that a person wrote are left alone. Exit codes: 0 done, 1 files differ, 2 could not run.
    """
    with report_run_failures():
        from cmdm_tui.harness.cases import CaseError, case_bytes, read_case, write_case
        from cmdm_tui.harness.cassettes.library import kind_of
        from cmdm_tui.harness.corpus import build_corpus as built

        differing: list[Path] = []
        found = built(seed)
        for case in found:
            path = into / kind_of(case) / f"{case.name}.toml"
            if path.is_file() and path.read_bytes() == case_bytes(case):
                continue
            if path.is_file() and read_case(path).seed is None:
                message = f"{path} was written by hand. Give it another name."
                raise CaseError(message)
            differing.append(path)
            if not check:
                write_case(path, case)
    for path in differing:
        click.echo(f"{'differs' if check else 'wrote'} {path}")
    note(f"{len(found)} cases, {len(differing)} {'would differ' if check else 'written'}.")
    if check and differing:
        message = f"{len(differing)} files are not as the seed {seed} gives them."
        raise CommandFailure(message)
