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


NOT_FOR_A_SELECT = {
    "cmdm_tui.changes.apply", "cmdm_tui.changes.from_sql", "cmdm_tui.changes.journal",
    "cmdm_tui.changes.undo", "cmdm_tui.operations.write", "cmdm_tui.repl.changes",
    "cmdm_tui.formats.xlsx", "cmdm_tui.formats.parquet", "cmdm_tui.operations.charts",
    "textual", "pandas", "numpy", "pyarrow", "fsspec", "sqlglot.dialects.postgres",
}  # fmt: skip


def test_a_query_loads_nothing_that_changes_records_or_draws_charts() -> None:
    assert imported("import cmdm_tui.repl.queries").isdisjoint(NOT_FOR_A_SELECT)


def test_the_check_of_what_a_query_loads_can_fail() -> None:
    assert "cmdm_tui.changes.apply" in imported("import cmdm_tui.repl.changes")


PARTLY_COMPARED = {
    "ColumnPredicate", "PlannedQuery", "CommandStatement", "StatementText", "PlannedCall",
}  # fmt: skip
"""What stays a dataclass: some of its fields are not shown, not compared or only named."""


def list_dataclasses(*modules: str) -> set[str]:
    """Return the names of the dataclasses of the engine and the prompt that an import makes."""
    code = (
        f"import dataclasses, sys, {', '.join(modules)}\n"
        "own = [m for m in [*sys.modules.values()]"
        " if m.__name__.startswith(('cmdm_tui.query', 'cmdm_tui.repl'))]\n"
        "print(*{c.__name__ for m in own for c in vars(m).values() if isinstance(c, type)"
        " and c.__module__ == m.__name__ and dataclasses.is_dataclass(c)})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_engine_and_the_prompt_are_made_of_structs() -> None:
    # A dataclass takes forty times as long to make: Python compiles the methods of each.
    assert list_dataclasses("cmdm_tui.repl.queries", "cmdm_tui.repl.prompt") <= PARTLY_COMPARED


def test_the_check_of_what_they_are_made_of_can_fail() -> None:
    assert "PlannedQuery" in list_dataclasses("cmdm_tui.repl.queries")


def test_a_plain_query_does_not_list_the_functions_of_duckdb() -> None:
    assert "cmdm_tui.query.database.duckdb_functions" in imported("import cmdm_tui.query.engine")
    planned = (
        "from cmdm_tui.query.parsing.query_shape import shape_of\n"
        "from cmdm_tui.query.parsing.references import Source\n"
        "from cmdm_tui.query.database import duckdb_functions as functions\n"
        "import sqlglot\n"
        "def look(sql):\n"
        "    tree = sqlglot.parse_one(sql, dialect='duckdb')\n"
        "    source = Source(tree.find(sqlglot.exp.Table), 'lead')\n"
        "    shape_of(tree, [source], functions.AGGREGATE_NAMES).is_aggregate\n"
        "    print(functions._read_functions.cache_info().currsize)\n"
        "look('SELECT LastName, count(*) OVER () AS n FROM lead LIMIT 5')\n"
        "look('SELECT some_function(LastName) FROM lead')"
    )
    done = subprocess.run(
        [sys.executable, "-c", planned], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "1"]


def test_the_command_line_of_httpx_is_not_imported() -> None:
    run = "from cmdm_tui.cli.main import run; run(['--version']); import httpx"
    assert imported(run).isdisjoint({"rich", "pygments"})
    assert "rich" in imported("import httpx")
