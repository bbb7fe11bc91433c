"""Patches that let vcrpy answer httpx, its forks, and aiohttp, on top of what is patched already.

vcrpy's own patches of these go past whatever was in place before, and know no `httpxyz`. Requests,
urllib3, http.client, httplib2, Tornado and boto3 are left to vcrpy.
"""

import importlib
from importlib.util import find_spec
from typing import Any, cast

from vcr.stubs import httpx_stubs  # pyright: ignore[reportMissingTypeStubs]

HTTPX_MODULES = ("httpx", "httpx2", "httpxyz")
"""httpx, and those who carry it on; the ones that are installed are patched."""

REPLACED_PATCHERS = ("httpx", "httpx2", "aiohttp")
"""vcrpy's patchers whose work is done here."""

_httpx_stubs = cast("Any", httpx_stubs)

Patch = tuple[object, str, object]
"""An object, its attribute, and what takes its place while a cassette plays."""


def make_client_patches(cassette: Any) -> list[Patch]:
    """Return the patches through which clients are answered from a cassette of vcrpy.

    A request that the cassette lets through goes to what is in place now: to the network, or to
    another library's patch. A client with a transport of its own, such as an ASGI app, is left
    alone.
    """
    patches: list[Patch] = []
    for name in HTTPX_MODULES:
        if find_spec(name) is not None:
            patches += _patch_httpx(cassette, importlib.import_module(name))
    if find_spec("aiohttp") is not None:
        patches.append(_patch_aiohttp(cassette))
    return patches


def _patch_httpx(cassette: Any, httpx: Any) -> list[Patch]:
    blocking, awaiting = httpx.HTTPTransport, httpx.AsyncHTTPTransport
    answer = _httpx_stubs.vcr_handle_request(cassette, blocking.handle_request, httpx)
    answer_later = _httpx_stubs.vcr_handle_async_request(
        cassette, awaiting.handle_async_request, httpx
    )
    return [
        (blocking, "handle_request", answer),
        (awaiting, "handle_async_request", answer_later),
    ]


def _patch_aiohttp(cassette: Any) -> Patch:
    import aiohttp
    from multidict import CIMultiDict
    from vcr.stubs import aiohttp_stubs  # pyright: ignore[reportMissingTypeStubs]

    in_place: Any = getattr(aiohttp.ClientSession, "_request")  # noqa: B009 — it is private
    answer = cast("Any", aiohttp_stubs).vcr_request(cassette, in_place)

    async def request(session: Any, method: str, url: Any, **options: Any) -> Any:
        # vcrpy takes the address and the JSON as they were given: without the session's base, and
        # not as the bytes that are sent.
        build_url = getattr(session, "_build_url", None)
        if options.get("json") is not None and options.get("data") is None:
            headers: CIMultiDict[str] = CIMultiDict(options.get("headers") or ())
            headers.setdefault("Content-Type", "application/json")
            options["headers"] = headers
            options["data"] = _serialize(session, options.pop("json"))
        return await answer(session, method, build_url(url) if build_url else url, **options)

    return aiohttp.ClientSession, "_request", request


def _serialize(session: Any, content: object) -> bytes:
    """Return JSON as a session of aiohttp writes it."""
    to_bytes = getattr(session, "_json_serialize_bytes", None)
    return to_bytes(content) if to_bytes else session.json_serialize(content).encode("utf-8")
