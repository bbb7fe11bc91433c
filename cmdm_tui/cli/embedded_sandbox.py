"""Sandboxes embedded in this process: the demo, and fresh ones for the harness."""

import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cmdm_tui.config import Credentials, Paths, Profile, SecretStr
from cmdm_tui.sandbox import DataFolderInUseError, RunningInfo, Sandbox, SandboxConfig

SANDBOX_CUSTOM_ENTITIES = ("event", "product")
"""The sandbox's custom entities (`api.md`, the sandbox's entities)."""


@contextmanager
def run_demo_sandbox(paths: Paths) -> Generator[Profile]:
    """Run the demo's sandbox and yield the profile of it.

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
        yield profile_of_sandbox(info)


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
    )
