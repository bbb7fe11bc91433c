"""The sandbox's one API user: random credentials, where they are read from, and their hashes."""

import asyncio
import codecs
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from hmac import compare_digest
from pathlib import Path

import msgspec

from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.input_files import open_input, read_whole

_PERMISSIONS_OF_OTHERS = 0o077
# About 25 ms and 16 MiB a guess; the password itself has 128 random bits.
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}


class AccountCredentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The four values that `POST /authenticate` takes as headers (api.md)."""

    client_id: str
    client_secret: str
    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(client_id={self.client_id!r}, …)"

    @classmethod
    def random(cls) -> "AccountCredentials":
        """Make credentials that cannot be guessed."""
        return cls(
            client_id=f"sandbox-{secrets.token_hex(6)}",
            client_secret=secrets.token_urlsafe(32),
            username=f"demo-{secrets.token_hex(3)}@sandbox.example",
            password=secrets.token_urlsafe(16),
        )


def read_credentials(path: Path) -> AccountCredentials:
    """Read credentials from a JSON file of the four values that only its owner can read.

    Raises `SettingError`, which shows none of them.
    """
    try:
        with open_input(path) as file:
            if os.fstat(file.fileno()).st_mode & _PERMISSIONS_OF_OTHERS:
                raise SettingError(
                    f"The credentials file {path} can be read by others; run chmod 600 on it."
                )
            content = read_whole(file).removeprefix(codecs.BOM_UTF8)
            return msgspec.json.decode(content, type=AccountCredentials)
    except OSError as error:
        raise SettingError(
            f"The credentials file {path} cannot be read ({error.strerror})."
        ) from error
    except (ValueError, msgspec.MsgspecError) as error:
        names = ", ".join(AccountCredentials.__struct_fields__)
        raise SettingError(
            f"The credentials file {path} must be a JSON object of the texts {names}."
        ) from error


def read_environment_credentials(environment: Mapping[str, str]) -> AccountCredentials | None:
    """Return the credentials in the four `CMDM_…` variables, None unless all are set."""
    names = AccountCredentials.__struct_fields__
    values = {name: environment.get(f"CMDM_{name.upper()}", "") for name in names}
    return AccountCredentials(**values) if all(values.values()) else None


class CredentialHashes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is stored to recognise the user: digests, and the password's scrypt hash, all in hex."""

    client_id: str
    client_secret: str
    username: str
    salt: str
    password: str

    @classmethod
    def of(cls, credentials: AccountCredentials) -> "CredentialHashes":
        """Hash `credentials`, with a new salt."""
        salt = secrets.token_bytes(16)
        return cls(
            client_id=_digest(credentials.client_id.encode()),
            client_secret=_digest(credentials.client_secret.encode()),
            username=_digest(credentials.username.encode()),
            salt=salt.hex(),
            password=_hash_password(credentials.password.encode(), salt),
        )

    def matches(
        self, client_id: bytes, client_secret: bytes, username: bytes, password: bytes
    ) -> bool:
        """Return whether all four values are right.

        The time says nothing about which one is wrong: all four are always hashed and
        compared, the password's costly hash included.
        """
        given = (
            _digest(client_id),
            _digest(client_secret),
            _digest(username),
            _hash_password(password, bytes.fromhex(self.salt)),
        )
        kept = (self.client_id, self.client_secret, self.username, self.password)
        matches = [compare_digest(one, other) for one, other in zip(given, kept, strict=True)]
        return all(matches)


class SignInCheck:
    """Checks the four values of a sign-in, and knows the right ones again.

    Hashing a password takes a while by intent. Who was let in once is let in without it: what a
    process keeps for that is one digest, under a key of its own that is stored nowhere. Any other
    values are hashed and compared each time they come.
    """

    def __init__(self, hashes: CredentialHashes) -> None:
        self._hashes = hashes
        self._key = secrets.token_bytes(32)
        self._right: bytes | None = None

    async def matches(
        self, client_id: bytes, client_secret: bytes, username: bytes, password: bytes
    ) -> bool:
        """Return whether all four values are right, without holding up other calls."""
        given = (client_id, client_secret, username, password)
        digest = self._digest_all(given)
        if self._right is not None and compare_digest(digest, self._right):
            return True
        is_right = await asyncio.to_thread(self._hashes.matches, *given)
        if is_right:
            self._right = digest
        return is_right

    def _digest_all(self, values: Iterable[bytes]) -> bytes:
        """Return a digest that no other values have, however they are cut into four."""
        lengths_and_values = b"".join(b"%d:%b" % (len(value), value) for value in values)
        return hmac.digest(self._key, lengths_and_values, "sha256")


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def _hash_password(password: bytes, salt: bytes) -> str:
    return hashlib.scrypt(password, salt=salt, **_SCRYPT).hex()
