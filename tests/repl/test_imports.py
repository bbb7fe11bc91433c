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


ONLY_BEHIND_THE_PROMPT = {
    "httpx", "rich", "sqlglot", "duckdb", "pygments", "textual",
    "cmdm_tui.api", "cmdm_tui.catalog", "cmdm_tui.changes", "cmdm_tui.query",
    "cmdm_tui.repl.session", "cmdm_tui.repl.statement_splitter", "cmdm_tui.repl.prompt",
}  # fmt: skip


def test_the_first_line_is_edited_before_anything_else_is_imported() -> None:
    drawn = "import cmdm_tui.cli.main, cmdm_tui.cli.commands.repl, cmdm_tui.repl.line_editor"
    assert imported(drawn).isdisjoint(ONLY_BEHIND_THE_PROMPT)


def test_the_check_of_what_is_behind_the_prompt_can_fail() -> None:
    assert imported("import cmdm_tui.repl.prompt") >= {"cmdm_tui.repl.session", "httpx"}


def test_the_command_line_of_httpx_is_not_imported() -> None:
    run = "from cmdm_tui.cli.main import run; run(['--version']); import httpx"
    assert imported(run).isdisjoint({"rich", "pygments"})
    assert "rich" in imported("import httpx")
