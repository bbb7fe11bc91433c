"""The programs of `scripts/examples` run as they are, against a sandbox."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmdm_tui.sandbox import FaultPlan, RunningInfo, Sandbox, SandboxConfig

EXAMPLES = Path(__file__).parents[1] / "scripts" / "examples"
OUTPUT = {
    "list_and_page.py": ["2500 leads; the first of them by name:", "Converted: "],
    "query_with_sql.py": ["calls", "partial after 1 calls", " cities"],
    "create_safely.py": [" is Okafor"],
    "change_and_undo.py": [
        "2 changes, in 2 to 3 calls",
        "lead Score: 5 → 80",
        "2 done",
        "nothing is left of them",
    ],
    "record_and_replay.py": ["The first lead is ", "read from first-lead.yaml."],
    "watch_quota.py": ["GET /contact?", "calls are left this hour", "The count starts again at "],
}


def run(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run Python in `folder`, with nothing of the user's own in the environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CMDM_")}
    folders = {f"XDG_{name}_HOME": str(folder / name) for name in ("CACHE", "CONFIG", "DATA")}
    ended = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**clean, **folders, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def environment_of(info: RunningInfo) -> dict[str, str]:
    names = ("url", "client_id", "client_secret", "username", "password")
    return {f"CMDM_{name.upper()}": str(getattr(info, name)) for name in names}


@pytest.fixture(scope="module")
def large_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInfo]:
    """A sandbox whose leads take three pages of a thousand."""
    folder = tmp_path_factory.mktemp("sandbox")
    config = SandboxConfig(folder, port=0, records=2_500, lasting=False)
    with Sandbox.embedded(config) as running:
        yield running


@pytest.mark.parametrize("name", OUTPUT)
def test_an_example_runs(name: str, large_sandbox: RunningInfo, tmp_path: Path) -> None:
    printed = run([str(EXAMPLES / name)], tmp_path, environment_of(large_sandbox))
    assert [one for one in OUTPUT[name] if one not in printed] == []


def test_a_lead_whose_answer_was_lost_is_found_and_not_created_again(tmp_path: Path) -> None:
    plan = tmp_path / "faults.toml"
    plan.write_text('[[faults]]\nkind = "lost-answer"\nmethod = "POST"\npath = "/lead"\nnth = 1\n')
    faults = FaultPlan.read(plan)
    config = SandboxConfig(tmp_path / "sandbox", port=0, records=20, lasting=False, faults=faults)
    with Sandbox.embedded(config) as info:
        environment = environment_of(info)
        printed = run([str(EXAMPLES / "create_safely.py")], tmp_path, environment)
        assert "The answer was lost; the lead was found" in printed
        counted = ["-m", "cmdm_tui", "query", "-o", "csv"]
        sql = "SELECT count(*) AS made FROM lead WHERE LastName = 'Okafor'"
        assert run([*counted, sql], tmp_path, environment).split() == ["made", "1"]


def test_the_example_of_a_test_suite_passes(tmp_path: Path) -> None:
    example = EXAMPLES / "test_integration.py"
    (tmp_path / example.name).write_text(example.read_text("utf-8"), "utf-8")
    printed = run(["-m", "pytest", "-q", "-p", "no:cacheprovider", example.name], tmp_path, {})
    assert "3 passed" in printed


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*OUTPUT, "test_integration.py"}
