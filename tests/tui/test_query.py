"""The query screen: what is typed is planned for no call, run for its calls, and kept."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from cmdm_tui.config import Paths, Profile
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.models.row_source import Tone
from cmdm_tui.tui.screens.changes.preview_screen import PreviewScreen
from cmdm_tui.tui.screens.dialogs.choice import ChoiceScreen
from cmdm_tui.tui.screens.dialogs.export import ExportScreen
from cmdm_tui.tui.screens.query import editor_pane
from cmdm_tui.tui.screens.query.chart_screen import ChartScreen
from cmdm_tui.tui.screens.query.pane import QueryPane
from cmdm_tui.tui.screens.query.pick_screen import PickScreen
from cmdm_tui.tui.screens.query.screen import QueryScreen
from cmdm_tui.tui.screens.query.summary_screen import SummaryScreen
from tests.services import CountedNetwork
from tests.tui.driver import (
    FixedProfiles,
    browse,
    press,
    screen_text,
    screen_words,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import ScriptedService, people, profile

HOSTILE = "\x1b[31m\x07\u202e[b]x[/b]"


@pytest.fixture(autouse=True)
def planned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed is planned without a wait."""
    monkeypatch.setattr(editor_pane, "PLAN_DELAY", 0.0)


@asynccontextmanager
async def opened(
    app: Explorer, folder: Path, size: tuple[int, int] = (100, 30)
) -> AsyncGenerator[tuple[Pilot[None], QueryScreen]]:
    async with app.run_test(size=size) as pilot:
        await wait_until_settled(pilot)
        screen = QueryScreen(browse(app).account, Paths(folder / "config", folder / "data"))
        await app.push_screen(screen)
        await wait_until_settled(pilot)
        yield pilot, screen


def explore(service: ScriptedService) -> Explorer:
    return Explorer(FixedProfiles(profile()), catalogs=None, transport=service)


def explorer(pilot: Pilot[None]) -> Explorer:
    assert isinstance(pilot.app, Explorer)
    return pilot.app


async def write(pilot: Pilot[None], screen: QueryScreen, sql: str) -> QueryPane:
    """Put SQL into the editor as a paste does, and wait for its plan."""
    screen.pane.editor.load_text(sql)
    screen.pane.editor.move_cursor(screen.pane.editor.document.end)
    await wait_until_settled(pilot)
    return screen.pane


def taken(service: ScriptedService) -> list[str]:
    calls, service.calls = service.calls, []
    return calls


def told(app: Explorer) -> str:
    """Return what was notified, and forget it."""
    words = " ".join(one.message for one in app._notifications)
    app.clear_notifications()
    return words


def cells(pane: QueryPane, count: int = 100) -> list[list[object]]:
    source = pane.result_pane.source
    assert source is not None
    width = len(source.columns)
    rows = source.rows(0, count)
    return [[None if row is None else row.value(place) for place in range(width)] for row in rows]


async def test_a_plan_costs_no_call_and_a_run_its_calls(
    reading_sandbox: Profile, network: CountedNetwork, tmp_path: Path
) -> None:
    app = Explorer(FixedProfiles(reading_sandbox), catalogs=None, transport=network)
    async with opened(app, tmp_path) as (pilot, screen):
        network.taken()
        pane = await write(pilot, screen, "SELECT count(*) FROM lead")
        assert pane.editor_pane.plan.summary.startswith("count (reads the total) · 1 call")
        assert "left" not in pane.editor_pane.plan.summary, "that is said in the status line"
        assert not any("left" in line for line in pane.editor_pane.plan.details)
        assert network.taken() == []
        await press(pilot, "ctrl+r")
        assert len(network.taken()) == 1
        assert cells(pane) == [[250]]
        assert pane.result_pane.caption.line.startswith("1 row · 1 call · ")
        assert pane.result_pane.caption.tone is Tone.GOOD

        await write(pilot, screen, "EXPLAIN SELECT City FROM lead")
        assert network.taken() == []
        assert "not known yet" in pane.editor_pane.plan.summary
        await press(pilot, "f6")
        assert [call.partition("?")[0] for call in network.taken()] == ["lead/fields", "lead"]
        await write(pilot, screen, "SELECT City FROM lead")
        assert pane.editor_pane.plan.summary.startswith("stream (reads page by page) · 1 call")
        assert any(line.startswith("verdict") for line in pane.editor_pane.plan.details)
        assert network.taken() == []


