"""Nothing is called documented on a legal service of another make; a fault is, on the same."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness.fuzz.events import CheckFailed, ExchangeMade, FuzzEvent
from cmdm_tui.harness.fuzz.runner import FuzzRunner
from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.harness.report.results import CHANGING_CALLS
from cmdm_tui.harness.service import Service
from tests.harness.legal.makes import CAPPED, MAKES, MERGING, RESPELLING, SHARED, SLIDING
from tests.harness.legal.service import CREDENTIALS, Make, serve

REQUESTS, FEW_REQUESTS = 5_000, 500


@dataclass
class Heard:
    """What a run found, and how often each call was accepted."""

    documented: set[str] = field(default_factory=set[str])
    accepted: Counter[str] = field(default_factory=Counter[str])
    asked: Counter[str] = field(default_factory=Counter[str])
    lines: set[str] = field(default_factory=set[str])

    def __call__(self, event: FuzzEvent) -> None:
        if isinstance(event, CheckFailed) and event.finding.certainty == "documented":
            self.documented.add(event.finding.check)
            self.lines.add(f"{event.finding.failure}: {event.finding.message}")
        elif isinstance(event, ExchangeMade):
            intent = event.exchange.intent
            self.asked[intent.entity] += 1
            self.accepted[intent.call] += event.exchange.status in {200, 201}


def fuzz(make: Make, *, requests: int, is_alone: bool, is_strict: bool = False) -> Heard:
    heard = Heard()
    credentials = Credentials(
        SecretStr(CREDENTIALS["client_id"]), SecretStr(CREDENTIALS["client_secret"]),
        CREDENTIALS["username"], SecretStr(CREDENTIALS["password"]),
    )  # fmt: skip
    settings = FuzzSettings(seed=1, requests=requests, shrinks=False, is_strict=is_strict)
    with serve(make) as url:
        service = Service(url, credentials, limits=None)
        service.is_alone = is_alone
        FuzzRunner(service, settings, heard, lambda _failure, _path, _people: None).run()
    return heard


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("make", MAKES, ids=lambda make: make.name.partition(",")[0])
@pytest.mark.parametrize("is_alone", [False, True], ids=["shared", "alone"])
def test_nothing_is_called_documented_on_a_legal_service(
    make: Make, is_alone: bool, runs_whole: bool
) -> None:
    if is_alone and make is SHARED:
        pytest.skip("it is not used alone")
    heard = fuzz(make, requests=REQUESTS if runs_whole else FEW_REQUESTS, is_alone=is_alone)
    assert heard.lines == set()
    # It was not quiet because nothing was done.
    calls = {"create", "update", "close", "delete", *(["convert"] if is_alone else [])}
    assert {call for call in calls if not heard.accepted[call]} == set()


def broken(make: Make, **changes: Any) -> Make:
    return replace(make, **changes)


def rows_key(_entity: str) -> str:
    return "Rows"


def store_other_text(kind: str, value: Any) -> Any:
    return "other" if kind == "Text" and value else value


FAULTS = {
    "totals": (broken(CAPPED, list_key=rows_key), "documented-shape"),
    "token-ends-early": (broken(SLIDING, malformed_token=200), "authentication-first"),
    "errors": (broken(RESPELLING, close_again=500), "no-server-error"),
    "status": (broken(MERGING, close_again=418), "documented-status"),
    "stored": (
        broken(SLIDING, store=store_other_text),
        "create-then-get",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_against_the_documentation_is_still_found(name: str) -> None:
    make, check = FAULTS[name]
    heard = fuzz(make, requests=700, is_alone=True)
    assert check in heard.documented, heard.lines


def test_an_entity_that_a_service_has_not_got_is_asked_for_once() -> None:
    heard = fuzz(MERGING, requests=400, is_alone=True)
    assert heard.asked["opportunity"] == 1
    assert sum(heard.accepted[call] for call in CHANGING_CALLS) > 40
