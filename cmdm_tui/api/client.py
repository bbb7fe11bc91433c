"""The shared client: one method for each documented call, plus `request()` for the rest."""

import copy
import itertools
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, Self, TypeVar

import httpx

from cmdm_tui.api import decode, errors
from cmdm_tui.api.auth import SignIn
from cmdm_tui.api.body_limit import LARGEST_BODY
from cmdm_tui.api.command_time import CommandTime
from cmdm_tui.api.decode_ids import is_cut_json
from cmdm_tui.api.encode import encode_body
from cmdm_tui.api.error_mapping import map_errors
from cmdm_tui.api.errors import AnswerCutShort, BadRequest, CallInfo, NotFound, OutcomeUnknown
from cmdm_tui.api.events import EventListener, RecordsUnreadable, ignore_events
from cmdm_tui.api.models import (
    Converted,
    Created,
    Done,
    Field,
    FieldPage,
    Page,
    Parent,
    PendingWrite,
    Record,
    Response,
)  # fmt: skip
from cmdm_tui.api.page_sizes import FALLBACK_PAGE, PageSizes, fetch_at_granted_size
from cmdm_tui.api.paging import PageWalk, walk_fields
from cmdm_tui.api.pool import open_pool, trace_handshake
from cmdm_tui.api.quota import Quota, QuotaTracker, ServerClock
from cmdm_tui.api.reconcile import SETTLING_TIME, Reconciliation, reconcile
from cmdm_tui.api.retry import RetryPolicy
from cmdm_tui.api.sender import OutgoingCall, RequestSender, SendHook, ignore_send
from cmdm_tui.api.token_state import TokenStore
from cmdm_tui.api.urls import (
    add_parameters,
    encode_segment,
    is_conversion,
    join_path,
    parse_base_url,
)
from cmdm_tui.api.write_tracker import WriteTracker, add_mark
from cmdm_tui.config import Credentials

SortOrder = Literal["asc", "desc"]
Parameters = Mapping[str, str | int]

_Result = TypeVar("_Result")
_LARGEST_FIELD_PAGE = 200

CALL_DEADLINE = 60.0
"""Seconds that one call may take, where nothing else is said."""