@pytest.mark.parametrize(
    ("sql", "words", "place"),
    [
        ("SELECT *\nFROM lead WHERE Scroe = 1", "Did you mean Score?", (1, 16)),
        ("SELECT * FROM laed", "Did you mean lead?", (0, 14)),
        ("SELECT FROM WHERE", "The SQL cannot be read", (0, 12)),
        ("DROP TABLE lead", "DROP", (0, 0)),
        ("SELECT 'open", "cannot be read", None),
    ],
)
async def test_a_fault_is_shown_with_its_place(
    service: ScriptedService,
    tmp_path: Path,
    sql: str,
    words: str,
    place: tuple[int, int] | None,
) -> None:
    async with opened(explore(service), tmp_path) as (pilot, screen):
        await screen.account.catalog.load_fields("lead")
        taken(service)
        pane = await write(pilot, screen, sql)
        assert words in pane.editor_pane.plan.summary
        assert pane.editor_pane.plan.tone is Tone.ERROR
        if place is not None:
            assert (pane.editor_pane.plan.line, pane.editor_pane.plan.column) == (
                place[0] + 1,
                place[1] + 1,
            )
            assert any(line.strip() == "^" for line in pane.editor_pane.plan.details)
            assert place[0] in pane.editor._highlights
            assert any(name == "fault" for *_, name in pane.editor._highlights[place[0]])
        await press(pilot, "ctrl+r")
        assert "Traceback" not in screen_text(explorer(pilot))
        assert taken(service) == []


async def test_statements_are_run_one_by_one_and_told_apart(
    service: ScriptedService, tmp_path: Path
) -> None:
    async with opened(explore(service), tmp_path) as (pilot, screen):
        taken(service)
        pane = await write(pilot, screen, "SELECT 1 AS a;\nSELECT ';' AS b -- ;\n;")
        pane.editor.move_cursor((0, 3))
        await press(pilot, "ctrl+r")
        assert cells(pane) == [[1]]
        pane.editor.move_cursor((1, 3))
        await press(pilot, "alt+enter")
        assert cells(pane) == [[";"]]
        assert taken(service) == []
        assert screen.list_history() == ["SELECT ';' AS b -- ;", "SELECT 1 AS a"]
        assert (tmp_path / "data" / "history").stat().st_mode & 0o777 == 0o600


async def test_secrets_are_not_kept_in_the_history(
    service: ScriptedService, tmp_path: Path
) -> None:
    async with opened(explore(service), tmp_path) as (pilot, screen):
        await write(pilot, screen, "SELECT 'pässword', 'the-secret'")
        await press(pilot, "ctrl+r")
        kept = (tmp_path / "data" / "history").read_text()
        assert "SELECT" in kept
        assert "pässword" not in kept
        assert "the-secret" not in kept


async def test_completion_offers_takes_and_closes(service: ScriptedService, tmp_path: Path) -> None:
    async with opened(explore(service), tmp_path) as (pilot, screen):
        await screen.account.catalog.load_fields("lead")
        taken(service)
        pane = screen.pane
        await type_text(pilot, "SELECT * FROM lead WHERE Sc")
        assert pane.editor_pane.completion.names[:1] == ("Score",)
        assert "Score" in screen_text(explorer(pilot))
        await press(pilot, "tab")
        assert pane.editor.text.endswith("WHERE Score")
        assert not pane.editor_pane.completion.is_open
        await type_text(pilot, " > 1 AND Ci")
        await press(pilot, "enter")
        assert pane.editor.text.endswith("AND Ci\n"), "Enter takes none that was not gone to"
        await type_text(pilot, "= Sco")
        await press(pilot, "down", "up", "enter")
        assert pane.editor.text.endswith("\n= Score")
        await type_text(pilot, " + Scor")
        await press(pilot, "escape")
        assert not pane.editor_pane.completion.is_open
        assert pane.editor.has_focus
        await press(pilot, "ctrl+@")
        assert pane.editor.text.endswith(" Score"), "the only offer is taken"
        assert taken(service) == []


