import subprocess
import sys


def imported(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_face_alone_imports_nothing_heavy() -> None:
    assert imported("import cmdm_tui.repl").isdisjoint({"httpx", "prompt_toolkit", "rich"})


def test_a_script_needs_no_prompt() -> None:
    script = "import cmdm_tui.repl.script, cmdm_tui.repl.commands"
    assert imported(script).isdisjoint({"prompt_toolkit", "textual", "sqlglot", "duckdb", "vcr"})
