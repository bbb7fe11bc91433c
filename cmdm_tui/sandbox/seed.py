"""The first records of a sandbox: realistic, related, and the same in every sandbox of a size.

All chance comes from a fixed seed, all dates from a fixed day: the same number of leads gives the
same records, byte for byte. Records are made one at a time, so a million of them need little
memory.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypeVar

import msgspec

from cmdm_tui.sandbox import seed_words as words
from cmdm_tui.sandbox.schema import ENTITIES, ID_ALPHABET, ID_LENGTH
from cmdm_tui.sandbox.store import Properties, Seed, SeedRow

T = TypeVar("T")

SEED = 19_470_308
TODAY = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
"""The day on which the data was made, so to speak: histories end here."""

_FIRST_DAY = datetime(2023, 4, 3, 8, 0, tzinfo=UTC)
_SHARES = {
    "account": 0.2,
    "lead": 1.0,
    "contact": 0.45,
    "task": 0.75,
    "opportunity": 0.3,
    "event": 0.03,
    "product": 0.12,
}
_IDS = 36**ID_LENGTH
# Coprime to 36, so that multiplying by them permutes all ids.
_FACTORS = (1_190_494_759_213, 2_065_879_269_997)


def sizes(records: int) -> dict[str, int]:
    """Return how many records of each entity go with `records` leads: at least one, or none."""
    return {
        entity: max(round(records * share), 1) if records else 0
        for entity, share in _SHARES.items()
    }


def generate(records: int) -> Seed:
    """Return every entity with its first records, `records` being the number of leads."""
    firm = _Firm(sizes(records))
    makers: dict[str, Callable[[_Chance, int], Properties]] = {
        "account": firm.account,
        "lead": firm.lead,
        "contact": firm.contact,
        "task": firm.task,
        "opportunity": firm.opportunity,
        "event": firm.event,
        "product": firm.product,
    }
    return ((entity, firm.rows(entity, make)) for entity, make in makers.items())


def seeded_id(entity: str, index: int) -> str:
    """Return the external id of the entity's record number `index` (from 0): no two are alike."""
    start = list(_SHARES).index(entity) * 151_516_377_211 + 977_230_416_583
    number = (index * _FACTORS[0] + start) % _IDS
    # Turned round between two multiplications, so that neighbours share no digits.
    number = int(_base_36(number)[::-1], 36) * _FACTORS[1] % _IDS
    return _base_36(number)


def _base_36(number: int) -> str:
    digits: list[str] = []
    for _ in range(ID_LENGTH):
        number, digit = divmod(number, 36)
        digits.append(ID_ALPHABET[digit])
    return "".join(reversed(digits))


class _Chance:
    """Choices from a fixed seed, through `random()` alone, whose numbers never change."""

    def __init__(self, seed: str) -> None:
        self._next = Random(f"{SEED} {seed}").random  # noqa: S311 (nothing here is secret)

    def happens(self, probability: float) -> bool:
        return self._next() < probability

    def number(self, lowest: int, highest: int) -> int:
        return lowest + int(self._next() * (highest - lowest + 1))

    def one_of(self, choices: Sequence[T]) -> T:
        return choices[int(self._next() * len(choices))]

    def skewed(self, highest: float) -> float:
        """Return a number from 0 to `highest`, small ones far more often."""
        return highest * self._next() ** 3


@dataclass(frozen=True, slots=True)
class _Company:
    name: str
    host: str
    town: words.Town


class _Pools:
    """What mimesis knows of Britain, drawn once: choosing from a list costs a fraction of it."""

    def __init__(self) -> None:
        from mimesis import Address, Locale, Person

        person, address = Person(Locale.EN_GB, seed=SEED), Address(Locale.EN_GB, seed=SEED)
        drawn = sorted({person.last_name() for _ in range(400)})
        self.last_names = [*drawn, *words.LAST_NAMES, *words.LAST_NAMES]
        self.streets = sorted(
            {f"{address.street_name()} {address.street_suffix()}" for _ in range(300)}
        )