async def wait_for_question(pilot: Pilot[None], words: str) -> None:
    """Wait for a dialog with these words: the worker that asks does not end meanwhile."""
    while not isinstance(pilot.app.screen, ChoiceScreen) or words not in screen_words(
        explorer(pilot)
    ):
        await pilot.pause()


async def test_a_run_of_many_calls_is_asked_about(tmp_path: Path) -> None:
    service = ScriptedService({"lead": people(1_200)}, cap=10)
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(pilot, screen, "SELECT max(length(Notes)) FROM lead")
        pane.run_statement()
        await wait_for_question(pilot, "The query takes 12")
        before = len(service.calls)
        await press(pilot, "enter")
        assert len(service.calls) == before, "Enter alone says no"
        assert "Not run; no record was fetched." in pane.result_pane.caption.line
        pane.run_statement()
        await wait_for_question(pilot, "The query takes 12")
        await pilot.press("down")
        await press(pilot, "enter")
        assert len(service.calls) - before >= 119
        assert cells(pane) == [[22]]


async def test_a_search_that_is_not_enough_is_asked_about_and_resumed(tmp_path: Path) -> None:
    service = ScriptedService({"lead": people(1_200)}, cap=10)
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(pilot, screen, "SELECT LastName, Notes FROM lead WHERE Notes LIKE '%x%'")
        pane.run_statement()
        await wait_for_question(pilot, "have not been enough for the search")
        await press(pilot, "enter")
        assert "not finished: these are not the rows of the query" in pane.result_pane.caption.line
        assert pane.result_pane.caption.tone is Tone.WARNING
        assert pane.can_resume
        before = len(service.calls)
        await press(pilot, "f9")
        assert len(service.calls) > before
        assert "not finished" not in pane.result_pane.caption.line
        assert not pane.can_resume


async def test_a_run_that_is_stopped_keeps_what_came_and_says_so(tmp_path: Path) -> None:
    service = ScriptedService({"lead": people(300)}, cap=100)
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(pilot, screen, "SELECT ExternalID, LastName FROM lead")
        await press(pilot, "ctrl+r")
        assert pane.result_pane.caption.line.startswith("300 rows")
        service.held["lead"] = asyncio.Event()
        taken(service)
        pane.run_statement()
        while not service.calls:
            await pilot.pause()
        await pilot.press("ctrl+c")
        service.held["lead"].set()
        await wait_until_settled(pilot)
        assert not pane.is_running
        caption = pane.result_pane.caption
        assert "partial" in caption.line
        assert caption.tone is Tone.WARNING
        assert any("stopped before all records were read" in one for one in caption.sentences)
        result = pane.result_pane.result
        assert result is not None
        assert result.partial
        assert result.count < 300


async def test_a_failure_is_a_sentence(service: ScriptedService, tmp_path: Path) -> None:
    async with opened(explore(service), tmp_path) as (pilot, screen):
        import httpx

        pane = await write(pilot, screen, "SELECT * FROM lead")
        service.answers["*"] = httpx.Response(500, json={"Message": HOSTILE})
        await press(pilot, "ctrl+r")
        assert pane.result_pane.caption.tone is Tone.ERROR
        assert "500" in pane.result_pane.caption.line
        assert not pane.is_running
        assert "\x1b" not in pane.result_pane.caption.line
        assert "\x1b" not in screen_text(explorer(pilot))


async def test_hostile_values_columns_and_pastes_are_shown_in_words(tmp_path: Path) -> None:
    rows = [("ID1", {"LastName": HOSTILE, f"a{HOSTILE}": "v"}), ("ID2", {"LastName": "x"})]
    service = ScriptedService({"lead": rows})
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(pilot, screen, "SELECT *, '\x1b]0;x\x07' AS b FROM lead")
        assert "\x1b" not in pane.editor.text
        assert "␛]0;x␇" in pane.editor.text
        await press(pilot, "ctrl+r", "escape")
        for keys in (
            (),
            ("m",),
            ("escape", "p"),
            ("h",),
            ("l",),
            ("escape", "f7"),
            ("escape", "X"),
        ):
            await press(pilot, *keys)
            shown = screen_text(explorer(pilot))
            assert not set("\x1b\x07\u202e") & set(shown)
        await press(pilot, "escape")
        assert "␛[31m" in screen_text(explorer(pilot))


