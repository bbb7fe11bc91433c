"""What the sandbox of a test was asked: `cmdm_sandbox.calls`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, overload
from urllib.parse import parse_qsl

import msgspec

from cmdm_tui.harness.exchange import API_PATH
from cmdm_tui.sandbox.http.call_journal import CallJournal

_LONGEST_BODY = 200


@dataclass(frozen=True, slots=True)
class ReceivedCall:
    """One call of the program under test.

    `path` follows `/api/v1` and is as it was sent. `status` is 0 where nothing was answered. No
    header is kept, so that no credential and no token is.
    """

    method: str
    path: str
    query: str
    body: bytes = field(repr=False)
    status: int

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters; of one that is there twice, the last value."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body as JSON. Raises ValueError where it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            message = f"The body of {self} is not JSON: {error}"
            raise ValueError(message) from None

    def __str__(self) -> str:
        target = f"{self.path}?{self.query}" if self.query else self.path
        sent = f" {self.body[:_LONGEST_BODY]!r}" if self.body else ""
        return f"{self.method} {target}{sent} → {self.status or 'no answer'}"


class ReceivedCalls(Sequence[ReceivedCall]):
    """The calls that were received until now, in order. It does not change with later ones."""

    def __init__(self, calls: Iterable[ReceivedCall]) -> None:
        self._calls = tuple(calls)

    @overload
    def __getitem__(self, index: int) -> ReceivedCall: ...
    @overload
    def __getitem__(self, index: slice) -> "ReceivedCalls": ...
    def __getitem__(self, index: int | slice) -> "ReceivedCall | ReceivedCalls":
        if isinstance(index, slice):
            return ReceivedCalls(self._calls[index])
        return self._calls[index]

    def __len__(self) -> int:
        return len(self._calls)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(other) == self._calls  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]

    def __hash__(self) -> int:
        return hash(self._calls)

    def __repr__(self) -> str:
        return "\n".join(["received calls:", *map(str, self._calls)]) if self._calls else "no calls"

    def select(self, method: str = "*", path: str = "*") -> "ReceivedCalls":
        """Return the calls of a method and of a path such as `/lead`; `*` stands for any text."""
        return ReceivedCalls(
            call
            for call in self._calls
            if fnmatchcase(call.method, method.upper()) and fnmatchcase(call.path, path)
        )

    @classmethod
    def of(cls, journal: CallJournal) -> "ReceivedCalls":
        """Return the API's calls in a journal; those of the control plane are left out."""
        return cls(
            ReceivedCall(
                line.method, line.path.removeprefix(API_PATH), line.query, line.body, line.status
            )
            for line in journal.list_lines()
            if line.path.startswith(f"{API_PATH}/")
        )
