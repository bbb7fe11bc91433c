"""An account that is explored from files, in place of a service."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmdm_tui.config import Profile

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class OfflineAccount:
    """Records in a file, to be explored as an account: no catalog and no token of it is kept.

    `profile` has no secret of a user. `origin` says what the records are, in a few words; both are
    untrusted. `transport` answers in place of the network; where it is None, the profile names a
    service that runs on this machine.
    """

    profile: Profile
    origin: str
    transport: "httpx.AsyncBaseTransport | None" = None
