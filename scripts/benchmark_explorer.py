"""The explorer in a real terminal, beside Harlequin and a minimal Textual application, in one run.

Harlequin shows the same rows out of a DuckDB file. What is compared is the processor time and the
peak memory of the program alone: the service runs in a process of its own.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from computed_service import CALLS, external_id
from measured_terminal import MeasuredTerminal

HARLEQUIN = "2.17.0"
RECORDS, FIELDS = 1_000_000, 22
PAGES = 50
ROUNDS = 7
CURSOR_MOVES = 20
HELD_PRESSES = 60
FIRST, LAST = external_id(1), external_id(RECORDS)
_DOWN, _PAGE_DOWN, _CONTROL_END, _F5, _CONTROL_J = (
    "\x1b[B",
    "\x1b[6~",
    "\x1b[1;5F",
    "\x1b[15~",
    "\n",
)
_JUMP_SECONDS = 20.0

_MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("The minimal application", markup=False)
Minimal().run()
"""


@dataclass
class Verdicts:
    """What was measured against its limit, and what exceeds it."""

    exceeded: list[str] = field(default_factory=list[str])

    def note(self, what: str, value: float, limit: float, unit: str = "") -> None:
        """Print one figure next to its limit."""
        is_within = value <= limit
        print(
            f"  {what}: {value:.3g}{unit}, at most {limit:g}{unit}: {'yes' if is_within else 'NO'}"
        )
        if not is_within:
            self.exceeded.append(what)


@dataclass(frozen=True)
class BrowseCost:
    """What it took to open a million records, page down, and jump to the end."""

    opened: float
    paged: float
    jumped: float | None
    """Processor seconds; None where the last record did not come in time."""
    megabytes: float
    """The peak memory."""
    jump_calls: int = 0

    @property
    def seconds(self) -> float:
        """The processor seconds of it all."""
        return self.opened + self.browsed

    @property
    def browsed(self) -> float:
        """The processor seconds once the records were there."""
        return self.paged + (self.jumped or 0.0)

    def __str__(self) -> str:
        jumped = "not reached" if self.jumped is None else f"{self.jumped:.2f} s"
        return (
            f"open {self.opened:.2f} s, {PAGES} pages {self.paged:.2f} s, end {jumped}, "
            f"{self.megabytes:.0f} MB"
        )


def tui(data: Path) -> None:
    """Measure the explorer; Harlequin and its rows are kept in `data`."""
    harlequin = _install_harlequin(data / f"harlequin-{HARLEQUIN}")
    verdicts = Verdicts()
    _compare_first_paints(harlequin, verdicts)
    _compare_a_million(harlequin, _make_rows(harlequin, data / "rows.duckdb"), verdicts)
    _compare_widths(verdicts)
    _measure_keys(verdicts)
    if verdicts.exceeded:
        sys.exit("Exceeded: " + "; ".join(verdicts.exceeded) + ".")


def _install_harlequin(folder: Path) -> Path:
    """Return the folder of Harlequin's programs, installing it into its own environment first."""
    programs = folder / "bin"
    if not (programs / "harlequin").exists():
        print(f"Installing Harlequin {HARLEQUIN} into {folder} …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [
            programs / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            f"harlequin=={HARLEQUIN}",
        ]
        subprocess.run(install, check=True)
    return programs


def _make_rows(harlequin: Path, file: Path) -> Path:
    """Return a DuckDB file, in Harlequin's version, with the rows that the service computes."""
    if not file.exists():
        columns = ", ".join(f"'{k} of ' || n AS Field{k}" for k in range(1, FIELDS + 1))
        sql = (
            f"CREATE TABLE account AS SELECT printf('R%07d', n) AS ExternalID, {columns} "
            f"FROM range(1, {RECORDS + 1}) AS numbers(n)"
        )
        code = (
            "import duckdb, sys; rows = duckdb.connect(sys.argv[1]);"
            "rows.execute('SET enable_progress_bar = false'); rows.execute(sys.argv[2])"
        )
        subprocess.run([harlequin / "python", "-c", code, file, sql], check=True)
    return file


