"""The sandbox: a faithful local implementation of the API (api.md) with realistic data.

with Sandbox.embedded(SandboxConfig(data=folder, port=0)) as running:
    print(running.url)

Public: `Sandbox` (`launcher`: in a thread or as a process), `SandboxConfig` and `RunningInfo`
(`config`), `AccountCredentials` (`credentials`), `FaultPlan`, `SandboxError` and the others of
`errors`.

`server` serves, with `workers` in several processes; `app` builds the stack: `http/`, `faults/`,
`variants/`, `auth`, `rate_limit`, `routes`. Behind them: `parameters` and `writes` check what is
asked for, by the `schema` and its `wire_types`; `storage/` keeps it, in a `data_folder`, begun by
`seed/`. `openapi/` describes it all, `control/` changes it from outside. Also: `clock`,
`api_constants`, `input_files` (reads what may be no file).
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
