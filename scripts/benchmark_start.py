"""The start of the program, beside a bare interpreter, litecli, pgcli and IPython, in one run.

A prompt is ready when it is drawn and a key that was typed then is drawn too. What is compared is
the processor time of the program alone, all of its threads included: what it still loads behind
the prompt counts up to that key, and whole in the figure for when it is at rest.
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmark_explorer import Verdicts
from measured_terminal import MeasuredTerminal

PEERS = ("litecli==1.17.1", "pgcli==4.7.1", "ipython==9.18.1")
ROUNDS = 11
MOST_FOR_STATEMENT = 14
"""What the first statement is to take after the first key, in times `python -c pass`."""
_CMDM = str(Path(sys.executable).with_name("cmdm"))
"""The program as it is installed."""
_TERMINAL = {"PROMPT_TOOLKIT_NO_CPR": "1"}
"""No terminal of this kind answers where its cursor is."""

_SAME_LIBRARIES = """
import os
from prompt_toolkit import PromptSession
while True:
    PromptSession("bare> ").prompt()
    import duckdb, h11, httpcore, httpx, msgspec, rich.table, sqlglot
    sqlglot.parse_one("select 1", dialect="duckdb")
    with httpx.Client(base_url=os.environ["CMDM_URL"], trust_env=False) as client:
        client.get("/api/v1/lead")
    with duckdb.connect() as database:
        database.execute("select 1").fetchall()
    print("ans" + "wered")
"""
"""What a first statement takes with the libraries of `cmdm` alone: one request, one query."""

_MINIMAL = """
from prompt_toolkit import PromptSession
while True:
    PromptSession("minimal> ").prompt()
    print("ans" + "wered")
"""


@dataclass(frozen=True, slots=True)
class PromptProgram:
    """A program with a prompt: how it is started, and how its screen shows what was waited for."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    prompt: str
    statement: str
    """What is typed first, Enter included."""
    result: str = "answered"
    """What the screen shows of its result, and does not show before."""


@dataclass(frozen=True, slots=True)
class PromptCost:
    """Processor seconds from the start to three moments."""

    ready: float
    answered: float
    at_rest: float
    """Without a statement, when nothing more is loaded."""


def start(data: Path) -> None:
    """Measure the start of the commands and of the prompt; the peers are kept in `data`."""
    peers = _install_peers(data / "prompt-peers")
    verdicts = Verdicts()
    _compare_commands(verdicts)
    _compare_prompts(peers, verdicts)
    if verdicts.exceeded:
        sys.exit("Exceeded: " + "; ".join(verdicts.exceeded) + ".")


