"""The sandbox: a faithful local implementation of the API (api.md) with realistic data.

with Sandbox.embedded(SandboxConfig(data=folder, port=0)) as running:
    print(running.url)

Central files: `storage/`, `variants/`, `schema`, `errors`, `http/`, `openapi/`, `seed/`, `clock`.
Public: `Sandbox`, `SandboxConfig`, `RunningInfo`, `SandboxError`, `AccountCredentials`,
`DataFolderInUseError`, `FaultPlan`, `SettingError`.
"""

from cmdm_tui.sandbox.config import DEFAULT_PORT, DEFAULT_RECORDS, RunningInfo, SandboxConfig
from cmdm_tui.sandbox.credentials import AccountCredentials
from cmdm_tui.sandbox.errors import (
    DatabaseError,
    DatabaseInUseError,
    DataFileError,
    DataFolderError,
    DataFolderInUseError,
    PortError,
    SandboxError,
    SettingError,
)
from cmdm_tui.sandbox.faults.plan import FaultPlan
from cmdm_tui.sandbox.launcher import Sandbox

__all__ = [
    "DEFAULT_PORT",
    "DEFAULT_RECORDS",
    "AccountCredentials",
    "DataFileError",
    "DataFolderError",
    "DataFolderInUseError",
    "DatabaseError",
    "DatabaseInUseError",
    "FaultPlan",
    "PortError",
    "RunningInfo",
    "Sandbox",
    "SandboxConfig",
    "SandboxError",
    "SettingError",
]
