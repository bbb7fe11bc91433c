"""Random trees of accounts, contacts and opportunities, and their relations without the ids."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from cmdm_tui.api import Client
from cmdm_tui.api.models import Parent

ENTITIES = ("account", "contact", "opportunity")
NAMES = {"account": "Name", "contact": "LastName", "opportunity": "Name"}
Tree = Mapping[str, Sequence[Mapping[str, str]]]
"""Records by entity, with `ExternalID`; the names of each entity differ."""


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    accounts = [
        {"ExternalID": f"ACC{at:05}", "Name": f"Firm {at}"} for at in range(draw(st.integers(1, 4)))
    ]
    owners = st.sampled_from(["", *(one["ExternalID"] for one in accounts)])
    contacts = [
        {
            "ExternalID": f"CON{at:05}",
            "LastName": f"Person {at}",
            "AccountExternalID": draw(owners),
        }
        for at in range(draw(st.integers(1, 5)))
    ]
    related = [("", "")]
    related += [("account", one["ExternalID"]) for one in accounts]
    related += [("contact", one["ExternalID"]) for one in contacts]
    opportunities: list[dict[str, str]] = []
    for at in range(draw(st.integers(1, 5))):
        entity, external_id = draw(st.sampled_from(related))
        opportunities.append(
            {
                "ExternalID": f"OPP{at:05}",
                "Name": f"Deal {at}",
                "RelatedEntity": entity,
                "RelatedExternalID": external_id,
            }
        )
    return {"account": accounts, "contact": contacts, "opportunity": opportunities}


async def make_tree(client: Client, tree: Tree) -> Tree:
    """Make the records of a tree, one call after the other; return it with the ids they have."""
    ids: dict[str, str] = {"": ""}
    made: dict[str, list[dict[str, str]]] = {}
    for entity, rows in tree.items():
        made[entity] = []
        for row in rows:
            values = {**row, "AccountExternalID": ids[row.get("AccountExternalID", "")]}
            values["RelatedExternalID"] = ids[row.get("RelatedExternalID", "")]
            owner = Parent(values.get("RelatedEntity", ""), values["RelatedExternalID"])
            sent = {NAMES[entity]: row[NAMES[entity]]}
            if entity == "contact" and values["AccountExternalID"]:
                sent["AccountExternalID"] = values["AccountExternalID"]
            created = await client.create(entity, sent, parent=owner if owner.external_id else None)
            ids[row["ExternalID"]] = created.external_id
            made[entity].append({**values, "ExternalID": created.external_id})
    return made


def list_tree(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> Tree:
    """Return the records that were not there before."""
    return {
        entity: [
            {"ExternalID": one, **{name: value or "" for name, value in values.items()}}
            for one, values in after[entity].items()
            if one not in before[entity]
        ]
        for entity in ENTITIES
    }


def list_relations(tree: Tree) -> list[tuple[str, str, str]]:
    """Return each record by its entity and name, with the name of the record that it points at."""
    names = {
        row["ExternalID"]: f"{entity} {row[NAMES[entity]]}"
        for entity, rows in tree.items()
        for row in rows
    }
    found: list[tuple[str, str, str]] = []
    for rows in tree.values():
        for row in rows:
            to = row.get("AccountExternalID") or row.get("RelatedExternalID") or ""
            found.append(
                (names[row["ExternalID"]], row.get("RelatedEntity", ""), names.get(to, to))
            )
    return sorted(found)


def find_differences(wanted: Tree, found: Tree) -> list[str]:
    """Return what is not alike, ids aside."""
    one, other = list_relations(wanted), list_relations(found)
    return [f"missing: {row}" for row in one if row not in other] + [
        f"too much: {row}" for row in other if row not in one
    ]
