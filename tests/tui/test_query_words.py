"""What the SQL screen says: costs in plain words, each fault once, and nothing out of date."""

from pathlib import Path

import pytest

from cmdm_tui.config import Profile
from cmdm_tui.query.planning.plan import PlanClass
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.query import editor_pane
from cmdm_tui.tui.widgets.completion_list import CompletionList
from cmdm_tui.tui.widgets.key_footer import KeyFooter
from tests.services import CountedNetwork
from tests.tui.driver import FixedProfiles, press, screen_text, screen_words, type_text
from tests.tui.scripted_service import ScriptedService
from tests.tui.test_query import cells, explore, explorer, opened, write


@pytest.fixture(autouse=True)
def planned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editor_pane, "PLAN_DELAY", 0.0)


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_an_empty_editor_names_the_keys_and_says_what_is_missing(
    service: ScriptedService, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(explore(service), tmp_path, size) as (pilot, screen):
        labels = [entry.label for entry in screen.query_one(KeyFooter).shown_entries]
        assert {"Run", "New tab"} <= set(labels)
        assert ("Close tab" in labels) == (size[0] == 100)
        await press(pilot, "ctrl+r")
        assert "There is no SQL to run here" in screen_words(explorer(pilot))
        await type_text(pilot, "S")
        assert "There is no SQL" not in screen_words(explorer(pilot))
        after = [entry.label for entry in screen.query_one(KeyFooter).shown_entries]
        assert {"Run", "New tab"} <= set(after)


async def test_a_cost_names_the_entity_and_is_that_of_another_run_afterwards(
    reading_sandbox: Profile, network: CountedNetwork, tmp_path: Path
) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None, transport=network)
    async with opened(app, tmp_path) as (pilot, screen):
        network.taken()
        sql = "SELECT City, count(*) AS n FROM contact GROUP BY City"
        pane = await write(pilot, screen, sql)
        plan = pane.editor_pane
        assert plan.plan.summary.startswith(
            "Cost not known yet: the fields of contact were not read."
        )
        assert network.taken() == []
        await press(pilot, "ctrl+r")
        calls = len(network.taken())
        assert f" · {calls} call" in pane.result_pane.caption.line
        assert pane.result_pane.caption.line.endswith(" · materialise (reads every page)")
        assert plan.plan.summary.startswith("Run again: materialise (reads every page) · ")
        assert " left" not in screen_words(app), "the calls left are in the status line alone"
        again = plan.plan.summary
        await press(pilot, "ctrl+r")
        assert f" · {len(network.taken())} call" in again
        await write(pilot, screen, sql.replace("contact", "lead"))
        assert "Run again" not in plan.plan.summary


async def test_a_fault_is_said_once_and_goes_with_its_statement(
    reading_sandbox: Profile, network: CountedNetwork, tmp_path: Path
) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None, transport=network)
    async with opened(app, tmp_path) as (pilot, screen):
        await write(pilot, screen, "SELECT 1 AS one")
        await press(pilot, "ctrl+r")
        pane = screen.pane
        said = pane.result_pane.caption
        network.taken()
        for sql, words in {
            "SELECT * FROM lead LIMIT -1": "cannot be below 0",
            "SELECT * FROM laed": "Did you mean lead?",
            "SELECT FROM": "cannot be read",
        }.items():
            await write(pilot, screen, sql)
            assert pane.result_pane.caption == said, "what was said of another statement is gone"
            await press(pilot, "ctrl+r")
            shown = screen_words(app)
            assert shown.count(words) == 1, sql
            assert "No result: the SQL has a fault" in shown
            assert "of the query before" in shown
            await press(pilot, "ctrl+r", "left", "right")
            assert screen_words(app).count(words) == 1, sql
        assert cells(pane) == [[1]]
        assert [call.partition("?")[0] for call in network.taken()] == ["lead/fields"]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (140, 40)])
@pytest.mark.parametrize("lines", [1, 4, 9])
async def test_offers_cover_no_part_of_the_plan(
    service: ScriptedService, tmp_path: Path, size: tuple[int, int], lines: int
) -> None:
    async with opened(explore(service), tmp_path, size) as (pilot, screen):
        await screen.account.catalog.load_fields("lead")
        await write(pilot, screen, "\n" * (lines - 1) + "SELECT length('a' || 'b' || 'c'), ")
        await type_text(pilot, "L")
        offers = screen.query_one(CompletionList)
        assert offers.is_open
        plan = screen.pane.editor_pane.query_one(".query-plan").region
        shown = offers.region
        assert not shown.overlaps(plan) or (shown.x <= plan.x and shown.right >= plan.right)
        assert "Traceback" not in screen_text(explorer(pilot))


def test_every_plan_has_plain_words_next_to_its_name() -> None:
    for plan in PlanClass:
        assert plan.words.startswith(f"{plan.value} (")
