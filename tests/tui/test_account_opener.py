"""The ways in: a profile, its secrets, the demo, a sign-in."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual.screen import Screen
from textual.widgets import Input

from cmdm_tui.config import ConfigurationError, MissingSecrets, NoProfile
from cmdm_tui.operations.call_entry import CallState
from cmdm_tui.tui import Explorer
from cmdm_tui.tui.account_opener import AccountChoice
from cmdm_tui.tui.messages import AccountRequested
from cmdm_tui.tui.screens.browse.screen import BrowseScreen
from cmdm_tui.tui.screens.dialogs.secrets import SecretsScreen
from cmdm_tui.tui.screens.sign_in.screen import SignInScreen
from cmdm_tui.tui.screens.start.profiles import ProfilesScreen
from cmdm_tui.tui.screens.start.screen import StartScreen
from cmdm_tui.tui.screens.start.welcome import WelcomeScreen
from tests.conftest import KeyringFactory
from tests.tui.driver import (
    FixedProfiles,
    browse,
    notice_text,
    press,
    screen_text,
    screen_words,
    type_text,
    wait_until_settled,
)
from tests.tui.scripted_service import URL, ScriptedService, message, profile

if TYPE_CHECKING:
    import httpx

NO_PROFILE = NoProfile("No profile is set up yet.")


async def test_without_a_profile_the_demo_is_offered(service: ScriptedService) -> None:
    opening = FixedProfiles(profile(name="demo"), NO_PROFILE)
    app = Explorer(opening, catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert isinstance(app.screen, WelcomeScreen)
        assert "No profile is set up yet" in screen_words(app)
        assert service.calls == []
        await press(pilot, "enter")
        assert opening.demos == 1
        assert isinstance(app.screen, BrowseScreen)
        assert "3 records" in screen_words(app)


@pytest.mark.parametrize("place", ["ask", "keyring", "file"])
async def test_a_sign_in_makes_a_profile_once_it_succeeded(
    service: ScriptedService, keyring: KeyringFactory, place: str
) -> None:
    keyring("working")
    opening = FixedProfiles(profile(), NO_PROFILE)
    app = Explorer(opening, catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "s")
        assert isinstance(app.screen, SignInScreen)
        service.answers["authenticate"] = message(401, "Those are not known here")
        for text in (URL, "the-client", "the-secret", "siân", "hunter2"):
            await type_text(pilot, text)
            await press(pilot, "enter")
        assert "hunter2" not in screen_text(app)
        assert "the-secret" not in screen_text(app)
        if place != "ask":
            downs = ["down"] * ["ask", "keyring", "file"].index(place)
            await press(pilot, "tab", "enter", *downs, "enter", "shift+tab")
        await press(pilot, "enter")
        assert "Those are not known here" in notice_text(app)
        assert opening.kept == []
        service.answers.clear()
        await press(pilot, "ctrl+s")
        assert opening.kept == [("main", URL, place)]
        assert isinstance(app.screen, BrowseScreen)
        assert service.sign_ins == 3


async def test_the_keyring_is_offered_only_where_its_package_is(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cmdm_tui.tui.screens.sign_in.screen.is_installed", lambda: False)
    app = Explorer(FixedProfiles(profile(), NO_PROFILE), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "s", "shift+tab", "shift+tab", "enter")
        assert "in a file in plain text" in screen_text(app)
        assert "keyring" not in screen_text(app)
        assert "cmdm login --help" in screen_words(app)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://crm.example", "not https"),
        ("nonsense", "not an address"),
        ("https://user:pw@crm.example", "holds a user"),
    ],
)
async def test_an_address_that_cannot_be_used_is_told(
    service: ScriptedService, address: str, told: str
) -> None:
    app = Explorer(FixedProfiles(profile(), NO_PROFILE), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "s")
        for field in app.screen.query(Input):
            field.value = address if field.id == "url" else "x"
        await press(pilot, "ctrl+s")
        assert told in notice_text(app)
        assert service.sign_ins == 0


async def test_an_empty_field_takes_the_focus_and_nothing_is_sent(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile(), NO_PROFILE), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "s")
        await type_text(pilot, URL)
        await press(pilot, "ctrl+s")
        assert app.screen.query_one("#client-id", Input).has_focus
        assert service.sign_ins == 0
        await press(pilot, "escape")
        assert isinstance(app.screen, WelcomeScreen)


async def test_secrets_that_are_kept_nowhere_are_asked_for(service: ScriptedService) -> None:
    missing = MissingSecrets("Asked.", profile="main", missing=("client_secret", "password"))
    opening = FixedProfiles(profile(), missing)
    app = Explorer(opening, catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert isinstance(app.screen, SecretsScreen)
        await type_text(pilot, "the-secret")
        await press(pilot, "enter")
        await type_text(pilot, "hunter2")
        assert "hunter2" not in screen_text(app)
        await press(pilot, "enter")
        assert opening.secrets == [{}, {"client_secret": "the-secret", "password": "hunter2"}]
        assert isinstance(app.screen, BrowseScreen)


async def test_secrets_not_given_lead_to_the_other_ways_in(service: ScriptedService) -> None:
    missing = MissingSecrets("Asked.", profile="main", missing=("password",))
    app = Explorer(FixedProfiles(profile(), missing), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "escape")
        assert isinstance(app.screen, ProfilesScreen)
        await press(pilot, "escape")
        assert "keeps no secrets" in notice_text(app)
        await press(pilot, "t")
        assert isinstance(app.screen, SecretsScreen)


async def test_a_configuration_that_cannot_be_read_is_told(service: ScriptedService) -> None:
    opening = FixedProfiles(profile(), ConfigurationError("profiles.toml is not valid TOML."))
    app = Explorer(opening, catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert isinstance(app.screen, StartScreen)
        assert "profiles.toml is not valid TOML" in notice_text(app)
        opening.error = None
        await press(pilot, "t")
        assert isinstance(app.screen, BrowseScreen)


async def test_connections_are_closed_in_the_end(service: ScriptedService) -> None:
    class Closing(ScriptedService):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    network: httpx.AsyncBaseTransport = Closing(service.entities)
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=network)
    async with app.run_test() as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "q")
    assert network.closed == 1
    assert app.return_code == 0


async def another_arrived(app: Explorer, before: Screen[None] | None) -> Screen[None]:
    """Wait for another account's screen to come to the front, and for nothing else."""
    while not isinstance(app.screen, BrowseScreen) or app.screen is before:  # noqa: ASYNC110
        await asyncio.sleep(0)
    return app.screen  # pyright: ignore[reportReturnType] - a browse screen has no result


