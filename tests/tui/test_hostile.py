"""Whatever a server sends, the terminal gets text: no control, no markup, no crash."""

import unicodedata
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from textual.pilot import Pilot

from cmdm_tui.formats import value_text
from cmdm_tui.text import one_line, visible
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.widgets import cells
from cmdm_tui.tui.widgets.grid import Grid
from tests.tui.driver import (
    FixedProfiles,
    browse,
    notice_text,
    press,
    screen_text,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import Properties, ScriptedService, message, profile

HOSTILE = {
    "escape": "\x1b[2J\x1b[31mred\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "hyperlink": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "c1": "\x9b31mred\x9d0;owned\x9c",
    "nul": "a\x00b\x07c\x08d\x7f",
    "lines": "one\r\ntwo\rthree\ttab\x0b\x0c\u2028end",
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069",
    "closing markup": "[/] [/red] [/b]",
    "markup": "[red]not red[/red] [@click=app.quit]quit[/] [link=x]y[/link]",
    "variables": "$text-error $v {0} %s \\[",
    "surrogate": "half \ud83d of a pair",
    "long": "x" * 100_000,
    "wide": "漢字かな交じり文" * 8 + "👩‍👩‍👧‍👦🇬🇧é",
    "invisible": "\u200b\u2060\ufeffzero\u00ad\U000e0041",
}
NESTED = {"a\x1b]0;x\x07": [1, None, True, {"b": "[/]\x9b"}], "c": 1.50}
_FIELD_KEYS = ("Name", "Label", "Type", "Options", "LookupEntity")
_JOINERS = "\u200c\u200d"


def unsafe(text: str) -> set[str]:
    """Return the characters that a terminal would act on, or a reader be misled by."""
    return {
        character
        for character in text.replace("\n", "").translate(dict.fromkeys(map(ord, _JOINERS)))
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    }


VALUES = list(HOSTILE.values())


def hostile_service() -> ScriptedService:
    """Return a service that is hostile in every place: names, labels, ids, values."""
    fields: list[Properties] = [dict.fromkeys(_FIELD_KEYS, value) for value in VALUES]
    task = ("Subject", "Status", "DueDate", "RelatedEntity")
    return ScriptedService(
        entities={
            "account": [("whole", {value: value for value in VALUES} | {"Nested": NESTED})],
            "lead": [(value, {"LastName": value, "Score": value}) for value in VALUES],
            "contact": [],
            "task": [
                ("T" + value, dict.fromkeys(task[:3], value) | {"RelatedExternalID": "whole"})
                for value in VALUES
            ],
            "opportunity": [("O" + value, dict.fromkeys(task, value)) for value in VALUES],
            **{value: [(value, {value: value})] for value in VALUES},
        },
        fields={"account": fields},
    )


@dataclass
class Tour:
    """An explorer of the hostile service, wide and tall enough to show all of it."""

    app: Explorer
    pilot: Pilot[None]
    service: ScriptedService

    async def press(self, *keys: str) -> str:
        await press(self.pilot, *keys)
        return screen_text(self.app)


@asynccontextmanager
async def touring(service: ScriptedService | None = None) -> AsyncGenerator[Tour]:
    service = service or hostile_service()
    opening = FixedProfiles(profile(*VALUES, name=HOSTILE["title"]))
    app = Explorer(opening, catalogs=None, transport=service)
    async with app.run_test(size=(150, 44)) as pilot:
        await wait_until_settled(pilot)
        yield Tour(app, pilot, service)
        assert not unsafe(screen_text(app))


async def test_hostile_names_of_entities_and_profiles() -> None:
    async with touring() as tour:
        screen = screen_text(tour.app)
        assert not unsafe(screen)
        assert "␛]0;owned␇" in screen
        assert "[/] [/red] [/b]" in screen
        # Those that no address can carry are told of instead of counted.
        assert "not counted" in notice_text(tour.app)


async def test_hostile_external_ids_and_values_in_the_table() -> None:
    async with touring() as tour:
        screen = await tour.press("1", "down", "enter")
        assert not unsafe(screen)
        assert screen.count("[red]not red") > 2
        assert screen.count("␛]0;owned␇") > 2
        for _ in range(0, len(VALUES), 4):
            assert not unsafe(await tour.press("down", "down", "down", "down"))


async def test_hostile_names_and_values_of_a_whole_record() -> None:
    async with touring() as tour:
        assert tour.app.screen.query_one("#property-list").size.height > 40
        screen = await tour.press("right", "enter", "pagedown", "pagedown")
        assert not unsafe(screen)
        assert not unsafe(await tour.press("end"))


async def test_hostile_columns_are_sorted_by() -> None:
    async with touring() as tour:
        table = tour.app.screen.query_one("#record-grid", Grid)
        for name in ("escape", "lines", "surrogate", "long"):
            table.move_cursor(column=HOSTILE[name])
            assert not unsafe(await tour.press("s"))


async def test_hostile_fields() -> None:
    async with touring() as tour:
        screen = await tour.press("F")
        assert not unsafe(screen)
        assert screen.count("␛]0;owned␇") > 3


async def test_hostile_related_records_and_links() -> None:
    async with touring() as tour:
        screen = await tour.press("R", "R")
        assert not unsafe(screen)
        assert "␛]0;owned␇" in screen
        await press(tour.pilot, "end", "enter")
        assert not unsafe(screen_text(tour.app))


async def test_hostile_words_of_errors() -> None:
    async with touring() as tour:
        for value in VALUES:
            tour.service.answers["account"] = message(500, value)
            screen = await tour.press("r")
            assert not unsafe(screen)
            assert "status 500" in notice_text(tour.app)
            assert not unsafe(notice_text(tour.app))


async def test_hostile_words_in_a_dialogue_and_the_palette() -> None:
    async with touring() as tour:
        tour.service.answers["account/x"] = message(404, HOSTILE["c1"] + "[/]")
        await press(tour.pilot, "o")
        await type_text(tour.pilot, "x")
        screen = await tour.press("enter")
        assert "[/]" in screen
        assert not unsafe(screen)
        await press(tour.pilot, "escape", "ctrl+p")
        await type_text(tour.pilot, "records of")
        screen = screen_text(tour.app)
        assert "Show the records of [/] [/red]" in screen
        assert not unsafe(screen)


async def test_the_check_finds_what_is_not_made_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin: with the door open, the same screens do show what they must not."""

    def left_as_it_is(text: str, limit: int | None = None) -> str:
        return text[: min(limit or 50, 50)]

    monkeypatch.setattr(value_text, "one_line", left_as_it_is)
    service = hostile_service()
    service.entities = {
        "account": [(f"A{place}", {"Name": value}) for place, value in enumerate(VALUES)]
    }
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert {"\x1b", "\x9b", "\u202e"} <= unsafe(screen_text(app))


async def test_a_value_of_several_lines_keeps_them_in_the_record() -> None:
    service = ScriptedService(entities={"account": [("A", {"Notes": "first\r\n\tsecond\x1b[2J"})]})
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(120, 30)) as pilot:
        await wait_until_settled(pilot)
        screen = screen_text(app)
        assert "first␍␊␉second␛[2J" in screen
        lines = [line for line in screen.splitlines() if "second␛[2J" in line and "␍" not in line]
        assert len(lines) == 1
        assert browse(app).record_pane.record is not None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "–"),
        ("", ""),
        (True, "true"),
        (0, "0"),
        ("007", "007"),
        ([1, "é", None], '[1, "é", null]'),
        ({"a": {"b": []}}, '{"a": {"b": []}}'),
        ("a\nb", "a␊b"),
    ],
)
def test_a_cell_shows_any_json_value_on_one_line(value: object, words: str) -> None:
    assert value_text.cell_text(value) == words


def test_a_whole_value_is_cut_beyond_reading_and_says_so() -> None:
    text = cells.format_whole("x" * 20_010).plain
    assert text.endswith("… and 10 more characters")


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_titles_and_cells_are_safe(value: str) -> None:
    for text in (
        cells.safe_line(value).plain,
        value_text.cell_text(value),
        cells.format_whole(value).plain,
    ):
        assert not unsafe(text.replace("\n", ""))
        text.encode()
    assert one_line(value) == visible(value)