async def test_ten_thousand_rows_are_read_sorted_and_searched_for_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cmdm_tui.tui.models import result_source

    monkeypatch.setattr(result_source, "MOST_CELLS", 600)
    monkeypatch.setattr(result_source, "_BLOCK_CELLS", 300)
    service = ScriptedService({"lead": []})
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(
            pilot,
            screen,
            "SELECT i, 10000 - i AS j, 'row ' || (i + 10000) AS k FROM range(10000) t(i)",
        )
        taken(service)
        await press(pilot, "ctrl+r", "escape", "G")
        grid = pane.result_pane.grid
        assert grid.cursor_row == 9_999
        assert grid.cursor_key == "10000"
        assert "row 19999" in screen_text(explorer(pilot))
        await press(pilot, "l", "s")
        assert "row 19999" in screen_text(explorer(pilot))
        assert "sorted here by j ▲" in pane.result_pane.caption.line
        await press(pilot, "g")
        assert cells(pane, 1) == [[9_999, 1, "row 19999"]]
        await press(pilot, "slash")
        await type_text(pilot, "ROW 1123")
        assert "10 matches in all 10,000 rows" in screen_text(explorer(pilot))
        assert (grid.cursor_row, grid.cursor_column) == (9_999 - 1_239, "k")
        await press(pilot, "enter", "n")
        assert grid.cursor_row == 9_999 - 1_238
        await press(pilot, "N", "N")
        assert grid.cursor_row == 9_999 - 1_230, "it goes round"
        await press(pilot, "slash")
        await type_text(pilot, "nowhere")
        assert grid.cursor_row == 9_999 - 1_230, "it is back where the search began"
        await press(pilot, "enter")
        assert told(explorer(pilot)) == "0 matches in all 10,000 rows."
        await press(pilot, "minus", "u")
        assert [one.name for one in grid.columns] == ["i", "j"], "an order keeps the columns"

        former = pane.result_pane.source
        assert former is not None
        await write(pilot, screen, "SELECT 1")
        await press(pilot, "ctrl+r", "escape")
        assert pane.result_pane.source is not former
        await screen._search_stored(former, former, "row 1", [2])  # whose rows are gone
        assert screen.search_result is None
        assert "sorted" not in pane.result_pane.caption.line
        assert taken(service) == []


async def test_a_summary_and_charts_of_a_result_make_no_call(
    service: ScriptedService, tmp_path: Path
) -> None:
    async with opened(explore(service), tmp_path, (80, 24)) as (pilot, screen):
        sql = (
            "SELECT DATE '2026-01-01' + CAST(i AS INTEGER) AS day, i * 2 AS n, "
            "CASE WHEN i % 4 = 0 THEN NULL ELSE 'c' || i % 2 END AS c FROM range(8) t(i)"
        )
        pane = await write(pilot, screen, sql)
        taken(service)
        await press(pilot, "ctrl+r", "escape", "l", "m")
        assert isinstance(pilot.app.screen, SummaryScreen)
        summary = pilot.app.screen.summary
        assert summary is not None
        assert (summary.row_count, summary.null_count, summary.distinct) == (8, 0, 8)
        assert (summary.smallest, summary.largest, summary.mean) == (0, 14, 7)
        assert "Mean 7" in screen_words(explorer(pilot))
        await press(pilot, "escape", "p")
        assert isinstance(pilot.app.screen, ChartScreen)
        assert str(pilot.app.screen.kind) == "line"
        assert "n over day · 8 rows" in screen_words(explorer(pilot))
        assert "2026-01-08" in screen_text(explorer(pilot))
        await press(pilot, "h")
        assert "how many of 8 rows" in screen_words(explorer(pilot))
        await press(pilot, "escape", "l", "m")
        assert isinstance(pilot.app.screen, SummaryScreen)
        assert pilot.app.screen.summary is not None
        assert pilot.app.screen.summary.top == (("c1", 4), ("c0", 2))
        assert pilot.app.screen.summary.null_count == 2
        assert "Null 2 (25%)" in screen_words(explorer(pilot))
        await press(pilot, "escape")
        assert pane.result_pane.grid.has_focus
        assert taken(service) == []


