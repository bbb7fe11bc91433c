"""The documented calls as cases: each a short session that a client can be driven through.

A case takes its ids from what the service answers, so it runs against any data; it is recorded once
and replayed for ever. `api.md`, Calls and Status codes.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from cmdm_tui.api import ApiError, Client, Field, Page, Parent, Record

Setting = Literal["usual", "wrong password", "hour's limit", "month's limit", "broken"]
"""What a case needs of the service: `broken` is one that cannot reach its own data."""


class Stage(Protocol):
    """What a case can do to the service's surroundings; replayed, nothing."""

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on the service's clock."""
        ...


Work = Callable[[Client, Stage], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Case:
    """One session: `work` returns what the client made of it, or raises an ApiError."""

    name: str
    says: str
    work: Work
    setting: Setting = "usual"


async def first(client: Client, entity: str, *, of: int = 0) -> str:
    """Return the external id of one of the entity's first records."""
    page = await client.page(entity, per_page=of + 1, page=1)
    return page.records[of].external_id


async def refused(*attempts: Awaitable[object]) -> list[str]:
    """Return how each attempt was refused."""
    told: list[str] = []
    for attempt in attempts:
        try:
            await attempt
            told.append("accepted")
        except ApiError as error:
            told.append(f"{type(error).__name__} {error.status}: {error.message}")
    return told


async def retrieve_one(client: Client, _: Stage) -> Record:
    """Retrieve a record."""
    return await client.record("lead", await first(client, "lead"))


async def retrieve_none(client: Client, _: Stage) -> list[str]:
    """Retrieve what is not there: a record, an entity, a path."""
    return await refused(
        client.record("lead", "NOSUCHID"),
        client.page("nosuchentity", per_page=1, page=1),
        client.request("GET", "lead/NOSUCHID/nothing/here"),
    )


async def retrieve_many(client: Client, _: Stage) -> list[Page]:
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


async def retrieve_wrongly(client: Client, _: Stage) -> list[str]:
    """Retrieve pages with parameters that are refused."""
    return await refused(
        client.page("lead", per_page=5),
        client.page("lead", page=5),
        client.page("lead", per_page=0, page=1),
        client.page("lead", fields=["NoSuchField"]),
        client.page("lead", sort_by="NoSuchField"),
        client.request("GET", "lead?sort_order=sideways"),
    )


async def retrieve_fields(client: Client, _: Stage) -> tuple[Field, ...]:
    """Retrieve all fields of an entity."""
    return await client.all_fields("opportunity")


async def retrieve_fields_of_task(client: Client, _: Stage) -> object:
    """Retrieve the fields of task, which the documentation leaves out."""
    return await client.fields("task")


async def create(client: Client, _: Stage) -> Record:
    """Create a record and read it back."""
    properties = {"LastName": "Ní Dhomhnaill", "Company": "Ögren & Sons", "OptIn": "true"}
    created = await client.create("lead", properties)
    return await client.record("lead", created.external_id)


async def create_wrongly(client: Client, _: Stage) -> list[str]:
    """Create records that are refused."""
    return await refused(
        client.create("lead", {"Company": "No last name"}),
        client.create("lead", {"LastName": "Jones", "NoSuchField": "x"}),
        client.create("lead", {"LastName": "Jones", "Score": "many"}),
        client.create("lead", {"LastName": "Jones", "CreatedDate": "2026-01-01T00:00:00Z"}),
        client.request("POST", "lead", content=b'{"LastName": "Jo'),
        client.request("POST", "lead", content=b"[]"),
        client.create("nosuchentity", {"Name": "x"}),
    )


async def create_children(client: Client, _: Stage) -> list[Record]:
    """Create a task and an opportunity of a record."""
    parent = Parent("account", await first(client, "account"))
    task = await client.create("task", {"Subject": "Call back"}, parent=parent)
    deal = await client.create("opportunity", {"Name": "Renewal"}, parent=parent)
    return [
        await client.record("task", task.external_id),
        await client.record("opportunity", deal.external_id),
    ]


async def create_orphans(client: Client, _: Stage) -> list[str]:
    """Create a task and an opportunity of a record that is not there."""
    parent = Parent("account", "NOSUCHID")
    return await refused(
        client.create("task", {"Subject": "x"}, parent=parent),
        client.create("opportunity", {"Name": "x"}, parent=parent),
    )


async def update(client: Client, _: Stage) -> list[object]:
    """Update a record and read it back."""
    lead = await first(client, "lead")
    done = await client.update("lead", lead, {"Status": "Contacted", "Notes": None})
    return [done, await client.record("lead", lead)]


async def update_wrongly(client: Client, _: Stage) -> list[str]:
    """Update records in ways that are refused."""
    lead = await first(client, "lead")
    return await refused(
        client.update("lead", lead, {}),
        client.update("lead", lead, {"LastName": None}),
        client.update("lead", lead, {"ModifiedDate": "2026-01-01T00:00:00Z"}),
        client.update("lead", "NOSUCHID", {"City": "Leeds"}),
    )


async def convert(client: Client, _: Stage) -> list[Any]:
    """Convert a lead, read the account, and try again."""
    lead = await client.create("lead", {"LastName": "Jones", "Company": "Jones & Co"})
    converted = await client.convert_lead(lead.external_id, {"Industry": "Retail"})
    return [
        converted,
        await client.record("account", converted.account_external_id),
        await refused(
            client.convert_lead(lead.external_id),
            client.convert_lead("NOSUCHID"),
        ),
    ]


async def close(client: Client, _: Stage) -> list[Any]:
    """Close a task, and once more."""
    task = await client.create("task", {"Subject": "Send the offer"})
    return [
        await client.close_task(task.external_id),
        await client.close_task(task.external_id),
        await client.record("task", task.external_id),
        await refused(client.close_task("NOSUCHID")),
    ]


async def delete(client: Client, _: Stage) -> list[Any]:
    """Delete a record, and once more."""
    event = await client.create("event", {"Title": "Open day"})
    return [
        await client.delete("event", event.external_id),
        await refused(
            client.record("event", event.external_id),
            client.delete("event", event.external_id),
        ),
    ]


async def sign_in(client: Client, _: Stage) -> None:
    """Sign in."""
    await client.sign_in()


async def token_ended(client: Client, stage: Stage) -> list[Page]:
    """Go on when the token has ended: one 401, one more sign-in."""
    before = await client.page("lead", per_page=1, page=1)
    stage.advance(2 * 86_400)
    return [before, await client.page("lead", per_page=1, page=1)]


async def up_to_the_limit(client: Client, _: Stage) -> list[Any]:
    """Make calls until one is refused."""
    pages = [await client.page("lead", per_page=1, page=number) for number in (1, 2)]
    return [pages, await client.page("lead", per_page=1, page=3)]


async def method_not_allowed(client: Client, _: Stage) -> object:
    """Send a method that a known path does not take."""
    return await client.request("DELETE", "lead")


CASES = (
    Case("authenticate", "authenticate: 200 with a token", sign_in),
    Case("authenticate-refused", "401 authentication failed", sign_in, "wrong password"),
    Case("token-ended", "401 for a token that has ended", token_ended),
    Case("retrieve-one", "retrieve one: 200", retrieve_one),
    Case("retrieve-none", "404 resource not found", retrieve_none),
    Case("retrieve-many", "retrieve many: 200", retrieve_many),
    Case("retrieve-wrongly", "400 error in the request", retrieve_wrongly),
    Case("retrieve-fields", "retrieve fields: 200", retrieve_fields),
    Case("retrieve-fields-of-task", "retrieve fields: not task", retrieve_fields_of_task),
    Case("create", "create: 201", create),
    Case("create-wrongly", "400 error in the request", create_wrongly),
    Case("create-children", "create a task or opportunity of a record: 201", create_children),
    Case("create-orphans", "404 resource not found", create_orphans),
    Case("update", "update: 200", update),
    Case("update-wrongly", "400 error in the request", update_wrongly),
    Case("convert", "convert a lead: 200", convert),
    Case("close", "close a task: 200", close),
    Case("delete", "delete: 200", delete),
    Case("method-not-allowed", "known path, other method: 405", method_not_allowed),
    Case("hour-limit", "429 limit per hour reached", up_to_the_limit, "hour's limit"),
    Case("month-limit", "429 limit per month reached", up_to_the_limit, "month's limit"),
    Case("server-error", "500 unexpected server error", retrieve_one, "broken"),
)