def _install_peers(folder: Path) -> Path:
    """Return the folder of the peers' programs, installing them into an environment first."""
    programs = folder / "bin"
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != str(PEERS):
        print(f"Installing {', '.join(PEERS)} into {folder} …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [programs / "python", "-m", "pip", "install", "--quiet", *PEERS]
        subprocess.run(install, check=True)
        stamp.write_text(str(PEERS))
    return programs


def _cpu(*words: str | Path) -> float:
    """Return the processor time of a program that ends."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _bare() -> float:
    return _cpu(sys.executable, "-c", "pass")


def _compare_commands(verdicts: Verdicts) -> None:
    """Compare what only prints with a bare interpreter and a bare program of Click."""
    click = (
        "import click\n"
        "@click.group()\n@click.version_option('1')\ndef bare(): ...\n"
        "bare(prog_name='bare')"
    )
    measures: tuple[Callable[[], float], ...] = (
        _bare,
        lambda: _cpu(sys.executable, "-c", click, "--version"),
        lambda: _cpu(_CMDM, "--version"),
        lambda: _cpu(_CMDM, "--help"),
    )
    for measure in measures:
        measure()
    rounds = [tuple(measure() for measure in measures) for _ in range(ROUNDS)]
    bare, of_click, version, help_ = (
        statistics.median(column) for column in zip(*rounds, strict=True)
    )
    print(
        f"Processor time, median of {ROUNDS}: python -c pass {bare * 1000:.0f} ms, a bare program "
        f"of Click {of_click * 1000:.0f} ms, cmdm --version {version * 1000:.0f} ms, cmdm --help "
        f"{help_ * 1000:.0f} ms"
    )
    of_bare = statistics.median(one[2] / one[0] for one in rounds)
    verdicts.note("cmdm --version, of python -c pass", of_bare, 5)


def _compare_prompts(peers: Path, verdicts: Verdicts) -> None:
    with ExitStack() as running:
        home = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="cmdm-bench-home-")))
        environment = running.enter_context(_serve_sandbox(home))
        programs = [
            PromptProgram("cmdm", [_CMDM, "repl"], environment, "> ", _SELECT),
            PromptProgram(
                "same libraries", [sys.executable, "-c", _SAME_LIBRARIES], environment, "> ", "s"
            ),
            *_describe_peers(peers, home),
        ]
        if shutil.which("initdb") or Path("/usr/lib/postgresql").exists():
            programs.append(_describe_pgcli(peers, home, running.enter_context(_run_postgres())))
        for program in programs:
            _measure(program)
        rounds = [(_bare(), [_measure(program) for program in programs]) for _ in range(ROUNDS)]
    _report_prompts([program.name for program in programs], rounds, verdicts)


def _report_prompts(
    names: Sequence[str], rounds: Sequence[tuple[float, list[PromptCost]]], verdicts: Verdicts
) -> None:
    print(
        f"Times python -c pass ({statistics.median(bare for bare, _ in rounds) * 1000:.0f} ms), "
        f"processor time, median of {len(rounds)}:"
    )
    for number, name in enumerate(names):
        ready, answered, at_rest = (
            statistics.median(moment(costs[number]) / bare for bare, costs in rounds)
            for moment in (_ready, _answered, _at_rest)
        )
        print(
            f"  {name:<16} ready for a key {ready:5.1f}   first statement {answered:5.1f} more   "
            f"at rest after it {at_rest:5.1f} in all"
        )
    litecli = names.index("litecli")

    def compare(moment: Callable[[PromptCost], float]) -> float:
        return statistics.median(moment(costs[0]) / bare for bare, costs in rounds)

    of_litecli = statistics.median(costs[0].ready / costs[litecli].ready for _, costs in rounds)
    verdicts.note("ready for a key, of python -c pass", compare(_ready), 20)
    verdicts.note("ready for a key, of litecli", of_litecli, 1.2)
    of_libraries = statistics.median(costs[0].answered / costs[1].answered for _, costs in rounds)
    verdicts.note("first statement, of the same libraries' own", of_libraries, 1.6)
    first, libraries = (
        statistics.median(costs[number].answered / bare for bare, costs in rounds)
        for number in (0, 1)
    )
    if libraries > MOST_FOR_STATEMENT:
        print(
            f"  first statement, of python -c pass: {first:.3g}, at most {MOST_FOR_STATEMENT}: NO; "
            f"the same libraries alone take {libraries:.3g}, so none that loads them then meets it"
        )
    else:
        verdicts.note("first statement, of python -c pass", first, MOST_FOR_STATEMENT)


def _ready(cost: PromptCost) -> float:
    return cost.ready


def _answered(cost: PromptCost) -> float:
    return cost.answered


def _at_rest(cost: PromptCost) -> float:
    return cost.at_rest


def _measure(program: PromptProgram) -> PromptCost:
    """Type the first key at the first prompt, then the rest of the statement at once."""
    with MeasuredTerminal(program.command, program.environment) as terminal:
        _expect(terminal, program, lambda text: program.prompt.strip() in text)
        terminal.type(program.statement[0])
        typed = program.prompt + program.statement[0]
        _expect(terminal, program, lambda text: typed in text)
        ready = terminal.processor_seconds
        terminal.type(program.statement[1:] + "\r")
        _expect(terminal, program, lambda text: program.result in text)
        answered = terminal.processor_seconds - ready
        terminal.wait_until_idle()
        return PromptCost(ready, answered, terminal.processor_seconds)


def _expect(
    terminal: MeasuredTerminal, program: PromptProgram, is_there: Callable[[str], bool]
) -> None:
    if not terminal.wait_for(is_there):
        message = f"{program.name} did not show what it should; its screen:\n{terminal.text}"
        raise RuntimeError(message)


_SELECT = "select 'ans' || 'wered' as word, ExternalID from lead limit 1;"
_PYTHON = "str('ans' + 'wered')"
_TABLE = "create table lead (ExternalID text); insert into lead values ('L1');"


def _describe_peers(peers: Path, home: Path) -> Generator[PromptProgram]:
    import sqlite3

    environment = {"HOME": str(home), **_TERMINAL}
    with sqlite3.connect(home / "rows.db") as connection:
        connection.executescript(_TABLE)
    connection.close()
    yield PromptProgram(
        "litecli", [str(peers / "litecli"), str(home / "rows.db")], environment, "> ", _SELECT
    )
    yield PromptProgram("ipython", [str(peers / "ipython")], environment, "In [1]: ", _PYTHON)
    yield PromptProgram(
        "prompt-toolkit", [sys.executable, "-c", _MINIMAL], environment, "minimal> ", "s"
    )


def _describe_pgcli(peers: Path, home: Path, address: str) -> PromptProgram:
    subprocess.run(["psql", "-q", address, "-c", _TABLE], check=True)
    environment = {"HOME": str(home), **_TERMINAL}
    return PromptProgram("pgcli", [str(peers / "pgcli"), address], environment, "> ", _SELECT)


@contextmanager
def _serve_sandbox(home: Path) -> Generator[Mapping[str, str]]:
    """Serve a sandbox; yield the environment in which `cmdm` uses it."""
    serve = [sys.executable, "-m", "cmdm_tui", "sandbox", "serve", "--json", "--quiet"]
    options = ["--port", "0", "--data", str(home / "sandbox"), "--records", "200"]
    limits = ["--rate-limit", "1000000", "--month-limit", "1000000"]
    with subprocess.Popen(
        [*serve, *options, *limits], stdout=subprocess.PIPE, text=True
    ) as sandbox:
        assert sandbox.stdout is not None
        try:
            told: dict[str, str] = json.loads(sandbox.stdout.readline())
            folders = {
                f"XDG_{name}_HOME": f"{home}/{name}"
                for name in ("CONFIG", "CACHE", "DATA", "STATE")
            }
            names = ("url", "client_id", "client_secret", "username", "password")
            service = {f"CMDM_{name.upper()}": told[name] for name in names}
            yield {"HOME": str(home), **_TERMINAL, **folders, **service}
        finally:
            sandbox.terminate()


@contextmanager
def _run_postgres() -> Generator[str]:
    """Run a PostgreSQL server; yield its address."""
    command = ["scripts/with_postgres", "sh", "-c", 'echo "$CMDM_TEST_POSTGRES"; cat']
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()
