"""The entities that the corpus speaks of, with values for their fields (`api.md`)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

Properties = Mapping[str, str]

_FIRST = ("Aoife", "Bronwen", "Callum", "Dilys", "Eilidh", "Fergus", "Gwen", "Hamish", "Isla")
_LAST = ("Jones", "Mac an Ghoill", "Ní Bhriain", "O'Neill", "Pryce", "Ross-Jäger", "Smith")
_FIRMS = ("Ashby & Sons", "Brightwell Ltd", "Cairn Engineering", "Dunmore (Hire) plc")
_WORD = re.compile(r"(?<!\$)\{[a-z]+\}")
_CITIES = ("Aberystwyth", "Derry", "Leeds", "Llanfair", "Stoke-on-Trent", "York")


@dataclass(frozen=True, slots=True)
class SampleEntity:
    """One entity: its required fields, values for others, and a value of the wrong type."""

    name: str
    required: Properties
    optional: Properties
    mistyped: Properties
    has_field_list: bool = True

    @property
    def name_field(self) -> str:
        """The field that marks a record as created by a case."""
        return next(iter(self.required))


_ALL = (
    SampleEntity(
        "account",
        {"Name": "{firm} ${mark}"},
        {"Industry": "Retail", "Phone": "01632 960001", "Email": "office@example.com",
         "Website": "https://example.com", "City": "{city}", "Employees": "12",
         "AnnualRevenue": "1200000.50", "Rating": "Warm"},
        {"Employees": "many"},
    ),
    SampleEntity(
        "lead",
        {"LastName": "{last} ${mark}"},
        {"FirstName": "{first}", "Company": "{firm}", "Email": "lead@example.com",
         "City": "{city}", "Source": "Web", "Status": "New", "Score": "80",
         "EstimatedValue": "2500", "OptIn": "true", "LastContacted": "2026-03-02"},
        {"Score": "many"},
    ),
    SampleEntity(
        "contact",
        {"LastName": "{last} ${mark}"},
        {"FirstName": "{first}", "JobTitle": "Buyer", "Mobile": "07700 900001", "City": "{city}",
         "Birthday": "1980-02-29", "OptIn": "false"},
        {"Birthday": "1980-02-30"},
    ),
    SampleEntity(
        "task",
        {"Subject": "Call {first} ${mark}"},
        {"Type": "Call", "Status": "Open", "Priority": "High", "DueDate": "2026-04-01"},
        {"DueDate": "tomorrow"},
        has_field_list=False,
    ),
    SampleEntity(
        "opportunity",
        {"Name": "{firm} ${mark}"},
        {"Stage": "Proposal", "Amount": "1999.99", "Probability": "60", "CloseDate": "2026-06-30"},
        {"Amount": "a lot"},
    ),
    SampleEntity(
        "event",
        {"Title": "Open day ${mark}"},
        {"Venue": "{firm}", "City": "{city}", "StartsAt": "2026-05-01T09:00:00Z",
         "EndsAt": "2026-05-01T17:00:00Z", "Capacity": "120", "Price": "0", "Online": "false"},
        {"StartsAt": "2026-05-01"},
    ),
    SampleEntity(
        "product",
        {"Name": "Lamp ${mark}", "SKU": "SKU-{number}"},
        {"Category": "Lighting", "Price": "49.90", "Stock": "7", "Discontinued": "false",
         "LaunchDate": "2025-11-01", "URL": "https://example.com/lamp"},
        {"Discontinued": "perhaps"},
    ),
)  # fmt: skip

ENTITIES: Mapping[str, SampleEntity] = MappingProxyType({entity.name: entity for entity in _ALL})


class SampleWords:
    """Words for values, drawn from a seed: the same seed and place, the same words."""

    def __init__(self, seed: int, place: str) -> None:
        # Seeding by text goes through its hash, which no environment changes.
        self._random = Random(f"{seed} {place}")  # noqa: S311 — words, not secrets

    def fill(self, properties: Properties) -> dict[str, str]:
        """Return properties with words instead of `{first}` and other placeholders."""
        words = {
            "{first}": self._random.choice(_FIRST),
            "{last}": self._random.choice(_LAST),
            "{firm}": self._random.choice(_FIRMS),
            "{city}": self._random.choice(_CITIES),
            "{number}": str(self._random.randrange(1_000, 10_000)),
        }
        return {
            name: _WORD.sub(lambda mark: words.get(mark[0], mark[0]), text)
            for name, text in properties.items()
        }

    def choose(self, choices: tuple[str, ...]) -> str:
        """Return one of the choices."""
        return self._random.choice(choices)
