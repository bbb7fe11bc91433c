"""The explorer paints before it imports what only an open account needs."""

import subprocess
import sys

import pytest

LATER = {
    "cmdm_tui.api", "cmdm_tui.catalog", "cmdm_tui.query", "cmdm_tui.tui.screens.browse.screen",
    "duckdb", "httpx", "keyring", "msgspec", "pygments", "sqlglot", "starlette", "tomlkit",
}  # fmt: skip

PROGRAM = """
import asyncio, os, sys
from cmdm_tui.tui import Explorer

class Profiles:
    def load_profile(self, secrets, name=None):
        strips = app.screen._compositor.render_strips()
        is_painted = "Opening the profile" in "".join(strip.text for strip in strips)
        os.write(1, " ".join([str(is_painted), *sys.modules]).encode())
        os._exit(0)

async def main():
    async with app.run_test(size=(80, 24)) as pilot:
        await asyncio.sleep(60)

{before}
app = Explorer(Profiles(), catalogs=None)
asyncio.run(main())
"""


def modules_at_first_paint(before: str = "") -> set[str]:
    """Return what is imported when the explorer begins to open its profile, all being painted."""
    code = PROGRAM.format(before=before)
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    is_painted, *modules = ended.stdout.split()
    assert is_painted == "True"
    return set(modules)


def test_the_first_paint_imports_nothing_that_an_account_needs() -> None:
    modules = modules_at_first_paint()
    assert "cmdm_tui.tui.screens.start.screen" in modules
    assert modules & LATER == set()


@pytest.mark.parametrize("module", ["httpx", "cmdm_tui.catalog"])
def test_the_check_of_the_first_paint_can_fail(module: str) -> None:
    assert module in modules_at_first_paint(f"import {module}") & LATER
