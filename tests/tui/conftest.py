"""What the explorer's tests share: a scripted service, and a sandbox on a real socket."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from textual import constants
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.message_pump import MessagePump

from cmdm_tui.api import RetryPolicy
from cmdm_tui.config import Profile
from cmdm_tui.sandbox import Sandbox, SandboxConfig
from cmdm_tui.tui.tolerant_app import TolerantApp
from tests.services import CountedNetwork, profile_of
from tests.tui.driver import what_ended_parts
from tests.tui.scripted_service import ScriptedService, people


@pytest.fixture
def network() -> CountedNetwork:
    """The network, its calls counted."""
    return CountedNetwork()


@pytest.fixture(scope="session")
def reading_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    """The profile of a sandbox on a real socket, with 250 leads and their like; only read."""
    folder = tmp_path_factory.mktemp("sandbox")
    config = SandboxConfig(data=folder, port=0, records=250, rate_limit=100_000)
    with Sandbox.embedded(config) as info:
        yield profile_of(info, "demo")


@pytest.fixture
def service() -> ScriptedService:
    """A scripted service with 250 leads, 3 accounts and little else."""
    fields = [
        {"Name": "LastName", "Label": "Last name", "Type": "Text", "Required": "true"},
        {"Name": "Score", "Label": "Score", "Type": "Number", "Required": "false"},
        {"Name": "City", "Label": "City", "Type": "Picklist", "Options": "Leeds;York"},
        {"Name": "Notes", "Label": "Notes", "Type": "Text", "ReadOnly": "true"},
    ]
    return ScriptedService(
        entities={
            "account": people(3),
            "lead": people(250),
            "contact": [],
            "task": [
                ("TASK0001", {"Subject": "Ring Ada", "Status": "Open", "DueDate": "2026-02-01"}
                 | {"RelatedEntity": "account", "RelatedExternalID": "ID000001"}),
                ("TASK0002", {"Subject": "Write", "Status": "Closed", "DueDate": None}
                 | {"RelatedEntity": "Account", "RelatedExternalID": "ID000002"}),
            ],
            "opportunity": [
                ("OPPO0001", {"Name": "New roof", "Stage": "Won", "CloseDate": "2026-03-01"}
                 | {"RelatedEntity": "account", "RelatedExternalID": "ID000001"}),
            ],
        },
        fields={"account": [*fields], "lead": [*fields]},
    )  # fmt: skip


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC, whatever machine the tests run on."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def no_error_is_tolerated(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error ends the explorer, and so fails the test."""
    monkeypatch.setattr(TolerantApp, "is_tolerant", False)


@pytest.fixture(autouse=True)
def no_part_ends_unseen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What ends a part of the explorer fails the test, the end of its time for one."""
    process_messages = MessagePump._process_messages

    async def process_noting(pump: MessagePump) -> None:
        try:
            await process_messages(pump)
        except BaseException as error:
            if not isinstance(error, asyncio.CancelledError):
                what_ended_parts.append(error)
            raise

    monkeypatch.setattr(MessagePump, "_process_messages", process_noting)
    yield
    errors = [*what_ended_parts]
    what_ended_parts.clear()
    for error in errors:
        raise error


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is animated: what is shown does not depend on time."""
    monkeypatch.setattr(constants, "TEXTUAL_ANIMATIONS", "none")


@pytest.fixture(scope="session", autouse=True)
def rules_have_the_hash_of_an_object() -> Iterator[None]:
    """Textual's own is its id too, but a call of Python: a tenth of the time that styles take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RuleSet, "__hash__", object.__hash__)
        yield


@pytest.fixture(scope="session", autouse=True)
def styles_are_parsed_once() -> Iterator[None]:
    """What was parsed of the styles for one explorer serves the next: they are the same."""
    parse = Stylesheet._parse_rules
    parsed: dict[tuple[object, ...], list[RuleSet]] = {}

    def parse_once(
        sheet: Stylesheet,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        given = (css, read_from, is_default_rules, tie_breaker, scope)
        key = (tuple(sheet._variables.items()), *given)
        if key not in parsed:
            parsed[key] = parse(sheet, *given)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield


@pytest.fixture(autouse=True)
def nothing_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are counted here, failed ones too; that they are sent again is the client's test."""
    monkeypatch.setattr("cmdm_tui.api.client.RetryPolicy", lambda: RetryPolicy(attempts=1))
