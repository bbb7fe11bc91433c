"""Bearer tokens: issuing them, and telling whether a request carries a good one."""

import hashlib
import secrets
from dataclasses import dataclass, field

from cmdm_tui.sandbox.clock import Clock
from cmdm_tui.sandbox.storage.store import AccessStore


@dataclass(slots=True)
class TokenIssuer:
    """Issues tokens that last `lifetime` seconds. Only their SHA-256 digests are stored.

    The control plane may change the lifetime, and end tokens early; those are ended for this
    process alone, and only while it runs.
    """

    store: AccessStore
    clock: Clock
    lifetime: int
    _revoked: set[str] = field(default_factory=set[str], repr=False)

    async def issue(self) -> tuple[str, int]:
        """Return a new token and the Unix time at which it ends."""
        token = secrets.token_urlsafe(32)
        now = self.clock.now()
        ends = int(now) + self.lifetime
        await self.store.add_token(_digest(token.encode()), ends, now)
        return token, ends

    async def get_end(self, authorization: bytes | None) -> int | None:
        """Return when the token of an `Authorization` header ends, None unless it is good now.

        Looking a digest up says nothing, through its timing, about the token behind it.
        """
        digest = _bearer_digest(authorization)
        if digest is None or digest in self._revoked:
            return None
        ends = await self.store.get_token_end(digest)
        return ends if ends is not None and self.clock.now() < ends else None

    def revoke(self, authorization: bytes | None) -> None:
        """End the token of an `Authorization` header now, if it holds one."""
        digest = _bearer_digest(authorization)
        if digest is not None:
            self._revoked.add(digest)


def _bearer_digest(authorization: bytes | None) -> str | None:
    scheme, _, token = (authorization or b"").partition(b" ")
    return _digest(token.strip()) if scheme.lower() == b"bearer" else None


def _digest(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()
