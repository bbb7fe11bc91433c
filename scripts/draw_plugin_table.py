"""Tries the pytest plug-in next to other libraries, and prints a table of what works.

The wheel and the newest versions of the libraries are installed into a fresh environment. There
`tests/pytest_plugin/companion_cases.py` is run in its own order, then in random orders, by several
workers. Exits with 1 where a row does not work.
"""

import argparse
import ast
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "pytest_plugin" / "companion_cases.py"
LIBRARIES = (
    "aiohttp", "httpx2", "httpxyz", "pytest", "pytest-asyncio", "pytest-httpx", "pytest-randomly",
    "pytest-recording", "pytest-xdist", "requests", "respx", "urllib3",
)  # fmt: skip
SEEDS = (1, 2, 3)
INI = """\
[pytest]
python_files = companion_cases.py
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


def install(folder: Path) -> Path:
    """Return the interpreter of a fresh environment that has the wheel and the libraries."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, stdout=sys.stderr)
    (wheel,) = (folder / "dist").glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = next(
        path
        for path in (folder / "venv/bin/python", folder / "venv/Scripts/python.exe")
        if path.exists()
    )
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"{wheel}[harness]", *LIBRARIES], check=True, stdout=sys.stderr)
    return python


def run_cases(python: Path, folder: Path, *options: str) -> dict[str, tuple[str, bool]]:
    """Return each row by the id of its test: what it says, and whether it works."""
    (folder / "pytest.ini").write_text(INI, "utf-8")
    (folder / CASES.name).write_text(CASES.read_text("utf-8"), "utf-8")
    report = folder / "report.xml"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CMDM_")}
    environment = {**kept, "CMDM_CASSETTES": str(ROOT / "cassettes")}
    command = [str(python), "-m", "pytest", "-q", "-p", "pytester", f"--junitxml={report}"]
    subprocess.run(
        [*command, "-p", "no:cacheprovider", *options],
        cwd=folder,
        check=False,
        stdout=sys.stderr,
        env=environment,
    )
    return dict(read_report(report, read_rows()))


def read_rows() -> dict[str, str]:
    """Return the docstring of each test."""
    tree = ast.parse(CASES.read_text("utf-8"))
    tests = (one for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    return {one.name: ast.get_docstring(one) or "" for one in tests}


def read_report(report: Path, rows: dict[str, str]) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield each test of a report with its row; what was left out did not work."""
    for case in ET.parse(report).iter("testcase"):
        name = case.get("name", "")
        test, _, parameter = name.partition("[")
        row = rows[test].replace("{name}", parameter.rstrip("]"))
        faults = (case.find(tag) for tag in ("failure", "error", "skipped"))
        yield name, (row, all(fault is None for fault in faults))


def list_versions(python: Path) -> str:
    """Return the libraries with their versions."""
    names = ("vcrpy", "httpx", *LIBRARIES)
    code = (
        "import sys; from importlib.metadata import version\n"
        "print(*(f'{name} {version(name)}' for name in sys.argv[1:]), sep=', ')"
    )
    words = [str(python), "-c", code, *names]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def group(rows: Iterable[tuple[str, bool]]) -> dict[tuple[str, bool], list[str]]:
    """Return the libraries of each thing that works, or does not."""
    found: dict[tuple[str, bool], list[str]] = {}
    for row, works in rows:
        library, _, what = row.partition(" | ")
        found.setdefault((what, works), []).append(library)
    return found


def draw(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 where something does not work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", type=Path, help="an environment that has all of it already")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cmdm-plugin-") as name:
        folder = Path(name)
        python = chosen.python or install(folder)
        rows = run_cases(python, folder, "-p", "no:randomly")
        mixed = [run_cases(python, folder, "-n", "2", f"--randomly-seed={seed}") for seed in SEEDS]
        versions = list_versions(python)
    print("| next to | works |", "| --- | --- |", sep="\n")
    for (what, works), libraries in group(rows.values()).items():
        print(f"| {', '.join(libraries)} | {'yes' if works else '**no**'}: {what} |")
    alike = all(one == rows for one in mixed)
    print(
        f"| pytest-randomly and pytest-xdist | {'yes' if alike else '**no**'}: all of these rows, "
        f"in {len(SEEDS)} random orders, by two workers |"
    )
    print(f"\n{versions}.")
    return 0 if alike and all(works for _, works in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(draw())
