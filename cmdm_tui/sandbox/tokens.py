"""Bearer tokens: issuing them, and telling whether a request carries a good one."""

import hashlib
import secrets
from dataclasses import dataclass

from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.store import AccessStore


@dataclass(frozen=True, slots=True)
class Tokens:
    """Issues tokens that last `lifetime` seconds. Only their SHA-256 digests are stored."""

    store: AccessStore
    clock: Clock
    lifetime: int

    async def issue(self) -> tuple[str, int]:
        """Return a new token and the Unix time at which it ends."""
        token = secrets.token_urlsafe(32)
        now = self.clock.now()
        ends = int(now) + self.lifetime
        await self.store.add_token(_digest(token.encode()), ends, now)
        return token, ends

    async def end_of(self, authorization: bytes | None) -> int | None:
        """Return when the token of an `Authorization` header ends, None unless it is good now.

        Looking a digest up says nothing, through its timing, about the token behind it.
        """
        if authorization is None:
            return None
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        ends = await self.store.token_end(_digest(token.strip()))
        return ends if ends is not None and self.clock.now() < ends else None


def _digest(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()
