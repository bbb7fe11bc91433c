"""Mixed changes of a sandbox's records, and what must be there once they are applied.

The expectation is made from the change set and the records before it, and shares no code with what
applies it.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmdm_tui.api import Client
from cmdm_tui.changes.change_set import Change, ChangeKind
from cmdm_tui.changes.journal import JournalRun

ENTITIES = ("account", "lead", "contact", "task", "opportunity")
NAMES = {"account": "Name", "contact": "LastName", "task": "Subject"}
MARKED = {"account": "Description", "contact": "Notes", "task": "Notes"}

Records = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Properties by entity and external id."""


async def read_records(client: Client, entities: Sequence[str] = ENTITIES) -> Records:
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for entity in entities:
        rows = found[entity] = {}
        async for page in client.pages(entity, per_page=1_000):
            rows.update({record.external_id: record.properties for record in page.records})
    return found


@dataclass
class MixedChanges:
    """`total` changes of a drawn mixture, on the records there are."""

    records: Records
    total: int
    seed: int
    changes: list[Change] = field(default_factory=list[Change])

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._free = {entity: list(rows) for entity, rows in self.records.items()}
        for rows in self._free.values():
            self._random.shuffle(rows)
        makers = [
            self._create_account, self._create_contact, self._create_task, self._update,
            self._update, self._update, self._delete, self._convert, self._close,
            self._update_new,
        ]  # fmt: skip
        while len(self.changes) < self.total:
            self._random.choice(makers)()

    def _create_account(self) -> None:
        name = f"New account {len(self.changes)}"
        self.changes.append(Change(ChangeKind.CREATE, "account", properties={"Name": name}))

    def _create_contact(self) -> None:
        properties = {"LastName": f"New contact {len(self.changes)}", "City": "Hull"}
        account = self._draw_new("account")
        references = {} if account is None else {"AccountExternalID": account}
        change = Change(ChangeKind.CREATE, "contact", properties=properties, references=references)
        self.changes.append(change)

    def _create_task(self) -> None:
        properties = {"Subject": f"New task {len(self.changes)}", "Notes": "Ring first"}
        change = Change(
            ChangeKind.CREATE,
            "task",
            properties=properties,
            parent_reference=self._draw_new("contact"),
        )
        self.changes.append(change)

    def _update(self) -> None:
        entity = self._random.choice(("account", "lead", "contact"))
        if one := self._take(entity):
            before = self.records[entity][one]
            new = {"City": f"City {len(self.changes)}", "Owner": f"Owner {self._random.random()}"}
            old = {name: before[name] for name in new}
            self.changes.append(Change(ChangeKind.UPDATE, entity, one, new, before=old))

    def _update_new(self) -> None:
        updated = {change.record_reference for change in self.changes}
        account = self._draw_new("account")
        if account is not None and account not in updated:
            new = {"City": f"City {len(self.changes)}"}
            contact = self._draw_new("contact")
            references = {} if contact is None else {"Owner": contact}
            self.changes.append(
                Change(
                    ChangeKind.UPDATE,
                    "account",
                    properties=new,
                    references=references,
                    record_reference=account,
                )
            )

    def _delete(self) -> None:
        entity = self._random.choice(("opportunity", "contact"))
        if one := self._take(entity):
            before = self.records[entity][one]
            self.changes.append(Change(ChangeKind.DELETE, entity, one, before=before))

    def _convert(self) -> None:
        one = self._take("lead")
        if one and self.records["lead"][one]["AccountExternalID"] is None:
            self.changes.append(Change(ChangeKind.CONVERT, "lead", one))

    def _close(self) -> None:
        one = self._take("task")
        if one and self.records["task"][one]["Status"] != "Closed":
            self.changes.append(Change(ChangeKind.CLOSE, "task", one))

    def _take(self, entity: str) -> str | None:
        free = self._free[entity]
        return free.pop() if free else None

    def _draw_new(self, entity: str) -> int | None:
        made = [
            at
            for at, change in enumerate(self.changes)
            if change.entity == entity and change.kind is ChangeKind.CREATE
        ]
        return self._random.choice(made) if made else None

    def find_faults(self, run: JournalRun, after: Records) -> list[str]:
        """Return what is not as the changes want it, once all are applied."""
        faults = [
            f"{entry.number} is {entry.state}: {entry.reason}"
            for entry in run.entries
            if entry.state != "done"
        ]
        for entry in run.entries:
            change, rows = entry.change, after[entry.change.entity]
            if change.kind is ChangeKind.CREATE:
                faults += self._check_created(change, entry.result_id, run, rows)
            elif not _is_there(change, entry.result_id, rows.get(change.external_id or "")):
                faults.append(f"{entry.number} is lost: {change.kind}")
            else:
                faults += _check_references(change, run, rows.get(change.external_id or "", {}))
        return [*faults, *self._check_others(run, after)]

    def _check_others(self, run: JournalRun, after: Records) -> list[str]:
        """Return what is too much, too little, or changed without being named."""
        faults: list[str] = []
        touched = {
            (entry.change.entity, entry.change.external_id or entry.result_id)
            for entry in run.entries
        }
        made: Counter[str] = Counter()
        for change in self.changes:
            made[change.entity] += _NET[change.kind]
            if change.kind is ChangeKind.CONVERT:
                made.update(("account", "contact"))
        for entity in ENTITIES:
            more = len(after[entity]) - len(self.records[entity])
            if more != made[entity]:
                faults.append(f"{more} more of {entity}, not {made[entity]}")
            faults += (
                f"{entity} {one} was not to be changed"
                for one, before in self.records[entity].items()
                if (entity, one) not in touched and after[entity].get(one) != before
            )
        return faults

    def _check_created(
        self,
        change: Change,
        result_id: str | None,
        run: JournalRun,
        rows: Mapping[str, Mapping[str, Any]],
    ) -> list[str]:
        name = NAMES[change.entity]
        wanted = change.properties[name]
        found = [one for one, properties in rows.items() if properties[name] == wanted]
        if found != [result_id]:
            return [f"{wanted} is {found}, not {result_id}"]
        stored = rows[found[0]]
        faults = _check_references(change, run, stored)
        if change.parent_reference is not None:
            parent = run.entries[change.parent_reference].result_id
            if stored["RelatedExternalID"] != parent:
                faults.append(f"{wanted} belongs to another record")
        notes = change.properties.get(MARKED[change.entity])
        mark, _, rest = stored[MARKED[change.entity]].partition(" ")
        if not mark.startswith("cmdm-") or rest != (notes or ""):
            faults.append(f"{wanted} has other notes")
        return faults


def _check_references(change: Change, run: JournalRun, stored: Mapping[str, Any]) -> list[str]:
    return [
        f"{column} of a {change.entity} refers to another record"
        for column, position in change.references.items()
        if stored[column] != run.entries[position].result_id
    ]


_NET = dict.fromkeys(ChangeKind, 0) | {ChangeKind.CREATE: 1, ChangeKind.DELETE: -1}
"""How many more records of its entity there are after a change."""


def _is_there(change: Change, result_id: str | None, stored: Mapping[str, Any] | None) -> bool:
    """Return whether a record that was there before holds what a change wants."""
    if change.kind is ChangeKind.DELETE or stored is None:
        return (change.kind is ChangeKind.DELETE) == (stored is None)
    if change.kind is ChangeKind.CONVERT:
        return stored["AccountExternalID"] == result_id
    if change.kind is ChangeKind.CLOSE:
        return stored["Status"] == "Closed"
    return all(stored[name] == new for name, new in change.properties.items())
