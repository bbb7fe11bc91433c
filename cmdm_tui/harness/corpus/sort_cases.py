"""Orders: sorted by each type of field, ties, nulls and pages that part the list."""

from collections.abc import Iterator

from cmdm_tui.harness.calls import create_record
from cmdm_tui.harness.cases.format import Case, CaseStep
from cmdm_tui.harness.corpus.case_steps import make_step, read_step

_FIELDS = {
    "lead": ("LastName", "City", "Score", "EstimatedValue", "OptIn", "LastContacted", "Status",
             "Email", "CreatedDate", "ExternalID"),
    "account": ("Name", "Employees", "AnnualRevenue", "Website"),
    "event": ("StartsAt", "Capacity", "Title"),
    "product": ("SKU", "Price", "Discontinued"),
}  # fmt: skip
_WORDS = ("apple", "Banana", "Äpfel", "äpfel", "APPLE", "Zebra", "éclair", "_first", "10", "9", "É")
_NUMBERS = ("10", "9", "100", "-5", "2.5", "2.50", "1000000")


def sort_cases(seed: int) -> Iterator[Case]:
    """Yield the cases; nothing in them is left to words."""
    del seed
    for entity, names in _FIELDS.items():
        for name in names:
            paths = [
                f"/{entity}?fields={name}&per_page=60&page=1&sort_by={name}&sort_order={order}"
                for order in ("asc", "desc")
            ]
            yield _case(f"{entity}-{name.lower()}", f"{entity} by {name}, both ways.",
                        *[read_step(path) for path in paths])  # fmt: skip
    newest = [
        read_step(f"/lead?fields=City&per_page=20&page={page}&sort_order=desc") for page in (1, 2)
    ]
    yield _case("creation-desc", "Without sort_by, the newest first.", *newest)
    oldest = [read_step(f"/lead?fields=City&per_page=14&page={page}") for page in (1, 2, 3, 1)]
    yield _case("creation", "Without sort_by, in the order of creation, and stable.", *oldest)
    ties = [
        read_step(f"/lead?fields=OptIn&sort_by=OptIn&per_page=14&page={page}")
        for page in (1, 2, 3, 1)
    ]
    yield _case("ties", "Pages of a field of few values never overlap.", *ties)
    unpaged = read_step("/lead?fields=OptIn&sort_by=OptIn")
    yield _case("ties-unpaged", "All records by a field of few values.", unpaged, unpaged)
    words = _create_and_sort("product", "Name", _WORDS, {"SKU": "SKU-1"})
    yield _case("words", "Words by letter, whatever their case and accents.", *words)
    lamp = {"Name": "Lamp ${mark}", "SKU": "SKU-1"}
    stocks = _create_and_sort("product", "Stock", _NUMBERS[:4], lamp)
    yield _case("numbers", "Numbers by value.", *stocks)
    amounts = _create_and_sort("opportunity", "Amount", _NUMBERS, {"Name": "Renewal ${mark}"})
    yield _case("amounts", "Amounts by value.", *amounts)


def _create_and_sort(
    entity: str, name: str, values: tuple[str, ...], others: dict[str, str]
) -> Iterator[CaseStep]:
    for value in values:
        marked = f"{value} ${{mark}}" if name == "Name" else value
        yield make_step(create_record(entity, {**others, name: marked}))
    for order in ("asc", "desc"):
        yield read_step(
            f"/{entity}?fields={name}&per_page=200&page=1&sort_by={name}&sort_order={order}"
        )


def _case(kind: str, summary: str, *steps: CaseStep) -> Case:
    return Case(
        name=f"list-order-{kind}",
        summary=summary,
        endpoint="list",
        certainty="ours",
        source="collation; ties under `sort_by`; order without `sort_by`",
        steps=steps,
    )
