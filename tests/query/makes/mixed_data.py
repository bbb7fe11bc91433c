"""Records whose text every order sorts in a way of its own: case, accents, signs, digits, ties."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cmdm_tui.sandbox.schema import ENTITIES
from tests.query.differential.data_set import COLUMNS, EXTERNAL_ID, DataSet, new_ids
from tests.query.differential.language import Kind
from tests.query.seek.words import FLAVOURS, make_word

Stored = Mapping[str, str | None]

_SIZES = ((12, 5, 4, 6), (60, 12, 20, 9), (130, 20, 30, 12), (240, 30, 40, 20))
"""How many leads, accounts, events and tasks."""
_SHARES = (1, 3, 3, 2)
_ODD_SHARE = 0.3
_ODD_WORDS = (
    "", " ", "10", "9", "null", "İzmir", "ſmith", "ẞ", "\u212a", "e\u0301", "é", "日本", "😀",
    "\uffff", "\x01", "ǆ", "Ǆ", "STRASSE", "straße", "a b", "a  b", "ａ", "½", "æ", "1.0",
)  # fmt: skip
_NUMBERS = ("1", "1.0", "01", "-1", "0", "10", "9", "100", "2.50", "2.5", "-2.5", "33", "1250.00")


@dataclass(frozen=True)
class Flavoured:
    """Draws values of fields: words of a pool, and the ids of records that there are."""

    chance: random.Random
    pool: Sequence[str]
    ids: Mapping[str, Sequence[str]]
    nulls: float

    def record(self, entity: str) -> dict[str, str | None]:
        """Return the fields of a new record."""
        values: dict[str, str | None] = dict.fromkeys(ENTITIES[entity].by_name)
        for name, kind in COLUMNS[entity].items():
            if name != EXTERNAL_ID:
                values[name] = self.value(entity, name, kind)
        return values

    def value(self, entity: str, name: str, kind: Kind) -> str | None:
        """Return a value of a field, or null."""
        field = ENTITIES[entity].by_name[name]
        if not field.required and self.chance.random() < self.nulls:
            return None
        match kind:
            case Kind.TEXT:
                return self._text(name, field.options)
            case Kind.BOOLEAN:
                return self.chance.choice(["true", "false"])
            case Kind.NUMBER:
                return self.chance.choice(_NUMBERS)
            case Kind.DATE:
                return self._day()
            case _:
                moment = self.chance.choice(["00:00:00", "09:30:00", "23:59:59"])
                return f"{self._day()}T{moment}Z"

    def _day(self) -> str:
        return f"2026-{self.chance.randint(1, 3):02}-{self.chance.choice([1, 2, 9, 28]):02}"

    def _text(self, name: str, options: Sequence[str]) -> str:
        if name in {"AccountExternalID", "RelatedExternalID"}:
            entity = "account" if name == "AccountExternalID" else "lead"
            return self.chance.choice([*self.ids[entity], "NOSUCHID"])
        return self.chance.choice(options or self.pool)


def make_mixed_data(seed: int) -> tuple[DataSet, Flavoured]:
    """Return records, and what draws more of them."""
    chance = random.Random(f"mixed {seed}")
    flavour = chance.choices(FLAVOURS, [1, *[3] * (len(FLAVOURS) - 1)])[0]
    pool = [make_word(chance, flavour) for _ in range(chance.choice([5, 60, 200, 300]))]
    counts = dict(
        zip(("lead", "account", "event", "task"), chance.choices(_SIZES, _SHARES)[0], strict=True)
    )
    ids = {entity: new_ids(chance, count) for entity, count in counts.items()}
    drawn = Flavoured(chance, pool, ids, chance.choice([0.0, 0.03, 0.1, 0.5]))
    records = {
        entity: tuple((external_id, drawn.record(entity)) for external_id in ids[entity])
        for entity in counts
    }
    return DataSet(seed, True, records), drawn
