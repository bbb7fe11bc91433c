"""Patches that let vcrpy answer httpx, its forks, and aiohttp, on top of what is patched already.

vcrpy's own patches of these go past whatever was in place before, and know no `httpxyz`. Requests,
urllib3, http.client, httplib2, Tornado and boto3 are left to vcrpy.
"""

import importlib
import threading
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import Any, cast
from unittest import mock

import vcr.patch  # pyright: ignore[reportMissingTypeStubs]
from vcr.stubs import httpx_stubs  # pyright: ignore[reportMissingTypeStubs]

HTTPX_MODULES = ("httpx", "httpx2", "httpxyz")
"""httpx, and those who carry it on; the ones that are installed are patched."""

REPLACED_PATCHERS = ("httpx", "httpx2", "aiohttp")
"""vcrpy's patchers whose work is done here."""

_httpx_stubs = cast("Any", httpx_stubs)
_vcr_patch = cast("Any", vcr.patch)
_LEFT_IN_PLACE = frozenset({
    "ConnectionCls", "HTTPConnection", "_request", "fetch_impl", "handle_async_request",
    "handle_request",
})  # fmt: skip
"""Attributes through which clients of other threads send, and nothing that vcrpy makes does."""

Patch = tuple[object, str, object]
"""An object, its attribute, and what takes its place while a cassette plays."""


def make_client_patches(cassette: Any) -> list[Patch]:
    """Return the patches through which clients are answered from a cassette of vcrpy.

    A request that the cassette lets through goes to what is in place now: to the network, or to
    another library's patch. A client with its own transport, such as an ASGI app, is left
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
        # vcrpy takes address and body as they were given: without the session's base, and not as
        # the bytes that are sent.
        build_url = getattr(session, "_build_url", None)
        content_type = ""
        if options.get("data") is None and options.get("json") is not None:
            options["data"] = _serialize(session, options.pop("json"))
            content_type = "application/json"
        elif (form := _encode_form(options.get("data"))) is not None:
            options["data"], content_type = form, "application/x-www-form-urlencoded"
        if content_type:
            headers: CIMultiDict[str] = CIMultiDict(options.get("headers") or ())
            headers.setdefault("Content-Type", content_type)
            options["headers"] = headers
        return await answer(session, method, build_url(url) if build_url else url, **options)

    return aiohttp.ClientSession, "_request", request


def _encode_form(data: object) -> bytes | None:
    """Return the fields of a form as aiohttp sends them; None for any other body, such as files."""
    import aiohttp

    if not isinstance(data, Mapping | list | tuple | aiohttp.FormData):
        return None
    form = data if isinstance(data, aiohttp.FormData) else aiohttp.FormData(cast("Any", data))
    content: Any = None if form.is_multipart else form()
    return content.decode().encode("utf-8") if isinstance(content, aiohttp.BytesPayload) else None


def _serialize(session: Any, content: object) -> bytes:
    """Return JSON as a session of aiohttp writes it."""
    to_bytes = getattr(session, "_json_serialize_bytes", None)
    return to_bytes(content) if to_bytes else session.json_serialize(content).encode("utf-8")


class SharedReset:
    """Takes the place of vcrpy's `force_reset`: has the original classes in place for vcrpy.

    vcrpy's own is not safe with threads: the connections that other threads open meanwhile are
    real ones, and where two threads overlap, the originals can stay in place, so that calls leave
    the process. Here all threads share one reset, and the pools keep the classes that are answered
    from a cassette, as nothing in a reset goes through a pool.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entered = 0
        self._patches = ExitStack()

    @contextmanager
    def __call__(self) -> Generator[None]:
        """Have the original classes in place while the block runs."""
        with self._lock:
            self._entered += 1
            if self._entered == 1:
                for patch in _vcr_patch.reset_patchers():
                    if patch.attribute not in _LEFT_IN_PLACE:
                        self._patches.enter_context(patch)
        try:
            yield
        finally:
            with self._lock:
                self._entered -= 1
                if not self._entered:
                    self._patches.close()

    def close(self) -> None:
        """End a reset that another thread is in: what it replaced is to be removed now."""
        with self._lock:
            self._patches.close()


@contextmanager
def share_resets() -> Generator[None]:
    """Let vcrpy's resets be safe with threads while the block runs, inside of its patches."""
    reset = SharedReset()
    with mock.patch.object(vcr.patch, "force_reset", reset):
        try:
            yield
        finally:
            reset.close()
