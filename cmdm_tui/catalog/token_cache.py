"""Keeps the token of a sign-in between runs, and lets one process at a time sign in for it.

A token is in its own file, which only its user can read. The file's name is a hash of the profile,
the address, the client id and the user name, so that a profile that was changed never finds
another's token. In the file, a keyed hash of the secrets is next to the token: with another
password, the token is not used. The key is random, made once for each user and stored next to the
tokens, so the hash alone gives nothing away.

Next to the token is a lock. Who signs in holds it, and whoever waited for it finds the token that
was obtained meanwhile. The lock ends with its process, however that ends. Whoever waited for a
sign-in that failed finds how in a file, which holds that and the keyed hash, for a minute.
"""

import asyncio
import hashlib
import hmac
import json
import random
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from cmdm_tui.api.quota import ServerClock
from cmdm_tui.api.token_state import SignInFailure, Token
from cmdm_tui.config import ConfigurationError, Credentials, Profile, SecretStr, is_sendable
from cmdm_tui.config.private_files import make_folder, read_private_file, replace_file

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK_WAIT = 15.0
"""Seconds to wait for another process to sign in; after that, this one signs in as well."""

FAILURE_LIFETIME = 60.0
"""Seconds for which it is remembered how a sign-in failed."""

_MOST_FAILURES = 4
_POLL_INTERVAL = 0.03
_KEY_SIZE = 32
_LARGEST_FILE = 64 * 1024
_LARGEST_OFFSET = 10 * 365 * 86_400.0
_LATEST_UNIX_TIME = 253_402_300_799.0  # the end of the year 9999, beyond which no datetime goes


class StoredToken(Struct, frozen=True):
    """A token as it was kept; `renew_at` is Unix time by the server's clock, None where unknown."""

    value: SecretStr
    renew_at: float | None
    clock_offset: float
    """Seconds that the server's clock was ahead of this machine's."""

    @property
    def seconds_left(self) -> float | None:
        """How long it is good for, as far as is known; None where that is unknown."""
        if self.renew_at is None:
            return None
        return self.renew_at - (time.time() + self.clock_offset)


class _StoredContent(msgspec.Struct, frozen=True):
    token: str
    renew_at: float | None
    clock_offset: float
    secrets: str

    def __repr__(self) -> str:
        return "_File(…)"


class _StoredFailures(msgspec.Struct, frozen=True):
    secrets: str
    failures: tuple[SignInFailure, ...]


class TokenFile:
    """The file of one profile's token; it reads and writes nothing before it is asked to."""

    def __init__(self, folder: Path, profile: str, url: str, credentials: Credentials) -> None:
        self._folder = folder
        self._credentials = credentials
        identity = (profile, url, credentials.client_id.reveal(), credentials.username)
        self._path = folder / f"{profile}.{_hash_identity(identity)}.json"

    @classmethod
    def of_profile(cls, profile: Profile) -> "TokenFile | None":
        """Return the file of the profile's token, None where it keeps none."""
        if profile.tokens is None:
            return None
        return cls(profile.tokens, profile.name, profile.url, profile.credentials)

    @property
    def lock_path(self) -> Path:
        """The lock next to the token."""
        return self._path.with_suffix(".lock")

    @property
    def failures_path(self) -> Path:
        """The file of the last failed sign-ins."""
        return self._path.with_suffix(".failed")

    def load(self) -> StoredToken | None:
        """Return the token that these credentials obtained, unless it has ended.

        A file that is corrupt, a link, another's or open to others counts as none. Credentials
        without secrets may use the token, whichever secrets obtained it.
        """
        file = _read_token_file(self._path)
        if file is None:
            return None
        if self._credentials.has_secrets and not self._matches_secrets(file.secrets):
            return None
        return _to_usable_token(file)

    def forget(self, value: SecretStr) -> None:
        """Remove the token, where it is still the one that is kept, so that the next run signs in.

        One that cannot be removed stays, and the service refuses it again.
        """
        file = _read_token_file(self._path)
        if file is not None and SecretStr(file.token) == value:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def save(self, value: SecretStr, renew_at: float | None, clock_offset: float) -> None:
        """Store a token in place of the last. Raises ConfigurationError where that fails.

        Credentials without secrets have obtained none, and store nothing.
        """
        if not self._credentials.has_secrets:
            return
        key = self._read_key() or self._make_key()
        file = _StoredContent(
            value.reveal(), renew_at, clock_offset, self._compute_fingerprint(key)
        )
        replace_file(self._path, msgspec.json.encode(file))
        with suppress(OSError):
            self.failures_path.unlink(missing_ok=True)

    def load_failures(self) -> tuple[SignInFailure, ...]:
        """Return how the last sign-ins of these credentials failed within a minute, oldest first.

        A file that is corrupt, a link, another's or open to others counts as none.
        """
        content = read_private_file(self.failures_path, _LARGEST_FILE)
        try:
            file = msgspec.json.decode(content or b"", type=_StoredFailures)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return ()
        if not self._matches_secrets(file.secrets):
            return ()
        now = time.time()
        return tuple(item for item in file.failures if 0 <= now - item.at <= FAILURE_LIFETIME)

    def save_failure(self, failure: SignInFailure) -> None:
        """Add how a sign-in failed. Raises ConfigurationError where that cannot be stored."""
        key = self._read_key() or self._make_key()
        failures = (*self.load_failures(), failure)[-_MOST_FAILURES:]
        file = _StoredFailures(self._compute_fingerprint(key), failures)
        replace_file(self.failures_path, msgspec.json.encode(file))

    def _matches_secrets(self, fingerprint: str) -> bool:
        key = self._read_key()
        if key is None or not fingerprint.isascii():
            return False
        return hmac.compare_digest(fingerprint, self._compute_fingerprint(key))

    def _compute_fingerprint(self, key: bytes) -> str:
        credentials = self._credentials
        values = (
            self._path.name,
            credentials.client_secret.reveal(),
            credentials.password.reveal(),
        )
        return hmac.new(key, json.dumps(values).encode("ascii"), hashlib.sha256).hexdigest()

    def _read_key(self) -> bytes | None:
        key = read_private_file(self._folder / "key", _KEY_SIZE)
        return key if key is not None and len(key) == _KEY_SIZE else None

    def _make_key(self) -> bytes:
        """Make the key. Of two that are made at once one wins; the other's token is not found."""
        key = secrets.token_bytes(_KEY_SIZE)
        replace_file(self._folder / "key", key)
        return key


