"""Enters accepted changes into the model of a service: what each call should have done."""

from dataclasses import replace
from typing import Protocol

from cmdm_tui.harness.exchange import Intent
from cmdm_tui.harness.oracle.list_model import EntityMembers
from cmdm_tui.harness.oracle.record_model import NON_NULL, Cause, KnownValue, RecordModel

CHILD_ENTITIES = {"create-task": "task", "create-opportunity": "opportunity"}


class ChangedModel(Protocol):
    """The part of a service's model that changes are entered into."""

    writes: int
    members: dict[str, EntityMembers]

    def find_record(self, entity: str, external_id: str) -> RecordModel | None:
        """Return what is known of a record; None for nothing."""
        ...

    def existing_ids(self, entity: str) -> list[str]:
        """Return the ids of the records that are known to be there."""
        ...

    def writable_record(self, entity: str, external_id: str) -> RecordModel:
        """Return what is known of a record, to be changed."""
        ...

    def add_record(self, entity: str, external_id: str, known: RecordModel) -> None:
        """Enter a record that a request created."""
        ...

    def mark_changed(self, entity: str, cause: Cause) -> None:
        """Note that something has happened to the records of an entity."""
        ...


def enter_change(model: ChangedModel, intent: Intent, made: str) -> None:
    """Enter a change that was accepted; `made` is the id in its answer, empty for none."""
    match intent.call:
        case "update":
            _add_update(model, intent)
        case "convert":
            _add_conversion(model, intent, made)
        case "close":
            _add_closing(model, intent)
        case "delete":
            _add_deletion(model, intent)
        case _:
            _add_create(model, intent, made)


def _add_create(model: ChangedModel, intent: Intent, made: str) -> None:
    entity = CHILD_ENTITIES.get(intent.call, intent.entity)
    model.mark_changed(entity, "created")
    if not made:
        model.members.setdefault(entity, EntityMembers()).ids = None
        return
    values = {name: KnownValue(value, "created") for name, value in (intent.given or {}).items()}
    if intent.call in CHILD_ENTITIES:
        values["RelatedEntity"] = KnownValue(intent.entity, "parent")
        values["RelatedExternalID"] = KnownValue(intent.external_id, "parent")
    written = frozenset(intent.given or {})
    model.add_record(
        entity, made,
        RecordModel(values, last_change="created", is_own=True, written=written),
    )  # fmt: skip


def _add_update(model: ChangedModel, intent: Intent) -> None:
    known = model.writable_record(intent.entity, intent.external_id)
    model.mark_changed(intent.entity, "updated")
    known.values.pop("ModifiedDate", None)
    if intent.given is None:
        known.values.clear()
        return
    is_again = known.last_update == intent.given
    source: Cause = "again" if is_again else "updated"
    known.values.update((name, KnownValue(value, source)) for name, value in intent.given.items())
    known.is_updated, known.is_update_repeated, known.last_update = True, is_again, intent.given
    known.written |= intent.given.keys()
    # Of a record in doubt it is not known whether someone else has it in hand.
    known.seen_at = model.writes if known.exists else known.seen_at


def _add_conversion(model: ChangedModel, intent: Intent, made: str) -> None:
    lead = model.writable_record("lead", intent.external_id)
    for entity in ("lead", "account", "contact"):
        model.mark_changed(entity, "converted")
    lead.values.pop("ModifiedDate", None)
    lead.values["Status"] = KnownValue("Converted", "converted")
    lead.last_update, lead.converted_account, lead.last_change = None, made, "converted"
    model.members.setdefault("contact", EntityMembers()).unnamed += 1
    if not made:
        model.members.setdefault("account", EntityMembers()).ids = None
        return
    lead.values["AccountExternalID"] = KnownValue(made, "converted")
    values = {name: KnownValue(value, "converted") for name, value in (intent.given or {}).items()}
    company = lead.values.get("Company")
    if company is not None and company.value and intent.given is not None:
        values.setdefault("Name", KnownValue(company.value, "converted"))
    if model.find_record("account", made) is not None:
        # A service may convert into an account that was there before.
        account = model.writable_record("account", made)
        account.values.update(values)
        account.exists, account.last_change = True, "converted"
        model.members.setdefault("account", EntityMembers()).ids = None
        return
    model.add_record("account", made, RecordModel(values, last_change="converted", is_own=True))


def _add_closing(model: ChangedModel, intent: Intent) -> None:
    known = model.writable_record("task", intent.external_id)
    status, closed = known.values.get("Status"), known.values.get("ClosedDate")
    was_closed = status is not None and status.value == "Closed" and closed is not None
    if not (was_closed and closed is not None and closed.value is not None):
        model.mark_changed("task", "closed")
        known.values.pop("ModifiedDate", None)
        known.values["ClosedDate"] = KnownValue(NON_NULL, "closed")
    else:
        for name in ("ClosedDate", "ModifiedDate"):
            if name in known.values:
                known.values[name] = replace(known.values[name], source="closed")
    known.values["Status"] = KnownValue("Closed", "closed")
    known.last_update = None


def _add_deletion(model: ChangedModel, intent: Intent) -> None:
    known = model.writable_record(intent.entity, intent.external_id)
    known.exists, known.last_change, known.refusals = False, "deleted", ()
    model.mark_changed(intent.entity, "deleted")
    for kind in CHILD_ENTITIES.values():
        _mark_orphans(model, kind, intent.external_id)
    members = model.members.setdefault(intent.entity, EntityMembers())
    if members.ids is not None:
        if intent.external_id in members.ids:
            members.ids.remove(intent.external_id)
        else:
            members.ids = None


def _mark_orphans(model: ChangedModel, kind: str, parent: str) -> None:
    """Note whose parent was deleted: that they stay is its own law."""
    for external_id in model.existing_ids(kind):
        known = model.find_record(kind, external_id)
        named = None if known is None else known.values.get("RelatedExternalID")
        if named is not None and named.value == parent:
            model.writable_record(kind, external_id).last_change = "parent"
            model.mark_changed(kind, "parent")
