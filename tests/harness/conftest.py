"""The sandbox that cases are run against: as large as the recorded one, put back each time."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cmdm_tui.cli.embedded_sandbox import profile_of_sandbox
from cmdm_tui.config import Credentials
from cmdm_tui.harness.cases.player import RECORDED_LEADS
from cmdm_tui.harness.control_client import ControlClient
from cmdm_tui.harness.service import Service
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from tests.services import copy_records


@dataclass(frozen=True)
class ControlledSandbox:
    """A running sandbox and its control plane."""

    info: RunningInfo
    control: ControlClient

    @property
    def credentials(self) -> Credentials:
        return profile_of_sandbox(self.info).credentials

    def service(self) -> Service:
        return Service(self.info.url, self.credentials, self.control)

    def uncontrolled_service(self, **options: int | str) -> Service:
        """A target as a live service is one: nothing puts it back."""
        return Service(self.info.url, self.credentials, **options)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlledSandbox]:
    data = tmp_path_factory.mktemp("controlled") / "data"
    config = SandboxConfig(data=data, port=0, records=RECORDED_LEADS, control=True, lasting=False)
    copy_records(config)
    with Sandbox.embedded(config) as info:
        control = ControlClient(info.control or "", info.control_token or "")
        yield ControlledSandbox(info, control)
        control.close()


@pytest.fixture
def controlled(shared_sandbox: ControlledSandbox) -> Iterator[ControlledSandbox]:
    """The session's sandbox, behaving as its own and put back when the test ends."""
    shared_sandbox.control.reset()
    yield shared_sandbox
    shared_sandbox.control.reset()
