"""The client of a probe: makes its calls, counts them, and makes none beyond those allowed."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Struct

from cmdm_tui.api import (
    AuthenticationFailed,
    CallInfo,
    Client,
    HourLimitReached,
    MalformedResponse,
    Page,
    Response,
)
from cmdm_tui.api.decode import read_error_message, read_page
from cmdm_tui.api.errors import QuotaFloorReached
from cmdm_tui.catalog.traits import Trait, clean_evidence
from cmdm_tui.text import one_line

Value = TypeVar("Value")
Findings = dict[str, Trait[Any]]

OK, NOT_FOUND = 200, 404
_UNAUTHORIZED, _TOO_MANY_CALLS = 401, 429
_MESSAGE_KEYS = ("Message", "message", "error_description", "error", "detail", "title")


class ProbeStopped(Exception):
    """The probe must stop: `str()` says why, in a sentence. What was found is kept."""

    def __init__(self, reason: str, *, by_service: bool = False) -> None:
        super().__init__(reason)
        self.by_service = by_service


class ProbeAnswer(Struct, frozen=True):
    """One answer: the call in words, its status, and the list it holds, if it holds one."""

    call: str
    response: Response
    page: Page | None = None

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.response.status

    @property
    def is_refused(self) -> bool:
        """Whether the service says that the call is wrong."""
        return 400 <= self.status < 500

    @property
    def ids(self) -> tuple[str, ...]:
        """The external ids of the records that came."""
        return () if self.page is None else tuple(row.external_id for row in self.page.records)

    @property
    def total(self) -> int | None:
        """How many records there are, as the answer says."""
        return None if self.page is None else self.page.total_records

    def values(self, field: str) -> list[object]:
        """Return the values of a field, an empty text where a record has none of that name."""
        if self.page is None:
            return []
        if field == "ExternalID":
            return list(self.ids)
        return [record.properties.get(field, "") for record in self.page.records]

    def json_object(self) -> Mapping[str, Any]:
        """Return the answer's JSON object, empty where it has none."""
        return _json_object(self.response.body)

    def __str__(self) -> str:
        if self.page is None:
            return f"{self.call} → {self.status}"
        total = "" if self.total is None else f" of {self.total:,}"
        return f"{self.call} → {len(self.ids):,}{total} records"


class ProbeClient:
    """Makes the calls of one probe, at most `most`, and keeps to the floor of the quota."""

    def __init__(self, client: Client, *, most: int) -> None:
        self._client = client
        self._background_client = client.with_options(in_background=True)
        self._max_calls = most
        self.calls_used = 0
        self.headers: list[frozenset[str]] = []
        self.errors: dict[str, str] = {}
        """The shapes of the bodies of errors, each with the first call that met it."""

    async def get(self, path: str, **parameters: str | int) -> ProbeAnswer:
        """Make a read-only call and return its answer, whatever its status.

        Raises Stopped where no further call is allowed, and an ApiError where no answer comes.
        """
        return await self.send("GET", path, parameters=parameters)

    async def list(self, entity: str, **parameters: str | int) -> ProbeAnswer:
        """Retrieve records; an answer without a list has no page."""
        answer = await self.get(entity, **parameters)
        if answer.status != OK:
            return answer
        call = CallInfo(answer.response.number, "GET", answer.response.path)
        size, number = parameters.get("per_page"), parameters.get("page")
        try:
            page = read_page(
                answer.response,
                call,
                entity,
                per_page=size if isinstance(size, int) else None,
                page=number if isinstance(number, int) else None,
            )
        except MalformedResponse:
            return answer
        return ProbeAnswer(answer.call, answer.response, page)

    async def send(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
        is_cleaning_up: bool = False,
    ) -> ProbeAnswer:
        """Make any call; one that cleans up is made though none is left for the probe."""
        if self.calls_used >= self._max_calls and not is_cleaning_up:
            raise ProbeStopped(f"The {self._max_calls} calls allowed are spent.")
        self.calls_used += 1
        client = self._client if is_cleaning_up else self._background_client
        try:
            response = await client.request(
                method, path, parameters=parameters or None, content=content, check=False
            )
        except (HourLimitReached, QuotaFloorReached) as error:
            self.calls_used -= 1
            raise ProbeStopped(str(error), by_service=True) from None
        words = "&".join(f"{name}={value}" for name, value in (parameters or {}).items())
        answer = ProbeAnswer(
            one_line(f"{method} {path}" + (f"?{words}" if words else ""), 160), response
        )
        self._record_answer(answer)
        return answer

    def count_calls_left(self) -> int:
        """Return how many calls may still be made."""
        return max(self._max_calls - self.calls_used, 0)

    def make_trait(self, value: Value, evidence: str) -> Trait[Value]:
        """Return a trait with the value that was found now."""
        return Trait(value, clean_evidence(evidence), self._now())

    def make_unknown(self, why: str) -> Trait[Any]:
        """Return a trait that was looked for now and not found."""
        return Trait(None, clean_evidence(why), self._now())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(
            time.time() + self._client.clock_offset, UTC
        ).replace(microsecond=0)  # fmt: skip

    def _record_answer(self, answer: ProbeAnswer) -> None:
        response = answer.response
        if response.status == _TOO_MANY_CALLS:
            words = read_error_message(response, self._client.redact) or "no call is left"
            raise ProbeStopped(f"The service takes no more calls (429): {words}", by_service=True)
        if response.status == _UNAUTHORIZED:
            raise AuthenticationFailed(
                read_error_message(response, self._client.redact) or "The token was refused",
                call=CallInfo(response.number, response.method, response.path),
                status=response.status,
            )
        self.headers.append(frozenset(name.casefold() for name in response.headers))
        if response.status >= 400:
            self.errors.setdefault(_body_shape(response), f"{answer.call} → {response.status}")


def _body_shape(response: Response) -> str:
    """Name the shape of an error's body: `empty`, `HTML`, `text`, `JSON` or `JSON with Message`."""
    text = response.body[:4096].decode("utf-8", "replace").strip()
    if not text:
        return "empty"
    content = _json_object(response.body)
    for key in _MESSAGE_KEYS:
        if isinstance(content.get(key), str):
            return f"JSON with {key}"
    try:
        msgspec.json.decode(response.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        is_markup = text.startswith("<") or "html" in response.headers.get("content-type", "")
        return "HTML" if is_markup else "text"
    return "JSON"


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        content: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return cast("Mapping[str, Any]", content) if isinstance(content, dict) else {}
