"""Random records: few values, so that they tie; spelled in several ways; some that no type takes.

What a value means is decided here in plain Python, from what stands on the wire.
"""

import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from cmdm_tui.sandbox.schema import ENTITIES, WireType
from cmdm_tui.sandbox.variants.external_ids import to_client_id
from tests.query.differential.language import Kind, Value
from tests.query.differential.reference_evaluator import Tables

EXTERNAL_ID = "ExternalID"

COLUMNS: Mapping[str, Mapping[str, Kind]] = {
    "lead": {
        EXTERNAL_ID: Kind.TEXT, "FirstName": Kind.TEXT, "LastName": Kind.TEXT, "City": Kind.TEXT,
        "Company": Kind.TEXT, "Status": Kind.TEXT, "Score": Kind.NUMBER,
        "EstimatedValue": Kind.NUMBER, "OptIn": Kind.BOOLEAN, "LastContacted": Kind.DATE,
        "CreatedDate": Kind.DATETIME, "AccountExternalID": Kind.TEXT,
    },
    "account": {
        EXTERNAL_ID: Kind.TEXT, "Name": Kind.TEXT, "City": Kind.TEXT, "Rating": Kind.TEXT,
        "Employees": Kind.NUMBER, "AnnualRevenue": Kind.NUMBER, "CreatedDate": Kind.DATETIME,
    },
    "event": {
        EXTERNAL_ID: Kind.TEXT, "Title": Kind.TEXT, "City": Kind.TEXT, "StartsAt": Kind.DATETIME,
        "Capacity": Kind.NUMBER, "Price": Kind.NUMBER, "Online": Kind.BOOLEAN,
    },
    "task": {
        EXTERNAL_ID: Kind.TEXT, "Subject": Kind.TEXT, "Status": Kind.TEXT,
        "RelatedExternalID": Kind.TEXT,
    },
}  # fmt: skip
"""The columns that queries use: all kinds, and entities described, custom and not described."""

_TEXTS = (
    "Leeds", "LEEDS", "leeds", "leEds ", "Leed", "Leedsa", "Bath", "bath", "Ärhus", "ärhus",
    "Zürich", "ZÜRICH", "Zurich", "straße", "STRASSE", "Strasse", "O'Hare", "a%b", "a_b", "日本",
    "😀", "é", "e\u0301", "~", "[", "Z", "_x", "-", "ǆ", "Ǆ", "zz top",
)  # fmt: skip
_ODD_TEXTS = (
    "",
    " ",
    "10",
    "9",
    "NULL",
    "İzmir",
    "ſmith",
    "ẞ",
    "\u212a",
    "a\nb",
    "\x01",
    "\U0010ffff",
)
_NUMBERS = (
    "1", "1.0", "01", "-1", "0", "-0", "10", "9", "100", "2.50", "2.5", "-2.5", "33", "0.000001",
    "99999999999.99", "1250.00",
)  # fmt: skip
_NO_NUMBERS = ("n/a", "12,5", "1.2.3", "--1", "")
_NO_DATES = ("2026-02-30", "soon", "")
_IDS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Wire = Mapping[str, object]


@dataclass(frozen=True)
class DataSet:
    """The records of some entities as they are stored: text or null under every field's name."""

    number: int
    is_clean: bool
    records: Mapping[str, tuple[tuple[str, Mapping[str, str | None]], ...]]

    def service_records(self) -> dict[str, list[tuple[str, bytes]]]:
        """Return the records as a sandbox's file takes them."""
        return {
            entity: [(external_id, json.dumps(values).encode()) for external_id, values in records]
            for entity, records in self.records.items()
        }

    def odd_columns(self, entity: str) -> set[str]:
        """Return the names of the columns that hold a value which is none of their type."""
        return {
            name
            for _, values in self.records[entity]
            for name, kind in COLUMNS[entity].items()
            if values.get(name) is not None and stored_value(kind, values[name]) is None
        }

    def tables(self, behaviours: Mapping[str, str]) -> Tables:
        """Return the records as values, as a service of these behaviours tells them."""
        form = behaviours.get("external_ids", "eight")
        shape = _SHAPES[behaviours.get("values", "strings")]

        columns = {entity: columns_of(entity, behaviours) for entity in self.records}

        def value(entity: str, name: str, text: str | None) -> Value:
            kind = columns[entity][name]
            if text is None:
                return None
            if name.endswith(EXTERNAL_ID) and name != "RelatedExternalID":
                text = to_client_id(form, text)
            if name == "RelatedExternalID":
                text = to_client_id(form, text)
            field = ENTITIES[entity].by_name.get(name)
            return stored_value(kind, text if field is None else shape(field.type, text))

        return {
            entity: [
                {
                    name: value(entity, name, external_id if name == EXTERNAL_ID else values[name])
                    for name in columns[entity]
                }
                for external_id, values in records
            ]
            for entity, records in self.records.items()
        }


def columns_of(entity: str, behaviours: Mapping[str, str]) -> Mapping[str, Kind]:
    """Return the columns that a service of these behaviours has."""
    is_absent = behaviours.get("system_fields") == "absent"
    # What nobody declares is text.
    is_declared = behaviours.get("field_metadata") not in {"empty", "absent"}
    return {
        name: kind if is_declared else Kind.TEXT
        for name, kind in COLUMNS[entity].items()
        if not (is_absent and name == "CreatedDate")
    }


