"""Creating, changing and deleting records: which values are accepted, and what follows (api.md).

Every method makes its changes in one transaction, or raises `Refusal` and changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cmdm_tui.sandbox.clock import Clock, format_datetime
from cmdm_tui.sandbox.errors import Refusal, quote
from cmdm_tui.sandbox.schema import ENTITIES, EntitySchema
from cmdm_tui.sandbox.storage.store import Properties, Store, Transaction
from cmdm_tui.sandbox.wire_types import find_value_error

# A lead's company fields, as an account names them, and its person fields, as a contact does.
_ACCOUNT_OF_LEAD = {
    "Name": "Company",
    "Phone": "Phone",
    "City": "City",
    "PostCode": "PostCode",
    "Country": "Country",
    "Owner": "Owner",
}
_CONTACT_OF_LEAD = (
    "FirstName",
    "LastName",
    "JobTitle",
    "Email",
    "Phone",
    "Mobile",
    "City",
    "PostCode",
    "Country",
    "OptIn",
    "Owner",
    "Notes",
)


@dataclass(frozen=True, slots=True)
class RecordWriter:
    """Writes records to `store`, dated by `clock`."""

    store: Store
    clock: Clock

    async def create(
        self,
        entity: EntitySchema,
        given: Mapping[str, object],
        parent: tuple[EntitySchema, str] | None = None,
    ) -> str:
        """Create a record, of a parent if one is given, and return its external id."""
        async with self.store.transaction() as transaction:
            related: Properties = {}
            if parent is not None:
                await _get_existing(transaction, *parent)
                related = {"RelatedEntity": parent[0].name, "RelatedExternalID": parent[1]}
            properties = check_properties(entity, given)
            _check_required(entity, properties)
            return await self._insert(transaction, entity, properties | related)

    async def update(
        self, entity: EntitySchema, external_id: str, given: Mapping[str, object]
    ) -> None:
        """Change the given fields of a record and no others."""
        async with self.store.transaction() as transaction:
            record = await _get_existing(transaction, entity, external_id)
            changes = check_properties(entity, given)
            if not changes:
                raise Refusal(400, "The body names no field to change.")
            await self._replace(transaction, entity, external_id, record | changes)

    async def delete(self, entity: EntitySchema, external_id: str) -> None:
        """Remove a record. Its tasks and opportunities stay, pointing at it."""
        async with self.store.transaction() as transaction:
            if not await transaction.delete(entity.name, external_id):
                raise not_found(entity, external_id)

    async def convert_lead(self, external_id: str, given: Mapping[str, object]) -> str:
        """Make an account and a contact of a lead and return the account's external id.

        `given` overrides the account's fields. The account of a lead without a company carries the
        person's name.
        """
        lead_entity, account_entity, contact_entity = (
            ENTITIES[name] for name in ("lead", "account", "contact")
        )
        async with self.store.transaction() as transaction:
            lead = await _get_existing(transaction, lead_entity, external_id)
            if lead["AccountExternalID"] is not None:
                raise Refusal(400, f"The lead {external_id} is converted already.")
            account = {name: lead[source] for name, source in _ACCOUNT_OF_LEAD.items()}
            if not account["Name"]:
                name = " ".join(filter(None, (lead["FirstName"], lead["LastName"])))
                account["Name"] = name[: account_entity.by_name["Name"].max_length]
            account |= check_properties(account_entity, given)
            _check_required(account_entity, account)
            account_id = await self._insert(transaction, account_entity, account)
            contact = {name: lead[name] for name in _CONTACT_OF_LEAD}
            contact["AccountExternalID"] = account_id
            await self._insert(transaction, contact_entity, contact)
            lead |= {"Status": "Converted", "AccountExternalID": account_id}
            await self._replace(transaction, lead_entity, external_id, lead)
            return account_id

    async def close_task(self, external_id: str) -> None:
        """Close a task; one that is closed stays as it is."""
        entity = ENTITIES["task"]
        async with self.store.transaction() as transaction:
            task = await _get_existing(transaction, entity, external_id)
            if task["Status"] == "Closed" and task["ClosedDate"] is not None:
                return
            task |= {"Status": "Closed", "ClosedDate": format_datetime(self.clock.now())}
            await self._replace(transaction, entity, external_id, task)

    async def _insert(
        self, transaction: Transaction, entity: EntitySchema, properties: Properties
    ) -> str:
        now = format_datetime(self.clock.now())
        dates = {"CreatedDate": now, "ModifiedDate": now}
        values = properties | dates
        return await transaction.insert(
            entity.name, {field.name: values.get(field.name) for field in entity.fields}
        )

    async def _replace(
        self,
        transaction: Transaction,
        entity: EntitySchema,
        external_id: str,
        properties: Properties,
    ) -> None:
        dates = {"ModifiedDate": format_datetime(self.clock.now())}
        await transaction.replace(entity.name, external_id, properties | dates)


def check_properties(entity: EntitySchema, given: Mapping[str, object]) -> Properties:
    """Return the values of a body, each known, writable and of its field's type.

    Raises `Refusal` 400 naming the first field that is not.
    """
    properties: Properties = {}
    for name, value in given.items():
        field = entity.by_name.get(name)
        if field is None:
            raise Refusal(400, f"{entity.name} has no field {quote(name)}.")
        if field.read_only:
            raise Refusal(400, f"{name} is read-only.")
        problem = find_value_error(field, value)
        if problem is not None:
            raise Refusal(400, f"{name} {problem}.")
        properties[name] = value if isinstance(value, str) else None
    return properties


def _check_required(entity: EntitySchema, properties: Properties) -> None:
    for field in entity.fields:
        if field.required and properties.get(field.name) is None:
            raise Refusal(400, f"{field.name} is required.")


async def _get_existing(
    transaction: Transaction, entity: EntitySchema, external_id: str
) -> Properties:
    properties = await transaction.get(entity.name, external_id)
    if properties is None:
        raise not_found(entity, external_id)
    return properties


def not_found(entity: EntitySchema, external_id: str) -> Refusal:
    """Return the refusal of an external id that no record of the entity has."""
    return Refusal(404, f"No {entity.name} has the external id {quote(external_id)}.")
