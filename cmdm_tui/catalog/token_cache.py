"""Keeps the client's token between runs, in the profile's cache."""

import time
from email.utils import formatdate

from cmdm_tui.api.auth import Token
from cmdm_tui.api.quota import ServerClock
from cmdm_tui.config import ConfigurationError, TokenFile


class CachedTokens:
    """A `TokenStore` on a `TokenFile`; `clock` is the client's, which it sets to what was known.

    A token that cannot be kept fails no call: it lasts for this run, and `trouble` says why.
    """

    def __init__(self, cache: TokenFile, clock: ServerClock) -> None:
        self._cache = cache
        self._clock = clock
        self.error: ConfigurationError | None = None

    def load(self) -> Token | None:
        """Return the token kept, unless it has ended by the server's clock as last known."""
        kept = self._cache.load()
        if kept is None:
            return None
        server_time = time.time() + kept.clock_offset
        self._clock.update({"date": formatdate(server_time, usegmt=True)})
        return Token(kept.value, kept.renew_at)

    def save(self, token: Token) -> None:
        """Keep a new token in place of the last."""
        try:
            self._cache.save(token.value, token.renew_at, self._clock.offset)
        except ConfigurationError as trouble:
            self.error = trouble


class FreshTokens:
    """A `TokenStore` of a sign-in that is tried: it knows no token before and holds the new one.

    Wrong credentials are found out this way, whatever token is still good.
    """

    def __init__(self) -> None:
        self.token: Token | None = None

    def load(self) -> Token | None:
        """Return None: every sign-in is made."""
        return None

    def save(self, token: Token) -> None:
        """Hold the token until the profile is kept."""
        self.token = token
