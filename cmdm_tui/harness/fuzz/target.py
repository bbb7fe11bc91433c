"""What is fuzzed: an address, who signs in there, and what may be done to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cmdm_tui.harness.exchange import API_PATH


@dataclass(frozen=True, slots=True)
class FuzzTarget:
    """A service to fuzz.

    `url` is scheme, host and port. `credentials` hold the values of the four sign-in headers.
    With a control plane it is restored for each example. `may_write` allows requests that change
    records; `is_alone` says that no one else changes them or makes calls meanwhile, so that totals
    and the quota can be held against the service. `is_strict` makes failures of what the
    documentation leaves open (`api.md`, ours). `floor` are the calls that are left untouched,
    `base` is the path before the calls, and `optional_entities` are used where they exist.
    """

    url: str
    credentials: Mapping[str, str] = field(repr=False)
    entities: tuple[str, ...]
    control: str | None = None
    control_token: str | None = field(default=None, repr=False)
    may_write: bool = True
    is_alone: bool = True
    is_strict: bool = True
    floor: int = 0
    base: str = API_PATH
    optional_entities: tuple[str, ...] = ()

    @property
    def is_to_be_cleaned(self) -> bool:
        """Whether what the run makes is to be deleted again: it is somebody's own service."""
        return self.may_write and self.control is None and not self.is_alone

    @property
    def restores(self) -> bool:
        """Whether the target is restored for each example."""
        return self.control is not None
