"""Whom a TLS connection trusts, one rule for every host; and what went wrong with one, in words."""

import os
import re
import ssl
from pathlib import Path

import httpx
from msgspec import Struct

from cmdm_tui.text import one_line

CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")
"""The environment variables that say whom to trust, and where to log keys (OpenSSL's own)."""

_WAITS = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""No failures: what a handshake was waiting for when its time was over."""

_ASK_OPERATOR = "Check the address; if it is right, ask the service's operator"
_EXPIRED, _NOT_YET_VALID, _SELF_SIGNED, _REVOKED = 10, 9, 18, 23
_UNKNOWN_ISSUER = frozenset({2, 19, 20, 21})
_OTHER_NAME = frozenset({62, 64})


class TlsProblem(Struct, frozen=True):
    """What is wrong with a TLS connection, without the host's name, and what to do about it."""

    cause: str
    hint: str

    @property
    def is_about_trust(self) -> bool:
        """Whether the connection is sound and the certificate is not."""
        return self.cause.startswith("its certificate")


def create_tls_context() -> ssl.SSLContext:
    """Return what every connection of this program verifies with, whatever its host.

    SSL_CERT_FILE and SSL_CERT_DIR name whom to trust. Without them it is whom the system trusts,
    and on a system that names no one, whom Mozilla trusts. No version of TLS before 1.2 is spoken,
    whatever this Python or its OpenSSL was set up for. Raises OSError where what a variable names
    cannot be used.
    """
    context = _create_trusting_context()
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    return context


def _create_trusting_context() -> ssl.SSLContext:
    file, folder = (os.environ.get(name) or None for name in CERTIFICATE_VARIABLES[:2])
    if file or folder:
        if folder is not None and not Path(folder).is_dir():
            raise NotADirectoryError(0, "it is not a folder", folder)
        return ssl.create_default_context(cafile=file, capath=folder)
    context = ssl.create_default_context()
    if not (context.get_ca_certs() or _has_certificates()):
        return httpx.create_ssl_context(trust_env=False)
    return context


def _has_certificates() -> bool:
    """Return whether the system has a folder of certificates, which are read when needed."""
    folder = ssl.get_default_verify_paths().capath
    return bool(folder) and any(Path(folder).glob("*.0"))


def describe_tls_failure(error: BaseException) -> TlsProblem | None:
    """Return what went wrong, where TLS is the cause of the error or of what led to it."""
    seen: BaseException | None = error
    for _ in range(10):
        if seen is None:
            return None
        if isinstance(seen, ssl.SSLCertVerificationError):
            return _describe_distrust(seen)
        if isinstance(seen, ssl.SSLError) and not isinstance(seen, _WAITS):
            return _describe_handshake(seen)
        if "illegal status line" in str(seen) and "\\x15\\x03" in str(seen):
            return TlsProblem("it speaks TLS, and was sent plain HTTP", "Write https:// instead")
        seen = seen.__cause__ or seen.__context__
    return None


def _describe_distrust(error: ssl.SSLCertVerificationError) -> TlsProblem:
    code = error.verify_code
    if code == _EXPIRED:
        hint = "Check this machine's date; if it is right, the operator must renew it"
        return TlsProblem("its certificate has expired", hint)
    if code == _NOT_YET_VALID:
        return TlsProblem("its certificate is not valid yet", "Check this machine's date")
    if code == _SELF_SIGNED:
        hint = (
            "If it is right, set SSL_CERT_FILE to it, or to the CA file of a proxy that reads TLS"
        )
        return TlsProblem("its certificate is self-signed, and not among those trusted", hint)
    if code in _UNKNOWN_ISSUER:
        hint = "If your company's proxy reads TLS, set SSL_CERT_FILE to its CA file"
        return TlsProblem("its certificate is of an unknown issuer", hint)
    if code in _OTHER_NAME:
        hint = "Check the address of the profile"
        return TlsProblem("its certificate is for another name", hint)
    if code == _REVOKED:
        return TlsProblem("its certificate was revoked", _ASK_OPERATOR)
    return TlsProblem(f"its certificate is not trusted: {error.verify_message}", _ASK_OPERATOR)


_NOT_WORDS = re.compile(r"\[[^]]*\]\s*|\s*\(_ssl\.c:\d+\)")
"""What Python writes around OpenSSL's words, which alone are there where it knows no `reason`."""
_CHECK_PORT = "Check that the port speaks https, and proxies and firewalls"
BROKEN_HANDSHAKE = TlsProblem("it ended the TLS handshake", _CHECK_PORT)
SLOW_HANDSHAKE = TlsProblem(
    "it accepted the connection, but did not end the TLS handshake in time", _CHECK_PORT
)

_HANDSHAKE_FAILURES = (
    (
        ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"),
        TlsProblem("it does not speak TLS on this port", "Check the port, and http or https"),
    ),
    (
        ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "INAPPROPRIATE"),
        TlsProblem(
            "it speaks no version of TLS that this program does",
            "The service needs TLS 1.2 or newer: ask its operator",
        ),
    ),
    (
        ("HANDSHAKE_FAILURE", "NO_SHARED_CIPHER", "INSUFFICIENT_SECURITY", "DH_KEY_TOO_SMALL"),
        TlsProblem("it has no encryption in common with this program", _ASK_OPERATOR),
    ),
    (
        ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "UNKNOWN_CA"),
        TlsProblem("it asks for a certificate of the client, which has none", _ASK_OPERATOR),
    ),
    (
        ("UNRECOGNIZED_NAME",),
        TlsProblem("it knows no service of this name", "Check the address of the profile"),
    ),
    (
        ("EOF", "CONNECTION_RESET"),
        BROKEN_HANDSHAKE,
    ),
)


def _describe_handshake(error: ssl.SSLError) -> TlsProblem:
    text = f"{error.reason or ''} {error}".upper().replace(" ", "_")
    for words, problem in _HANDSHAKE_FAILURES:
        if any(word in text for word in words):
            return problem
    words = error.reason or _NOT_WORDS.sub("", str(error)) or type(error).__name__
    reason = one_line(words.replace("_", " ").casefold(), 100)
    hint = "Check that the port speaks https, with TLS 1.2 or newer"
    return TlsProblem(f"the TLS handshake failed ({reason})", hint)