class CachedTokens:
    """A `TokenStore` on a `TokenFile`; `clock` is the client's, which it sets to what was known.

    A token that cannot be kept fails no call: it lasts for this run, and `error` says why. Neither
    does a lock that cannot be had within `lock_wait` seconds: `lock_warning` says why.
    """

    def __init__(
        self, file: TokenFile, clock: ServerClock, *, lock_wait: float = LOCK_WAIT
    ) -> None:
        self._file = file
        self._clock = clock
        self._lock_wait = lock_wait
        self.error: ConfigurationError | None = None
        self.lock_warning = ""

    def load(self) -> Token | None:
        """Return the token kept, unless it has ended by the server's clock as last known."""
        kept = self._file.load()
        if kept is None:
            return None
        if not self._clock.is_known:
            server_time = time.time() + kept.clock_offset
            self._clock.update({"date": formatdate(server_time, usegmt=True)})
        return Token(kept.value, kept.renew_at)

    def save(self, token: Token) -> None:
        """Keep a new token in place of the last."""
        try:
            self._file.save(token.value, token.renew_at, self._clock.offset)
        except ConfigurationError as trouble:
            self.error = trouble

    def forget(self, token: Token) -> None:
        """Remove a token that the service has refused or that has ended."""
        self._file.forget(token.value)

    def load_failures(self) -> Sequence[SignInFailure]:
        """Return how the last sign-ins of these credentials failed within a minute."""
        return self._file.load_failures()

    def save_failure(self, failure: SignInFailure) -> None:
        """Remember a failure; one that cannot be stored is this process's alone."""
        with suppress(ConfigurationError):
            self._file.save_failure(failure)

    @asynccontextmanager
    async def lock(self) -> AsyncGenerator[None]:
        """Keep every other process of the profile from signing in while the block runs.

        Where that cannot be done, the block runs all the same.
        """
        held = await self._acquire_lock()
        try:
            yield
        finally:
            if held is not None:
                held.release()

    async def _acquire_lock(self) -> "BaseFileLock | None":
        from filelock import FileLock, Timeout

        path = self._file.lock_path
        give_up_at = time.monotonic() + self._lock_wait
        try:
            make_folder(path.parent)
            lock = FileLock(path, mode=0o600)
            while True:
                try:
                    lock.acquire(blocking=False)
                except Timeout:
                    if time.monotonic() >= give_up_at:
                        self.lock_warning = (
                            f"Another cmdm has held {path} for {self._lock_wait:g} s to sign in, "
                            "so this one did not wait for it."
                        )
                        return None
                    # Spread, so that those who wait do not all look at once.
                    spread = 0.5 + random.random()  # noqa: S311 — a wait, not a secret
                    await asyncio.sleep(_POLL_INTERVAL * spread)
                else:
                    return lock
        except (OSError, NotImplementedError) as error:
            reason = error.strerror if isinstance(error, OSError) else "there are no locks here"
            self.lock_warning = (
                f"{path} cannot be used ({reason}), so several cmdm that start together may each "
                "sign in."
            )
            return None


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


def load_stored_token(
    folder: Path, profile: str, url: str, client_id: SecretStr, username: str
) -> StoredToken | None:
    """Return the profile's stored token, whichever secrets obtained it."""
    identity = (profile, url, client_id.reveal(), username)
    file = _read_token_file(folder / f"{profile}.{_hash_identity(identity)}.json")
    return None if file is None else _to_usable_token(file)


def _hash_identity(identity: tuple[str, ...]) -> str:
    return hashlib.sha256(json.dumps(identity).encode("ascii")).hexdigest()[:32]


def _read_token_file(path: Path) -> _StoredContent | None:
    content = read_private_file(path, _LARGEST_FILE)
    if content is None:
        return None
    try:
        file = msgspec.json.decode(content, type=_StoredContent)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    is_of_this_world = (
        abs(file.clock_offset) <= _LARGEST_OFFSET
        and 0 <= (file.renew_at or 0.0) <= _LATEST_UNIX_TIME
    )
    return file if is_of_this_world and is_sendable(file.token) else None


def _to_usable_token(file: _StoredContent) -> StoredToken | None:
    token = StoredToken(SecretStr(file.token), file.renew_at, file.clock_offset)
    left = token.seconds_left
    return token if left is None or left > 0 else None
