"""The first records: those of a small firm, each made to fit the records it points at."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec

from cmdm_tui.sandbox.schema import ENTITIES
from cmdm_tui.sandbox.seed import words
from cmdm_tui.sandbox.seed.british_names import LAST_NAMES, STREETS
from cmdm_tui.sandbox.seed.random_values import (
    SeededRandom,
    format_day,
    format_instant,
    get_country,
    make_amount,
    make_email,
    make_maybe,
    make_phone,
    make_post_code,
    make_slug,
    seeded_id,
)
from cmdm_tui.sandbox.storage.store import Properties, Seed, SeedRow

SEED_TIME = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
"""The time at which every history in the data ends."""

# Odd names twice, so that they are met in a small data set too.
_LAST_NAMES = (*LAST_NAMES, *words.ODD_LAST_NAMES, *words.ODD_LAST_NAMES)
_FIRST_DAY = datetime(2023, 4, 3, 8, 0, tzinfo=UTC)
_STATUSES = ("New", "New", "New", "Contacted", "Contacted", "Qualified", "Unqualified")


@dataclass(frozen=True, slots=True)
class _Company:
    name: str
    host: str
    town: words.Town


class RecordMaker:
    """Makes one record after another, each fitting those it points at."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._sizes = sizes
        chance = SeededRandom("companies")
        self._companies = [self._make_company(chance) for _ in range(sizes["account"])]

    def make_entities(self) -> Seed:
        """Return the entities, each with its records in the order of creation."""
        makers = {
            "account": self._make_account,
            "lead": self._make_lead,
            "contact": self._make_contact,
            "task": self._make_task,
            "opportunity": self._make_opportunity,
            "event": self._make_event,
            "product": self._make_product,
        }
        return {entity: self._make_rows(entity, make) for entity, make in makers.items()}

    def _make_rows(
        self, entity: str, make: Callable[[SeededRandom, int], Properties]
    ) -> Iterator[SeedRow]:
        chance = SeededRandom(entity)
        names = [field.name for field in ENTITIES[entity].fields]
        for index in range(self._sizes[entity]):
            created = self._creation_time(entity, index)
            modified = created
            if chance.decide(0.6):
                age = (SEED_TIME - created).total_seconds()
                modified += timedelta(seconds=int(chance.skewed_number(age)))
            made = make(chance, index)
            made["CreatedDate"] = format_instant(created)
            # Closing a task modifies it. Texts of one form compare as their times do.
            made["ModifiedDate"] = max(format_instant(modified), made.get("ClosedDate") or "")
            record = msgspec.json.encode({name: made.get(name) for name in names})
            yield seeded_id(entity, index), record

    def _make_account(self, chance: SeededRandom, index: int) -> Properties:
        """Make the account number `index`."""
        company = self._companies[index]
        has_details = chance.decide(0.85)
        return {
            "Name": company.name,
            "Industry": self._choose_option(chance, "account", "Industry", missing=0.08),
            "Phone": make_maybe(chance, 0.9, lambda: make_phone(chance, company.town)),
            "Email": make_maybe(chance, 0.75, lambda: f"info@{company.host}"),
            "Website": make_maybe(chance, 0.7, lambda: f"https://www.{company.host}/"),
            "Address": f"{chance.number(1, 180)} {chance.choose(STREETS)}" if has_details else None,
            "City": company.town.name,
            "County": company.town.county if has_details else None,
            "PostCode": make_post_code(chance, company.town) if has_details else None,
            "Country": get_country(company.town),
            "Employees": make_maybe(chance, 0.6, lambda: str(1 + int(chance.skewed_number(900)))),
            "AnnualRevenue": make_maybe(
                chance, 0.5, lambda: make_amount(chance, 40_000, 12_000_000)
            ),
            "Rating": self._choose_option(chance, "account", "Rating", missing=0.3),
            "Owner": chance.choose(words.OWNERS),
            "Description": make_maybe(
                chance, 0.4, lambda: self._make_prose(chance, words.DESCRIPTIONS)
            ),
        }

    def _make_lead(self, chance: SeededRandom, index: int) -> Properties:
        """Make the lead number `index`."""
        made = self._make_person(chance)
        is_converted = chance.decide(0.09)
        company, account_id = self._make_company(chance), None
        if is_converted:
            number = self._choose_related(chance, "lead", index, "account", before=False)
            company, account_id = self._companies[number], seeded_id("account", number)
        age = (SEED_TIME - self._creation_time("lead", index)).days
        return made | {
            "Company": company.name if is_converted or chance.decide(0.92) else None,
            "Email": make_maybe(chance, 0.88, lambda: make_email(chance, made, company.host)),
            "Phone": make_maybe(chance, 0.5, lambda: make_phone(chance, company.town)),
            "City": company.town.name if chance.decide(0.9) else None,
            "PostCode": make_maybe(chance, 0.6, lambda: make_post_code(chance, company.town)),
            "Country": get_country(company.town),
            "Source": self._choose_option(chance, "lead", "Source", missing=0.05),
            "Status": "Converted" if is_converted else chance.choose(_STATUSES),
            "Score": make_maybe(chance, 0.8, lambda: str(chance.number(0, 100))),
            "EstimatedValue": make_maybe(chance, 0.65, lambda: make_amount(chance, 150, 60_000)),
            "LastContacted": make_maybe(
                chance,
                0.7,
                lambda: format_day(SEED_TIME - timedelta(days=int(chance.skewed_number(age)))),
            ),
            "AccountExternalID": account_id,
        }

    def _make_contact(self, chance: SeededRandom, index: int) -> Properties:
        """Make the contact number `index`."""
        made = self._make_person(chance)
        company, account_id = self._make_company(chance), None
        if chance.decide(0.88):
            number = self._choose_related(chance, "contact", index, "account")
            company, account_id = self._companies[number], seeded_id("account", number)
        return made | {
            "Email": make_maybe(chance, 0.92, lambda: make_email(chance, made, company.host)),
            "Phone": make_maybe(chance, 0.6, lambda: make_phone(chance, company.town)),
            "AccountExternalID": account_id,
            "City": company.town.name,
            "PostCode": make_maybe(chance, 0.7, lambda: make_post_code(chance, company.town)),
            "Country": get_country(company.town),
            "Birthday": make_maybe(
                chance, 0.35, lambda: str(date(1948, 1, 1) + timedelta(chance.number(0, 20_500)))
            ),
        }

    def _make_task(self, chance: SeededRandom, index: int) -> Properties:
        """Make the task number `index`."""
        kind = chance.choose(("Call", "Call", "Call", "Email", "Email", "Meeting", "To do"))
        related = self._relate(chance, "task", index, ("account", "lead", "lead", "contact", ""))
        created = self._creation_time("task", index)
        due = created + timedelta(days=chance.number(1, 30))
        is_closed = chance.decide(0.85 if due < SEED_TIME else 0.15)
        closed = created + (min(due, SEED_TIME) - created) * chance.number(20, 100) / 100
        subject = chance.choose(words.SUBJECTS[kind])
        return {
            "Subject": self._fill_template(chance, subject),
            "Type": kind,
            "Status": "Closed" if is_closed else chance.choose(("Open", "Open", "In progress")),
            "Priority": chance.choose(("Low", "Normal", "Normal", "Normal", "High", None)),
            "DueDate": format_day(due) if chance.decide(0.93) else None,
            "ClosedDate": format_instant(closed) if is_closed else None,
            **related,
            "Owner": chance.choose(words.OWNERS),
            "Notes": make_maybe(chance, 0.35, lambda: self._make_prose(chance, words.NOTES)),
        }

    def _make_opportunity(self, chance: SeededRandom, index: int) -> Properties:
        """Make the opportunity number `index`."""
        related = self._relate(
            chance, "opportunity", index, ("account", "account", "lead", "contact")
        )
        created = self._creation_time("opportunity", index)
        expected = created + timedelta(days=chance.number(14, 120))
        is_decided = expected < SEED_TIME
        stage = chance.choose(
            ("Won", "Won", "Lost") if is_decided else ("Prospecting", "Proposal", "Negotiation")
        )
        likely = {"Prospecting": (5, 30), "Proposal": (30, 60), "Negotiation": (60, 90)}
        lowest, highest = likely.get(stage, (0, 0))
        probability = 100 if stage == "Won" else chance.number(lowest, highest) // 5 * 5
        return {
            "Name": self._fill_template(chance, chance.choose(words.DEALS)),
            "Stage": stage,
            "Amount": make_maybe(chance, 0.95, lambda: make_amount(chance, 200, 85_000)),
            "Probability": str(probability),
            "CloseDate": format_day(expected),
            **related,
            "Owner": chance.choose(words.OWNERS),
            "Notes": make_maybe(chance, 0.3, lambda: self._make_prose(chance, words.NOTES)),
        }

    def _make_event(self, chance: SeededRandom, index: int) -> Properties:
        """Make the event number `index`."""
        title = chance.choose(words.EVENT_TITLES)
        is_online = title.startswith("Webinar")
        town = chance.choose(words.TOWNS)
        starts = self._creation_time("event", index).replace(
            hour=chance.number(9, 18), minute=chance.choose((0, 0, 30)), second=0
        ) + timedelta(days=chance.number(30, 200))
        ends = starts + timedelta(minutes=30 * chance.number(2, 14))
        is_free = chance.decide(0.3)
        return {
            "Title": title if is_online else f"{title} - {town.name}",
            "Venue": None if is_online else chance.choose(words.VENUES),
            "City": None if is_online else town.name,
            "StartsAt": format_instant(starts),
            "EndsAt": format_instant(ends) if chance.decide(0.9) else None,
            "Capacity": None if is_online else str(chance.number(2, 60) * 10),
            "Price": "0.00" if is_free else f"{chance.number(5, 95)}.00",
            "Online": str(is_online).lower(),
        }

    def _make_product(self, chance: SeededRandom, index: int) -> Properties:
        """Make the product number `index`."""
        category = chance.choose(tuple(words.PRODUCTS))
        noun = chance.choose(words.PRODUCTS[category])
        name = f"{noun}, {chance.choose(words.PRODUCT_KINDS)}"
        sku = f"{category[:3].upper()}-{index + 1:04}"
        return {
            "Name": name,
            "SKU": sku.lower() if chance.decide(0.03) else sku,
            "Category": category,
            "Price": make_amount(chance, 2, 2_500) if chance.decide(0.97) else None,
            "Stock": None if category == "Services" else str(int(chance.skewed_number(400))),
            "Discontinued": str(chance.decide(0.12)).lower(),
            "LaunchDate": make_maybe(
                chance,
                0.85,
                lambda: format_day(SEED_TIME - timedelta(days=chance.number(-60, 3_000))),
            ),
            "URL": make_maybe(chance, 0.8, lambda: f"https://shop.example/{sku.lower()}"),
        }

    def _creation_time(self, entity: str, index: int) -> datetime:
        """Spread the records over the firm's history, in the order of their creation."""
        share = (index + 0.5) / self._sizes[entity]
        moment = _FIRST_DAY + (SEED_TIME - _FIRST_DAY) * share
        return moment.replace(microsecond=0)

    def _choose_related(
        self, chance: SeededRandom, entity: str, index: int, other: str, *, before: bool = True
    ) -> int:
        """Choose a record of `other` created before this one, or soon after it."""
        size = self._sizes[other]
        latest = int((index + 0.5) / self._sizes[entity] * size)
        if before:
            return chance.number(0, max(latest - 1, 0))
        return min(latest + chance.number(0, max(size // 50, 1)), size - 1)

    def _relate(
        self, chance: SeededRandom, entity: str, index: int, others: Sequence[str]
    ) -> Properties:
        other = chance.choose(others)
        if not other:
            return {}
        number = self._choose_related(chance, entity, index, other)
        return {"RelatedEntity": other, "RelatedExternalID": seeded_id(other, number)}

    def _make_company(self, chance: SeededRandom) -> _Company:
        town = chance.choose(words.TOWNS)
        if chance.decide(0.02):
            name = chance.choose(words.ODD_COMPANIES)
        else:
            name = chance.choose(words.COMPANY_FORMS).format(
                first=chance.choose(words.FIRST_NAMES),
                last=chance.choose(_LAST_NAMES),
                other=chance.choose(_LAST_NAMES),
                place=chance.choose(words.PLACES),
                trade=chance.choose(words.TRADES),
                town=town.name,
            )
        return _Company(name, f"{make_slug(name)}.example", town)

    def _make_person(self, chance: SeededRandom) -> Properties:
        return {
            "FirstName": make_maybe(chance, 0.96, lambda: chance.choose(words.FIRST_NAMES)),
            "LastName": chance.choose(_LAST_NAMES),
            "JobTitle": make_maybe(chance, 0.75, lambda: chance.choose(words.JOB_TITLES)),
            "Mobile": make_maybe(chance, 0.7, lambda: f"07700 900{chance.number(0, 999):03}"),
            "OptIn": make_maybe(chance, 0.9, lambda: str(chance.decide(0.55)).lower()),
            "Owner": make_maybe(chance, 0.95, lambda: chance.choose(words.OWNERS)),
            "Notes": make_maybe(chance, 0.3, lambda: self._make_prose(chance, words.NOTES)),
        }

    def _make_prose(self, chance: SeededRandom, sentences: Sequence[str]) -> str:
        texts = [chance.choose(sentences)]
        if chance.decide(0.3):
            texts.append(chance.choose(sentences))
        return " ".join(self._fill_template(chance, text) for text in dict.fromkeys(texts))

    def _fill_template(self, chance: SeededRandom, text: str) -> str:
        return text.format(
            count=chance.number(2, 24) * 5,
            day=chance.choose(("Monday", "Tuesday", "Wednesday", "Friday")),
            owner=chance.choose(words.OWNERS),
            phase=chance.number(1, 3),
            town=chance.choose(words.TOWNS).name,
            who=f"{chance.choose(words.FIRST_NAMES)} {chance.choose(_LAST_NAMES)}",
            year=chance.number(2014, 2023),
        )

    def _choose_option(
        self, chance: SeededRandom, entity: str, field: str, *, missing: float
    ) -> str | None:
        options = ENTITIES[entity].by_name[field].options
        return make_maybe(chance, 1 - missing, lambda: chance.choose(options))
