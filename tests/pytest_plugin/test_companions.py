"""The table of what works next to the plug-in: its rows are those of the cases, and they work."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).with_name("companion_cases.py")


def test_the_page_has_a_row_for_each_case() -> None:
    page = (ROOT / "tests" / "README.md").read_text("utf-8")
    nodes = ast.parse(CASES.read_text("utf-8")).body
    tests = [one for one in nodes if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    rows = [row for one in tests if " | " in (row := ast.get_docstring(one) or "")]
    assert len(rows) > 10
    for row in rows:
        assert f"| yes: {row.partition(' | ')[2]} |" in page


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_all_of_it_works_in_a_fresh_environment(runs_whole: bool) -> None:
    if not runs_whole:
        pytest.skip("installs a dozen packages: run under --all")
    script = [sys.executable, str(ROOT / "scripts" / "draw_plugin_table.py")]
    assert subprocess.run(script, cwd=ROOT, check=False).returncode == 0
