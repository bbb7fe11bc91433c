"""Drives a case through the client against a sandbox on a real socket, into a cassette."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cmdm_tui.api import NO_RETRIES, Client
from cmdm_tui.cli.embedded import profile_of
from cmdm_tui.config import Credentials, SecretStr
from cmdm_tui.harness import Case, outcome_of, recording
from cmdm_tui.harness.manifest import write_outcome
from cmdm_tui.sandbox import Sandbox, SandboxConfig

_MORNING = 1_774_953_000.0  # 2026-03-31T10:30:00Z, at which every recording is made
_RECORDS = 40


def record_case(case: Case, folder: Path) -> None:
    """Record one case against a fresh sandbox on a real socket, with the outcome beside it."""

    async def driven(url: str, credentials: Credentials) -> dict[str, Any]:
        async with Client(url, credentials, policy=NO_RETRIES) as client:
            return await outcome_of(case.work(client, clock), client)

    clock = StageClock()
    path = folder / f"{case.name}.yaml"
    with tempfile.TemporaryDirectory(prefix="cmdm-record-") as data:
        config = SandboxConfig(data=Path(data), port=0, records=_RECORDS)
        if case.setting == "hour's limit":
            config = replace(config, rate_limit=2)
        elif case.setting == "month's limit":
            config = replace(config, month_limit=2)
        with Sandbox.embedded(config, clock=clock) as info, _setting(case, Path(data)):
            credentials = profile_of(info).credentials
            secrets = {info.client_id, info.client_secret, info.username, info.password}
            if case.setting == "wrong password":
                credentials = Credentials(
                    credentials.client_id,
                    credentials.client_secret,
                    credentials.username,
                    SecretStr("not-the-password"),
                )
                secrets.add("not-the-password")
            with recording(path, url=info.url, secrets=secrets) as tape:
                outcome = asyncio.run(driven(info.url, credentials))
    write_outcome(path, outcome, tape)


class StageClock:
    """A clock that stands still at one moment until a case lets time pass."""

    def __init__(self) -> None:
        self._now = _MORNING

    def now(self) -> float:
        """Return the Unix time in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self._now += seconds


@contextmanager
def _setting(case: Case, data: Path) -> Generator[None]:
    """Take the sandbox's records away where a case is about a service that fails."""
    if case.setting == "broken":
        (file,) = data.glob("*.sqlite")
        with closing(sqlite3.connect(file)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (name,) in tables.fetchall():
                if "lead" in name:
                    connection.execute(f'ALTER TABLE "{name}" RENAME TO "{name}_gone"')
            connection.commit()
    yield
