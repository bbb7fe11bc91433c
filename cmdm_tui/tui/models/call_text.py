"""Puts calls into words: a short name, a time of day, a duration, a size."""

import time
from urllib.parse import parse_qsl, unquote

from cmdm_tui.text import one_line

_LONGEST_NAME = 40
_KILO = 1_024


def name_call(method: str, path: str) -> str:
    """Return a short safe name such as `lead page 3`, `lead/ABC1D2E3` or `POST lead`.

    `path` follows the base address and holds no secret.
    """
    route, _, query = path.partition("?")
    name = unquote(route.strip("/"))
    if method != "GET":
        name = f"{method} {name}"
    page = next((value for key, value in parse_qsl(query) if key == "page"), "")
    shown = one_line(name, _LONGEST_NAME)
    return f"{shown} page {one_line(page, 12)}" if page else shown


def format_moment(unix_time: float | None) -> str:
    """Return a local time of day with its seconds; nothing for a time that is not known."""
    if unix_time is None:
        return ""
    return time.strftime("%H:%M:%S", time.localtime(unix_time))


def format_seconds(seconds: float | None) -> str:
    """Return a duration, such as `12 ms`, `1.25 s` and `75 s`; nothing for one not known."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:,.0f} s"


def format_size(size: int | None) -> str:
    """Return a number of bytes, such as `512 B`, `14.2 kB` and `3.1 MB`; nothing for None."""
    if size is None:
        return ""
    if size < _KILO:
        return f"{size} B"
    if size < _KILO * _KILO:
        return f"{size / _KILO:,.1f} kB"
    return f"{size / _KILO / _KILO:,.1f} MB"
