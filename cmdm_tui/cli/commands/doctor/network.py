"""Checks of the way to the service: proxies, its name, the connection, and TLS."""

import asyncio
import contextlib
import socket
import ssl
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from cmdm_tui.api.trust import create_tls_context, describe_tls_failure
from cmdm_tui.api.urls import is_loopback, parse_base_url
from cmdm_tui.cli.commands.doctor.check import DoctorCheck, ok, problem, skipped, warning

NAMES = ("proxy", "name", "connection", "TLS")

_TIMEOUT = 5.0
_DAYS_TO_WARN = 30
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class NetworkRoute:
    """Where a connection goes: to the service, or to the proxy before it."""

    host: str
    port: int
    is_tls: bool
    proxy: str | None = None


def route_to(url: str) -> NetworkRoute:
    """Return the way to a service, through the proxy that the environment names for it."""
    address = parse_base_url(url)
    is_tls = address.scheme == "https"
    host, port = address.raw_host.decode("ascii"), address.port or (443 if is_tls else 80)
    proxy = None if is_loopback(host) else _proxy_for(address.scheme, host)
    if proxy is None:
        return NetworkRoute(host, port, is_tls)
    split = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    host = split.hostname or ""
    shown = f"{split.scheme}://{host}:{split.port or 80}"
    return NetworkRoute(host, split.port or 80, is_tls, proxy=shown)


async def check_route(url: str) -> list[DoctorCheck]:
    """Check the way to the service step by step; what follows a step that fails is skipped."""
    try:
        way = route_to(url)
    except ValueError:
        found = "A proxy variable holds no address"
        advice = "Write HTTPS_PROXY as http://host:port, or unset it."
        return [problem("proxy", found, advice)]
    checks = [_check_proxy(way), await _check_name(way)]
    for name, step in (("connection", _check_connection), ("TLS", _check_tls)):
        if checks[-1].state == "problem" or checks[1].state == "problem":
            checks.append(skipped(name, "The step before it failed"))
        else:
            checks.append(await step(way))
    return checks


def _proxy_for(scheme: str, host: str) -> str | None:
    proxies = urllib.request.getproxies_environment()
    if urllib.request.proxy_bypass(host):
        return None
    return proxies.get(scheme) or proxies.get("all")


def _check_proxy(way: NetworkRoute) -> DoctorCheck:
    if way.proxy is None:
        return ok("proxy", "The service is reached directly")
    return ok("proxy", f"Calls go through {way.proxy}, as the proxy variables say")


async def _check_name(way: NetworkRoute) -> DoctorCheck:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_TIMEOUT):
            found = await loop.getaddrinfo(way.host, way.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        advice = "Check the network and its name servers."
        return problem("name", f"The name {way.host} is not looked up in time", advice)
    except (OSError, UnicodeError):
        advice = "Check the address for a slip, and that a VPN is on if it needs one."
        return problem("name", f"No host named {way.host} is known", advice)
    numbers = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    return ok("name", f"{way.host} is {', '.join(numbers[:3])}")


async def _check_connection(way: NetworkRoute) -> DoctorCheck:
    name, started = "connection", time.monotonic()
    try:
        async with asyncio.timeout(_TIMEOUT):
            _, writer = await asyncio.open_connection(way.host, way.port)
    except TimeoutError:
        advice = "A firewall may be in between: ask the network's operator, or use a proxy."
        return problem(name, f"{way.host}:{way.port} does not answer in time", advice)
    except OSError as error:
        found = f"{way.host}:{way.port} refuses: {error.strerror or type(error).__name__}"
        return problem(name, found, "Check the port, and that the service runs.")
    milliseconds = (time.monotonic() - started) * 1_000
    await _close(writer)
    return ok(name, f"{way.host}:{way.port} answers in {milliseconds:.0f} ms")


async def _check_tls(way: NetworkRoute) -> DoctorCheck:
    if way.proxy is not None:
        return skipped("TLS", "It goes through the proxy; the sign-in shows whether it works")
    if not way.is_tls:
        return skipped("TLS", "Plain HTTP, which stays on this machine")
    try:
        context = create_tls_context()
    except OSError as error:
        found = f"What names the certificates to trust cannot be used: {error.strerror}"
        return problem("TLS", found, "Check SSL_CERT_FILE and SSL_CERT_DIR, or unset them.")
    try:
        async with asyncio.timeout(_TIMEOUT):
            _, writer = await asyncio.open_connection(way.host, way.port, ssl=context)
    except TimeoutError:
        return problem("TLS", "The handshake does not end in time", "Check proxies and firewalls.")
    except OSError as error:
        return _describe_failure(way, error)
    session: ssl.SSLObject = writer.get_extra_info("ssl_object")
    version, certificate = session.version(), session.getpeercert()
    await _close(writer)
    return _check_expiry(version or "TLS", certificate or {})


def _describe_failure(way: NetworkRoute, error: OSError) -> DoctorCheck:
    failed = describe_tls_failure(error)
    if failed is None:
        words = error.strerror or type(error).__name__
        return problem("TLS", f"The handshake fails: {words}", "Check proxies and firewalls.")
    if failed.is_about_trust:
        words = failed.cause.removeprefix("its certificate ")
        found = f"The certificate of {way.host} is not trusted: it {words}"
        return problem("TLS", found, f"{failed.hint}.")
    return problem("TLS", f"The handshake fails: {failed.cause}", f"{failed.hint}.")


def _check_expiry(version: str, certificate: dict[str, Any]) -> DoctorCheck:
    ends = certificate.get("notAfter")
    if not isinstance(ends, str):
        return ok("TLS", f"{version}, the certificate is trusted")
    days = int((ssl.cert_time_to_seconds(ends) - time.time()) // _DAY)
    found = f"{version}, the certificate is trusted for another {days} days"
    if days < _DAYS_TO_WARN:
        return warning("TLS", found, "The service's operator should renew it soon.")
    return ok("TLS", found)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_TIMEOUT):
            await writer.wait_closed()
