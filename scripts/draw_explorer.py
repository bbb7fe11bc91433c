"""Draws the explorer on a fresh sandbox as an SVG file: what a newcomer sees."""

import asyncio
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox
from cmdm_tui.config import Profile
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.account_opener import ProfileSummary

SIZE = (132, 34)


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


async def draw_explorer(profile: Profile) -> str:
    """Return the picture of the leads, one of them whole beside them."""
    explorer = Explorer(FixedProfile(profile), catalogs=None, start="demo")
    async with explorer.run_test(size=SIZE) as pilot:
        for keys in ([], ["shift+tab", "shift+tab", "down", "enter"], ["down", "down", "enter"]):
            await pilot.press(*keys)
            await pilot.app.workers.wait_for_complete()  # pyright: ignore[reportUnknownMemberType] — Textual's own
            await pilot.pause()
        return explorer.export_screenshot(title="cmdm demo")


def main(path: Path) -> None:
    """Draw into `path`; the picture loads nothing from elsewhere."""
    with tempfile.TemporaryDirectory() as data:
        config = SandboxConfig(data=Path(data), port=0)
        with Sandbox.embedded(config) as info:
            svg = asyncio.run(draw_explorer(profile_of_sandbox(info)))
    path.parent.mkdir(exist_ok=True)
    path.write_text(re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
