"""The stories as a program tells them: what each does with the client, and what it gets to know."""

import csv
import io
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from cmdm_tui.api import ApiError, Client, OutcomeUnknown, Parent, WriteVerdict
from cmdm_tui.harness.service import CASE_MARK

Open = Callable[[], AbstractAsyncContextManager[Client]]
Story = Callable[[Open], Awaitable[object]]

STORIES: dict[str, Story] = {}


def story(work: Story) -> Story:
    STORIES[work.__name__.replace("_", "-")] = work  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
    return work


async def refusal(attempt: Awaitable[object]) -> str:
    try:
        await attempt
    except ApiError as error:
        return f"{type(error).__name__} {error.status}"
    return "accepted"


@story
async def sign_in(start: Open) -> object:
    async with start() as client:
        await client.sign_in()
        page = await client.page("account", per_page=1, page=1)
        return page.total_records, client.quota.remaining


@story
async def sign_in_refused(start: Open) -> object:
    async with start() as client:
        first = await refusal(client.sign_in())
    async with start() as client:
        await client.sign_in()
        return first, len((await client.page("lead", per_page=5, page=1)).records)


@story
async def page_through_leads(start: Open) -> object:
    async with start() as client:
        pages = [page async for page in client.pages("lead", per_page=15)]
        ids = {record.external_id for page in pages for record in page.records}
        return [len(page.records) for page in pages], len(ids), pages[0].total_records


@story
async def sort_by_revenue(start: Open) -> object:
    async with start() as client:
        page = await client.page(
            "account",
            fields=["Name", "AnnualRevenue"],
            per_page=3,
            page=1,
            sort_by="AnnualRevenue",
            sort_order="desc",
        )
        return [record.properties["AnnualRevenue"] for record in page.records]


@story
async def find_newest_leads(start: Open) -> object:
    async with start() as client:
        page = await client.page(
            "lead", per_page=5, page=1, sort_by="CreatedDate", sort_order="desc"
        )
        newest = await client.record("lead", page.records[0].external_id)
        return page.records[0] == newest, newest.properties["CreatedDate"]


@story
async def open_contact_and_account(start: Open) -> object:
    async with start() as client:
        page = await client.page("contact", per_page=20, page=1, sort_by="LastName")
        named = next(one for one in page.records if one.properties["AccountExternalID"])
        contact = await client.record("contact", named.external_id)
        account = await client.record("account", contact.properties["AccountExternalID"])
        return contact.properties["LastName"], account.properties["Name"]


@story
async def lead_from_web_form(start: Open) -> object:
    async with start() as client:
        given = {"FirstName": "Siân", "LastName": f"Ó Briain {CASE_MARK}", "Source": "Web"}
        made = await client.create("lead", {**given, "OptIn": "true"})
        lead = await client.record("lead", made.external_id)
        return lead.properties["LastName"], lead.properties["Status"]


@story
async def add_task_and_opportunity(start: Open) -> object:
    async with start() as client:
        account = await client.create("account", {"Name": f"Harbour Lights {CASE_MARK}"})
        parent = Parent("account", account.external_id)
        task = await client.create(
            "task", {"Subject": f"Call back {CASE_MARK}", "Type": "Call"}, parent=parent
        )
        deal = await client.create(
            "opportunity", {"Name": f"Renewal {CASE_MARK}", "Amount": "1250.00"}, parent=parent
        )
        called = await client.record("task", task.external_id)
        sold = await client.record("opportunity", deal.external_id)
        related = [one.properties["RelatedExternalID"] for one in (called, sold)]
        return related == [account.external_id] * 2, sold.properties["Amount"]


@story
async def contact_moves(start: Open) -> object:
    async with start() as client:
        made = await client.create(
            "contact", {"LastName": f"Okafor {CASE_MARK}", "City": "York", "JobTitle": "Buyer"}
        )
        contact = made.external_id
        before = await client.record("contact", contact)
        await client.update("contact", contact, {"City": "Leeds", "JobTitle": None})
        after = await client.record("contact", contact)
        return before.properties["City"], after.properties["City"], after.properties["JobTitle"]


@story
async def lead_becomes_account(start: Open) -> object:
    async with start() as client:
        given = {"LastName": f"Jones {CASE_MARK}", "Company": f"Jones & Co {CASE_MARK}"}
        lead = (await client.create("lead", given)).external_id
        converted = await client.convert_lead(lead, {"Industry": "Retail"})
        account = await client.record("account", converted.account_external_id)
        old = await client.record("lead", lead)
        again = await refusal(client.convert_lead(lead))
        return account.properties["Name"], old.properties["Status"], again


@story
async def task_closed_stays_closed(start: Open) -> object:
    async with start() as client:
        given = {"Subject": f"Send the offer {CASE_MARK}", "Priority": "High"}
        task = (await client.create("task", given)).external_id
        await client.close_task(task)
        closed = await client.record("task", task)
        await client.update("task", task, {"Notes": "Sent on Monday."})
        after = await client.record("task", task)
        return closed.properties["Status"], after.properties["ClosedDate"]


@story
async def event_called_off(start: Open) -> object:
    async with start() as client:
        event = (await client.create("event", {"Title": f"Open day {CASE_MARK}"})).external_id
        await client.delete("event", event)
        return [
            await refusal(client.record("event", event)),
            await refusal(client.delete("event", event)),
        ]


