"""The written cases as a client makes them: each session sends what the case of its name sends."""

from collections.abc import Awaitable, Callable
from typing import Any

from cmdm_tui.api import ApiError, Client, Field, Page, Parent, Record
from cmdm_tui.harness.service import CASE_MARK

ClientWork = Callable[[Client], Awaitable[object]]


async def first_id(client: Client, entity: str, *, of: int = 0) -> str:
    """Return the external id of one of the entity's first records."""
    page = await client.page(entity, per_page=of + 1, page=1)
    return page.records[of].external_id


async def collect_refusals(*attempts: Awaitable[object]) -> list[str]:
    """Return how each attempt was refused."""
    told: list[str] = []
    for attempt in attempts:
        try:
            await attempt
            told.append("accepted")
        except ApiError as error:
            told.append(f"{type(error).__name__} {error.status}: {error.message}")
    return told


async def retrieve_one(client: Client) -> Record:
    """Retrieve a record."""
    return await client.record("lead", await first_id(client, "lead"))


async def retrieve_none(client: Client) -> list[str]:
    """Retrieve what is not there: a record, an entity, a path."""
    return await collect_refusals(
        client.record("lead", "NOSUCHID"),
        client.page("nosuchentity", per_page=1, page=1),
        client.request("GET", "lead/NOSUCHID/nothing/here"),
    )


async def retrieve_many(client: Client) -> list[Page]:
    """Retrieve pages in every documented way."""
    return [
        await client.page("account", per_page=3, page=2),
        await client.page(
            "lead",
            fields=["LastName", "EstimatedValue"],
            per_page=4,
            page=1,
            sort_by="LastName",
            sort_order="desc",
        ),
        await client.page("LEAD", fields=["City"]),
        await client.page("event", per_page=2, page=1, sort_by="StartsAt", sort_order="asc"),
        await client.page("contact", per_page=5, page=1_000),
    ]


async def retrieve_wrongly(client: Client) -> list[str]:
    """Retrieve pages with parameters that are refused."""
    return await collect_refusals(
        client.page("lead", per_page=5),
        client.page("lead", page=5),
        client.page("lead", per_page=0, page=1),
        client.page("lead", fields=["NoSuchField"]),
        client.page("lead", sort_by="NoSuchField"),
        client.request("GET", "lead?sort_order=sideways"),
    )


async def retrieve_fields(client: Client) -> tuple[Field, ...]:
    """Retrieve all fields of an entity."""
    return await client.all_fields("opportunity")


async def retrieve_fields_of_task(client: Client) -> object:
    """Retrieve the fields of task, which the documentation leaves out."""
    return await client.fields("task")


async def create(client: Client) -> Record:
    """Create a record and read it back."""
    properties = {
        "LastName": f"Ní Dhomhnaill {CASE_MARK}",
        "Company": "Ögren & Sons",
        "OptIn": "true",
    }
    created = await client.create("lead", properties)
    return await client.record("lead", created.external_id)


async def create_wrongly(client: Client) -> list[str]:
    """Create records that are refused."""
    return await collect_refusals(
        client.create("lead", {"Company": "No last name"}),
        client.create("lead", {"LastName": "Jones", "NoSuchField": "x"}),
        client.create("lead", {"LastName": "Jones", "Score": "many"}),
        client.create("lead", {"LastName": "Jones", "CreatedDate": "2026-01-01T00:00:00Z"}),
        client.request("POST", "lead", content=b'{"LastName": "Jo'),
        client.request("POST", "lead", content=b"[]"),
        client.create("nosuchentity", {"Name": "x"}),
    )


async def create_children(client: Client) -> list[Record]:
    """Create a task and an opportunity of a record."""
    account = await client.create("account", {"Name": f"Jones & Co {CASE_MARK}"})
    parent = Parent("account", account.external_id)
    task = await client.create("task", {"Subject": f"Call back {CASE_MARK}"}, parent=parent)
    deal = await client.create("opportunity", {"Name": f"Renewal {CASE_MARK}"}, parent=parent)
    return [
        await client.record("task", task.external_id),
        await client.record("opportunity", deal.external_id),
    ]


