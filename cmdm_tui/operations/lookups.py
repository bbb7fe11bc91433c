"""Check for a face, on request, that the records exist which the changes' lookups name."""

from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from cmdm_tui.catalog import Account
from cmdm_tui.changes.change_set import ChangeSet
from cmdm_tui.changes.errors import PartialChanges
from cmdm_tui.changes.lookup_check import LookupTarget, list_lookups, reject_missing
from cmdm_tui.operations.prompter import Prompter
from cmdm_tui.operations.query import CallPolicy, QueryOperation
from cmdm_tui.operations.record_lookup import select_records
from cmdm_tui.query.engine import Engine
from cmdm_tui.query.errors import UnknownName
from cmdm_tui.text import count_noun


class LookupOperation:
    """One check for one face: it reads the records that are named, as a query does."""

    def __init__(
        self, account: Account, engine: Engine, prompter: Prompter, policy: CallPolicy
    ) -> None:
        self._account = account
        self._engine = engine
        self._prompter = prompter
        self._policy = policy

    async def check(self, change_set: ChangeSet) -> ChangeSet | None:
        """Return the set without the changes that name a record which does not exist: rejects.

        A note of it says how many records were looked for, and the calls. None where the person
        declines to read. Raises PartialChanges where not every record could be read, QueryError,
        CallsNotAllowed or ApiError.
        """
        catalog = self._account.catalog
        entities = dict.fromkeys(change.entity for change in change_set.changes)
        fields = {one: await catalog.load_fields(one) for one in entities}
        targets = list_lookups(change_set.changes, fields)
        missing = set[LookupTarget]()
        calls = 0
        for entity in dict.fromkeys(entity for entity, _ in targets):
            ids = [external_id for of, external_id in targets if of == entity]
            read = await self._find_existing(entity, ids, calls)
            if read is None:
                return None
            existing, made = read
            calls += made
            missing |= {(entity, one) for one in ids if one.casefold() not in existing}
        changes, rejects = reject_missing(change_set.changes, fields, missing)
        named = f"{count_noun(len(targets), 'record')} that lookups name"
        note = f"Looked for {named}, in {count_noun(calls, 'call')}; {len(missing):,} not found."
        return replace(
            change_set,
            changes=changes,
            rejects=(*change_set.rejects, *rejects),
            notes=(*change_set.notes, note),
            calls_made=change_set.calls_made + calls,
        )

    async def _find_existing(
        self, entity: str, ids: Sequence[str], calls_made: int
    ) -> tuple[set[str], int] | None:
        """Return which of the ids exist, folded, and the calls; None where the person declines."""
        policy, most = self._policy, self._policy.max_calls
        if most is not None:
            policy = structs.replace(policy, max_calls=max(most - calls_made, 0))
        operation = QueryOperation(self._engine, self._prompter, policy)
        try:
            prepared = await operation.prepare(select_records(entity, ids), is_raw=True)
        except UnknownName:
            return set(), 0
        read = await operation.read_rows(prepared)
        if read is None:
            return None
        if read.is_partial:
            raise PartialChanges(
                "Not every record that lookups name was read",
                hint="Nothing was sent. Allow more calls, or leave out --check-lookups",
            )
        return {str(row[0]).casefold() for row in read.rows}, read.calls_made