@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "jsonl", "md", "parquet", "xlsx"])
async def test_a_result_is_exported_and_no_file_replaced_unasked(
    service: ScriptedService, tmp_path: Path, ending: str
) -> None:
    app = explore(service)
    async with opened(app, tmp_path) as (pilot, screen):
        await write(pilot, screen, "SELECT 1 AS a UNION ALL SELECT 2")
        file = tmp_path / f"out.{ending}"
        await press(pilot, "ctrl+r", "escape")
        await export_to(pilot, file)
        assert file.stat().st_size > 0
        assert told(app).startswith(f"All 2 rows, written to {file} as ")
        file.write_text("kept")
        await export_to(pilot, file)
        assert isinstance(pilot.app.screen, ChoiceScreen)
        await press(pilot, "enter", "escape")
        assert file.read_text() == "kept"
        await export_to(pilot, tmp_path / "out.exe")
        assert "names no format" in screen_words(explorer(pilot))
        assert not (tmp_path / "out.exe").exists()


async def export_to(pilot: Pilot[None], file: Path) -> None:
    await press(pilot, "X")
    assert isinstance(pilot.app.screen, ExportScreen)
    pilot.app.screen.query_one(Input).value = str(file)
    await press(pilot, "enter")


async def test_an_export_of_a_result_has_the_columns_shown_and_all_rows_or_those_marked(
    service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cmdm_tui.tui.models import result_source

    monkeypatch.setattr(result_source, "MOST_CELLS", 30)
    monkeypatch.setattr(result_source, "_BLOCK_CELLS", 30)
    app = explore(service)
    async with opened(app, tmp_path) as (pilot, screen):
        sql = "SELECT i AS a, 'x' AS b, i * 2 AS a FROM range(300) t(i) ORDER BY i DESC"
        pane = await write(pilot, screen, sql)
        await press(pilot, "ctrl+r", "escape", "right", "minus", "ctrl+left")
        taken(service)
        file = tmp_path / "rows.csv"
        await export_to(pilot, file)
        assert told(app) == f"All 300 rows, written to {file} as csv."
        lines = file.read_text().splitlines()
        assert lines[:2] == ["a_2,a", "598,299"]
        assert lines[-1] == "0,0"
        assert len(lines) == 301

        await press(pilot, "space", "down", "space")
        assert screen_words(app).count("2 marked ·") == 1
        await press(pilot, "y")
        assert "its id" not in screen_words(app), "a row of a result has no id"
        await press(pilot, "escape")
        await export_to(pilot, tmp_path / "marked.json")
        assert told(app) == f"2 marked rows, written to {tmp_path / 'marked.json'} as json."
        assert json.loads((tmp_path / "marked.json").read_text()) == [
            {"a_2": 598, "a": 299}, {"a_2": 594, "a": 297},
        ]  # fmt: skip
        assert pane.result_pane.grid.has_focus
        assert taken(service) == []


async def test_keys_of_the_rows_are_typed_in_the_editor(
    service: ScriptedService, tmp_path: Path
) -> None:
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(pilot, screen, "SELECT 1 AS a UNION ALL SELECT 2")
        await press(pilot, "ctrl+r")
        rows_only = {"search", "copy", "export", "mark", "columns", "sort"}
        assert not rows_only & screen.available_commands
        await press(pilot, *"/nyXcv")
        assert pane.editor.text.endswith("2/nyXcv")
        await press(pilot, "escape")
        assert rows_only <= screen.available_commands
        await press(pilot, "space", "Y")
        assert len(pane.result_pane.grid.marks) == 1
        await press(pilot, "escape")
        assert not rows_only & screen.available_commands


async def test_tabs_are_opened_left_and_closed(service: ScriptedService, tmp_path: Path) -> None:
    async with opened(explore(service), tmp_path) as (pilot, screen):
        first = await write(pilot, screen, "SELECT 1 AS a")
        await press(pilot, "ctrl+t")
        second = await write(pilot, screen, "SELECT 2 AS b")
        assert screen.panes == [first, second]
        await press(pilot, "ctrl+r")
        await press(pilot, "ctrl+pageup")
        assert screen.pane is first
        assert first.editor.has_focus
        assert "SELECT 1 AS a" in screen_text(explorer(pilot))
        await press(pilot, "ctrl+w")
        assert isinstance(pilot.app.screen, ChoiceScreen), "it was not saved and not run"
        await press(pilot, "enter")
        assert screen.panes == [first, second]
        await press(pilot, "ctrl+pagedown", "ctrl+w")
        assert screen.panes == [first], "what was run is in the history"
        await press(pilot, "ctrl+w", "down", "enter")
        assert len(screen.panes) == 1
        assert screen.pane.editor.text == ""


async def test_history_and_saved_queries_come_back(
    service: ScriptedService, tmp_path: Path
) -> None:
    app = explore(service)
    async with opened(app, tmp_path) as (pilot, screen):
        pane = await write(pilot, screen, "SELECT 1 AS one")
        await press(pilot, "ctrl+r")
        await write(pilot, screen, "SELECT 2 AS two")
        await press(pilot, "ctrl+r", "f7")
        assert isinstance(pilot.app.screen, PickScreen)
        await type_text(pilot, "one")
        await press(pilot, "enter")
        assert pane.editor.text == "SELECT 1 AS one"
        await press(pilot, "ctrl+s")
        await type_text(pilot, "../x")
        await press(pilot, "enter")
        assert "A name has" in screen_words(explorer(pilot))
        await press(pilot, *["backspace"] * 4)
        await type_text(pilot, "First")
        await press(pilot, "enter")
        saved = tmp_path / "config" / "queries" / "First.sql"
        assert saved.read_text() == "SELECT 1 AS one\n"
        assert pane.document.title == "First"
        await type_text(pilot, "x")
        assert "First*" in screen_text(explorer(pilot))
        await press(pilot, "ctrl+s")
        assert saved.read_text() == "SELECT 1 AS onex\n"
        await press(pilot, "ctrl+t", "f8", "enter")
        assert len(screen.panes) == 2
        assert screen.pane.editor.text == "SELECT 1 AS onex\n"
        await press(pilot, "f8", "ctrl+d", "down", "enter")
        assert not saved.exists()
        await press(pilot, "ctrl+o")
        await type_text(pilot, str(tmp_path / "none.sql"))
        await press(pilot, "enter")
        assert "cannot be read" in told(app)


async def test_changes_are_shown_before_any_is_sent(tmp_path: Path) -> None:
    service = ScriptedService(
        {"lead": people(3)},
        {"lead": [{"Name": "LastName", "Type": "Text"}, {"Name": "City", "Type": "Text"}]},
    )
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(
            pilot, screen, "UPDATE lead SET City = 'York' WHERE ExternalID = 'ID000001'"
        )
        taken(service)
        await press(pilot, "ctrl+r")
        assert isinstance(pilot.app.screen, PreviewScreen)
        assert "York" in screen_text(explorer(pilot))
        assert "Leeds" in screen_text(explorer(pilot)), "the old value is next to the new one"
        assert not [call for call in service.calls if call.startswith(("PUT", "POST"))]
        await press(pilot, "escape")
        assert pilot.app.screen is screen
        assert "Nothing was sent" in pane.result_pane.caption.line


async def test_a_read_only_profile_changes_nothing(tmp_path: Path) -> None:
    service = ScriptedService({"lead": people(3)})
    found = replace(profile(), read_only=True)
    app = Explorer(FixedProfiles(found), catalogs=None, transport=service)
    async with opened(app, tmp_path) as (pilot, screen):
        taken(service)
        pane = await write(pilot, screen, "DELETE FROM lead WHERE ExternalID = 'ID000001'")
        assert "this profile is read-only" in pane.editor_pane.plan.summary
        await press(pilot, "ctrl+r")
        assert "read-only" in pane.result_pane.caption.line
        assert taken(service) == []


async def test_every_key_is_harmless_in_every_state(
    service: ScriptedService, tmp_path: Path
) -> None:
    async with opened(explore(service), tmp_path, (80, 24)) as (pilot, screen):
        taken(service)
        keys = [key for command in screen.commands.values() for key in command.keys]
        for sql in ("", "SELECT 1 AS a", "SELECT 1 AS a WHERE false", "nonsense ("):
            for key in keys:
                if screen.pane.editor.text != sql:
                    await write(pilot, screen, sql)
                await press(pilot, key)
                while pilot.app.screen is not screen:
                    await press(pilot, "escape")
        assert taken(service) == []
        assert pilot.app._exception is None


async def test_keys_pressed_while_the_screen_opens_are_typed(
    service: ScriptedService, tmp_path: Path
) -> None:
    app = explore(service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        screen = QueryScreen(browse(app).account, Paths(tmp_path / "config", tmp_path / "data"))
        await app.push_screen(screen)
        assert app.focused is screen.pane.editor, "before any other message is handled"
        await wait_until_settled(pilot)


async def test_the_first_run_is_told_of_before_a_row_has_come(
    service: ScriptedService, tmp_path: Path
) -> None:
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(pilot, screen, "SELECT * FROM lead WHERE Score > 1")
        service.held["lead"] = asyncio.Event()
        await pilot.press("ctrl+r")
        for _ in range(20):
            await pilot.pause()
        assert pane.is_running
        assert "Running: 0 rows so far" in screen_text(explorer(pilot))
        service.held["lead"].set()
        await wait_until_settled(pilot)
        assert "Running" not in screen_text(explorer(pilot))
        assert pane.result_pane.has_rows


async def test_a_first_run_that_fails_is_told(service: ScriptedService, tmp_path: Path) -> None:
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(pilot, screen, "SELECT * FROM lead WHERE Scroe > 1")
        await press(pilot, "ctrl+r")
        assert "which is shown above" in pane.result_pane.caption.line
        assert screen_words(explorer(pilot)).count("Did you mean Score?") == 1
        assert pane.result_pane.region.height
        assert not pane.result_pane.grid.visible
        assert not pane.result_pane.grid.focusable


async def test_a_run_that_is_declined_names_the_rows_that_stay(tmp_path: Path) -> None:
    service = ScriptedService({"lead": people(1_200)}, cap=10)
    async with opened(explore(service), tmp_path) as (pilot, screen):
        pane = await write(pilot, screen, "SELECT 1 AS a")
        await press(pilot, "ctrl+r")
        assert cells(pane) == [[1]]
        pane = await write(pilot, screen, "SELECT max(length(Notes)) FROM lead")
        pane.run_statement()
        await wait_for_question(pilot, "The query takes 12")
        await press(pilot, "enter")
        assert cells(pane) == [[1]]
        assert "of the query before" in pane.result_pane.caption.line


@pytest.mark.parametrize("is_closed", [False, True])
async def test_what_was_typed_and_never_run_is_in_the_history_once_it_is_left(
    service: ScriptedService, tmp_path: Path, is_closed: bool
) -> None:
    app = explore(service)
    async with opened(app, tmp_path) as (pilot, screen):
        await write(pilot, screen, "SELECT 'half")
        await press(pilot, "ctrl+t")
        await write(pilot, screen, "SELECT 2")
        await press(pilot, "ctrl+r", "ctrl+t")
        await write(pilot, screen, "SELECT 'secret " + profile().credentials.password.reveal())
        if is_closed:  # closed on purpose: it is asked about, and then gone
            await press(pilot, "ctrl+w", "down", "enter")
    kept = (tmp_path / "data" / "history").read_text()
    assert "SELECT 'half" in kept
    assert kept.count("SELECT 2") == 1
    assert profile().credentials.password.reveal() not in kept
    assert ("SELECT 'secret" in kept) == (not is_closed)
