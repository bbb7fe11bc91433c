"""The settings of a sandbox, and what a program needs to use it once it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from cmdm_tui.sandbox.credentials import AccountCredentials
from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.faults.plan import FaultPlan
from cmdm_tui.sandbox.http.exposure import LOOPBACK, check_exposure
from cmdm_tui.sandbox.variants.choices import BehaviourChoices

DEFAULT_PORT = 8765
DEFAULT_RECORDS = 2_000


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """The settings of one sandbox.

    `records` is the number of leads of a new data set, the other entities being in proportion; data
    that exists keeps its size. `port` 0 takes a free port. Limits are in calls, `token_ttl` in
    seconds. `database` is the `postgresql://` address of a database that takes the place of the
    folder's file, and may be served by several `workers`; it can hold a password, and is not shown.
    With `control` there is a control plane. `behaviours` has the choices at the points where the
    sandbox is to leave its own way (`variants.choices`), `faults` what goes wrong. `host` is an IP
    address; one outside this machine needs a certificate and `credentials`. Without `credentials`,
    random ones are made and kept in the data folder.
    Where data is not `lasting`, because its folder is removed with the sandbox, no write waits for
    the disk: data survives the process, not the machine.

    Raises `SettingError` when a value is out of its range.
    """

    data: Path
    port: int = DEFAULT_PORT
    records: int = DEFAULT_RECORDS
    reset: bool = False
    rate_limit: int = 5_000
    month_limit: int = 500_000
    token_ttl: int = 3_600
    database: str | None = field(default=None, repr=False)
    workers: int = 1
    control: bool = False
    lasting: bool = True
    behaviours: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: FaultPlan = field(default_factory=FaultPlan)
    host: str = LOOPBACK
    certfile: Path | None = None
    keyfile: Path | None = None
    credentials: AccountCredentials | None = None

    def __post_init__(self) -> None:
        lowest_and_highest = {
            "port": (0, 65_535),
            "records": (0, 10_000_000),
            "rate_limit": (1, 10**12),
            "month_limit": (1, 10**12),
            "token_ttl": (1, 10**9),
            "workers": (1, 64),
        }
        for name, (lowest, highest) in lowest_and_highest.items():
            value: int = getattr(self, name)
            if not lowest <= value <= highest:
                raise SettingError(
                    f"The sandbox's {name.replace('_', ' ')} is {value}; "
                    f"give a whole number from {lowest:,} to {highest:,}."
                )
        if self.workers > 1 and self.database is None:
            raise SettingError(
                f"{self.workers} workers need a database to share; give one with --database."
            )
        is_turned = self.control or self.behaviours or self.faults.faults
        if self.workers > 1 and is_turned:
            raise SettingError(
                "Control, behaviours and faults belong to one process; serve with one worker."
            )
        BehaviourChoices(self.behaviours)
        if self.keyfile is not None and self.certfile is None:
            raise SettingError("A keyfile needs the certfile that it belongs to.")
        check_exposure(self.host, self.certfile, self.credentials, control=self.control)


class RunningInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a running sandbox is and how to sign in; encodes to the one JSON line for programs.

    `url` is what api.md calls `{api-url}`: the calls are under `{url}/api/v1`. `control` is the
    address of the control plane and `control_token` its bearer token, where there is one.
    """

    url: str
    client_id: str
    client_secret: str
    username: str
    password: str
    control: str | None = None
    control_token: str | None = None

    @property
    def credentials(self) -> AccountCredentials:
        """The four values of a sign-in."""
        return AccountCredentials(self.client_id, self.client_secret, self.username, self.password)

    def json_line(self) -> str:
        """Return the JSON object, without a line end, that a program needs to use the sandbox."""
        return msgspec.json.encode(self).decode()

    def __repr__(self) -> str:
        return f"RunningInfo(url={self.url!r}, client_id={self.client_id!r}, …)"
