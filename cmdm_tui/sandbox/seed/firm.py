"""The firm whose records these are: each record made to fit those it points at."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec

from cmdm_tui.sandbox.schema import ENTITIES
from cmdm_tui.sandbox.seed import words
from cmdm_tui.sandbox.seed.chance import (
    SEED,
    Chance,
    country,
    day,
    email,
    instant,
    maybe,
    money,
    phone,
    post_code,
    slug,
)
from cmdm_tui.sandbox.seed.ids import seeded_id
from cmdm_tui.sandbox.store import Properties, Seed, SeedRow

TODAY = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
"""The day on which the data was made, so to speak: histories end here."""

_FIRST_DAY = datetime(2023, 4, 3, 8, 0, tzinfo=UTC)
_STATUSES = ("New", "New", "New", "Contacted", "Contacted", "Qualified", "Unqualified")


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


class Firm:
    """Makes one record after another, each fitting those it points at."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._sizes = sizes
        self._pools = _Pools()
        chance = Chance("companies")
        self._companies = [self._company(chance) for _ in range(sizes["account"])]

    def entities(self) -> Seed:
        """Return the entities, each with its records in the order of creation."""
        makers = {
            "account": self.account,
            "lead": self.lead,
            "contact": self.contact,
            "task": self.task,
            "opportunity": self.opportunity,
            "event": self.event,
            "product": self.product,
        }
        return {entity: self._rows(entity, make) for entity, make in makers.items()}

    def _rows(self, entity: str, make: Callable[[Chance, int], Properties]) -> Iterator[SeedRow]:
        chance = Chance(entity)
        names = [field.name for field in ENTITIES[entity].fields]
        for index in range(self._sizes[entity]):
            created = self._created(entity, index)
            modified = created
            if chance.happens(0.6):
                age = (TODAY - created).total_seconds()
                modified += timedelta(seconds=int(chance.skewed(age)))
            made = make(chance, index)
            made["CreatedDate"] = instant(created)
            # Closing a task modifies it. Texts of one form compare as their times do.
            made["ModifiedDate"] = max(instant(modified), made.get("ClosedDate") or "")
            record = msgspec.json.encode({name: made.get(name) for name in names})
            yield seeded_id(entity, index), record

    def account(self, chance: Chance, index: int) -> Properties:
        """Make the account number `index`."""
        company = self._companies[index]
        has_details = chance.happens(0.85)
        return {
            "Name": company.name,
            "Industry": self._option(chance, "account", "Industry", missing=0.08),
            "Phone": maybe(chance, 0.9, lambda: phone(chance, company.town)),
            "Email": maybe(chance, 0.75, lambda: f"info@{company.host}"),
            "Website": maybe(chance, 0.7, lambda: f"https://www.{company.host}/"),
            "Address": f"{chance.number(1, 180)} {chance.one_of(self._pools.streets)}"
            if has_details
            else None,
            "City": company.town.name,
            "County": company.town.county if has_details else None,
            "PostCode": post_code(chance, company.town) if has_details else None,
            "Country": country(company.town),
            "Employees": maybe(chance, 0.6, lambda: str(1 + int(chance.skewed(900)))),
            "AnnualRevenue": maybe(chance, 0.5, lambda: money(chance, 40_000, 12_000_000)),
            "Rating": self._option(chance, "account", "Rating", missing=0.3),
            "Owner": chance.one_of(words.OWNERS),
            "Description": maybe(chance, 0.4, lambda: self._prose(chance, words.DESCRIPTIONS)),
        }

    def lead(self, chance: Chance, index: int) -> Properties:
        """Make the lead number `index`."""
        made = self._person(chance)
        is_converted = chance.happens(0.09)
        company, account_id = self._company(chance), None
        if is_converted:
            number = self._related_index(chance, "lead", index, "account", before=False)
            company, account_id = self._companies[number], seeded_id("account", number)
        age = (TODAY - self._created("lead", index)).days
        return made | {
            "Company": company.name if is_converted or chance.happens(0.92) else None,
            "Email": maybe(chance, 0.88, lambda: email(chance, made, company.host)),
            "Phone": maybe(chance, 0.5, lambda: phone(chance, company.town)),
            "City": company.town.name if chance.happens(0.9) else None,
            "PostCode": maybe(chance, 0.6, lambda: post_code(chance, company.town)),
            "Country": country(company.town),
            "Source": self._option(chance, "lead", "Source", missing=0.05),
            "Status": "Converted" if is_converted else chance.one_of(_STATUSES),
            "Score": maybe(chance, 0.8, lambda: str(chance.number(0, 100))),
            "EstimatedValue": maybe(chance, 0.65, lambda: money(chance, 150, 60_000)),
            "LastContacted": maybe(
                chance, 0.7, lambda: day(TODAY - timedelta(days=int(chance.skewed(age))))
            ),
            "AccountExternalID": account_id,
        }

    def contact(self, chance: Chance, index: int) -> Properties:
        """Make the contact number `index`."""
        made = self._person(chance)
        company, account_id = self._company(chance), None
        if chance.happens(0.88):
            number = self._related_index(chance, "contact", index, "account")
            company, account_id = self._companies[number], seeded_id("account", number)
        return made | {
            "Email": maybe(chance, 0.92, lambda: email(chance, made, company.host)),
            "Phone": maybe(chance, 0.6, lambda: phone(chance, company.town)),
            "AccountExternalID": account_id,
            "City": company.town.name,
            "PostCode": maybe(chance, 0.7, lambda: post_code(chance, company.town)),
            "Country": country(company.town),
            "Birthday": maybe(
                chance, 0.35, lambda: str(date(1948, 1, 1) + timedelta(chance.number(0, 20_500)))
            ),
        }

    def task(self, chance: Chance, index: int) -> Properties:
        """Make the task number `index`."""
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
            "DueDate": day(due) if chance.happens(0.93) else None,
            "ClosedDate": instant(closed) if is_closed else None,
            **related,
            "Owner": chance.one_of(words.OWNERS),
            "Notes": maybe(chance, 0.35, lambda: self._prose(chance, words.NOTES)),
        }

    def opportunity(self, chance: Chance, index: int) -> Properties:
        """Make the opportunity number `index`."""
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
            "Amount": maybe(chance, 0.95, lambda: money(chance, 200, 85_000)),
            "Probability": str(probability),
            "CloseDate": day(expected),
            **related,
            "Owner": chance.one_of(words.OWNERS),
            "Notes": maybe(chance, 0.3, lambda: self._prose(chance, words.NOTES)),
        }

    def event(self, chance: Chance, index: int) -> Properties:
        """Make the event number `index`."""
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
            "StartsAt": instant(starts),
            "EndsAt": instant(ends) if chance.happens(0.9) else None,
            "Capacity": None if is_online else str(chance.number(2, 60) * 10),
            "Price": "0.00" if is_free else f"{chance.number(5, 95)}.00",
            "Online": str(is_online).lower(),
        }

    def product(self, chance: Chance, index: int) -> Properties:
        """Make the product number `index`."""
        category = chance.one_of(tuple(words.PRODUCTS))
        noun = chance.one_of(words.PRODUCTS[category])
        name = f"{noun}, {chance.one_of(words.PRODUCT_KINDS)}"
        sku = f"{category[:3].upper()}-{index + 1:04}"
        return {
            "Name": name,
            "SKU": sku.lower() if chance.happens(0.03) else sku,
            "Category": category,
            "Price": money(chance, 2, 2_500) if chance.happens(0.97) else None,
            "Stock": None if category == "Services" else str(int(chance.skewed(400))),
            "Discontinued": str(chance.happens(0.12)).lower(),
            "LaunchDate": maybe(
                chance, 0.85, lambda: day(TODAY - timedelta(days=chance.number(-60, 3_000)))
            ),
            "URL": maybe(chance, 0.8, lambda: f"https://shop.example/{sku.lower()}"),
        }

    def _created(self, entity: str, index: int) -> datetime:
        """Spread the records over the firm's history, in the order of their creation."""
        share = (index + 0.5) / self._sizes[entity]
        moment = _FIRST_DAY + (TODAY - _FIRST_DAY) * share
        return moment.replace(microsecond=0)

    def _related_index(
        self, chance: Chance, entity: str, index: int, other: str, *, before: bool = True
    ) -> int:
        """Choose a record of `other` created before this one, or soon after it."""
        size = self._sizes[other]
        latest = int((index + 0.5) / self._sizes[entity] * size)
        if before:
            return chance.number(0, max(latest - 1, 0))
        return min(latest + chance.number(0, max(size // 50, 1)), size - 1)

    def _related(
        self, chance: Chance, entity: str, index: int, others: Sequence[str]
    ) -> Properties:
        other = chance.one_of(others)
        if not other:
            return {}
        number = self._related_index(chance, entity, index, other)
        return {"RelatedEntity": other, "RelatedExternalID": seeded_id(other, number)}

    def _company(self, chance: Chance) -> _Company:
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
        return _Company(name, f"{slug(name)}.example", town)

    def _person(self, chance: Chance) -> Properties:
        return {
            "FirstName": maybe(chance, 0.96, lambda: chance.one_of(words.FIRST_NAMES)),
            "LastName": chance.one_of(self._pools.last_names),
            "JobTitle": maybe(chance, 0.75, lambda: chance.one_of(words.JOB_TITLES)),
            "Mobile": maybe(chance, 0.7, lambda: f"07700 900{chance.number(0, 999):03}"),
            "OptIn": maybe(chance, 0.9, lambda: str(chance.happens(0.55)).lower()),
            "Owner": maybe(chance, 0.95, lambda: chance.one_of(words.OWNERS)),
            "Notes": maybe(chance, 0.3, lambda: self._prose(chance, words.NOTES)),
        }

    def _prose(self, chance: Chance, sentences: Sequence[str]) -> str:
        texts = [chance.one_of(sentences)]
        if chance.happens(0.3):
            texts.append(chance.one_of(sentences))
        return " ".join(self._filled(chance, text) for text in dict.fromkeys(texts))

    def _filled(self, chance: Chance, text: str) -> str:
        return text.format(
            count=chance.number(2, 24) * 5,
            day=chance.one_of(("Monday", "Tuesday", "Wednesday", "Friday")),
            owner=chance.one_of(words.OWNERS),
            phase=chance.number(1, 3),
            town=chance.one_of(words.TOWNS).name,
            who=f"{chance.one_of(words.FIRST_NAMES)} {chance.one_of(self._pools.last_names)}",
            year=chance.number(2014, 2023),
        )

    def _option(self, chance: Chance, entity: str, field: str, *, missing: float) -> str | None:
        options = ENTITIES[entity].by_name[field].options
        return maybe(chance, 1 - missing, lambda: chance.one_of(options))
