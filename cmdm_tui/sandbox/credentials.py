"""The sandbox's one API user: random credentials, and whether four values are they."""

import hashlib
import secrets
from hmac import compare_digest

import msgspec

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
        """Make credentials nobody can guess."""
        return cls(
            client_id=f"sandbox-{secrets.token_hex(6)}",
            client_secret=secrets.token_urlsafe(32),
            username=f"demo-{secrets.token_hex(3)}@sandbox.example",
            password=secrets.token_urlsafe(16),
        )


class CredentialHashes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept to recognise the user by: digests, and the password's scrypt hash, all hex."""

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
        """Say whether all four values are right.

        The time taken tells nothing about which one is wrong: all four are always hashed and
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


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()


def _hash_password(password: bytes, salt: bytes) -> str:
    return hashlib.scrypt(password, salt=salt, **_SCRYPT).hex()
