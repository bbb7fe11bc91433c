"""Themes are chosen, kept between runs, and readable; without colour the cursor is reversed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.color import Color as TextColor
from textual.color import Color
from textual.theme import Theme

from cmdm_tui.config import Paths
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.models.settings import ExplorerSettings, SettingsFile
from cmdm_tui.tui.theme import THEMES
from tests.tui.driver import FixedProfiles, press, screen_words, type_text, wait_until_settled
from tests.tui.scripted_service import ScriptedService, profile

_READABLE = 4.5
"""The contrast that WCAG asks of text."""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "config", tmp_path / "data")


def luminance(colour: Color) -> float:
    """Return the relative luminance of WCAG 2."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: Color, other: Color) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def explorer(service: ScriptedService, paths: Paths | None = None) -> Explorer:
    return Explorer(FixedProfiles(profile()), catalogs=None, transport=service, paths=paths)


async def test_a_theme_is_chosen_in_the_palette_and_kept(
    service: ScriptedService, paths: Paths
) -> None:
    app = explorer(service, paths)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert app.theme == "cmdm-dark"
        await press(pilot, "ctrl+t")
        await type_text(pilot, "cmdm-light")
        await press(pilot, "enter")
        assert app.theme == "cmdm-light"
    assert json.loads(paths.explorer_settings.read_text())["theme"] == "cmdm-light"
    again = explorer(service, paths)
    async with again.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert again.theme == "cmdm-light"


@pytest.mark.parametrize("content", [b"", b"{", b'{"theme": 3}', b'{"theme": "gone"}', b"\xff"])
async def test_odd_settings_give_the_first_theme(
    service: ScriptedService, paths: Paths, content: bytes
) -> None:
    paths.explorer_settings.parent.mkdir(parents=True)
    paths.explorer_settings.write_bytes(content)
    app = explorer(service, paths)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert app.theme == "cmdm-dark"


async def test_a_theme_that_cannot_be_kept_is_told(service: ScriptedService, paths: Paths) -> None:
    paths.data.parent.mkdir(exist_ok=True)
    paths.data.write_text("a file where the folder should be")
    app = explorer(service, paths)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        app.theme = "cmdm-light"
        await wait_until_settled(pilot)
        (told,) = app._notifications
        assert told.message.startswith("The theme is not kept: ")


def test_settings_without_a_file_last_for_the_run() -> None:
    file = SettingsFile.read(None)
    file.save(ExplorerSettings(theme="cmdm-light"))
    assert file.settings.theme == "cmdm-light"


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_a_theme_is_readable(service: ScriptedService, theme: Theme) -> None:
    """Text and cursor have enough contrast; of the terminal's own colours no one knows."""
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        app.theme = theme.name
        await wait_until_settled(pilot)
        assert "account" in screen_words(app)
        colours = app.theme_variables
        if app.native_ansi_color:
            return
        pairs = [
            ("foreground", "background"),
            ("block-cursor-foreground", "block-cursor-background"),
            ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
            ("footer-key-foreground", "footer-background"),
            ("footer-description-foreground", "footer-background"),
            ("primary", "background"),
            ("error", "background"),
        ]
        for front, back in pairs:
            ratio = contrast(Color.parse(colours[front]), Color.parse(colours[back]))
            assert ratio >= _READABLE, f"{front} on {back}: {ratio:.1f}"


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
async def test_what_is_on_the_screen_is_readable(service: ScriptedService, theme: Theme) -> None:
    """No letter has the colour of its background, wherever the focus is."""
    app = explorer(service)
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_until_settled(pilot)
        app.theme = theme.name
        for key in ("1", "2", "space", "3", "f3", "f4", "f5"):
            await press(pilot, key)
            for word, front, back in paint_of(app):
                if app.native_ansi_color:
                    # The terminal's own colour of text may be any, so it is on its own background.
                    assert back.is_default or not front.is_default, f"{key}: {word}"
                else:
                    ratio = contrast(Color.from_rich_color(front), Color.from_rich_color(back))
                    assert ratio >= 2.0, f"{key}: {word} {ratio:.1f}"


def paint_of(app: Explorer) -> Iterator[tuple[str, TextColor, TextColor]]:
    """Yield each word on the screen with its colour and that of its background."""
    for segment in (one for strip in app.screen._compositor.render_strips() for one in strip):
        style = segment.style
        if style is not None and style.color is not None and style.bgcolor is not None:
            for word in filter(str.isalnum, segment.text.split()):
                yield word, style.color, style.bgcolor


async def test_without_colour_the_cursor_is_reversed(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = explorer(service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        segments = [one for strip in app.screen._compositor.render_strips() for one in strip]
        styles = [one.style for one in segments if one.style is not None]
        assert all(style.color is None or style.color.is_default for style in styles)
        assert all(style.bgcolor is None or style.bgcolor.is_default for style in styles)
        reversed_text = [one.text for one in segments if one.style and one.style.reverse]
        assert any("ID000001" in text for text in reversed_text)
        assert sum(map(len, reversed_text)) < 200