async def create_orphans(client: Client) -> list[str]:
    """Create a task and an opportunity of a record that is not there."""
    parent = Parent("account", "NOSUCHID")
    return await collect_refusals(
        client.create("task", {"Subject": "x"}, parent=parent),
        client.create("opportunity", {"Name": "x"}, parent=parent),
    )


async def update(client: Client) -> list[object]:
    """Update a record and read it back."""
    properties = {
        "LastName": f"Jones {CASE_MARK}",
        "City": "Leeds",
        "Notes": "Asked for the brochure.",
    }
    lead = (await client.create("lead", properties)).external_id
    done = await client.update("lead", lead, {"Status": "Contacted", "Notes": None})
    return [done, await client.record("lead", lead)]


async def update_wrongly(client: Client) -> list[str]:
    """Update records in ways that are refused."""
    lead = (await client.create("lead", {"LastName": f"Jones {CASE_MARK}"})).external_id
    return await collect_refusals(
        client.update("lead", lead, {}),
        client.update("lead", lead, {"LastName": None}),
        client.update("lead", lead, {"ModifiedDate": "2026-01-01T00:00:00Z"}),
        client.update("lead", "NOSUCHID", {"City": "Leeds"}),
    )


async def convert(client: Client) -> list[Any]:
    """Convert a lead, read the account, and try again."""
    lead = await client.create("lead", {"LastName": f"Jones {CASE_MARK}", "Company": "Jones & Co"})
    converted = await client.convert_lead(lead.external_id, {"Industry": "Retail"})
    return [
        converted,
        await client.record("account", converted.account_external_id),
        await collect_refusals(
            client.convert_lead(lead.external_id),
            client.convert_lead("NOSUCHID"),
        ),
    ]


async def close(client: Client) -> list[Any]:
    """Close a task, and once more."""
    task = await client.create("task", {"Subject": f"Send the offer {CASE_MARK}"})
    return [
        await client.close_task(task.external_id),
        await client.close_task(task.external_id),
        await client.record("task", task.external_id),
        await collect_refusals(client.close_task("NOSUCHID")),
    ]


async def delete(client: Client) -> list[Any]:
    """Delete a record, and once more."""
    event = await client.create("event", {"Title": f"Open day {CASE_MARK}"})
    return [
        await client.delete("event", event.external_id),
        await collect_refusals(
            client.record("event", event.external_id),
            client.delete("event", event.external_id),
        ),
    ]


async def sign_in(client: Client) -> None:
    """Sign in."""
    await client.sign_in()


async def token_ended(client: Client) -> list[Page]:
    """Go on when the token has ended: one 401, one more sign-in."""
    before = await client.page("lead", per_page=1, page=1)
    return [before, await client.page("lead", per_page=1, page=1)]


async def up_to_the_limit(client: Client) -> list[Any]:
    """Make calls until one is refused."""
    pages = [await client.page("lead", per_page=1, page=number) for number in (1, 2)]
    return [pages, await client.page("lead", per_page=1, page=3)]


async def method_not_allowed(client: Client) -> object:
    """Send a method that a known path does not take."""
    return await client.request("DELETE", "lead")


SESSIONS: dict[str, ClientWork] = {
    "authenticate": sign_in,
    "authenticate-refused": sign_in,
    "token-ended": token_ended,
    "retrieve-one": retrieve_one,
    "retrieve-none": retrieve_none,
    "retrieve-many": retrieve_many,
    "retrieve-wrongly": retrieve_wrongly,
    "retrieve-fields": retrieve_fields,
    "retrieve-fields-of-task": retrieve_fields_of_task,
    "create": create,
    "create-wrongly": create_wrongly,
    "create-children": create_children,
    "create-orphans": create_orphans,
    "update": update,
    "update-wrongly": update_wrongly,
    "convert": convert,
    "close": close,
    "delete": delete,
    "method-not-allowed": method_not_allowed,
    "hour-limit": up_to_the_limit,
    "month-limit": up_to_the_limit,
    "server-error": retrieve_one,
}
