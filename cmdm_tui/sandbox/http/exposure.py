"""Who can reach a sandbox, and what serving it outside this machine requires."""

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cmdm_tui.sandbox.credentials import AccountCredentials
from cmdm_tui.sandbox.errors import SettingError
from cmdm_tui.sandbox.input_files import check_regular

if TYPE_CHECKING:
    import ssl

LOOPBACK = "127.0.0.1"
SHORTEST_SECRET = 16
FEWEST_CHARACTERS = 8

# A header's value is sent as UTF-8: no control characters, no spaces, no half of a surrogate pair.
_HEADER_TEXT = re.compile(r"[^\x00-\x20\x7f\ud800-\udfff]+")
_MAX_BYTES = 1_000
_SECRETS = ("client_secret", "password")


def is_loopback(host: str) -> bool:
    """Return whether only this machine's programs can reach `host`, an IP address.

    Raises `SettingError` for what is not an address.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise SettingError(
            f"The host {host!r} is not an IP address; give one of this machine, such as {LOOPBACK}."
        ) from error


def check_exposure(
    host: str, certfile: Path | None, credentials: AccountCredentials | None, *, control: bool
) -> None:
    """Raise `SettingError` for a sandbox that others could reach and that is not safe for it."""
    if credentials is not None:
        _check_form(credentials)
    if is_loopback(host):
        return
    where = f"The sandbox cannot be served on {host}, outside this machine,"
    if control:
        raise SettingError(f"{where} with a control plane; leave out --control or --host.")
    if certfile is None:
        raise SettingError(f"{where} without TLS; give --certfile and --keyfile.")
    if credentials is None:
        raise SettingError(
            f"{where} with the credentials that it prints; give your own with --credentials FILE, "
            "or in CMDM_CLIENT_ID, CMDM_CLIENT_SECRET, CMDM_USERNAME and CMDM_PASSWORD."
        )
    _check_strength(credentials, where)


def make_tls_context(certfile: Path, keyfile: Path | None) -> "ssl.SSLContext":
    """Return a context for TLS 1.2 and later, with a certificate and its key.

    Raises `SettingError` when they cannot be used. A key with a passphrase cannot: there may be
    no one to ask for it.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        for file in (certfile, keyfile):
            if file is not None:
                check_regular(file)
        context.load_cert_chain(certfile, keyfile, password=lambda: "")
    except (OSError, ValueError) as error:
        key = "" if keyfile is None else f" and the key {keyfile}"
        raise SettingError(
            f"The certificate {certfile}{key} cannot be used ({_describe_error(error)})."
        ) from error
    return context


def _describe_error(error: Exception) -> str:
    words = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
    return str(words).lower().replace("_", " ")


def _check_form(credentials: AccountCredentials) -> None:
    for name, value in msgspec.structs.asdict(credentials).items():
        if not _HEADER_TEXT.fullmatch(value) or len(value.encode()) > _MAX_BYTES:
            raise SettingError(
                f"The credentials' {name} cannot be sent in a header; use 1 to 1,000 bytes of "
                "UTF-8, without spaces and control characters."
            )


def _check_strength(credentials: AccountCredentials, where: str) -> None:
    for name in _SECRETS:
        value: str = getattr(credentials, name)
        if len(value) < SHORTEST_SECRET or len(set(value)) < FEWEST_CHARACTERS:
            raise SettingError(
                f"{where} with a {name} that is easily guessed; give one of at least "
                f"{SHORTEST_SECRET} characters, {FEWEST_CHARACTERS} of them different."
            )
    if credentials.client_secret == credentials.password:
        raise SettingError(f"{where} with one secret for two; give another password.")
