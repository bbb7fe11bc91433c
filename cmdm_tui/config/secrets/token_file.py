"""Stores the token of a sign-in between runs, in its own file that only its user can read.

The file's name is a hash of the profile, the address, the client id and the user name, so that a
profile that was changed never finds another's token. In the file, a keyed hash of the secrets
is next to the token: with another password, the token is not used. The key is random, made once
for each user and stored next to the tokens, so the hash alone gives nothing away.
"""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cmdm_tui.config.credentials import Credentials, SecretStr, is_sendable
from cmdm_tui.config.private_files import read_private_file, remove_file, replace_file

_KEY_SIZE = 32
_LARGEST_FILE = 64 * 1024
_LARGEST_OFFSET = 10 * 365 * 86_400.0
_LATEST_UNIX_TIME = 253_402_300_799.0  # the end of the year 9999, beyond which no datetime goes


@dataclass(frozen=True, slots=True)
class StoredToken:
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


class TokenFile:
    """The file of one profile's token; it reads and writes nothing before it is asked to."""

    def __init__(self, folder: Path, profile: str, url: str, credentials: Credentials) -> None:
        self._folder = folder
        self._credentials = credentials
        identity = (profile, url, credentials.client_id.reveal(), credentials.username)
        self._path = folder / f"{profile}.{_hash_identity(identity)}.json"

    def load(self) -> StoredToken | None:
        """Return the token that these credentials obtained, unless it has ended.

        A file that is corrupt, a link, another's or open to others counts as none.
        """
        file = _read_token_file(self._path)
        if file is None or not self._matches_secrets(file.secrets):
            return None
        return _to_usable_token(file)

    def save(self, value: SecretStr, renew_at: float | None, clock_offset: float) -> None:
        """Store a token in place of the last. Raises ConfigurationError where that fails."""
        key = self._read_key() or self._make_key()
        file = _StoredContent(
            value.reveal(), renew_at, clock_offset, self._compute_fingerprint(key)
        )
        replace_file(self._path, msgspec.json.encode(file))

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


def load_stored_token(
    folder: Path, profile: str, url: str, client_id: SecretStr, username: str
) -> StoredToken | None:
    """Return the profile's stored token, whichever secrets obtained it."""
    identity = (profile, url, client_id.reveal(), username)
    file = _read_token_file(folder / f"{profile}.{_hash_identity(identity)}.json")
    return None if file is None else _to_usable_token(file)


def delete_tokens(folder: Path, profile: str) -> int:
    """Remove every token of the profile, whatever its address was, and return how many."""
    try:
        found = [path for path in folder.iterdir() if path.name.startswith(f"{profile}.")]
    except OSError:
        return 0
    return sum(remove_file(path) for path in found)


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
