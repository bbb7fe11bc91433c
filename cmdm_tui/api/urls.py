"""The addresses of a service: its base, and the paths below it."""

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

import httpx

from cmdm_tui.api.errors import InsecureAddress, InvalidCall
from cmdm_tui.text import one_line

DEFAULT_VERSION = "v1"

_CONVERSION = re.compile(r"(?i)[./]*lead[./]*/convert/")


def parse_base_url(url: str) -> httpx.URL:
    """Return `{api-url}/api/{api-version}` for what a user wrote, with or without that path.

    Raises InvalidCall for what is not an address, and InsecureAddress for plain HTTP to another
    machine: credentials would cross the network in the clear.
    """
    try:
        address = httpx.URL(url.strip())
    except (httpx.InvalidURL, UnicodeError):
        raise _invalid_address(url) from None
    is_one_word = not any(character.isspace() for character in url.strip())
    is_escaped = "%" in address.host and ":" not in address.host
    is_host = bool(address.host) and is_one_word and not is_escaped
    if address.scheme not in {"http", "https"} or not is_host:
        raise _invalid_address(url)
    if address.userinfo or address.query or address.fragment:
        raise InvalidCall(
            "The address holds a user, a query or a fragment",
            hint="Write it as https://host or https://host/api/v1",
        )
    if address.scheme == "http" and not is_loopback(address.host):
        raise InsecureAddress(
            f"The address {one_line(str(address), 100)} is not https, and not on this machine",
            hint="Credentials are sent in the clear without it; write https://",
        )
    path = address.path.rstrip("/")
    segments = path.split("/")
    has_version = len(segments) >= 3 and segments[-2].casefold() == "api"
    return address.copy_with(path=path if has_version else f"{path}/api/{DEFAULT_VERSION}")


def is_conversion(path: str) -> bool:
    """Return whether a path, however it is written, is that of a lead's conversion."""
    return _CONVERSION.match(unquote(path)) is not None


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine by its name or number; no name is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_on_this_machine(address: str) -> bool:
    """Return whether a service's address is this machine's, by its name or number.

    The changes of what is there are asked about less. It may still be a tunnel to a live service.
    Raises what `parse_base_url` raises.
    """
    return is_loopback(parse_base_url(address).host)


def encode_segment(name: str, value: str) -> str:
    """Return `value` as one percent-encoded path segment.

    Raises InvalidCall for what no path can carry: nothing, `.` and `..`, text that is not Unicode.
    """
    if value in {"", ".", ".."}:
        shown = "empty" if not value else f"'{value}'"
        raise InvalidCall(f"The {name} is {shown}", hint=f"Give the {name} of what you mean")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidCall(f"The {name} {one_line(value, 60)} is not valid Unicode text") from None


def join_path(base: httpx.URL, path: str) -> httpx.URL:
    """Return the address of `path`, with its query if it has one, below `base`.

    Raises InvalidCall for a path that would leave the service: another host, or `..`.
    """
    relative = path.removeprefix("/")
    route, _, query = relative.partition("?")
    segments = route.replace("\\", "/").replace("%2e", ".").replace("%2E", ".").split("/")
    if relative.startswith("/") or "://" in route or ".." in segments or "#" in relative:
        raise InvalidCall(
            f"{one_line(path, 100)} is not a path below {base}", hint="Write it as lead/ABC1D2E3"
        )
    try:
        raw_path = base.raw_path.rstrip(b"/") + b"/" + _encode(route)
        address = base.copy_with(raw_path=raw_path + (b"?" + _encode(query) if query else b""))
    except (httpx.InvalidURL, UnicodeError):
        raise InvalidCall(
            f"{one_line(path, 100)} holds a character that no address can carry"
        ) from None
    return address


def add_parameters(address: httpx.URL, parameters: Mapping[str, str | int]) -> httpx.URL:
    """Return `address` with these query parameters.

    Raises InvalidCall for a value that no address can carry.
    """
    try:
        return address.copy_merge_params(dict(parameters))
    except (httpx.InvalidURL, UnicodeError):
        names = one_line(", ".join(parameters), 100)
        raise InvalidCall(f"A value of {names} cannot be carried by an address") from None


def _encode(text: str) -> bytes:
    return quote(text, safe="/:?&=,;+@!$'()*~%-._[]").encode("ascii")


def _invalid_address(url: str) -> InvalidCall:
    shown = one_line(url, 100) or "(nothing)"
    return InvalidCall(
        f"{shown} is not an address of an API",
        hint="Write it as https://host or https://host/api/v1",
    )