@story
async def run_into_the_limit(start: Open) -> object:
    async with start() as client:
        await client.page("lead", per_page=10, page=1)
        await client.page("lead", per_page=10, page=2)
        refused = await refusal(client.page("lead", per_page=10, page=3))
        left = client.quota.remaining
    async with start() as client:  # the next hour
        page = await client.page("lead", per_page=10, page=3)
        return refused, left, len(page.records)


@story
async def token_ends(start: Open) -> object:
    async with start() as client:
        before = await client.page("lead", per_page=1, page=1)
        after = await client.page("lead", per_page=1, page=1)
        return before.records == after.records


@story
async def read_metadata(start: Open) -> object:
    async with start() as client:
        leads = await client.all_fields("lead")
        deals = await client.all_fields("opportunity")
        none = await refusal(client.fields("task"))
        required = [field.name for field in (*leads, *deals) if field.required]
        return len(leads), required, none


@story
async def custom_entity(start: Open) -> object:
    async with start() as client:
        fields = await client.all_fields("product")
        given = {"Name": f"Followspot {CASE_MARK}", "SKU": "FS-1200", "Price": "1899.90"}
        product = (await client.create("product", given)).external_id
        await client.update("product", product, {"Stock": "4"})
        made = await client.record("product", product)
        page = await client.page("product", per_page=3, page=1, sort_by="Price", sort_order="desc")
        return len(fields), made.properties["Price"], made.properties["Stock"], len(page.records)


@story
async def not_found(start: Open) -> object:
    async with start() as client:
        return [
            await refusal(client.record("lead", "NOSUCHID")),
            await refusal(client.update("lead", "NOSUCHID", {"City": "Leeds"})),
            await refusal(client.delete("lead", "NOSUCHID")),
            await refusal(client.page("invoice", per_page=5, page=1)),
        ]


@story
async def refused_values(start: Open) -> object:
    async with start() as client:
        first = await refusal(client.create("lead", {"Company": "No last name"}))
        second = await refusal(client.create("lead", {"LastName": "Jones", "Score": "many"}))
        given = {"LastName": f"Jones {CASE_MARK}", "Score": "70"}
        lead = (await client.create("lead", given)).external_id
        third = await refusal(client.update("lead", lead, {"CreatedDate": "2026-01-01T00:00:00Z"}))
        return first, second, third, (await client.record("lead", lead)).properties["Score"]


@story
async def changed_by_another_person(start: Open) -> object:
    async with start() as client:
        given = {"Name": f"Northern Stage {CASE_MARK}", "City": "Leeds", "Rating": "Warm"}
        account = (await client.create("account", given)).external_id
        seen = await client.record("account", account)
    async with start() as other:
        await other.update("account", account, {"City": "Hull", "Rating": "Hot"})
    async with start() as client:
        now = await client.record("account", account)
        conflicts = [
            name for name in ("City", "Rating") if now.properties[name] != seen.properties[name]
        ]
        # What the other person changed is kept; only the rest is sent.
        wanted = {"City": "York", "Description": "Asked for the brochure."}
        sent = {name: value for name, value in wanted.items() if name not in conflicts}
        await client.update("account", account, sent)
        after = await client.record("account", account)
        return conflicts, after.properties["City"], after.properties["Description"]


@story
async def server_error_retried(start: Open) -> object:
    async with start() as client:
        return len((await client.page("lead", per_page=5, page=1)).records)


@story
async def lost_answer_reconciled(start: Open) -> object:
    async with start() as client:
        await client.sign_in()
        try:
            await client.create("task", {"Subject": f"Ring the venue {CASE_MARK}"})
        except OutcomeUnknown as doubt:
            found = await client.reconcile(doubt, pause=0.0)
            assert found.external_id is not None
            task = await client.record("task", found.external_id)
            return found.verdict is WriteVerdict.FOUND, task.properties["Subject"]
        return "no doubt"


ROWS = """\
LastName,Company,Score,OptIn
Abara,Northern Stage,70,true
Ó Briain,"Harbour, Lights & Co",55,false
Jones,,many,true
Nguyễn,Brightside,,true
O'Neill,Old Vic,12.5,false
Şahin,Riverside,90,true
"""


@story
async def bulk_create_from_rows(start: Open) -> object:
    made: list[str] = []
    refused: list[str] = []
    async with start() as client:
        for row in csv.DictReader(io.StringIO(ROWS)):
            given = {name: value for name, value in row.items() if value}
            given["LastName"] += f" {CASE_MARK}"
            try:
                made.append((await client.create("lead", given)).external_id)
            except ApiError as error:
                refused.append(f"{row['LastName']}: {error.status}")
        newest = await client.page(
            "lead",
            fields=["LastName"],
            per_page=5,
            page=1,
            sort_by="CreatedDate",
            sort_order="desc",
        )
        return refused, {one.external_id for one in newest.records} == set(made)


@story
async def plan_the_week(start: Open) -> object:
    async with start() as client:
        page = await client.page(
            "task",
            fields=["Subject", "Status", "DueDate"],
            per_page=20,
            page=1,
            sort_by="DueDate",
            sort_order="desc",
        )
        task = next(one for one in page.records if one.properties["Status"] == "Open")
        whole = await client.record("task", task.external_id)
        given = {"Subject": f"Follow up {CASE_MARK}", "DueDate": "2026-04-07"}
        following = (await client.create("task", given)).external_id
        await client.close_task(following)
        return whole.properties["Status"], (await client.record("task", following)).properties[
            "Status"
        ]