async def test_refused_credentials_leave_a_way_to_others(service: ScriptedService) -> None:
    service.answers["authenticate"] = message(401, "Those are not known here")
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until_settled(pilot)
        assert "w switches account" in screen_words(app)
        assert service.sign_ins <= 2
        await press(pilot, "w")
        assert isinstance(app.screen, ProfilesScreen)
        assert "Switch account" in screen_text(app), "in a frame, as every dialog is"
        assert "enter Open it" in screen_text(app)
        service.answers.clear()
        await press(pilot, "enter")
        assert isinstance(app.screen, BrowseScreen)
        assert "3 records" in screen_words(app)


async def test_an_account_is_left_while_its_answers_are_on_their_way(
    service: ScriptedService,
) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(120, 30)) as pilot:
        shown = None
        for _ in range(3):
            shown = await another_arrived(app, shown)
            app.post_message(AccountRequested(AccountChoice(is_demo=True)))
        await another_arrived(app, shown)
        await wait_until_settled(pilot)
        assert isinstance(app.screen, BrowseScreen)
        assert "3 records" in screen_words(app)


async def test_profiles_are_switched_inside_and_there_is_a_way_back(
    service: ScriptedService,
) -> None:
    other = replace(profile(name="other"), colour="red", read_only=True)
    opening = FixedProfiles(profile(), others=[profile(), other])
    app = Explorer(opening, catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        first = app.screen
        await press(pilot, "w")
        assert "main https://crm.example open now" in screen_words(app)
        assert "other · read-only" in screen_words(app)

        # Escape stays, and so does a profile that cannot be opened: nothing was closed.
        await press(pilot, "escape")
        assert app.screen is first
        opening.error = ConfigurationError("The keyring does not answer.")
        await press(pilot, "w", "down", "enter")
        assert "The keyring does not answer" in notice_text(app)
        await press(pilot, "escape")
        assert app.screen is first
        assert "3 records" in screen_words(app)

        # Another that can be opened takes its place, and the former is closed.
        opening.error = None
        await press(pilot, "w", "down", "enter")
        assert opening.names[-1] == "other"
        assert isinstance(app.screen, BrowseScreen)
        assert app.screen is not first
        assert not first.is_attached
        assert "other · read-only" in screen_words(app)


async def test_a_sign_in_can_be_left_for_the_account_that_is_open(service: ScriptedService) -> None:
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        first = app.screen
        await press(pilot, "w", "end", "enter")
        assert isinstance(app.screen, SignInScreen)
        await press(pilot, "escape")
        assert app.screen is first


async def test_profiles_that_cannot_be_listed_leave_the_demo_and_a_sign_in(
    service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: FixedProfiles) -> None:
        raise ConfigurationError("profiles.toml is not valid TOML.")

    monkeypatch.setattr(FixedProfiles, "list_profiles", fail)
    app = Explorer(FixedProfiles(profile()), catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        await press(pilot, "w")
        assert "profiles.toml is not valid TOML" in screen_words(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, BrowseScreen)


async def test_the_calls_of_the_former_account_stay_its_own(service: ScriptedService) -> None:
    opening = FixedProfiles(profile(), others=[profile(), profile(name="other")])
    app = Explorer(opening, catalogs=None, transport=service)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_until_settled(pilot)
        (former,) = app._events
        client = browse(app).account.client
        service.held["lead/R0001"] = asyncio.Event()
        left = asyncio.create_task(client.request("GET", "/lead/R0001"))
        while not former.log.calls[-1].path.endswith("/lead/R0001"):
            await pilot.pause()
        # The former client ends its call after the other has begun.
        app.post_message(AccountRequested(AccountChoice(profile="other")))
        await another_arrived(app, browse(app))
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        await wait_until_settled(pilot)
        assert former.log.calls[-1].state is CallState.LEFT
        (events,) = app._events
        assert events.account is browse(app).account
        calls = events.log.calls
        assert calls
        assert all(call.times_sent == 1 and not call.is_open for call in calls)
        assert not any(call.path.endswith("/lead/R0001") for call in calls)
        await pilot.press("f4")
        while "goes to each new one" not in screen_text(app):  # its module is imported in a thread
            await pilot.pause()
        assert "R0001" not in screen_text(app), "it could be sent again to the wrong account"