def make_data_set(number: int) -> DataSet:
    """Return one of the data sets: every third holds nothing that no type takes."""
    chance = random.Random(number)
    is_clean = number % 3 == 0
    odd = () if is_clean else _ODD_TEXTS
    counts = {
        "lead": chance.choice([0, 1, 2, 9, 40, 120, 120, 400]),
        "account": chance.choice([0, 1, 12, 30]),
        "event": chance.choice([0, 3, 60]),
        "task": chance.choice([1, 25]),
    }
    if is_clean:
        counts = {"lead": chance.choice([60, 250]), "account": 20, "event": 40, "task": 25}
    ids = {entity: new_ids(chance, count) for entity, count in counts.items()}
    spread = chance.choice([3, 8, len(_TEXTS)])
    texts = (*chance.sample(_TEXTS, spread), *chance.sample(odd, min(spread // 2, len(odd))))
    values = _Values(chance, texts, ids, is_clean=is_clean)
    records: dict[str, tuple[tuple[str, Mapping[str, str | None]], ...]] = {}
    for entity, count in counts.items():
        made: list[tuple[str, Mapping[str, str | None]]] = []
        for place in range(count):
            of_record: dict[str, str | None] = dict.fromkeys(ENTITIES[entity].by_name)
            for name, kind in COLUMNS[entity].items():
                if name != EXTERNAL_ID:
                    of_record[name] = values.of(entity, name, kind)
            made.append((ids[entity][place], of_record))
        records[entity] = tuple(made)
    return DataSet(number, is_clean, records)


class _Values:
    def __init__(
        self,
        chance: random.Random,
        texts: tuple[str, ...],
        ids: Mapping[str, list[str]],
        *,
        is_clean: bool,
    ) -> None:
        self._chance = chance
        self._texts = texts
        self._ids = ids
        self._is_clean = is_clean
        self._null_share = {True: 0.1, False: chance.choice([0.0, 0.15, 0.6])}[is_clean]
        self._wrong_share = 0.0 if is_clean else chance.choice([0.0, 0.0, 0.05])

    def of(self, entity: str, name: str, kind: Kind) -> str | None:
        """Return a random value of a field, as the wire has it."""
        field = ENTITIES[entity].by_name[name]
        if not field.required and self._chance.random() < self._null_share:
            return None
        is_wrong = self._chance.random() < self._wrong_share
        match kind:
            case Kind.TEXT:
                return self._text(name, field.options)
            case Kind.BOOLEAN:
                return "maybe" if is_wrong else self._chance.choice(["true", "false"])
            case Kind.NUMBER:
                numbers = _NUMBERS if not self._is_clean else ("1", "1.5", "-3", "40", "40.0")
                return self._chance.choice(_NO_NUMBERS if is_wrong else numbers)
            case Kind.DATE:
                return self._chance.choice(_NO_DATES) if is_wrong else self._day().isoformat()
            case _:
                moment = self._chance.choice(["00:00:00", "09:30:00", "23:59:59"])
                return "soon" if is_wrong else f"{self._day()}T{moment}Z"

    def _day(self) -> date:
        return date(2026, self._chance.randint(1, 3), self._chance.choice([1, 2, 28]))

    def _text(self, name: str, options: tuple[str, ...]) -> str:
        if name == "AccountExternalID":
            return self._chance.choice([*self._ids["account"], "NOSUCHID"])
        if name == "RelatedExternalID":
            return self._chance.choice([*self._ids["lead"], "NOSUCHID"])
        if options:
            return self._chance.choice(options)
        text = self._chance.choice(self._texts)
        if name == "LastName" and self._chance.random() < 0.7:
            text += f" {self._chance.randint(1, 300)}"
        return text


# What stands on the wire, and what it means


def stored_value(kind: Kind, value: object) -> Value:
    """Return the value that a field of this kind has; None for one that the type does not take."""
    if value is None:
        return None
    if isinstance(value, dict | list):
        value = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if kind is Kind.BOOLEAN and isinstance(value, bool):
        return value
    # A number of JSON is written in digits, however few of them Python would need.
    text = f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)
    return _READERS[kind](text) if kind in _READERS else text


def _number(text: str) -> Decimal | None:
    return Decimal(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


_READERS: dict[Kind, Callable[[str], Value]] = {
    Kind.NUMBER: _number,
    Kind.DATE: _day,
    Kind.DATETIME: _moment,
    Kind.BOOLEAN: {"true": True, "false": False}.get,
}


def _as_json(kind: WireType, text: str) -> object:
    if kind is WireType.BOOLEAN and text in {"true", "false"}:
        return text == "true"
    if kind is WireType.BOOLEAN:
        return False
    is_number = kind in {WireType.NUMBER, WireType.CURRENCY}
    if is_number and re.fullmatch(r"-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,6})?", text):
        return float(text) if "." in text else int(text)
    return text


def _as_nested(kind: WireType, text: str) -> object:
    match kind:
        case WireType.LOOKUP:
            return {"ExternalID": text, "Entity": {"Name": "account"}}
        case WireType.CURRENCY:
            return {"Amount": _as_json(kind, text), "Currency": "GBP"}
        case WireType.PICKLIST:
            return [text]
        case _:
            return _as_json(kind, text)


_SHAPES: Mapping[str, Callable[[WireType, str], object]] = {
    "strings": lambda _kind, text: text,
    "json": _as_json,
    "nested": _as_nested,
}


def new_ids(chance: random.Random, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(chance.choices(_IDS, k=8))] = None
    return list(found)
