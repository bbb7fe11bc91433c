"""`cmdm record`: the documented calls, recorded into cassettes."""

from pathlib import Path

import click

from cmdm_tui.cli.exits import Exit, Failure


@click.command(short_help="Record the documented calls into cassettes.")
@click.argument("names", metavar="[CASE]...", nargs=-1)
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("cassettes"),
    show_default=True,
    metavar="FOLDER",
    help="Where the cassettes go.",
)
def record(names: tuple[str, ...], into: Path) -> None:
    """Record every documented call, or the CASEs named, against a fresh sandbox.

    A cassette goes to FOLDER/contract/CASE.yaml, what the client made of it beside it, and a
    manifest to FOLDER/manifest.json. Recording again gives the same bytes.
    """
    try:
        from cmdm_tui.cli.recording import record_case
        from cmdm_tui.harness import CASES
        from cmdm_tui.harness.manifest import write_manifest
    except ModuleNotFoundError as error:
        message = f"Recording needs {error.name}: install cmdm-tui[harness]."
        raise Failure(message, Exit.USAGE) from None
    known = {case.name: case for case in CASES}
    for name in names:
        if name not in known:
            message = f"There is no case {name}. The cases are {', '.join(known)}."
            raise Failure(message, Exit.USAGE)
    for case in [known[name] for name in names] or CASES:
        record_case(case, into / "contract")
        click.echo(f"recorded {case.name}", err=True)
    write_manifest(into)
