"""The stories that a person in the explorer tells: keys, and what is seen after them."""

from collections.abc import Awaitable, Callable

from textual.pilot import Pilot
from textual.widgets import Input

from cmdm_tui.tui import Explorer
from cmdm_tui.tui.screens.edit.form_screen import FormScreen
from tests.tui.driver import browse, press, screen_words, type_text, wait_until_settled

ExplorerStory = Callable[[Explorer, Pilot[None]], Awaitable[str]]


async def open_an_account(app: Explorer, pilot: Pilot[None]) -> str:
    """Sort the accounts by name, open one of them by its id, and look at the leads."""
    await press(pilot, "2", "right", "s", "o")
    await type_text(pilot, "DBS13FCC")
    await press(pilot, "enter")
    seen = screen_words(app)
    browse(app).show_entity("lead")
    await wait_until_settled(pilot)
    return seen


async def edit_an_account(app: Explorer, pilot: Pilot[None]) -> str:
    """Change the city of the first account in its form."""
    await press(pilot, "e", "ctrl+f")
    assert isinstance(app.screen, FormScreen)
    app.screen.query_one("#find", Input).value = ""
    await type_text(pilot, "City")
    await press(pilot, "enter", "home", "ctrl+k")
    await type_text(pilot, "Whitby")
    await press(pilot, "ctrl+s", "enter", "enter")
    return screen_words(app)


async def delete_a_contact(app: Explorer, pilot: Pilot[None]) -> str:
    """Delete the first contact, once it was shown."""
    browse(app).show_entity("contact")
    await wait_until_settled(pilot)
    await press(pilot, "2", "x", "left", "left", "enter", "enter")
    return screen_words(app)


async def filter_leads(app: Explorer, pilot: Pilot[None]) -> str:
    """Filter the leads by a condition, which is a query."""
    browse(app).show_entity("lead")
    await wait_until_settled(pilot)
    await press(pilot, "f")
    await type_text(pilot, "Status = 'New'")
    await press(pilot, "enter")
    return screen_words(app)


EXPLORER_STORIES: dict[str, ExplorerStory] = {
    "explorer-opens-an-account": open_an_account,
    "explorer-edits-an-account": edit_an_account,
    "explorer-deletes-a-contact": delete_a_contact,
    "explorer-filters-leads": filter_leads,
}
