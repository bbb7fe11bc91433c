"""Runs the fuzzer against mutants, and tells which were found, by what, after how many requests."""

import logging
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox
from cmdm_tui.config import Credentials
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.harness.fuzz.events import FailureFound, FuzzEvent
from cmdm_tui.harness.fuzz.runner import FuzzRunner
from cmdm_tui.harness.fuzz.settings import FuzzSettings
from cmdm_tui.harness.service import Service
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.harness.mutants import (
    access_faults,
    action_faults,
    answer_faults,
    clock_faults,
    list_faults,
    record_faults,
    request_faults,
    side_effect_faults,
    sign_in_faults,
    value_faults,
)
from tests.harness.mutants.faulty_app import ENTITIES, MUTANTS, Mutant, PlantedFault, planted
from tests.services import copy_records

__all__ = [
    "FAMILIES",
    "MUTANTS",
    "FuzzedSandbox",
    "HuntResult",
    "fuzz_target",
    "hunt_mutant",
    "sandbox",
]

logger = logging.getLogger(__name__)

FAMILIES = (
    access_faults,
    action_faults,
    answer_faults,
    clock_faults,
    list_faults,
    record_faults,
    request_faults,
    side_effect_faults,
    sign_in_faults,
    value_faults,
)
RECORDS = 40
SOUND_SEEDS = tuple(101 * number for number in range(1, 21))


@dataclass(frozen=True)
class FuzzedSandbox:
    """A sandbox to fuzz: its address, and what a run is told of it. `service` makes it one."""

    url: str
    credentials: Credentials
    control: str | None = None
    control_token: str | None = None
    may_write: bool = True
    is_alone: bool = True
    is_strict: bool = True
    floor: int = 0
    optional_entities: tuple[str, ...] = ()

    @contextmanager
    def service(self, **options: Any) -> Generator[Service]:
        """The service, to be opened."""
        with ExitStack() as closing_at_the_end:
            client = None
            if self.control is not None:
                client = ControlClient(self.control, self.control_token or "")
                closing_at_the_end.callback(client.close)
            service = Service(
                self.url, self.credentials, client, floor=self.floor, may_write=self.may_write,
                **options,
            )  # fmt: skip
            service.is_alone = self.is_alone
            service.leak_scanner.add_secret(self.control_token or "")
            yield service

    @contextmanager
    def fuzzed_service(self) -> Generator[Service]:
        """The service as the fuzzer uses it."""
        with self.service(limits=None, snapshot="cmdm-fuzz") as service:
            yield service

    def settings(self, settings: FuzzSettings) -> FuzzSettings:
        """The settings, with what this sandbox says of them."""
        return replace(
            settings,
            is_strict=self.is_strict,
            entities=ENTITIES,
            optional_entities=self.optional_entities,
        )


@dataclass(frozen=True)
class HuntResult:
    """What became of a mutant: the failures in their order, and the requests up to the first."""

    mutant: str
    aims: str
    failures: tuple[str, ...]
    requests: int

    @property
    def is_found(self) -> bool:
        return bool(self.failures)

    @property
    def is_by_its_check(self) -> bool:
        return any(failure.split()[0] == self.aims for failure in self.failures)


@contextmanager
def sandbox(fault: PlantedFault | None = None) -> Generator[FuzzedSandbox]:
    """Run a sandbox with a fault planted in it."""
    with tempfile.TemporaryDirectory(prefix="cmdm-mutant-") as folder, planted(fault):
        config = SandboxConfig(
            Path(folder) / "data", port=0, records=RECORDS, control=True, lasting=False
        )
        copy_records(config)
        with Sandbox.embedded(config) as info:
            yield target_of(info)


def target_of(info: RunningInfo) -> FuzzedSandbox:
    credentials = profile_of_sandbox(info).credentials
    return FuzzedSandbox(info.url, credentials, info.control, info.control_token)


def fuzz_target(target: FuzzedSandbox, settings: FuzzSettings) -> tuple[list[str], int]:
    """Fuzz; return what failed, and the requests up to the first failure."""
    failures: list[str] = []
    first: list[int] = []

    def hear(event: FuzzEvent) -> None:
        if isinstance(event, FailureFound):
            failures.append(event.failure)
            # What a chance has drawn may not come again.
            logger.warning("%s", event.finding)
            first.append(event.finding.exchange)

    with target.fuzzed_service() as service:
        wanted = target.settings(settings)
        ended = FuzzRunner(service, wanted, hear, lambda _failure, _path, _people: None).run()
    # A run that was cut short proves nothing by what it did not find.
    assert failures or not ended.is_cut, ended.reason
    return failures, first[0] if first else 0


def hunt_mutant(mutant: Mutant, seed: int, requests: int, *, fails_fast: bool = True) -> HuntResult:
    """Fuzz one mutant."""
    settings = FuzzSettings(seed=seed, requests=requests, fails_fast=fails_fast, shrinks=False)
    with sandbox(mutant.fault) as target:
        failures, first = fuzz_target(target, settings)
    return HuntResult(mutant.name, mutant.aims, tuple(failures), first)
