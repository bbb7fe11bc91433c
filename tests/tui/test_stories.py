"""The recorded stories in the explorer: its own by its keys, all others offline."""

from pathlib import Path

import pytest

from cmdm_tui.cli.commands.explore import open_offline
from cmdm_tui.config import Profile
from cmdm_tui.harness.cassettes import IndexedTransport
from cmdm_tui.harness.cassettes.format import ADDRESS
from cmdm_tui.harness.cassettes.library import built_in_folder
from cmdm_tui.harness.cassettes.network_block import block_network
from cmdm_tui.tui import Explorer
from tests.harness.stories.opening import ANYBODY
from tests.tui.driver import FixedProfiles, screen_words, wait_until_settled
from tests.tui.explorer_stories import EXPLORER_STORIES, ExplorerStory, open_an_account

FOLDER = built_in_folder() / "stories"

SEEN = {
    "explorer-opens-an-account": (
        "8 records · by Name ▲",
        "Norwich Energy CIC",
        "4,992/5,000 calls",
    ),
    "explorer-edits-an-account": ("City Whitby", "4,991/5,000 calls"),
    "explorer-deletes-a-contact": ("HD4KTQDY Trevor Kennedy", "4,991/5,000 calls"),
    "explorer-filters-leads": ("filtered by Status = 'New'", "4,991/5,000 calls"),
}


@pytest.fixture(autouse=True)
def fast(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without a journal, and a preview that takes Enter at once."""
    monkeypatch.setattr("cmdm_tui.tui.screens.changes.preview_screen.SECONDS_BEFORE_APPLY", 0.0)


async def tell(told: ExplorerStory, transport: IndexedTransport) -> str:
    profile = Profile("story", ADDRESS, ANYBODY, "story")
    app = Explorer(FixedProfiles(profile), catalogs=None, transport=transport)
    with block_network():
        async with app.run_test(size=(140, 40)) as pilot:
            await wait_until_settled(pilot)
            return await told(app, pilot)


@pytest.mark.parametrize("name", EXPLORER_STORIES)
async def test_a_story_is_told_by_keys_with_the_recorded_calls(name: str) -> None:
    transport = IndexedTransport.of(FOLDER / f"{name}.yaml")
    seen = await tell(EXPLORER_STORIES[name], transport)
    assert [words for words in SEEN[name] if words not in seen] == []
    assert transport.left == 0


async def test_a_key_too_few_is_noticed() -> None:
    transport = IndexedTransport.of(FOLDER / "explorer-edits-an-account.yaml")
    await tell(open_an_account, transport)
    assert transport.left > 0


OFFLINE = {
    "page-through-leads": "cassette: 40 records seen",
    "lead-becomes-account": "cassette: 2 records seen",
    "bulk-create-from-rows": "cassette: 5 records seen",
    "changed-by-another-person": "cassette: 1 record seen",
}


@pytest.mark.parametrize("name", OFFLINE)
async def test_what_a_story_saw_is_explored_offline(name: str) -> None:
    with open_offline(FOLDER / f"{name}.yaml") as offline, block_network():
        app = Explorer(FixedProfiles(offline.profile), catalogs=None, offline=offline)
        async with app.run_test(size=(140, 40)) as pilot:
            await wait_until_settled(pilot)
            assert OFFLINE[name] in screen_words(app)