class _Firm:
    """Makes one record after another, each fitting those it points at."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._sizes = sizes
        self._pools = _Pools()
        chance = _Chance("companies")
        self._companies = [self._company(chance) for _ in range(sizes["account"])]

    def rows(self, entity: str, make: Callable[["_Chance", int], Properties]) -> Iterator[SeedRow]:
        chance = _Chance(entity)
        names = [field.name for field in ENTITIES[entity].fields]
        for index in range(self._sizes[entity]):
            created = self._created(entity, index)
            latest = int((TODAY - created).total_seconds())
            modified = created
            if chance.happens(0.6):
                modified += timedelta(seconds=int(chance.skewed(latest)))
            made = make(chance, index)
            made["CreatedDate"], made["ModifiedDate"] = _time(created), _time(modified)
            yield (
                seeded_id(entity, index),
                msgspec.json.encode({name: made.get(name) for name in names}),
            )

    def account(self, chance: _Chance, index: int) -> Properties:
        company = self._companies[index]
        has_details = chance.happens(0.85)
        return {
            "Name": company.name,
            "Industry": self._option(chance, "account", "Industry", missing=0.08),
            "Phone": _maybe(chance, 0.9, lambda: _phone(chance, company.town)),
            "Email": _maybe(chance, 0.75, lambda: f"info@{company.host}"),
            "Website": _maybe(chance, 0.7, lambda: f"https://www.{company.host}/"),
            "Address": f"{chance.number(1, 180)} {chance.one_of(self._pools.streets)}"
            if has_details
            else None,
            "City": company.town.name,
            "County": company.town.county if has_details else None,
            "PostCode": _post_code(chance, company.town) if has_details else None,
            "Country": _country(company.town),
            "Employees": _maybe(chance, 0.6, lambda: str(1 + int(chance.skewed(900)))),
            "AnnualRevenue": _maybe(chance, 0.5, lambda: _money(chance, 40_000, 12_000_000)),
            "Rating": self._option(chance, "account", "Rating", missing=0.3),
            "Owner": chance.one_of(words.OWNERS),
            "Description": _maybe(chance, 0.4, lambda: self._prose(chance, words.DESCRIPTIONS)),
        }

    def lead(self, chance: _Chance, index: int) -> Properties:
        made = self._person(chance)
        is_converted = chance.happens(0.09)
        company, account_id = self._company(chance), None
        if is_converted:
            number = self._related_index(chance, "lead", index, "account", before=False)
            company, account_id = self._companies[number], seeded_id("account", number)
        age = (TODAY - self._created("lead", index)).days
        return made | {
            "Company": company.name if is_converted or chance.happens(0.92) else None,
            "Email": _maybe(chance, 0.88, lambda: _email(chance, made, company.host)),
            "Phone": _maybe(chance, 0.5, lambda: _phone(chance, company.town)),
            "City": company.town.name if chance.happens(0.9) else None,
            "PostCode": _maybe(chance, 0.6, lambda: _post_code(chance, company.town)),
            "Country": _country(company.town),
            "Source": self._option(chance, "lead", "Source", missing=0.05),
            "Status": "Converted"
            if is_converted
            else chance.one_of(
                ("New", "New", "New", "Contacted", "Contacted", "Qualified", "Unqualified")
            ),
            "Score": _maybe(chance, 0.8, lambda: str(chance.number(0, 100))),
            "EstimatedValue": _maybe(chance, 0.65, lambda: _money(chance, 150, 60_000)),
            "LastContacted": _maybe(
                chance, 0.7, lambda: _day(TODAY - timedelta(days=int(chance.skewed(age))))
            ),
            "AccountExternalID": account_id,
        }

    def contact(self, chance: _Chance, index: int) -> Properties:
        made = self._person(chance)
        company, account_id = self._company(chance), None
        if chance.happens(0.88):
            number = self._related_index(chance, "contact", index, "account")
            company, account_id = self._companies[number], seeded_id("account", number)
        return made | {
            "Email": _maybe(chance, 0.92, lambda: _email(chance, made, company.host)),
            "Phone": _maybe(chance, 0.6, lambda: _phone(chance, company.town)),
            "AccountExternalID": account_id,
            "City": company.town.name,
            "PostCode": _maybe(chance, 0.7, lambda: _post_code(chance, company.town)),
            "Country": _country(company.town),
            "Birthday": _maybe(
                chance, 0.35, lambda: str(date(1948, 1, 1) + timedelta(chance.number(0, 20_500)))
            ),
        }

    def task(self, chance: _Chance, index: int) -> Properties:
        kind = chance.one_of(("Call", "Call", "Call", "Email", "Email", "Meeting", "To do"))
        related = self._related(chance, "task", index, ("account", "lead", "lead", "contact", ""))
        created = self._created("task", index)
        due = created + timedelta(days=chance.number(1, 30))
        is_closed = chance.happens(0.85 if due < TODAY else 0.15)
        closed = created + (min(due, TODAY) - created) * chance.number(20, 100) / 100
        subject = chance.one_of(words.SUBJECTS[kind])
        return {
            "Subject": self._filled(chance, subject),
            "Type": kind,
            "Status": "Closed" if is_closed else chance.one_of(("Open", "Open", "In progress")),
            "Priority": chance.one_of(("Low", "Normal", "Normal", "Normal", "High", None)),
            "DueDate": _day(due) if chance.happens(0.93) else None,
            "ClosedDate": _time(closed) if is_closed else None,
            **related,
            "Owner": chance.one_of(words.OWNERS),
            "Notes": _maybe(chance, 0.35, lambda: self._prose(chance, words.NOTES)),
        }

    def opportunity(self, chance: _Chance, index: int) -> Properties:
        related = self._related(
            chance, "opportunity", index, ("account", "account", "lead", "contact")
        )
        created = self._created("opportunity", index)
        expected = created + timedelta(days=chance.number(14, 120))
        is_decided = expected < TODAY
        stage = chance.one_of(
            ("Won", "Won", "Lost") if is_decided else ("Prospecting", "Proposal", "Negotiation")
        )
        likely = {"Prospecting": (5, 30), "Proposal": (30, 60), "Negotiation": (60, 90)}
        lowest, highest = likely.get(stage, (0, 0))
        probability = 100 if stage == "Won" else chance.number(lowest, highest) // 5 * 5
        return {
            "Name": self._filled(chance, chance.one_of(words.DEALS)),
            "Stage": stage,
            "Amount": _maybe(chance, 0.95, lambda: _money(chance, 200, 85_000)),
            "Probability": str(probability),
            "CloseDate": _day(expected),
            **related,
            "Owner": chance.one_of(words.OWNERS),
            "Notes": _maybe(chance, 0.3, lambda: self._prose(chance, words.NOTES)),
        }

    def event(self, chance: _Chance, index: int) -> Properties:
        title = chance.one_of(words.EVENT_TITLES)
        is_online = title.startswith("Webinar")
        town = chance.one_of(words.TOWNS)
        starts = self._created("event", index).replace(
            hour=chance.number(9, 18), minute=chance.one_of((0, 0, 30)), second=0
        ) + timedelta(days=chance.number(30, 200))
        ends = starts + timedelta(minutes=30 * chance.number(2, 14))
        is_free = chance.happens(0.3)
        return {
            "Title": title if is_online else f"{title} - {town.name}",
            "Venue": None if is_online else chance.one_of(words.VENUES),
            "City": None if is_online else town.name,
            "StartsAt": _time(starts),
            "EndsAt": _time(ends) if chance.happens(0.9) else None,
            "Capacity": None if is_online else str(chance.number(2, 60) * 10),
            "Price": "0.00" if is_free else f"{chance.number(5, 95)}.00",
            "Online": str(is_online).lower(),
        }

    def product(self, chance: _Chance, index: int) -> Properties:
        category = chance.one_of(tuple(words.PRODUCTS))
        noun = chance.one_of(words.PRODUCTS[category])
        name = f"{noun}, {chance.one_of(words.PRODUCT_KINDS)}"
        sku = f"{category[:3].upper()}-{index + 1:04}"
        return {
            "Name": name,
            "SKU": sku.lower() if chance.happens(0.03) else sku,
            "Category": category,
            "Price": _money(chance, 2, 2_500) if chance.happens(0.97) else None,
            "Stock": None if category == "Services" else str(int(chance.skewed(400))),
            "Discontinued": str(chance.happens(0.12)).lower(),
            "LaunchDate": _maybe(
                chance, 0.85, lambda: _day(TODAY - timedelta(days=chance.number(-60, 3_000)))
            ),
            "URL": _maybe(chance, 0.8, lambda: f"https://shop.example/{sku.lower()}"),
        }

    def _created(self, entity: str, index: int) -> datetime:
        """Spread the records over the firm's history, in the order of their creation."""
        share = (index + 0.5) / self._sizes[entity]
        moment = _FIRST_DAY + (TODAY - _FIRST_DAY) * share
        return moment.replace(microsecond=0)

    def _related_index(
        self, chance: _Chance, entity: str, index: int, other: str, *, before: bool = True
    ) -> int:
        """Choose a record of `other` created before this one, or soon after it."""
        size = self._sizes[other]
        latest = int((index + 0.5) / self._sizes[entity] * size)
        if before:
            return chance.number(0, max(latest - 1, 0))
        return min(latest + chance.number(0, max(size // 50, 1)), size - 1)

    def _related(
        self, chance: _Chance, entity: str, index: int, others: Sequence[str]
    ) -> Properties:
        other = chance.one_of(others)
        if not other:
            return {}
        number = self._related_index(chance, entity, index, other)
        return {"RelatedEntity": other, "RelatedExternalID": seeded_id(other, number)}

    def _company(self, chance: _Chance) -> _Company:
        town = chance.one_of(words.TOWNS)
        if chance.happens(0.02):
            name = chance.one_of(words.ODD_COMPANIES)
        else:
            name = chance.one_of(words.COMPANY_FORMS).format(
                first=chance.one_of(words.FIRST_NAMES),
                last=chance.one_of(self._pools.last_names),
                other=chance.one_of(self._pools.last_names),
                place=chance.one_of(words.PLACES),
                trade=chance.one_of(words.TRADES),
                town=town.name,
            )
        return _Company(name, f"{_slug(name)}.example", town)

    def _person(self, chance: _Chance) -> Properties:
        return {
            "FirstName": _maybe(chance, 0.96, lambda: chance.one_of(words.FIRST_NAMES)),
            "LastName": chance.one_of(self._pools.last_names),
            "JobTitle": _maybe(chance, 0.75, lambda: chance.one_of(words.JOB_TITLES)),
            "Mobile": _maybe(chance, 0.7, lambda: f"07700 900{chance.number(0, 999):03}"),
            "OptIn": _maybe(chance, 0.9, lambda: str(chance.happens(0.55)).lower()),
            "Owner": _maybe(chance, 0.95, lambda: chance.one_of(words.OWNERS)),
            "Notes": _maybe(chance, 0.3, lambda: self._prose(chance, words.NOTES)),
        }

    def _prose(self, chance: _Chance, sentences: Sequence[str]) -> str:
        texts = [chance.one_of(sentences)]
        if chance.happens(0.3):
            texts.append(chance.one_of(sentences))
        return " ".join(self._filled(chance, text) for text in dict.fromkeys(texts))

    def _filled(self, chance: _Chance, text: str) -> str:
        return text.format(
            count=chance.number(2, 24) * 5,
            day=chance.one_of(("Monday", "Tuesday", "Wednesday", "Friday")),
            owner=chance.one_of(words.OWNERS),
            phase=chance.number(1, 3),
            town=chance.one_of(words.TOWNS).name,
            who=f"{chance.one_of(words.FIRST_NAMES)} {chance.one_of(self._pools.last_names)}",
            year=chance.number(2014, 2023),
        )

    def _option(self, chance: _Chance, entity: str, field: str, *, missing: float) -> str | None:
        options = ENTITIES[entity].by_name[field].options
        return _maybe(chance, 1 - missing, lambda: chance.one_of(options))


def _maybe(chance: _Chance, probability: float, value: Callable[[], str]) -> str | None:
    return value() if chance.happens(probability) else None


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _money(chance: _Chance, lowest: int, highest: int) -> str:
    return f"{lowest + chance.skewed(highest - lowest):.2f}"


def _phone(chance: _Chance, town: words.Town) -> str:
    return town.phone.format(chance.number(0, 999))


def _post_code(chance: _Chance, town: words.Town) -> str:
    # The letters that Royal Mail uses in the last part.
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    unit = chance.one_of(letters) + chance.one_of(letters)
    return f"{town.area}{chance.number(1, 19)} {chance.number(1, 9)}{unit}"


def _country(town: words.Town) -> str:
    return words.COUNTRY_OF_AREA.get(town.area, "England")


def _email(chance: _Chance, person: Properties, host: str) -> str:
    first, last = _slug(person["FirstName"] or "office"), _slug(person["LastName"] or "")
    name = chance.one_of((f"{first}.{last}", f"{first}.{last}", f"{first[0]}{last}", first))
    return f"{name}@{'mail.example' if chance.happens(0.1) else host}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in _without_marks(plain))
    return "-".join(filter(None, kept.split("-")))


def _without_marks(text: str) -> Iterable[str]:
    return (
        character
        for character in text
        if not unicodedata.combining(character) and character not in "'’."
    )