_LOOK_RESERVE = 1.0
"""Seconds of the command's time that are kept for a last look at what became of a write."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Client:
    """One server, one user, one pool of connections, shared by every face of the program.

    `url` is `{api-url}` with or without `/api/{api-version}`; `deadline` is the seconds that one
    call may take from start to last byte, sign-in included, and `time` is what all calls of a
    command may take together; `transport` replaces the network (a
    cassette, an ASGI app), `clock` the server's clock. `mark_fields` names, for an entity (or `*`
    for every other), the text field whose value begins with a mark, a new one in each create, so
    that `reconcile` can tell it from every other. Every method raises an `ApiError`.

    Use it as an asynchronous context manager, or call `close_connections()` in the end.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline: float = CALL_DEADLINE,
        time: CommandTime | None = None,
        largest_body: int = LARGEST_BODY,
        clock: ServerClock | None = None,
        policy: RetryPolicy | None = None,
        floor: int = 0,
        read_only: bool = False,
        mark_fields: Mapping[str, str] | None = None,
        tokens: TokenStore | None = None,
        listener: EventListener = ignore_events,
    ) -> None:
        self._base = parse_base_url(url)
        self._numbers = itertools.count(1)
        self._deadline = deadline
        self._time = time or CommandTime(silence=math.inf)
        self._quota_tracker = QuotaTracker(clock)
        self._sign_in = SignIn(
            join_path(self._base, "authenticate"),
            credentials,
            self._quota_tracker,
            self._next_number,
            tokens=tokens,
            listener=listener,
        )
        self._http = open_pool(
            self._base, transport=transport, deadline=deadline, largest_body=largest_body
        )
        self._sender = RequestSender(
            self._http,
            self._sign_in,
            self._quota_tracker,
            host=self.host,
            deadline=deadline,
            command_time=self._time,
            policy=policy or RetryPolicy(),
            floor=floor,
            listener=listener,
            is_on_network=transport is None,
        )
        self._is_read_only = read_only
        self._mark_fields = {key.casefold(): name for key, name in (mark_fields or {}).items()}
        self._writes = WriteTracker(self._quota_tracker.clock)
        self.page_sizes = PageSizes()
        """How many records a page of this service holds at most, as far as that is known."""
        self._listener = listener
        self._is_in_background = False
        self._on_send: SendHook = ignore_send

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close_connections()

    async def close_connections(self) -> None:
        """Close every connection to the server."""
        await self._http.aclose()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, so that no call can be sent any more."""
        return self._http.is_closed

    def with_options(
        self, *, on_send: SendHook | None = None, in_background: bool | None = None
    ) -> Self:
        """Return a cheap copy that differs in these options and shares everything else.

        `on_send` is called before each sending of a call, with how many times that call was sent
        before. Signing in does not count, and an attempt after one that never reached the service
        does not count as another. What it raises forbids the sending and is raised by the call.

        A client `in_background` is for work that no one waits for: its calls raise
        QuotaFloorReached instead of taking the last `floor` calls of the hour.
        """
        other = copy.copy(self)
        if on_send is not None:
            other._on_send = on_send  # noqa: SLF001 — another of the same class
        if in_background is not None:
            other._is_in_background = in_background  # noqa: SLF001 — as above
        return other

    @property
    def address(self) -> str:
        """The base address, `{api-url}/api/{api-version}`."""
        return str(self._base)

    @property
    def host(self) -> str:
        """The server's host, with its port where that is not the scheme's own."""
        return self._base.netloc.decode("ascii")

    @property
    def quota(self) -> Quota:
        """The quota by the last answer."""
        return self._quota_tracker.quota

    @property
    def clock_offset(self) -> float:
        """Seconds that the server's clock is ahead of this machine's."""
        return self._quota_tracker.clock.offset

    @property
    def sent_count(self) -> int:
        """How many calls were handed to a connection, each attempt counted; no sign-in is one."""
        return self._sign_in.sent_count

    @property
    def has_open_write(self) -> bool:
        """Whether a create or a conversion was sent whose answer was lost or not waited for."""
        return self._sender.has_open_write

    @property
    def was_cancelled_call_sent(self) -> bool:
        """Whether the last call that was cancelled may have reached the service."""
        return self._sender.was_cancelled_call_sent

    def cancel_calls(self) -> int:
        """Leave every call under way, and return how many: each of them raises CallCancelled.

        One that waits for an answer, for the quota or for its next attempt is left alike. A create
        or a conversion that may have reached the service raises OutcomeUnknown instead. One that is
        looked for (`reconcile`) counts too: the look fails, or it is not looked for again.
        """
        return self._sender.cancel_calls()

    def start_command(self) -> None:
        """Give the whole time, which all calls of a command share, to the next command."""
        self._time.start()

    def extend_command(self, seconds: float) -> None:
        """Leave a pause, which is over, out of the time of the command that runs."""
        self._time.add_pause(seconds)

    async def sign_in(self) -> None:
        """Sign in now, whether or not there is a token; every other call signs in as needed."""
        async with self._sign_in.lock:
            request, call = self._sign_in.build_request()
            trace_handshake(request)
            request.extensions["timeout"] = {"connect": self._http.timeout.connect}
            left = min(self._deadline, self._time.left)
            mapping = map_errors(call, request, host=self.host, deadline=self._deadline, left=left)
            with self._time.explaining():
                try:
                    async with mapping:
                        response = await self._http.send(request, stream=True)
                        await self._sign_in.accept_token(response, call)
                finally:
                    self._sign_in.note_lost_answer()

    async def record(self, entity: str, external_id: str) -> Record:
        """Retrieve one record."""
        path = _record_path(entity, external_id)
        found, fault = await self._send_properties(
            "GET",
            path,
            lambda answer, call: decode.read_record_and_fault(answer, call, entity, external_id),
        )
        self._writes.add_seen(entity, (found.external_id,))
        if fault is not None:
            self._listener(RecordsUnreadable(entity, None, (fault,)))
        return found

    async def page(
        self,
        entity: str,
        *,
        fields: Sequence[str] | None = None,
        per_page: int | None = None,
        page: int | None = None,
        sort_by: str | None = None,
        sort_order: SortOrder | None = None,
    ) -> Page:
        """Retrieve many records: one page, or with neither `per_page` nor `page` whatever comes.

        `per_page` and `page` count from 1 and each requires the other (`api.md`).
        """
        asked = {
            "fields": ",".join(fields) if fields else None,
            "per_page": per_page,
            "page": page,
            "sort_by": sort_by,
            "sort_order": sort_order,
        }
        parameters = {name: value for name, value in asked.items() if value is not None}

        def read_page(answer: Response, call: CallInfo) -> Page:
            return decode.read_page(answer, call, entity, per_page=per_page, page=page)

        segment = encode_segment("entity", entity)
        read = await self._send_properties("GET", segment, read_page, parameters=parameters)
        self.page_sizes.observe(read)
        self._writes.add_seen(entity, [record.external_id for record in read.records])
        if read.faults:
            self._listener(RecordsUnreadable(entity, page or 1, read.faults))
        return read

    def pages(
        self,
        entity: str,
        *,
        fields: Sequence[str] | None = None,
        per_page: int | None = None,
        sort_by: str | None = None,
        sort_order: SortOrder | None = None,
        ahead: int = 4,
        most: int | None = None,
    ) -> AsyncGenerator[Page]:
        """Yield the entity's pages in order, each record once, retrieving up to `ahead` at a time.

        `per_page` is the most a page may hold, None for the largest page that the service grants:
        as a probe or an answer has shown, else 1,000, or 100 where that is refused. A service that
        grants less is asked for that from then on. With `most`, no page beyond the
        first `most` records is retrieved. A reader that stops early closes the generator, which
        ends what is under way.
        """
        sizes = self.page_sizes

        async def fetch(number: int, size: int, by_id: bool) -> Page:
            fetch_page = partial(
                self.page,
                entity,
                fields=fields,
                page=number,
                sort_by="ExternalID" if by_id else sort_by,
                sort_order=None if by_id else sort_order,
            )
            try:
                return await fetch_page(per_page=size)
            except BadRequest:
                if per_page is not None or size <= FALLBACK_PAGE or sizes.is_granted(size):
                    raise
            page, granted = await fetch_at_granted_size(
                lambda smaller: fetch_page(per_page=smaller), FALLBACK_PAGE, sizes
            )
            sizes.cap(granted)
            return page

        size = sizes.choose_for_scan(most) if per_page is None else sizes.limit(per_page)
        walk = PageWalk(entity, size, most=most, is_by_id=sort_by == "ExternalID")
        return walk.run(fetch, ahead=ahead, notify=self._listener)

    async def fields(
        self, entity: str, *, per_page: int | None = None, page: int | None = None
    ) -> FieldPage:
        """Retrieve fields: one page, or with neither `per_page` nor `page` whatever comes.

        Raises NotFound for `task`, which the documentation leaves out.
        """
        asked = {"per_page": per_page, "page": page}
        parameters = {name: value for name, value in asked.items() if value is not None}
        path = f"{encode_segment('entity', entity)}/fields"
        read = await self._send_properties(
            "GET",
            path,
            lambda answer, call: decode.read_field_page(answer, call, entity),
            parameters=parameters,
        )
        if read.faults:
            self._listener(RecordsUnreadable(entity, page or 1, read.faults, "field"))
        return read

    async def all_fields(self, entity: str) -> tuple[Field, ...]:
        """Retrieve every field of the entity, page by page; each once."""
        size = self.page_sizes.limit(_LARGEST_FIELD_PAGE)

        async def fetch(number: int) -> FieldPage:
            nonlocal size
            if number > 1:
                return await self.fields(entity, per_page=size, page=number)
            first, size = await fetch_at_granted_size(
                lambda smaller: self.fields(entity, per_page=smaller, page=1),
                size,
                self.page_sizes,
            )
            return first

        return await walk_fields(fetch)

    async def create(
        self, entity: str, properties: Mapping[str, Any], *, parent: Parent | None = None
    ) -> Created:
        """Create a record; with `parent`, a task or opportunity of that record.

        Its values begin with a mark where `mark_fields` names a field for it. Raises OutcomeUnknown
        where it was sent and no answer gave its id: it may exist, or not.
        """
        return await self.send_create(self.prepare_create(entity, properties, parent=parent))

    def prepare_create(
        self, entity: str, properties: Mapping[str, Any], *, parent: Parent | None = None
    ) -> PendingWrite:
        """Return what `create` would send, with its mark: who keeps it can look for it later."""
        field = self._mark_fields.get(entity.casefold()) or self._mark_fields.get("*")
        properties, mark = add_mark(properties, field)
        clock = self._quota_tracker.clock
        since = clock.now() if clock.is_known else None
        return PendingWrite(entity, properties, since, parent, mark=mark)

    async def send_create(self, write: PendingWrite) -> Created:
        """Send what `prepare_create` has returned, once; raises what `create` does."""
        entity, parent = write.entity, write.parent
        path = encode_segment("entity", entity)
        if parent is not None:
            owner = encode_segment("external id", parent.external_id)
            path = f"{encode_segment('entity', parent.entity)}/{owner}/{path}"
        created = await self._send_once(
            "POST", path, write, lambda answer, call: decode.read_created(answer, call, entity)
        )
        self._writes.add_created(created.external_id)
        return created

    async def update(self, entity: str, external_id: str, properties: Mapping[str, Any]) -> Done:
        """Update the record's given fields."""
        path = _record_path(entity, external_id)
        return await self._send_properties("PUT", path, decode.read_done, body=properties)

    async def convert_lead(
        self, external_id: str, properties: Mapping[str, Any] | None = None
    ) -> Converted:
        """Convert a lead into an account; `properties` are sent as the request's object.

        Raises OutcomeUnknown where it was sent and its answer lost.
        """
        path = f"lead/convert/{encode_segment('external id', external_id)}"
        write = PendingWrite("lead", properties or {}, lead_id=external_id)
        return await self._send_once("PUT", path, write, decode.read_converted)

    async def close_task(
        self, external_id: str, properties: Mapping[str, Any] | None = None
    ) -> Done:
        """Close a task; `properties` are sent as the request's object."""
        path = f"task/close/{encode_segment('external id', external_id)}"
        try:
            return await self._send_properties("PUT", path, decode.read_done, body=properties or {})
        except BadRequest as error:
            return await self._confirm_done(error, partial(self._is_closed, external_id))

    async def delete(self, entity: str, external_id: str) -> Done:
        """Delete a record."""
        path = _record_path(entity, external_id)
        try:
            return await self._send_properties("DELETE", path, decode.read_done)
        except BadRequest as error:
            return await self._confirm_done(error, partial(self._is_gone, entity, external_id))

    def redact(self, words: str) -> str:
        """Return words without the secrets that the client has sent and the tokens it was given."""
        return self._sign_in.redact(words)

    def redact_body(self, body: bytes) -> bytes:
        """Return an answer's body as `redact` returns words; other bytes stay as they are."""
        words = body.decode("utf-8", "surrogateescape")
        return self.redact(words).encode("utf-8", "surrogateescape")

    async def reconcile(
        self,
        doubt: OutcomeUnknown,
        *,
        pause: float = SETTLING_TIME,
        settling_time: float = SETTLING_TIME,
    ) -> Reconciliation:
        """Find out whether a create or conversion whose outcome is unknown was done, and say why.

        The verdict is found, with the external id, not found, or cannot tell. A create without a
        mark is never found for certain: another may have made a record with the same values. After
        a connection that broke off, not found is said only once the service has had `settling_time`
        seconds to end its work: what is not found is looked for again, up to three times, as far as
        `pause` seconds and the time of the command allow, until `cancel_calls`. Each look takes a
        call or two, up to a dozen in a large entity. Raises InvalidCall for a doubt about anything
        but a create or a conversion, and ApiError where it cannot look.
        """
        if self._time.limit is not None:
            pause = min(pause, max(self._time.left - _LOOK_RESERVE, 0.0))
        return await reconcile(
            doubt, self, self._sender.pause, pause=pause, settling_time=settling_time
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters | None = None,
        content: bytes | None = None,
        check: bool = True,
    ) -> Response:
        """Make any call: `path`, with a query or `parameters`, is below the base address.

        `content` is sent as it is. With `check` off, an error status is returned, not raised. An
        answer to a GET whose JSON is cut off is asked for again, and returned if it stays so.
        Raises OutcomeUnknown for a POST or a conversion that was sent and its answer lost.
        """
        method = method.upper()
        if not method.isascii() or not method.isalpha():
            raise errors.InvalidCall(f"{method!r} is not a method", hint="GET, POST, PUT or DELETE")
        once = method == "POST" or (method == "PUT" and is_conversion(path))
        try:
            return await self._send(
                method,
                path,
                _read_whole if check and method == "GET" else _read_as_it_is,
                parameters=parameters,
                content=content,
                once=once,
                check=check,
            )
        except AnswerCutShort as error:
            if error.partial is None:
                raise
            return error.partial

    async def _confirm_done(
        self, error: BadRequest, looks_done: Callable[[], Awaitable[bool]]
    ) -> Done:
        """Return that it is done where a service refuses what an earlier attempt has done.

        `api.md` allows 400 for a record that is gone and for a task that is closed, and it can mean
        anything else: so the record is looked at, where an attempt may have done it. Else raises
        `error`.
        """
        if error.is_repeated and error.response is not None and await looks_done():
            return Done(decode.read_error_message(error.response, self.redact), error.response)
        raise error

    async def _is_gone(self, entity: str, external_id: str) -> bool:
        try:
            await self.record(entity, external_id)
        except (NotFound, BadRequest):
            return True
        return False

    async def _is_closed(self, task_id: str) -> bool:
        task = await self.record("task", task_id)
        return str(task.properties.get("Status")).casefold() == "closed"

    async def _send_properties(
        self,
        method: str,
        path: str,
        read: Callable[[Response, CallInfo], _Result],
        *,
        parameters: Parameters | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> _Result:
        content = None if body is None else encode_body(body)
        return await self._send(method, path, read, parameters=parameters, content=content)

    async def _send_once(
        self,
        method: str,
        path: str,
        write: PendingWrite,
        read: Callable[[Response, CallInfo], _Result],
    ) -> _Result:
        """Send a write that must not be done twice; an unreadable answer leaves it in doubt."""
        describe = self._writes.track(write)
        content = encode_body(write.properties)
        return await self._send(
            method, path, read, content=content, once=True, describe_write=describe
        )

    async def _send(
        self,
        method: str,
        path: str,
        read: Callable[[Response, CallInfo], _Result],
        *,
        parameters: Parameters | None = None,
        content: bytes | None = None,
        once: bool = False,
        check: bool = True,
        describe_write: Callable[[], PendingWrite] | None = None,
    ) -> _Result:
        address = join_path(self._base, path)
        if parameters:
            address = add_parameters(address, parameters)
        headers = {"Content-Type": "application/json"} if content is not None else {}
        call = CallInfo(
            self._next_number(), method, _relative_path(address, self._base), self._sign_in.redact
        )
        if self._is_read_only and method not in _SAFE_METHODS:
            raise errors.ReadOnly("The profile is read-only, so nothing was sent", call=call)
        if self.is_closed:
            raise errors.InvalidCall("The connection is closed, so nothing was sent", call=call)
        outgoing = OutgoingCall(
            info=call,
            build_request=lambda: self._http.build_request(
                method, address, content=content, headers=headers
            ),
            read=lambda answer: read(answer, call),
            once=once,
            check=check,
            in_background=self._is_in_background,
            on_send=self._on_send,
            describe_write=describe_write,
        )
        return await self._sender.send(outgoing)

    def _next_number(self) -> int:
        return next(self._numbers)


def _read_whole(answer: Response, call: CallInfo) -> Response:
    if answer.body and is_cut_json(answer.utf8_body):
        decode.read_json(answer, call)
    return answer


def _read_as_it_is(answer: Response, _: CallInfo) -> Response:
    return answer


def _relative_path(address: httpx.URL, base: httpx.URL) -> str:
    path = address.raw_path.decode("ascii")
    return path.removeprefix(base.raw_path.decode("ascii"))


def _record_path(entity: str, external_id: str) -> str:
    return f"{encode_segment('entity', entity)}/{encode_segment('external id', external_id)}"