@contextmanager
def _serve(records: int, fields: int) -> Generator[str]:
    command = [sys.executable, "scripts/computed_service.py", str(records), str(fields)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        try:
            yield service.stdout.readline().strip()
        finally:
            service.terminate()


@contextmanager
def _explore(url: str) -> Generator[MeasuredTerminal]:
    """Run the explorer on a service, with an empty home."""
    with (
        tempfile.TemporaryDirectory(prefix="cmdm-bench-home-") as home,
        MeasuredTerminal([sys.executable, "-m", "cmdm_tui"], _environment(home, url)) as terminal,
    ):
        yield terminal


def _environment(home: str, url: str) -> Mapping[str, str]:
    values = {"CMDM_CLIENT_ID": "id", "CMDM_CLIENT_SECRET": "secret", "CMDM_PASSWORD": "password"}
    folders = {
        f"XDG_{name}_HOME": f"{home}/{name}" for name in ("CONFIG", "CACHE", "DATA", "STATE")
    }
    return {"HOME": home, "CMDM_URL": url, "CMDM_USERNAME": "user", **values, **folders}


def _count_calls(url: str) -> int:
    with urllib.request.urlopen(url + CALLS) as answer:
        counts: dict[str, int] = json.load(answer)
    return sum(counts.values())


def _compare_first_paints(harlequin: Path, verdicts: Verdicts) -> None:
    def measure(command: list[str], words: str, **environment: str) -> float:
        with MeasuredTerminal(command, environment) as terminal:
            return terminal.measure_first(words)

    python = sys.executable
    with tempfile.TemporaryDirectory() as home:
        ours = _environment(home, "http://127.0.0.1:9")
        programs: tuple[Callable[[], float], ...] = (
            lambda: measure([python, "-m", "cmdm_tui"], "Opening the profile", **ours),
            lambda: measure([str(harlequin / "harlequin"), ":memory:"], "Query Editor", HOME=home),
            lambda: measure([python, "-c", _MINIMAL], "The minimal application"),
        )
        for program in programs:
            program()
        rounds = [tuple(program() for program in programs) for _ in range(ROUNDS)]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    print(
        f"First paint, processor time, median of {ROUNDS}: explorer {medians[0]:.2f} s, "
        f"Harlequin {medians[1]:.2f} s, minimal {medians[2]:.2f} s"
    )
    of_harlequin = statistics.median(one[0] / one[1] for one in rounds)
    of_minimal = statistics.median(one[0] / one[2] for one in rounds)
    verdicts.note("first paint, of Harlequin's", of_harlequin, 0.5)
    verdicts.note("first paint, of a minimal application's", of_minimal, 1.5)


def _compare_a_million(harlequin: Path, rows: Path, verdicts: Verdicts) -> None:
    with _serve(RECORDS, FIELDS) as url:
        ours = _browse_with_explorer(url)
    theirs = _browse_with_harlequin(harlequin, rows)
    print(f"{RECORDS:,} records of {FIELDS} fields:\n  explorer: {ours}\n  Harlequin: {theirs}")
    floor = statistics.median(_start_minimal() for _ in range(ROUNDS))
    print(
        f"  A minimal application, opened and nothing else: {floor:.2f} s, "
        f"{floor / theirs.seconds:.3g} of Harlequin's whole\n"
        f"  once the records were there: {ours.browsed / theirs.browsed:.3g} of Harlequin's\n"
        f"  without a minimal application's start in either: "
        f"{(ours.seconds - floor) / (theirs.seconds - floor):.3g} of Harlequin's"
    )
    verdicts.note("processor time, of Harlequin's", ours.seconds / theirs.seconds, 0.1)
    verdicts.note("peak memory, of Harlequin's", ours.megabytes / theirs.megabytes, 0.1)
    if ours.jumped is None:
        verdicts.exceeded.append(f"the last record was not reached in {_JUMP_SECONDS:g} s")
    else:
        verdicts.note("calls of the jump", ours.jump_calls, 2)


def _start_minimal() -> float:
    """Return the processor time of an application that shows one line."""
    with MeasuredTerminal([sys.executable, "-c", _MINIMAL]) as terminal:
        terminal.wait_for(lambda text: "The minimal application" in text)
        terminal.wait_until_quiet()
        return terminal.processor_seconds


def _browse_with_explorer(url: str) -> BrowseCost:
    with _explore(url) as terminal:
        terminal.wait_for(lambda text: FIRST in text)
        terminal.wait_until_quiet()
        opened = terminal.processor_seconds
        _page_down(terminal)
        paged = terminal.processor_seconds
        calls = _count_calls(url)
        terminal.type("G")
        is_there = terminal.wait_for(lambda text: LAST in text, _JUMP_SECONDS)
        terminal.wait_until_quiet(most=_JUMP_SECONDS)
        jumped = terminal.processor_seconds - paged if is_there else None
        return BrowseCost(
            opened, paged - opened, jumped, terminal.peak_megabytes, _count_calls(url) - calls
        )


def _browse_with_harlequin(harlequin: Path, rows: Path) -> BrowseCost:
    command = [str(harlequin / "harlequin"), "--viewer-max-rows", "-1", str(rows)]
    with (
        tempfile.TemporaryDirectory() as home,
        MeasuredTerminal(command, {"HOME": home}) as terminal,
    ):
        terminal.wait_for(lambda text: "Query Editor" in text)
        terminal.wait_until_quiet()
        terminal.type("select * from account")
        terminal.wait_until_quiet()
        terminal.type(_CONTROL_J)
        terminal.wait_for(lambda text: FIRST in text, 120)
        terminal.wait_until_quiet()
        terminal.type(_F5)
        terminal.wait_until_quiet()
        opened = terminal.processor_seconds
        _page_down(terminal)
        paged = terminal.processor_seconds
        terminal.type(_CONTROL_END)
        is_there = terminal.wait_for(lambda text: f"of {RECORDS}" in text, 120)
        terminal.wait_until_quiet()
        jumped = terminal.processor_seconds - paged if is_there else None
        return BrowseCost(opened, paged - opened, jumped, terminal.peak_megabytes)


def _page_down(terminal: MeasuredTerminal) -> None:
    for _ in range(PAGES):
        terminal.type(_PAGE_DOWN)
        terminal.wait_until_quiet(0.1)
    terminal.wait_until_quiet()


def _compare_widths(verdicts: Verdicts) -> None:
    """Compare how long 400 fields take to be painted with 20."""

    def open_records(fields: int) -> float:
        with _serve(100, fields) as url, _explore(url) as terminal:
            terminal.wait_for(lambda text: FIRST in text)
            terminal.wait_until_quiet()
            return terminal.processor_seconds

    pairs = [(open_records(400), open_records(20)) for _ in range(3)]
    wide, narrow = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"100 records, opened: 400 fields {wide:.2f} s, 20 fields {narrow:.2f} s")
    verdicts.note("400 fields, of 20", statistics.median(a / b for a, b in pairs), 1.5)


