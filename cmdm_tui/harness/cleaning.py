"""Removes what a run made, where nothing puts a service back: those records and no others."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, unquote

from cmdm_tui.harness.cases.running import BASE
from cmdm_tui.harness.exchange import NO_JSON, Exchange
from cmdm_tui.harness.sending import Answer
from cmdm_tui.harness.wire import NoAnswer
from cmdm_tui.text import one_line

CallOne = Callable[[str, str], Answer]

_CREATED = 201
_NEWEST = 20


@dataclass(frozen=True, slots=True)
class Left:
    """A record that a run made and could not remove, and why."""

    entity: str
    external_id: str
    reason: str

    def __str__(self) -> str:
        return f"{one_line(self.entity, 60)} {one_line(self.external_id, 100)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Made:
    """The records that a run made, the oldest first, and the accounts made of leads."""

    records: tuple[tuple[str, str], ...]
    accounts: tuple[str, ...]

    @classmethod
    def of(cls, exchanges: Iterable[Exchange]) -> Self:
        """Return what the answers say was made."""
        records: list[tuple[str, str]] = []
        accounts: list[str] = []
        for exchange in exchanges:
            route = exchange.path.removeprefix(BASE).partition("?")[0]
            segments = [unquote(part) for part in route.strip("/").split("/")]
            if exchange.method == "POST" and exchange.status in {200, _CREATED}:
                entity = segments[-1] if len(segments) == 3 else segments[0]
                records += [(entity, one) for one in _id(exchange, "ExternalID")]
            elif exchange.method == "PUT" and exchange.status == 200:
                accounts += _id(exchange, "Account ExternalID")
        records += [("account", account) for account in accounts]
        return cls(tuple(records), tuple(accounts))


def remove(made: Made, call: CallOne) -> list[Left]:
    """Delete what was made, the newest first, and return what is left.

    A conversion tells of no contact; one of the newest that names the account is its own.
    """
    left: list[Left] = []
    records = [*made.records, *_contacts(made.accounts, call)]
    for entity, external_id in reversed(records):
        try:
            answer = call("DELETE", f"/{quote(entity, safe='')}/{quote(external_id, safe='')}")
        except NoAnswer as error:
            left.append(Left(entity, external_id, str(error)))
            continue
        if answer.status not in {200, 404}:
            left.append(Left(entity, external_id, f"its deletion was answered {answer.status}."))
    return left


def _contacts(accounts: tuple[str, ...], call: CallOne) -> list[tuple[str, str]]:
    if not accounts:
        return []
    query = f"sort_by=CreatedDate&sort_order=desc&per_page={_NEWEST}&page=1"
    try:
        answer: dict[str, Any] = json.loads(call("GET", f"/contact?{query}").body)
        records: list[dict[str, Any]] = answer["Entity"]
        return [
            ("contact", record["ExternalID"])
            for record in records
            if record["Properties"].get("AccountExternalID") in accounts
        ]
    except (NoAnswer, ValueError, KeyError, TypeError, AttributeError):
        return []


def _id(exchange: Exchange, name: str) -> list[str]:
    answer = exchange.json
    if answer is NO_JSON or not isinstance(answer, dict):
        return []
    value: object = answer.get(name)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return [value] if isinstance(value, str) and value else []
