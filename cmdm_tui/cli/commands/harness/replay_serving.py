"""`cmdm replay --serve`: which cassettes are served, what is printed, and how it ends."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmdm_tui.cli.commands.harness.selection import select_cases
from cmdm_tui.cli.context import note
from cmdm_tui.cli.exit_codes import CommandFailure, ExitCode
from cmdm_tui.cli.json_documents import make_document
from cmdm_tui.text import count_noun, one_line

if TYPE_CHECKING:
    from cmdm_tui.harness.cassettes.replay_service import ReplayService

_MOST_LISTED = 20
_SUFFIXES = frozenset({".yaml", ".yml"})


def find_cassettes(names: Sequence[str], folder: Path | None) -> list[Path]:
    """Return the cassettes named: files, folders of them, or cases; all of `folder` without a name.

    Raises CommandFailure for what is not there.
    """
    if not names and folder is None:
        message = "Name a cassette to serve: a file, a folder, or a case. cmdm cases list has them."
        raise CommandFailure(message, ExitCode.USAGE)
    found = [path for name in names or [str(folder)] for path in _find_named(name, folder)]
    return list(dict.fromkeys(found))


def _find_named(name: str, folder: Path | None) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        paths = sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES)
        if not paths:
            message = f"There is no cassette in {one_line(name, 200)}: a .yaml file is one."
            raise CommandFailure(message, ExitCode.USAGE)
        return paths
    if path.is_file():
        return [path]
    if path.suffix in _SUFFIXES or path.name != name:
        message = (
            f"There is no cassette {one_line(name, 200)}. Check the path, or record it: "
            "cmdm record makes cassettes."
        )
        raise CommandFailure(message, ExitCode.USAGE)
    entries = select_cases(folder, (name,))
    missing = [entry for entry in entries if not entry.cassette.is_file()]
    if missing:
        message = (
            f"The case {missing[0].case.name} has no cassette {missing[0].cassette}. "
            f"Record it: cmdm record {missing[0].case.name}."
        )
        raise CommandFailure(message, ExitCode.USAGE)
    return [entry.cassette for entry in entries]


def serve_cassettes(
    names: Sequence[str],
    folder: Path | None,
    *,
    port: int,
    order_free: bool,
    repeats: int,
    allow_unused: bool,
    as_json: bool,
) -> None:
    """Serve cassettes until a signal, then report; raise CommandFailure for what did not fit."""
    from cmdm_tui.cli.commands.harness.replay_server import open_listener, serve_replay
    from cmdm_tui.harness.cassettes.reader import read_cassette
    from cmdm_tui.harness.cassettes.replay_service import ReplayService
    from cmdm_tui.harness.recording.unfinished import find_unfinished
    from cmdm_tui.sandbox.http.log_writer import get_stderr_writer

    paths = find_cassettes(names, folder)
    for words in find_unfinished(paths).values():
        note(words)
    recordings = [one for path in paths for one in read_cassette(path)]
    if not recordings:
        message = f"{one_line(str(paths[0]), 200)} holds no interaction: there is nothing to serve."
        raise CommandFailure(message, ExitCode.USAGE)
    service = ReplayService(recordings, is_order_free=order_free, most_plays=repeats or None)

    def say_where(url: str) -> None:
        if as_json:
            start = {"url": url, "cassettes": [str(path) for path in paths], "calls": len(service)}
            click.echo(json.dumps(make_document("cmdm-replay-server", start), ensure_ascii=False))
        else:
            what = count_noun(len(service), "recorded call")
            click.echo(f"{what} served at {url}/api/v1 until Ctrl-C: export CMDM_URL={url}")

    writer = get_stderr_writer()
    report = note if writer is None else writer.write
    with open_listener(port) as listener:
        refused = serve_replay(service, listener, on_ready=say_where, report=report)
    if writer is not None:
        writer.flush()
    _report_end(service, refused, allow_unused=allow_unused, as_json=as_json)


def _report_end(
    service: "ReplayService", refused: Sequence[str], *, allow_unused: bool, as_json: bool
) -> None:
    unused = service.list_unused()
    unused_count = sum(one.count for one in unused)
    if as_json:
        end = {
            "answered": service.answered,
            "not_recorded": service.refused_count,
            "problems": list(refused),
            "unused": [str(one) for one in unused],
        }
        click.echo(json.dumps(make_document("cmdm-replay-end", end), ensure_ascii=False))
    else:
        list_lines("not used", [str(one) for one in unused])
    note(
        f"{count_noun(service.answered, 'call')} answered, {service.refused_count:,} not recorded; "
        f"{unused_count:,} of {len(service):,} recorded answers not used."
    )
    problems = [f"{count_noun(service.refused_count, 'call')} not recorded"] * bool(
        service.refused_count
    )
    if unused_count and not allow_unused:
        problems.append(f"{count_noun(unused_count, 'recorded answer')} not used")
    if problems:
        raise CommandFailure(f"Not replayed as recorded: {' and '.join(problems)}; see above.")


def list_lines(word: str, lines: Sequence[str]) -> None:
    """Note the first 20 lines, each after a word, and how many more there are."""
    for line in lines[:_MOST_LISTED]:
        note(f"{word}: {line}")
    if len(lines) > _MOST_LISTED:
        note(f"{word}: {len(lines) - _MOST_LISTED:,} more")