def _measure_keys(verdicts: Verdicts) -> None:
    """Measure what a cursor move writes, and what a held key costs in calls."""
    with _serve(10_000, FIELDS) as url, _explore(url) as terminal:
        terminal.wait_for(lambda text: FIRST in text)
        terminal.wait_until_quiet()
        held = _measure_held_move(terminal)
        rested = [_measure_rested_move(terminal) for _ in range(CURSOR_MOVES)]
        print(
            f"A cursor move writes {held:.0f} bytes while the key is held, with the record pane "
            f"open; with a rest after it, in which the pane follows, "
            f"{statistics.median(rested):.0f} bytes, {max(rested):,} at most"
        )
        verdicts.note("a cursor move", held / 1024, 2, " KB")
        calls = _count_calls(url)
        for _ in range(HELD_PRESSES):
            terminal.type("r")
            time.sleep(1 / 30)
        terminal.wait_until_quiet()
        verdicts.note(f"{HELD_PRESSES} held r", _count_calls(url) - calls, 4, " calls")


def _measure_held_move(terminal: MeasuredTerminal) -> float:
    """Return the bytes of a move of the cursor, of many so fast that no other part follows."""
    before = terminal.received
    for _ in range(CURSOR_MOVES):
        terminal.type(_DOWN)
        terminal.wait_until_quiet(1 / 30, most=1 / 30)
    written = (terminal.received - before) / CURSOR_MOVES
    terminal.type("g")
    terminal.wait_until_quiet()
    return written


def _measure_rested_move(terminal: MeasuredTerminal) -> int:
    """Return the bytes of one move and of all that follows it."""
    before = terminal.received
    terminal.type(_DOWN)
    terminal.wait_until_quiet(0.3)
    return terminal.received - before
