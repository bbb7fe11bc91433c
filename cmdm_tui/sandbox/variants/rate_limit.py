"""Variants of the limits: what counts as a call, and the headers that say what is left."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate

from cmdm_tui.sandbox.clock import SECONDS_PER_HOUR
from cmdm_tui.sandbox.openapi.editor import DescriptionEditor
from cmdm_tui.sandbox.openapi.schemas import Schema
from cmdm_tui.sandbox.storage.store import AccessStore, CallCounts
from cmdm_tui.sandbox.variants.behaviour import Behaviour, Choices

BEHAVIOURS = (
    Behaviour("rate_headers", "rate-limit and token headers", ("present", "missing", "garbage")),
    Behaviour("token_header", "rate-limit and token headers", ("present", "missing", "garbage")),
    Behaviour("counted", "what counts as a call", ("identified", "nothing", "twice")),
    Behaviour("retry_after", "429", ("absent", "seconds", "date")),
)

_HEADERS = {
    "rate_headers": ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"),
    "token_header": ("x-token-reset",),
}
_GARBAGE = {
    "x-rate-limit-limit": "unlimited",
    "x-rate-limit-remaining": "-1,5e",
    "x-rate-limit-reset": "soon",
    "x-token-reset": "Tue, 31 Mar 2026 09:30:00 GMT",
}
_TEXT: Schema = {"type": "string"}


@dataclass(frozen=True, slots=True)
class VariantAccessStore:
    """An `AccessStore` that counts calls as the behaviours choose."""

    store: AccessStore
    choices: Choices

    async def add_token(self, digest: str, ends: int, now: float) -> None:
        """Keep a token's digest until `ends`."""
        await self.store.add_token(digest, ends, now)

    async def get_token_end(self, digest: str) -> int | None:
        """Return when the token ends, None for one that is not known."""
        return await self.store.get_token_end(digest)

    async def count_call(self, now: float) -> CallCounts:
        """Count one call once, twice or not at all, and return the counts."""
        counted = self.choices["counted"]
        if counted == "nothing":
            return CallCounts(0, 0)
        if counted == "twice":
            await self.store.count_call(now)
        return await self.store.count_call(now)


def rewrite_headers(choices: Choices, headers: dict[str, str], status: int, now: float) -> None:
    """Change the headers that say what is left, in place. `now` is the Unix time."""
    for behaviour, names in _HEADERS.items():
        for name in names:
            if choices[behaviour] == "missing":
                headers.pop(name, None)
            elif choices[behaviour] == "garbage" and name in headers:
                headers[name] = _GARBAGE[name]
    if status == 429:
        until = (int(now) // SECONDS_PER_HOUR + 1) * SECONDS_PER_HOUR
        match choices["retry_after"]:
            case "seconds":
                headers["retry-after"] = str(max(1, until - int(now)))
            case "date":
                headers["retry-after"] = formatdate(until, usegmt=True)
            case _:
                pass


def describe(choices: Choices, editor: DescriptionEditor) -> None:
    """Change the description of the headers."""
    for behaviour, names in _HEADERS.items():
        if choices[behaviour] != "present":
            _describe_headers(editor, names, choices[behaviour])
    if choices["retry_after"] != "absent":
        is_number = choices["retry_after"] == "seconds"
        schema = {"type": "string", "pattern": "^[0-9]+$"} if is_number else _TEXT
        editor.refusals["429"]["headers"]["Retry-After"] = {"required": True, "schema": schema}


def _describe_headers(editor: DescriptionEditor, names: Sequence[str], choice: str) -> None:
    good = (
        answer
        for operation in editor.operations()
        for answer in operation["responses"].values()
        if "headers" in answer
    )
    for answer in (*good, *editor.refusals.values()):
        for name in names:
            if choice == "missing":
                answer["headers"].pop(name, None)
            elif name in answer["headers"]:
                answer["headers"][name]["schema"] = _TEXT
