"""Draws the explorer's screens on a fresh sandbox, each as an SVG file: what a newcomer sees."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox
from cmdm_tui.config import Profile
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.account_opener import ProfileSummary
from cmdm_tui.tui.theme import DARK, LIGHT
from cmdm_tui.tui.widgets.record_pane import RecordPane

_WIDE, _NARROW = (132, 34), (80, 24)
_LEADS = ("1", "down", "enter")
_CITIES = "SELECT City, count(*) AS accounts FROM account GROUP BY City ORDER BY 2 DESC"
_STATUSES = "SELECT Status, count(*) AS leads FROM lead GROUP BY Status ORDER BY 2 DESC"
_ROUNDS = 3
"""How often the explorer is waited for: what arrives may ask for more."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: the keys that lead to it, one by one; a text of several words is typed."""

    name: str
    keys: tuple[str, ...]
    size: tuple[int, int] = _WIDE
    theme: str = DARK.name


PICTURES = (
    Picture("records", (*_LEADS, "down", "down")),
    Picture("related", ("down", "down", "R", "R")),
    Picture("filter", (*_LEADS, "f", "Status = 'Qualified' AND Score > 70", "enter")),
    Picture("edit", (*_LEADS, "e", "ctrl+f", "Phone", "enter")),
    Picture("preview", (*_LEADS, "space", "space", "space", "x")),
    Picture(
        "changes",
        (*_LEADS, "right", "i", " Anna", "enter", "enter", "escape", "f5", "enter"),
    ),
    Picture("compare", (*_LEADS, "space", "space", "space", "equals_sign")),
    Picture("query", ("f3", _CITIES, "ctrl+r")),
    Picture("chart", ("f3", _STATUSES, "ctrl+r", "escape", "right", "p")),
    Picture("calls", (*_LEADS, "s", "f4", "down")),
    Picture("narrow", _LEADS, _NARROW),
    Picture("light", (*_LEADS, "down"), theme=LIGHT.name),
)


class FixedProfile:
    """An opening that has its profile already."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def start_demo(self) -> Profile:
        return self._profile

    def list_profiles(self) -> Sequence[ProfileSummary]:
        return ()

    def load_profile(self, secrets: object, name: str | None = None) -> Profile:
        del secrets, name
        return self._profile

    def save_profile(self, *given: object, **options: object) -> Profile:
        del given, options
        return self._profile


async def draw(picture: Picture, profile: Profile) -> str:
    """Return a picture of the explorer after the keys."""
    explorer = Explorer(FixedProfile(profile), catalogs=None, start="demo")
    async with explorer.run_test(size=picture.size) as pilot:
        explorer.theme = picture.theme
        await _wait(pilot)
        for key in picture.keys:
            await pilot.press(*(key if " " in key or key.istitle() else [key]))
            await _wait(pilot)
        return explorer.export_screenshot(title="cmdm demo")


async def _wait(pilot: Pilot[None]) -> None:
    """Wait until all that was asked for is there, and the record under the cursor is shown."""
    for _ in range(_ROUNDS):
        await pilot.app.workers.wait_for_complete()  # pyright: ignore[reportUnknownMemberType] — Textual's own
        await pilot.pause()
        for pane in pilot.app.screen.query(RecordPane):
            pane.show_followed()


def shorten(svg: str) -> str:
    """Return a picture that loads nothing from elsewhere, in fewer bytes."""
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+", "t", svg)
    svg = svg.replace("&#160;", "\N{NO-BREAK SPACE}")
    svg = re.sub(r'<clipPath id="t-line-\d+">.*?</clipPath>\s*', "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="url\(#t-line-\d+\)"', "", svg)
    svg = svg.replace(' shape-rendering="crispEdges"', "")
    return svg.replace("<style>", "<style>rect { shape-rendering: crispEdges }", 1)


def main(folder: Path, names: Sequence[str]) -> None:
    """Draw the pictures with these names, all where none is named, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [one for one in PICTURES if not names or one.name in names]
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home  # what the explorer keeps is not the user's
        for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            os.environ.pop(variable, None)
        with Sandbox.embedded(SandboxConfig(data=Path(home) / "sandbox", port=0)) as info:
            profile = profile_of_sandbox(info)
            for picture in chosen:
                svg = shorten(asyncio.run(draw(picture, profile)))
                (folder / f"{picture.name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
