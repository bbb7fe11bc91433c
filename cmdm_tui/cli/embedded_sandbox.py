"""Sandboxes embedded in this process: the demo, and fresh ones for the harness."""

import hashlib
import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from cmdm_tui.config import Credentials, Paths, Profile, SecretStr
from cmdm_tui.sandbox import DataFolderInUseError, RunningInfo, Sandbox, SandboxConfig

SANDBOX_CUSTOM_ENTITIES = ("event", "product")
"""The sandbox's custom entities (`api.md`, the sandbox's entities)."""


DEMO_VARIABLE = "CMDM_SERVED_DEMO"
"""Holds the demo's sandbox that `cmdm serve` runs for its explorers, as a JSON object."""


def find_shared_demo(environment: Mapping[str, str]) -> Profile | None:
    """Return the profile of the demo that `cmdm serve` runs, None where it has not started this."""
    line = environment.get(DEMO_VARIABLE)
    return None if line is None else profile_of_sandbox(msgspec.json.decode(line, type=RunningInfo))


@contextmanager
def run_demo_sandbox(paths: Paths) -> Generator[RunningInfo]:
    """Run the demo's sandbox.

    Its data is kept between runs. A second demo at the same time has its own data, which is deleted
    when it ends.
    """
    with ExitStack() as running:
        try:
            sandbox = Sandbox.embedded(SandboxConfig(data=paths.demo, port=0))
            info = running.enter_context(sandbox)
        except DataFolderInUseError:
            folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="cmdm-demo-")))
            sandbox = Sandbox.embedded(SandboxConfig(data=folder, port=0, lasting=False))
            info = running.enter_context(sandbox)
        yield info


@contextmanager
def run_fresh_sandbox(leads: int) -> Generator[RunningInfo]:
    """Run a sandbox with `leads` leads and a control plane, for the block only."""
    with tempfile.TemporaryDirectory(prefix="cmdm-sandbox-") as folder:
        config = SandboxConfig(
            Path(folder) / "data", port=0, records=leads, control=True, lasting=False
        )
        with Sandbox.embedded(config) as info:
            yield info


def profile_of_sandbox(info: RunningInfo) -> Profile:
    """Return the profile that signs in to a running sandbox."""
    return Profile(
        name="demo",
        url=info.url,
        credentials=Credentials(
            SecretStr(info.client_id),
            SecretStr(info.client_secret),
            info.username,
            SecretStr(info.password),
        ),
        catalog="demo",
        entities=SANDBOX_CUSTOM_ENTITIES,
        data_name=_name_data(info),
    )


def _name_data(info: RunningInfo) -> str:
    """Return a name for the sandbox's data, which keeps its random credentials."""
    sign_in = f"{info.client_id}\n{info.client_secret}".encode()
    return f"sandbox {hashlib.sha256(sign_in).hexdigest()[:16]}"
