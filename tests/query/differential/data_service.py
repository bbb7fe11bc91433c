"""Serves a data set on a real socket, counts the calls that reach it, and turns its behaviours."""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cmdm_tui.catalog import Account
from cmdm_tui.sandbox import RunningInfo, Sandbox, SandboxConfig
from cmdm_tui.sandbox.storage.sqlite.data_file import create_data_file
from tests.query.differential.data_set import DataSet
from tests.query.differential.reference_evaluator import Tables
from tests.sandbox.control_client import ControlPlaneClient
from tests.services import CountedNetwork, profile_of

_NO_LIMIT = 10**9


@dataclass
class DataService:
    """A data set that is served."""

    data: DataSet
    info: RunningInfo
    control: ControlPlaneClient
    chosen: Mapping[str, str] = field(default_factory=dict[str, str])
    _told: tuple[Mapping[str, str], Tables] | None = None
    """The behaviours that `tables` was last asked for, and its answer."""

    def tables(self, behaviours: Mapping[str, str]) -> Tables:
        """Return the records as values, as a service of these behaviours tells them."""
        if self._told is None or self._told[0] != behaviours:
            self._told = (dict(behaviours), self.data.tables(behaviours))
        return self._told[1]

    def set_behaviours(self, behaviours: Mapping[str, str]) -> None:
        """Choose these behaviours and no others."""
        if behaviours != self.chosen:
            self.control.behave(**behaviours)
            self.chosen = behaviours

    @asynccontextmanager
    async def open_account(self) -> AsyncGenerator[tuple[Account, CountedNetwork]]:
        """Open an account on the service, of which nothing is known yet."""
        profile = profile_of(self.info, entities=("event",))
        network = CountedNetwork()
        async with Account.open(profile, catalogs=None, transport=network) as account:
            yield account, network


@contextmanager
def serve_data_set(data: DataSet, folder: Path) -> Generator[DataService]:
    """Serve a data set while the block runs."""
    folder.mkdir()
    config = SandboxConfig(
        folder, port=0, control=True, rate_limit=_NO_LIMIT, month_limit=_NO_LIMIT
    )
    create_data_file(
        folder / "sandbox.sqlite", data.service_records(), sum(map(len, data.records.values()))
    )
    with Sandbox.embedded(config) as info:
        control = ControlPlaneClient.of(info)
        with control.http:
            yield DataService(data, info, control)
